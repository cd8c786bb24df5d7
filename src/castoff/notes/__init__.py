"""The text of the notes: configuration, sorting, rendering, highlights, links, changelog."""
