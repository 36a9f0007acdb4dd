"""What a wrong equality looks like: a sign, a factor, a term or a path left out.

    case ─ whole_sides, parts, exchanged, derived ─▶ Guess: a sentence, and the mend

Each guess is an expression; it is right where it makes both sides equal at every point.
`check` asks for one sentence on each '=' that fails. Wrong derivatives of common kinds
are those of `judge.mistakes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cgprimer.derivation.checking.case import Case
from cgprimer.derivation.checking.hints.derived import integral, mistake
from cgprimer.derivation.checking.hints.exchanged import (
    exchange,
    exchange_on_the_left,
    renamed,
)
from cgprimer.derivation.checking.hints.guess import Guess
from cgprimer.derivation.checking.hints.parts import (
    lost_factor,
    lost_path,
    lost_term,
    scaled_term,
)
from cgprimer.derivation.checking.hints.whole_sides import (
    approximation,
    constant_factor,
    constant_offset,
    of_a_number,
    reading,
    reciprocal,
    unbound_number,
    unknown_name,
    wrong_sign,
    zero,
)


def hint(case: Case) -> Guess:
    """A sentence on what the mistake looks like, or nothing."""
    # Any factor or term fits a single number.
    if case.is_one_number:
        return next(of_a_number(case), Guess(""))
    # From what explains most to what explains least: names, signs and readings before
    # single terms and factors, an exchange of anything for anything near the end.
    guesses: tuple[Callable[[Case], Iterator[Guess]], ...] = (
        unknown_name,
        unbound_number,
        wrong_sign,
        reading,
        constant_factor,
        lost_path,
        zero,
        lost_term,
        lost_factor,
        constant_offset,
        renamed,
        mistake,
        integral,
        exchange,
        scaled_term,
        reciprocal,
        exchange_on_the_left,
        approximation,
    )
    return next((one for guess in guesses for one in guess(case)), Guess(""))
