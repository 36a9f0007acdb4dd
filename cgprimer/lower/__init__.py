"""Lowering: expressions to something that runs, or to another notation."""
