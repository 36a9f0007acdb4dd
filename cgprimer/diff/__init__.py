"""Derivatives of expressions: nodes to nodes, so derivatives can be derived again."""
