"""What a plan looks like: text, page, figures, files."""
