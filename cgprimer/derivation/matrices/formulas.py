r"""A side with matrices as a SideTerm: letters side by side are a product.

    -2[y - w^\top h]h   ─ formula ─▶   neg(product(product(2, sub(y, …)), h))

Precedence is that of print: powers and transposes, products, sums. What is a call of
the language, with keywords or an index, is read by `expr.array_syntax`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from cgprimer.derivation.matrices.symbols import Symbol, name_of, symbols
from cgprimer.derivation.matrices.terms import NotRead, SideTerm
from cgprimer.errors import ExpressionError
from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.array_ops import ARRAY_FUNCTIONS
from cgprimer.expr.array_syntax import ArrayParser
from cgprimer.expr.node import Node, fold, postorder, substitute
from cgprimer.expr.ops import CONST, FUNCTIONS, NAME
from cgprimer.expr.ops import name as name_node
from cgprimer.notation.text import show
from cgprimer.reading.names import adjoint_of, derivative_of

DEEP = 40  # brackets in brackets
_PLAIN = {
    "ln": "log", "tr": "trace", "Tr": "trace", "arctan": "arctan", "lg": "log10",
    "σ": "sigmoid",
}  # fmt: skip
_ASCII = re.compile(r"[@*]|\w\s*\(|'")
_END = Symbol("end", "", 0, 0)


def formula(line: str, start: int, end: int, known: Collection[str]) -> SideTerm:
    """What `line[start:end]` says; NotRead where it cannot be read, or in two ways.

    known : the names that are declared or defined.
    """
    spelled = _in_language(line, start, end, known)
    if spelled is not None:
        return spelled
    found = [*symbols(line, start, end, known)]
    reader = _Formula(found, line, start, end, "T" in known)
    return reader.whole()


def _in_language(
    line: str, start: int, end: int, known: Collection[str]
) -> SideTerm | None:
    """A side in the language of arrays; None where it is in none, or has odd names."""
    text = line[start:end]
    names: dict[str, str] = {}
    # Derivatives are names of letters that the language reads: D0_, D1_, …
    pieces, at = [], start
    try:
        marks = [*_derivatives(line, start, end, known)]
    except NotRead:
        # An index or a keyword, which the language may read.
        if "∂" in line[start:end] or "∇" in line[start:end]:
            return None
        marks = []
    for mark in marks:
        called = f"D{len(names)}__"
        names[called] = mark.text
        pieces += [line[at : mark.start], called]
        at = mark.end
    text = "".join([*pieces, line[at:end]]).replace("−", "-")
    if "\\" in text or "[[" in text or "[|" in text or not _ASCII.search(text):
        return None
    try:
        parser, node = ArrayParser.read(text, 0, known)
    except ExpressionError:
        return None
    every = postorder([node])
    used = {name_of(str(n.value), known) for n in every if n.op is NAME}
    fine = {*known, *names}
    if not all(name in fine or _stands_for(name, known) for name in used):
        return None
    places = {} if names else parser.places()
    return term_of(node, names, places, start)


def _stands_for(name: str, known: Collection[str]) -> bool:
    single = len(name) == 1 and name.islower()
    return bool(single or adjoint_of(name, known) or derivative_of(name, known))


def _derivatives(
    line: str, start: int, end: int, known: Collection[str]
) -> list[Symbol]:
    heads = ("d_", "partial_", "bar_")
    found = []
    for symbol in symbols(line, start, end, known):
        written = line[symbol.start : symbol.end]
        odd = symbol.text.startswith(heads) or not written.isascii()
        if symbol.kind == "name" and symbol.text != written and odd:
            found.append(symbol)
    return found


def term_of(
    root: Node,
    names: Mapping[str, str],
    places: Mapping[Node, tuple[int, int]],
    start: int,
) -> SideTerm:
    """A node of the language as a term, with names that stand for others put back."""
    spelled = {name_node(called): name_node(text) for called, text in names.items()}

    def visit(node: Node, args: list[SideTerm]) -> SideTerm:
        if node.op is NAME:
            called = str(node.value)
            a, b = places.get(node, (0, 0))
            called = names.get(called) or name_of(called)
            at = (start + a, start + b) if b else (0, 0)
            return SideTerm("name", (), called, *at, said=called)
        if node.op is CONST:
            return SideTerm("number", (), float(node.value), said=show(node))
        kind = _KINDS.get(node.op.name, "call")
        value = None if kind != "call" else (node.op, node.value)
        said = show(substitute([node], spelled)[0]) if len(args) < 3 else node.op.name
        return SideTerm(kind, tuple(args), value, said=said)

    return fold([root], visit)[root]


_KINDS = {
    "matmul": "at", "transpose": "transpose", "add": "add", "sub": "sub", "neg": "neg",
    "mul": "entry", "div": "div",
}  # fmt: skip


class _Formula:
    """Recursive descent over the symbols of one side, of a depth that is bounded."""

    def __init__(
        self, found: list[Symbol], line: str, start: int, end: int, has_t: bool
    ) -> None:
        self.found, self.line, self.start, self.end = found, line, start, end
        self.has_t = has_t
        self.at = self.depth = 0

    @property
    def now(self) -> Symbol:
        return self.found[self.at] if self.at < len(self.found) else _END

    def take(self) -> Symbol:
        symbol = self.now
        self.at += 1
        return symbol

    def fail(
        self, message: str, symbol: Symbol | None = None, hint: str = ""
    ) -> NotRead:
        symbol = symbol or self.now
        if symbol is _END:
            return NotRead(message, max(self.end - 1, self.start), self.end, hint)
        return NotRead(message, symbol.start, symbol.end, hint)

    def whole(self) -> SideTerm:
        term = self.sum()
        if self.now is not _END:
            raise self.fail(f"{self.now.text!r} is not read here")
        return term

    def sum(self) -> SideTerm:
        self.depth += 1
        if self.depth > DEEP:
            raise self.fail("brackets are nested too deeply")
        begin = self.now
        sign = self.take().text if self.now.kind == "sign" else "+"
        term = self.product()
        if sign != "+":
            term = SideTerm("neg", (term,), None, begin.start, term.end)
        while self.now.kind == "sign":
            sign = self.take().text
            right = self.product()
            kind = "add" if sign == "+" else "sub"
            term = SideTerm(kind, (term, right), None, term.start, right.end)
        self.depth -= 1
        return term

    def product(self) -> SideTerm:
        term = self.power()
        while True:
            kind = self.now.kind
            if kind in ("entry", "dot", "at", "divide"):
                self.take()
                called = "div" if kind == "divide" else kind
                if self.now.kind == "sign":
                    raise self.fail("a sign behind a sign: put it in parentheses")
            elif kind in _BEGINS:
                called = "product"
            else:
                return term
            right = self.power()
            if called == "div" and self.now.kind in _BEGINS:
                raise self.fail(
                    "a product behind '/' may stand above or below the line",
                    hint="put what is below in parentheses",
                )
            if called in ("entry", "dot") and self.now.kind in _BEGINS:
                term = self.mixed(called, term, right)
                continue
            term = SideTerm(called, (term, right), None, term.start, right.end)

    def mixed(self, called: str, left: SideTerm, right: SideTerm) -> SideTerm:
        """b ⊙ W x, by which b ⊙ (W x) may be meant or (b ⊙ W) x: both readings."""
        begin = left.start
        inner = SideTerm(called, (left, right), None, begin, right.end)
        while self.now.kind in _BEGINS:
            more = self.power()
            right = SideTerm("product", (right, more), None, right.start, more.end)
            inner = SideTerm("product", (inner, more), None, begin, more.end)
        outer = SideTerm(called, (left, right), None, begin, right.end)
        return SideTerm("mixed", (outer, inner), None, begin, right.end)

    def power(self) -> SideTerm:
        term = self.value()
        while True:
            symbol = self.now
            if symbol.kind == "turned":
                self.take()
                if self.has_t and symbol.text.strip("^{} ") == "T":
                    hint = r"write ^\top for the transpose"
                    raise self.fail("^T may be a power, as T is a name", symbol, hint)
                term = SideTerm("transpose", (term,), None, term.start, symbol.end)
            elif symbol.kind in ("inverse", "inverse turned"):
                self.take()
                term = SideTerm("inverse", (term,), None, term.start, symbol.end)
                if symbol.kind == "inverse turned":
                    term = SideTerm("transpose", (term,), None, term.start, symbol.end)
            elif symbol.kind == "raised":
                self.take()
                digits = symbol.text.translate(
                    str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
                )
                exponent = SideTerm(
                    "number", (), float(digits), symbol.start, symbol.end
                )
                term = SideTerm("power", (term, exponent), None, term.start, symbol.end)
            elif symbol.kind == "power":
                self.take()
                exponent = self.value()
                term = SideTerm(
                    "power", (term, exponent), None, term.start, exponent.end
                )
            else:
                return term

    def value(self) -> SideTerm:
        symbol = self.take()
        if symbol.kind == "number":
            text = symbol.text.replace("−", "-")
            return SideTerm("number", (), float(text), symbol.start, symbol.end)
        if symbol.kind == "name":
            return self.name(symbol)
        if symbol.kind == "command":
            return self.command(symbol)
        if symbol.kind == "fraction":
            above, below = self.group(), self.group()
            return SideTerm("div", (above, below), None, symbol.start, below.end)
        if symbol.kind == "norm":
            term = self.sum()
            if self.now.kind not in ("norm", "norm end"):
                raise self.fail("the other bar of the norm is missing")
            end = self.take().end
            return SideTerm("norm", (term,), None, symbol.start, end)
        if symbol.kind == "matrix":
            return self.matrix(symbol)
        if symbol.kind == "open":
            return self.bracket(symbol)
        if symbol is _END:
            raise self.fail("a value is missing here")
        raise self.fail(f"{symbol.text!r} is not read here", symbol)

    def name(self, symbol: Symbol) -> SideTerm:
        called = _PLAIN.get(symbol.text, symbol.text)
        is_call = self.now.kind == "open" and self.now.text == "("
        if is_call and (called in FUNCTIONS or called in ARRAY_FUNCTIONS):
            return self.call(called, symbol)
        return SideTerm("name", (), symbol.text, symbol.start, symbol.end)

    def command(self, symbol: Symbol) -> SideTerm:
        called = symbol.text[1:]
        called = {"sigma": "sigmoid"}.get(called, _PLAIN.get(called, called))
        if called in FUNCTIONS or called in ARRAY_FUNCTIONS:
            if self.now.kind == "open":
                return self.call(called, symbol)
            raise self.fail(
                f"the argument of {symbol.text} is not read", symbol,
                "put it in parentheses",
            )  # fmt: skip
        raise self.fail(f"{symbol.text} is not read with matrices", symbol)

    def call(self, called: str, symbol: Symbol) -> SideTerm:
        opened = self.take()
        args = [self.sum()]
        while self.now.kind == "comma":
            self.take()
            args.append(self.sum())
        end = self.closed(opened)
        op = ARRAY_FUNCTIONS.get(called) or FUNCTIONS[called]
        value = op.filled({}) if isinstance(op, ArrayOp) else None
        if op.arity not in (len(args), -1):
            raise self.fail(f"{called} takes {op.arity} arguments", symbol)
        return SideTerm("call", tuple(args), (op, value), symbol.start, end)

    def group(self) -> SideTerm:
        r"""An argument of \frac, in braces or one sign."""
        if self.now.kind == "open":
            opened = self.take()
            term = self.sum()
            self.closed(opened)
            return term
        return self.value()

    def closed(self, opened: Symbol) -> int:
        if self.now.kind != "close":
            raise self.fail(f"{opened.text!r} is never closed", opened)
        return self.take().end

    def bracket(self, opened: Symbol) -> SideTerm:
        """A group, or a list of numbers: [1, 2], [[1, 2], [3, 4]]."""
        term = self.sum()
        if self.now.kind != "comma" or opened.text != "[":
            end = self.closed(opened)
            return SideTerm(term.kind, term.args, term.value, opened.start, end)
        items = [term]
        while self.now.kind == "comma":
            self.take()
            items.append(self.sum())
        end = self.closed(opened)
        return SideTerm("list", tuple(items), None, opened.start, end)

    def matrix(self, opened: Symbol) -> SideTerm:
        """A matrix by its rows: [|1, 2; 3, 4]."""
        rows: list[list[SideTerm]] = [[self.sum()]]
        while self.now.kind == "comma":
            if self.take().text == ";":
                rows.append([])
            rows[-1].append(self.sum())
        end = self.closed(opened)
        if len({len(row) for row in rows}) > 1:
            raise self.fail("the rows of a matrix are of one length", opened)
        made = tuple(
            SideTerm("list", tuple(row), "row", opened.start, end) for row in rows
        )
        return SideTerm("list", made, "matrix", opened.start, end)


_BEGINS = frozenset(["number", "name", "command", "fraction", "matrix", "open"])
