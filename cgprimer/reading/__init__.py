r"""What a person has written, plain or in LaTeX, as equations and claims.

    text ─ scaffolding, lines ─▶ statements
         ─ letters, tokens, alphabet, spelling, differentials, compose,
           sums, suffixes, forms, translate ─▶ formulas in our language
         ─ readings, headings, gradients, reader, with a vocabulary ─▶ Script
         ─ meanings ─▶ expressions over free names

    a formula over arrays, dims ─ matrix_tokens, matrix_values, matrices ─▶ a node
    Script ─ definitions ─▶ from_latex: a Graph, among: equations for `graph.read`
    a line ─ claimed ─▶ a derivative and its formula, for `judge.claims`

A notation is a row of `spellings`; what our language has not stands under a name, as
one of `specials`. `derivation.checking` judges a Script. What is not read is kept, with
the reason. Names are those of a graph where they are spelled alike.
"""
