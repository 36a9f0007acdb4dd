r"""LaTeX formulas to MathML, so that a browser sets them without any help.

The op table says once how an operation is typeset, in LaTeX; MathML is derived from
that. Read is the part of LaTeX that `notation.latex` writes:

    row    = { atom [ "_" group ] [ "^" group ] }
    atom   = number | letter | sign | "{" row "}" | "\left(" row "\right)"
           | "\frac" group group | "\sqrt" group | "\overline" group
           | "\mathit" word | "\operatorname" word | "\cdot" | "\ln" | "\alpha" | …
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from cgprimer.notation import latex

TOKEN = re.compile(r"\\left.|\\right.|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)

SIGNS = {
    "cdot": "⋅", "times": "×", "partial": "∂", "infty": "∞", "-": "−", "*": "∗",
    "top": "⊤", "lVert": "‖", "rVert": "‖", "ge": "≥", "le": "≤", "ne": "≠", "to": "→",
    "odot": "⊙",
}  # fmt: skip
LETTERS = latex.LETTERS | {"epsilon": "ϵ", "phi": "ϕ", "pi": "π"}

ITALIC = '<mi style="font-style:italic">{}</mi>'
OVER = '<mrow style="border-top:1px solid;padding-top:1px">{}</mrow>'
BOLD = '<mi style="font-weight:bold">{}</mi>'
WORDS = {
    "mathit": ITALIC,
    "mathbf": BOLD,
    "mathrm": "<mi>{}</mi>",
    "operatorname": "<mi>{}</mi>",
}
FUNCTIONS: dict[str, tuple[int, Callable[..., str]]] = {
    "frac": (2, lambda a, b: f"<mfrac>{a}{b}</mfrac>"),
    "sqrt": (1, lambda a: f"<msqrt>{a}</msqrt>"),
    "overline": (1, OVER.format),
    "boldsymbol": (1, '<mrow style="font-weight:bold">{}</mrow>'.format),
}


def from_latex(text: str) -> str:
    """LaTeX of the kind that `notation.latex` writes, as MathML within `<math>`."""
    rows: list[list[str]] = [[]]
    opened: list[str] = []
    for token in TOKEN.findall(text):
        if token == "{" or (token.startswith(r"\left") and len(token) == 6):
            opened.append(token[-1])
            rows.append([])
        elif token == "}" or (token.startswith(r"\right") and len(token) == 7):
            row = _row(rows.pop())
            rows[-1].append(_fence(opened.pop(), row, token[-1]))
        elif not token.isspace():
            rows[-1].append(token)
    return _row(rows.pop())


def _fence(left: str, row: str, right: str) -> str:
    if left == "{":
        return f"<mrow>{row}</mrow>"
    # Browsers stretch brackets around indices and exponents too, if they may.
    grow = "true" if "<mfrac" in row else "false"
    begin, end = (
        f'<mo form="{form}" stretchy="{grow}">{escape(sign)}</mo>'
        for form, sign in (("prefix", left), ("postfix", right))
    )
    return f"<mrow>{begin}{row}{end}</mrow>"


def _row(items: list[str]) -> str:
    """Tokens and finished groups as MathML, scripts and functions taking theirs."""
    done: list[str] = []
    waiting = iter(items)
    for item in waiting:
        if item in ("_", "^"):
            done.append(_script(item, done.pop(), _element(next(waiting))))
        elif item[1:] in FUNCTIONS and item[0] == "\\":
            count, write = FUNCTIONS[item[1:]]
            done.append(write(*(_element(next(waiting)) for _ in range(count))))
        elif item[1:] in WORDS and item[0] == "\\":
            # The word came as a group, with an element for each letter; as one word it
            # is set without the spaces of a product.
            word = re.sub("<[^>]*>", "", next(waiting))
            done.append(WORDS[item[1:]].format(word))
        elif item == "-" and (not done or done[-1].startswith("<mo")):
            # At the beginning, or behind another sign: a minus of one number, set close
            # to it.
            done.append('<mo form="prefix">−</mo>')
        else:
            done.append(_element(item))
    return "".join(done)


def _script(sign: str, base: str, script: str) -> str:
    """`base` with an index or an exponent, the latter above an index it has."""
    if sign == "^" and base.startswith("<msub>"):
        parts = base.removeprefix("<msub>").removesuffix("</msub>")
        return f"<msubsup>{parts}{script}</msubsup>"
    tag = "msub" if sign == "_" else "msup"
    return f"<{tag}>{base}{script}</{tag}>"


def _element(token: str) -> str:
    """One token as an element; a finished group as it is."""
    if token[0] == "<" and len(token) > 1:
        return token
    if token[0] == "\\" and len(token) > 1:
        return _command(token[1:])
    if token[0].isdigit():
        return f"<mn>{token}</mn>"
    return f"<mi>{token}</mi>" if token.isalpha() else _sign(SIGNS.get(token, token))


def _command(name: str) -> str:
    if name in LETTERS:
        return f"<mi>{LETTERS[name]}</mi>"
    if name in SIGNS:
        return _sign(SIGNS[name])
    if name in ("_", "%", "#", "&", "$"):
        return f"<mo>{escape(name)}</mo>"
    if not name.isalpha():  # a thin space
        return '<mspace width="0.3em"></mspace>'
    return f"<mi>{escape(name)}</mi>"


def _sign(sign: str) -> str:
    return f"<mo>{escape(sign)}</mo>"
