"""Gradients of plain code and of torch, judged without a graph.

foreign      f, grad, x ─ arguments, structure ┐
torch_code   fn, inputs ─ torch_calls,         ├─→ subject, a number of leaves
                          torch_number ────────┘        │
                                                        ├─ purity: a function?
lines: slopes, of which rounding and smoothed know more ┤
                                                        ├─ components: one by one
component_sentences ←─ rows ←───────────────────────────┴─ directions: all at once

`examined` is what was looked at of a subject, and `findings` makes the verdict and the
report of it; `code_check` asks for both, once more where a claim is zero.
"""
