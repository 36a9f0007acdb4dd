"""Derivatives as numbers, by finite differences and by formula, and compared."""
