"""The checker, checked: mistakes are planted, and counted where they are caught.

graph ─ mutations ─→ mutants ─ trial ─→ caught, missed, at the right place ─→ report
                                 ├─ other_tools: as torch, JAX and others tolerate
                                 ├─ array_mutations: of graphs with arrays, in matrices
                                 └─ zeros: as code without a graph, where f is 0
"""
