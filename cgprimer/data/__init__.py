"""Data sets: made from a graph's ground truth, or read from tables and files."""
