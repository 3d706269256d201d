"""The bounds of a trained network as a document in; their text, figure or page out."""
