"""Output that several commands share: text for people, JSON for programs, reports of a run while it goes on."""
