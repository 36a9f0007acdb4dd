"""Pictures: networks with their values and derivatives, loss curves.

Called by the commands `draw`, `fit` and `demo`, by `primer`, and by users with axes of
their own.

Graph ─ layout ─→ places and routes ─ network, paint ─→ figure
FitResult ─ runs, curve ─→ curves ─ legend ─→ figure
"""
