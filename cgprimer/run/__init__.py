"""How a graph is computed: over arrays of samples, by numpy or by machine code.

Graph ─→ Sweeps ─→ Program: values (V, n), gradients (P,)
           │          └─ Objective: loss and gradient of parameters, epochs of steps
           └─ kernels of its shapes: numpy here, machine code in `llvm`
"""
