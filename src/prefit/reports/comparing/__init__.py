"""What a comparison of kernels looks like: text, page, figure, files."""
