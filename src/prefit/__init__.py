"""Know what gradient descent will do with your data before you train."""

__version__ = "0.1.0"
