"""Measures, norms and training outputs come in; the papers' statements, each under its number, go out."""
