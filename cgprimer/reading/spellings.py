r"""What people write in a derivation, and what it means: one row a notation.

    \cdot   ─ MEANINGS ─▶  Meaning("sign", "*")     read by `tokens` and `translate`
    \begin{…}  ─ MARKS ─▶  blank                    read by `lines`

A new spelling of something that is read already is a word more in its row; a row that
means nothing new needs no other edit.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from cgprimer.expr.ops import FUNCTIONS
from cgprimer.notation.latex import ACCENTS, GREEK


class Meaning(NamedTuple):
    r"""What a token is read as.

    kind : "sign" between values; "open" and "close" of brackets, "bars" for either of
        |x|; "power"; "raised" for ² and "prime" for ′; "comma"; "fraction", "root" and
        "call", a function that language spells with more, which wait for arguments;
        "accent" over a name; "word", a name in braces, as in \mathrm{relu}; "font", a
        name in another type; "differential"; "many", a sum or a product; "left", a
        bracket that does not show; "relation" and "foreign", which are refused;
        "blank"; "value" for all else.
    text : its translation, or why it is refused. closing : what closes an opening
        bracket, what ends a call, or what to write in place of what is refused.
    """

    kind: Literal[
        "sign", "open", "close", "bars", "power", "raised", "prime", "comma",
        "fraction", "root", "call", "accent", "word", "font", "differential", "many",
        "left", "relation", "foreign", "blank", "value",
    ]  # fmt: skip
    text: str = ""
    closing: str = ""


# Spellings, parted by blanks, and what each of them means.
TABLE: tuple[tuple[str, Meaning], ...] = (
    ("+", Meaning("sign", "+")),
    ("- − –", Meaning("sign", "-")),
    (r"* · × ⋅ ∗ • \cdot \times \ast", Meaning("sign", "*")),
    (r"/ ÷ ∕ \div", Meaning("sign", "/")),
    ("^ **", Meaning("power")),
    (r"' ′ \prime", Meaning("prime", "'")),
    ("″", Meaning("prime", "''")),
    (",", Meaning("comma")),
    ("(", Meaning("open", "(", ")")),
    ("[", Meaning("open", "(", "]")),
    ("{", Meaning("open", "(", "}")),
    (r"\{", Meaning("open", "(", r"\}")),
    (r"\lbrack", Meaning("open", "(", r"\rbrack")),
    (r"\lbrace", Meaning("open", "(", r"\rbrace")),
    (r"\lvert \lVert", Meaning("open", "abs(", r"\rvert \rVert")),
    (r") ] } \} \rbrack \rbrace \rvert \rVert", Meaning("close")),
    (r"| \| \vert \Vert", Meaning("bars", "abs(", "|")),
    (r"\frac \dfrac \tfrac \cfrac", Meaning("fraction")),
    (r"\sqrt √", Meaning("root")),
    (r"\lg", Meaning("call", "(log(", ")/log(10))")),
    (r"\cot \ctg", Meaning("call", "(1/tan(", "))")),
    (r"\sec", Meaning("call", "(1/cos(", "))")),
    (r"\csc", Meaning("call", "(1/sin(", "))")),
    (r"\tg", Meaning("call", "tan(", ")")),
    (r"\coth", Meaning("call", "(1/tanh(", "))")),
    (r"\bar \overline", Meaning("accent", "bar")),
    (r"\hat \widehat", Meaning("accent", "hat")),
    (r"\tilde \widetilde", Meaning("accent", "tilde")),
    (r"\vec", Meaning("accent", "vec")),
    (r"\dot", Meaning("accent", "dot")),
    (r"\ddot", Meaning("accent", "ddot")),
    (r"\mathrm \mathit \text \operatorname \textit \textrm \mathsf", Meaning("word")),
    (r"\mathcal \mathscr", Meaning("font", "cal")),
    (r"\mathbf \boldsymbol \bm \pmb", Meaning("font", "bold")),
    (r"\mathfrak", Meaning("font", "frak")),
    (r"\partial ∂", Meaning("differential", "partial")),
    (r"\sum ∑", Meaning("many", "+")),
    (r"\prod ∏", Meaning("many", "*")),
    (r"\left.", Meaning("left")),
    (r"\approx \leq \geq \neq \equiv \propto \sim ≈ ≤ ≥ ≠ < >", Meaning("relation")),
    (r"\le \ge \ne \ll \gg \lt \gt \simeq \cong ∝ ∼", Meaning("relation")),
    (r"\, \; \: \! \> \\ \quad \qquad $ & ~", Meaning("blank")),
    (r"\left \right \big \Big \bigl \bigr \Bigl \Bigr", Meaning("blank")),
    (r"\bigg \Bigg \biggl \biggr \Biggl \Biggr \middle \/", Meaning("blank")),
    (r"\displaystyle \textstyle \limits \nonumber \notag", Meaning("blank")),
    (r"\nolimits \enspace \thinspace \hfill \strut \mathstrut", Meaning("blank")),
    (r"\bigm \Bigm \biggm \Biggm", Meaning("blank")),
    ("\N{ZERO WIDTH SPACE} \N{WORD JOINER} \N{INVISIBLE TIMES}", Meaning("blank")),
    (
        r"\int \iint \oint ∫",
        Meaning("foreign", "an integral", "write the value, or its integrand"),
    ),
    (r"\lim", Meaning("foreign", "a limit", "write its value")),
    (r"\infty ∞", Meaning("foreign", "infinity", "write a finite number")),
    (
        r"\nabla ∇",
        Meaning("foreign", "a gradient", "write a line for each partial derivative"),
    ),
    (
        r"\top \intercal \dagger ⊤ ᵀ",
        Meaning("foreign", "a transpose", "write a line for each component"),
    ),
    (
        r"\begin \end",
        Meaning("foreign", "a matrix", "write a line for each entry"),
    ),
    (
        r"\cases",
        Meaning(
            "foreign",
            "cases",
            "step(x)*a + (1 - step(x))*b is a where x > 0, else b",
        ),
    ),
    (
        r"\otimes \odot \oplus \circ ⊗ ⊙ ∘ \star",
        Meaning("foreign", "this operation", r"a product is written \cdot"),
    ),
    (
        r"\mathbb \Pr",
        Meaning("foreign", "an expectation or a set", "write a name for it"),
    ),
    (r"\pm \mp ± ∓", Meaning("foreign", "two signs at once", "write a line for each")),
    (
        r"\ldots \dots \cdots \vdots … ⋯",
        Meaning("foreign", "what dots stand for", "write it out"),
    ),
    (
        r"\in \notin \forall \exists \subset \mid \mapsto \to ∈ ∀ ∃ ↦",
        Meaning("foreign", "what is no formula", "put it behind a #"),
    ),
    (
        r"\binom \argmin \argmax \arg \det \inf \sup",
        Meaning("foreign", "this operation", "write its value, or a formula for it"),
    ),
    (
        "!",
        Meaning("foreign", "a factorial", "write its value"),
    ),
)

MEANINGS: dict[str, Meaning] = {
    "\\ ": Meaning("blank"),
    **{word: meaning for words, meaning in TABLE for word in words.split()},
}
VALUE = Meaning("value")

LETTERS = GREEK | {
    "varepsilon", "vartheta", "varphi", "varrho", "varsigma", "ell", "hbar", "omicron",
    "imath", "jmath",
}  # fmt: skip
"""Commands that are a letter."""

CALLED = {
    "ReLU": "relu", "RELU": "relu", "sgn": "sign", "Sigmoid": "sigmoid",
    "logistic": "sigmoid", "Tanh": "tanh", "Softplus": "softplus",
}  # fmt: skip
"""Functions of the language under other names."""

MARKED = {mark: command[1:] for mark, command in ACCENTS.items()}
"""Accents as characters of their own: ŷ is y with one of them."""

RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
LOWERED = dict(
    zip("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789aehijklmnoprstuvx", strict=True)
)

_SUGGESTED = {"accent", "word", "font", "fraction", "differential", "root", "call"}
COMMANDS = [
    *(word for word, meaning in MEANINGS.items() if meaning.kind in _SUGGESTED),
    *(f"\\{text}" for text in ("pi", *FUNCTIONS, *GREEK)),
]
"""What an unknown command may have been meant to be."""
