"""Written derivations, plain or in LaTeX, checked line by line."""
