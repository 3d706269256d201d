"""What an answer about a target function looks like: text, page, figures, files."""
