"""Gradients of plain code and of torch, judged without a graph.

f, grad, x ─ subject ─→ directions to find, components to locate ─→ report
"""
