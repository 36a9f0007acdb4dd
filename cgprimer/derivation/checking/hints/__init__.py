"""What the mistake in a wrong line looks like.

    wrong equality ─ Case ─ hint ─▶ Guess: a sentence, and the right side mended

`hint` holds the order in which guesses are tried; each module has those of one kind.
"""
