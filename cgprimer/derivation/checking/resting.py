r"""What a line rests on that is not known, so that it can be no mistake of its own.

    2: v = \weird{x}    not read, and would define v
    3: dz/dx = 2*v      ─ hidden ─▶  "it rests on v, and line 2 is not read"

`judging` asks before it calls a line right, and once more before it calls it wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cgprimer.derivation.checking.derivatives import asked_by
from cgprimer.expr.node import leaves
from cgprimer.expr.ops import name
from cgprimer.reading.meanings import Meanings
from cgprimer.reading.names import adjoint_of
from cgprimer.reading.script import Script, Side


def hidden(sides: Iterable[Side], meanings: Meanings) -> str:
    """Why derivatives in them may have paths that are not known; else nothing."""
    script = meanings.script
    for text in _below(sides, meanings) if script.broken else ():
        if adjoint_of(text, meanings.known) and script.broken and not script.seeded:
            return f"the output may be {_why(next(iter(script.broken)), script)}"
        asked = asked_by(text, meanings)
        if asked is None:
            continue
        # ∂ of one equation by a name in it is the same whatever that name is.
        own = script.bodies.get(asked.of)
        if own and asked.kind == "partial" and asked.wrt in leaves(own):
            continue
        for part in leaves(meanings.open(name(asked.of))):
            if part in script.broken and part != asked.wrt:
                return f"it rests on {_why(part, script)}"
    return ""


def unknown(sides: Iterable[Side], meanings: Meanings) -> str:
    """Why their values are not known; else nothing."""
    for side in sides if meanings.script.broken else ():
        for part in leaves(meanings.open(side.node)):
            if part in meanings.script.broken:
                return f"it rests on {_why(part, meanings.script)}"
    return ""


def _below(sides: Iterable[Side], meanings: Meanings) -> Iterator[str]:
    """The names of the sides, and of the definitions by adjoints that they use."""
    waiting = [text for side in sides for text in leaves(side.node)]
    seen = set()
    while waiting:
        text = waiting.pop()
        if text not in seen:
            seen.add(text)
            yield text
            if text in meanings.script.derived:
                waiting += leaves(meanings.script.derived[text])


def _why(text: str, script: Script) -> str:
    return f"{text}, and line {script.broken[text]} is not read"
