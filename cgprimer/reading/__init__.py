r"""What a person has written, plain or in LaTeX, as definitions and claims.

    text ─ scaffolding, lines ─▶ statements
         ─ letters, tokens, spelling, differentials, compose,
           sums, suffixes, forms, translate ─▶ formulas in our language
         ─ readings, headings, reader, with a vocabulary ─▶ Script
         ─ meanings ─▶ expressions over free names

A notation is a row of `spellings`. `derivation.checking` judges a Script, `from_latex`
makes a Graph of one. What is not read is kept, with the reason.
"""
