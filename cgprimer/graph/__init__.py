"""Computational graphs: equations, what depends on what, and gradients of graphs."""
