"""How a graph is computed: over arrays of samples, by numpy or by machine code.

Graph ─→ Sweeps ─→ Program: values (V, n), partials on edges
           │          └─ fit_data ─→ Problem ─→ Objective: loss and gradient of
           │                parameters, epochs of steps
           └─ groups, kernels of their shapes: numpy here, machine code in `llvm`

`losses` are what a fit makes small, `logits` what some take in place of probabilities;
an `update_rule` is how a descent moves parameters. `running` are the equations as
they are run, in stable forms, and `explanation` says which way was taken.

Graphs with arrays run in `arrays`, operation by operation, and in `llvm.arrays` as
machine code of a whole step; `exports` makes functions of other libraries of them.
"""
