"""Expressions: interned nodes, the table of operations, and the language."""
