"""Slopes by finite differences, each with a bound of its error.

f, x ─ schemes ─→ values at steps ─ search, ridders, sides ─→ value ± bound, kinks
"""
