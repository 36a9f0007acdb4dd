"""What is known of a text while one formula of it is read.

vocabulary, letters ─▶ Lexicon ─▶ `translate`, and what it calls for the parts
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from cgprimer.reading.letters import Letters


@dataclass(frozen=True)
class Lexicon:
    """What the lines above say, as far as it decides how a formula is read.

    known : names in use, by which `dv3/dv1` is told from a quotient of two names.
    functions : name → what it takes, of those that a line `f(x) = …` defines.
    bodies : name → the free names that it depends on, of all that a line defines.
    broken : names whose definition is not read.
    numbers : names that stand for a whole number, such as the n of a sum.
    latex : whether products may be written without a sign.
    told : whether names are told from functions; else the language does it.
    index : what i is in a term of a sum. depth : how many formulas this one is in.
    notes : which of two readings was taken; filled while reading.
    count : numbers for what stands in a formula under a name of ours.
    """

    known: Collection[str] = ()
    functions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bodies: Mapping[str, Collection[str]] = field(default_factory=dict)
    broken: Collection[str] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    letters: Letters = field(default_factory=Letters)
    latex: bool = True
    told: bool = False
    index: Mapping[str, int] = field(default_factory=dict)
    depth: int = 0
    notes: list[str] = field(default_factory=list)
    count: Iterator[int] = field(default_factory=count)

    def note(self, text: str) -> None:
        """Keep which reading was taken, once."""
        if text not in self.notes:
            self.notes.append(text)
