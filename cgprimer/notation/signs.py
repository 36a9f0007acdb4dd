"""Signs that an encoding lacks, spelled with those that it has.

text, encoding ─▶ text that can be written there: ∂ → d, · → *, ± → +/-, else ?
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from itertools import accumulate

from cgprimer.errors import columns, harmless

SPELLED = {
    "∂": "d", "·": "*", "⋅": "*", "×": "x", "÷": "/", "±": "+/-", "−": "-", "–": "-",
    "—": "-", "′": "'", "√": "sqrt", "∞": "inf", "∇": "grad", "≤": "<=", "≥": ">=",
    "≠": "!=", "≈": "~", "→": "->", "←": "<-", "⇄": "<->", "↑": "(up)", "↓": "(down)",
    "…": "...", "§": "section ", "•": "*", "⋮": ":", "ᵀ": "^T", "⁻": "^-", "½": "1/2",
    "▶": ">", "◀": "<",
    **dict.fromkeys("─━", "-"), **dict.fromkeys("│┃", "|"),
    **dict.fromkeys("┌┏┐┓└┗┘┛├┡┤┩┬┳┴┻┼╇", "+"),
    **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", (f"^{digit}" for digit in range(10)), strict=True)),
}  # fmt: skip
OVERLINE = "\N{COMBINING OVERLINE}"
BAR = re.compile(f"[\u0304{OVERLINE}]")
BARRED = re.compile(f"(?:\\w{BAR.pattern})+")  # x̅y̅ is bar_xy where bars are missing


def spell(text: str, encoding: str) -> str:
    """`text` in the signs of `encoding`; carets stay under what they mark.

    What would steer a terminal is spelled out: all text for people passes here.

    >>> spell("∂xy/∂xa = x̅y̅ ± 2·σ′ → ∞", "ascii")
    "dxy/dxa = bar_xy +/- 2*sigma' -> inf"
    """
    text = harmless(text)
    if text.isascii() or writable(text, encoding):
        return text
    lines = text.split("\n")
    spelled_lines = [_line(line, encoding) for line in lines]
    # Spelling makes lines longer: carets have to be counted anew under each.
    for i in range(1, len(lines)):
        if is_carets(lines[i]):
            spelled_lines[i] = _move_carets(lines[i - 1], lines[i], encoding)
    return "\n".join(spelled_lines)


def overline(name: str) -> str:
    """`name` under a bar, by one combining character per letter: x̅y̅."""
    return "".join(letter + OVERLINE for letter in name)


def writable(text: str, encoding: str) -> bool:
    """Whether every sign of `text` is in the encoding."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    except LookupError:  # no encoding that we know: nothing to go by
        return True
    return True


def is_carets(line: str) -> bool:
    """Whether a line holds carets and nothing else: it marks the line above."""
    return "^" in line and not line.strip(" ^")


def _line(line: str, encoding: str) -> str:
    if writable(line, encoding):
        return line
    line = BARRED.sub(lambda barred: "bar_" + BAR.sub("", barred[0]), line)
    return "".join(c if writable(c, encoding) else _sign(c) for c in line)


def _sign(sign: str) -> str:
    """One sign in ASCII: from the table, by its name if it is Greek, or ?

    Nothing that looks like another letter stands for a letter: `größe` is no `grosse`.
    """
    known = unicodedata.name(sign, "").split()
    if sign not in SPELLED and known[:1] == ["GREEK"] and "LETTER" in known:
        # Unicode's own spelling of the letter is LAMDA.
        word = known[-1].lower().replace("lamda", "lambda")
        return word.capitalize() if "CAPITAL" in known else word
    return SPELLED.get(sign, "?")


def _move_carets(line: str, carets: str, encoding: str) -> str:
    """`carets` under the same part of `line` when that is spelled out."""
    ends = list(accumulate(map(columns, line)))
    first = sum(end <= carets.index("^") for end in ends)
    last = sum(end <= len(carets.rstrip()) for end in ends)
    before, marked = _line(line[:first], encoding), _line(line[first:last], encoding)
    return " " * columns(before) + "^" * max(1, columns(marked))


def _replace(error: UnicodeError) -> tuple[str, int]:
    """What a stream does with signs that it lacks, once it asks for `HANDLER`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(map(_sign, signs)), error.end


HANDLER = "cgprimer-signs"
# By name, as streams ask for it: what is printed past `spell` is not lost either.
codecs.register_error(HANDLER, _replace)
