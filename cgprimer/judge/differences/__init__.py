"""Slopes by finite differences, each with a bound of its error.

    f, x ─ schemes ─→ values at steps ─ ridders ─→ one value for each length
                            search: the best of the lengths ┘
                                └─→ sides: kinks ─→ finite: value ± bound (`bounded`)

What rounding does to a value of f is probed (`probe`), or follows from the operations
of an equation (`judge.rounding`), or from disturbing them (`disturb`). `edges` asks for
every equation of a graph by each of its names; `whole` is an output as a function of
any name; `complex_step` is another way to a slope.
"""
