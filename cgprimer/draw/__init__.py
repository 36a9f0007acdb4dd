"""Pictures: networks with their values and derivatives, loss curves.

Graph ─ layout ─→ places and routes ─ network, paint ─→ figure
FitResult ─ series ─→ curves ─ legend ─→ figure
"""
