r"""The table of operations: one entry says everything about one operation.

    Op("log2", np.log2, ("1/(a*log(2))",), lambda s, a: s.log(a, 2),
       r"\log_2\left({0}\right)", domain=(POSITIVE,), definition="log(a)/log(2)")

An entry gives the numpy forward function, one derivative rule per argument (text in
our own language, in the arguments a, b and the result y), the sympy form, and the
way it is written. Parser, evaluation, derivatives, printing, machine code and tests
read the table, so a new operation is such an entry in `TABLE` and no other edit;
machine code computes it by its definition, where there is one, and else numpy does.

    TABLE ─▶ OPS        by its name            ─▶ nodes, as `OPS["add"](a, b)`
          ├▶ FUNCTIONS  by what a call spells  ─▶ `expr.syntax` reads them
          └▶ CONSTANTS  pi
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cgprimer.expr.node import Node, intern
from cgprimer.keeping import Frozen, lazy

REAL = (-3.0, 3.0)
POSITIVE = (0.1, 4.0)
ATOM = 9
ARGUMENTS = tuple(string.ascii_lowercase[:24])
"""What rules call the arguments, in order; `y` is the result."""

Contract = Literal["exact", "straight-through", "surrogate"]
Pullback = Callable[[tuple[Node, ...], Node, Node], tuple[Node, ...]]


@dataclass(frozen=True, eq=False)
class Op(Frozen):
    """One operation.

    name : how it is called in the language; `symbol` is its infix sign, if it has one.
    forward : numpy function of the arguments, for real and, where `analytic`, complex.
    partials : derivative by each argument, text in a, b (arguments) and y (result).
    sympy : the same function from the sympy module `s` and sympy arguments; None
        where sympy has no such function, or would expand it.
    latex : template with {0}, {1} for the arguments.
    binding : how tightly the infix form binds; calls bind as atoms do.
    domain : per argument an interval where the operation is smooth.
    kinks : result of a function of the arguments; zero where the slope jumps.
    kinks, definition : text, or a node over a, b, …
    definition : in other operations, where sympy has no such function.
    rounds : False where no result needs rounding, as those of min and neg.
    chains : whether f(a, b, c) may be written for f(f(a, b), c), as of max.
    """

    name: str
    forward: Callable[..., Any]
    partials: tuple[str | Node, ...] = ()
    sympy: Callable[..., Any] | None = None
    latex: str = ""
    symbol: str = ""
    binding: int = ATOM
    right: bool = False
    domain: tuple[tuple[float, float], ...] = (REAL,)
    kinks: str | Node = ""
    definition: str | Node = ""
    aliases: tuple[str, ...] = ()
    contract: Contract = "exact"
    pullback: Pullback | None = None
    rounds: bool = True
    chains: bool = False

    @property
    def arity(self) -> int:
        """Number of arguments."""
        return len(self.domain if self.pullback else self.partials)

    @property
    def stored(self) -> str:
        """What a copy of an expression calls it."""
        return self.name

    @property
    def analytic(self) -> bool:
        """Whether a complex step through it gives the derivative."""
        return not self.kinks and self.pullback is None

    @lazy
    def rules(self) -> tuple[Node, ...]:
        """`partials` as nodes over the names a, b and y."""
        return tuple(map(_node, self.partials))

    @lazy
    def formula(self) -> Node | None:
        """`definition` as a node over the names a, b, …, if there is one."""
        return _node(self.definition) if self.definition else None

    @lazy
    def kink(self) -> Node | None:
        """`kinks` as a node over the names a, b, …, if there are any."""
        return _node(self.kinks) if self.kinks else None

    def __call__(self, *args: Node) -> Node:
        """The raw node, just as written; `tidy` simplifies."""
        return intern(self, args)

    def __repr__(self) -> str:
        return f"Op({self.name})"


def _node(formula: str | Node) -> Node:
    from cgprimer.expr.syntax import parse_expression

    return formula if isinstance(formula, Node) else parse_expression(formula)


def _sigmoid(a: Any) -> Any:
    if np.iscomplexobj(a):
        return 1 / (1 + np.exp(-a))
    # exp of minus the size never overflows: 1/(1 + e) where a ≥ 0, and e/(1 + e) where
    # a is negative. abs has no complex derivative, so a complex step takes the plain
    # form.
    small = np.exp(-np.abs(a))
    return np.where(np.greater_equal(a, 0), 1.0, small) / (1 + small)


def _softplus(a: Any) -> Any:
    return np.log1p(np.exp(a)) if np.iscomplexobj(a) else np.logaddexp(a, 0.0)


def _erf(a: Any) -> Any:
    from scipy.special import erf

    return erf(a)


def _xlogy(a: Any, b: Any) -> Any:
    # 0·ln 0 is 0 here, where the product would be nan. The slope of a^b by b is
    # xlogy(y, a), and 0^b is flat in b for every b > 0.
    return np.where(np.equal(a, 0) & ~np.isnan(b), 0.0, a * np.log(b))


def _step(a: Any) -> Any:
    # 0 at the kink, as its definition sign(max(a, 0)) gives it.
    return np.heaviside(a, 0.0)


def _relu(a: Any) -> Any:
    return np.maximum(a, 0.0)


_BOTH, _PLUS = (REAL, REAL), (POSITIVE,)

# The rules use the result y where that saves a second call, as in `1 + y^2` of tan, but
# not where it loses digits, as in expm1. Two arguments that meet at a kink share the
# slope there, as in max: half for each.
TABLE: tuple[Op, ...] = (
    # leaves
    Op("name", lambda: None, latex="{value}"),
    Op("const", lambda: None, latex="{value}"),
    Op("pi", lambda: np.pi, (), lambda s: s.pi, r"\pi", domain=()),
    # arithmetic, loosest binding first
    Op(
        "add", np.add, ("1", "1"), lambda s, a, b: a + b,
        "{0} + {1}", "+", 1, domain=_BOTH,
    ),
    Op(
        "sub", np.subtract, ("1", "-1"), lambda s, a, b: a - b,
        "{0} - {1}", "-", 1, domain=_BOTH,
    ),
    Op(
        "mul", np.multiply, ("b", "a"), lambda s, a, b: a * b,
        r"{0} \cdot {1}", "*", 2, domain=_BOTH,
    ),
    Op(
        "div", np.divide, ("1/b", "-y/b"), lambda s, a, b: a / b,
        r"\frac{{{0}}}{{{1}}}", "/", 2, domain=(REAL, POSITIVE),
    ),
    Op("neg", np.negative, ("-1",), lambda s, a: -a, "-{0}", "-", 3, rounds=False),
    Op(
        # Not b*y/a: that is 0/0 at a = 0, where the power itself is smooth.
        "pow", np.power, ("b*a^(b - 1)", "xlogy(y, a)"), lambda s, a, b: a**b,
        "{0}^{{{1}}}", "^", 4, True, domain=(POSITIVE, REAL),
    ),
    # exponentials and logarithms
    Op("exp", np.exp, ("y",), lambda s, a: s.exp(a), r"e^{{{0}}}"),
    Op(
        "log", np.log, ("1/a",), lambda s, a: s.log(a),
        r"\ln\left({0}\right)", domain=_PLUS, aliases=("ln",),
    ),
    Op(
        "log1p", np.log1p, ("1/(1 + a)",), None,
        r"\ln\left(1 + {0}\right)", domain=((-0.9, 4.0),), definition="log(1 + a)",
    ),
    Op(
        # exp(a), not y + 1: near y = -1 that sum loses the digits, and is 0 below
        # a = -38.
        "expm1", np.expm1, ("exp(a)",), None,
        r"\left(e^{{{0}}} - 1\right)", definition="exp(a) - 1",
    ),
    Op(
        "sqrt", np.sqrt, ("0.5/y",), lambda s, a: s.sqrt(a),
        r"\sqrt{{{0}}}", domain=_PLUS,
    ),
    Op(
        "xlogy", _xlogy, ("log(b)", "a/b"), None,
        r"{0} \ln\left({1}\right)", domain=(REAL, POSITIVE), definition="a*log(b)",
    ),
    # trigonometry
    Op("sin", np.sin, ("cos(a)",), lambda s, a: s.sin(a), r"\sin\left({0}\right)"),
    Op("cos", np.cos, ("-sin(a)",), lambda s, a: s.cos(a), r"\cos\left({0}\right)"),
    Op(
        "tan", np.tan, ("1 + y^2",), lambda s, a: s.tan(a),
        r"\tan\left({0}\right)", domain=((-1.4, 1.4),),
    ),
    Op(
        # (1 - a)*(1 + a), not 1 - a^2: near |a| = 1 the rounding of a^2 would be most
        # of the difference.
        "arcsin", np.arcsin, ("1/sqrt((1 - a)*(1 + a))",), lambda s, a: s.asin(a),
        r"\arcsin\left({0}\right)", domain=((-0.95, 0.95),), aliases=("asin",),
    ),
    Op(
        "arccos", np.arccos, ("-1/sqrt((1 - a)*(1 + a))",), lambda s, a: s.acos(a),
        r"\arccos\left({0}\right)", domain=((-0.95, 0.95),), aliases=("acos",),
    ),
    Op(
        "arctan", np.arctan, ("1/(1 + a^2)",), lambda s, a: s.atan(a),
        r"\arctan\left({0}\right)", aliases=("atan",),
    ),
    # hyperbolic functions and activations
    Op("sinh", np.sinh, ("cosh(a)",), lambda s, a: s.sinh(a), r"\sinh\left({0}\right)"),
    Op("cosh", np.cosh, ("sinh(a)",), lambda s, a: s.cosh(a), r"\cosh\left({0}\right)"),
    Op("tanh", np.tanh, ("1 - y^2",), lambda s, a: s.tanh(a), r"\tanh\left({0}\right)"),
    Op(
        "sigmoid", _sigmoid, ("y*(1 - y)",), None,
        r"\sigma\left({0}\right)", definition="1/(1 + exp(-a))",
    ),
    Op(
        "softplus", _softplus, ("sigmoid(a)",), None,
        r"\operatorname{{softplus}}\left({0}\right)", definition="log(1 + exp(a))",
    ),
    Op("erf", _erf, ("2/sqrt(pi)*exp(-a^2)",), lambda s, a: s.erf(a),
       r"\operatorname{{erf}}\left({0}\right)"),
    # functions with a kink or a jump
    Op(
        "abs", np.abs, ("sign(a)",), lambda s, a: s.Abs(a),
        r"\left|{0}\right|", domain=_PLUS, kinks="a", rounds=False,
    ),
    Op(
        "sign", np.sign, ("0",), None,
        r"\operatorname{{sign}}\left({0}\right)", domain=_PLUS, kinks="a", rounds=False,
    ),
    Op(
        "relu", _relu, ("step(a)",), None,
        r"\operatorname{{relu}}\left({0}\right)", domain=_PLUS, kinks="a",
        definition="max(a, 0)", rounds=False,
    ),
    Op(
        "step", _step, ("0",), None,
        r"\operatorname{{step}}\left({0}\right)", domain=_PLUS, kinks="a",
        definition="sign(max(a, 0))", rounds=False,
    ),
    Op(
        # Domains that do not overlap, so that no point drawn for a test lies on the
        # kink a = b.
        "min", np.minimum, ("(1 - sign(a - b))/2", "(1 + sign(a - b))/2"),
        lambda s, a, b: s.Min(a, b),
        r"\min\left({0}, {1}\right)", domain=((-3.0, 0.0), POSITIVE), kinks="a - b",
        rounds=False, chains=True,
    ),
    Op(
        "max", np.maximum, ("(1 + sign(a - b))/2", "(1 - sign(a - b))/2"),
        lambda s, a, b: s.Max(a, b),
        r"\max\left({0}, {1}\right)", domain=((-3.0, 0.0), POSITIVE), kinks="a - b",
        rounds=False, chains=True,
    ),
)  # fmt: skip

OPS: dict[str, Op] = {op.name: op for op in TABLE}

NAME, CONST = OPS["name"], OPS["const"]

FUNCTIONS: dict[str, Op] = {
    spelling: op
    for op in TABLE
    if op.arity and not op.symbol
    for spelling in (op.name, *op.aliases)
}

# pi; the leaves `name` and `const` are no constants of the language by themselves.
CONSTANTS: dict[str, Op] = {op.name: op for op in TABLE if not op.domain}

FORGET: list[Callable[[], None]] = []
"""Called when a name leaves the tables, by whoever remembers what a text meant."""


def name(text: str) -> Node:
    """The leaf that stands for the variable or parameter `text`."""
    return intern(NAME, (), text)


def const(value: float) -> Node:
    """The leaf that stands for a number."""
    return intern(CONST, (), float(value))


ZERO, ONE = const(0.0), const(1.0)
