"""CI workflows: which ones a repository needs, their texts, and those that make releases on their own."""
