"""A run document in, its text, its figures or its page out."""
