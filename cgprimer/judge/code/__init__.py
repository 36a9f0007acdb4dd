"""Gradients of plain code and of torch, judged without a graph.

foreign      f, grad, x ─ arguments, structure ┐
torch_code   fn, inputs ─ torch_calls,         ├─→ subject, a number of leaves
                          torch_number ────────┘        │
                                                        ├─ purity: a function?
lines: slopes, of which rounding and smoothed know more ┤
                                                        ├─ components: one by one
component_sentences ←─ rows ←───────────────────────────┴─ directions: all at once

`findings` makes the verdict and the report of the rows; `beside` looks once more where
f is zero, and may doubt a PASS.
"""
