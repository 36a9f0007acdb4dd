"""Gradients of plain code and of torch, judged without a graph.

    foreign      f, grad, x ─ arguments, structure ─┐
    torch_code   fn, inputs ─ torch_calls,          ├─→ subject: a number of leaves
                              torch_number ─────────┘        │
                                                             ├─ purity: is it a function?
    lines: slopes, with what rounding and smoothed know of f ┤
                                                             ├─ components: each by itself
    component_sentences ←─ rows ←────────────────────────────┴─ directions: all at once
"""
