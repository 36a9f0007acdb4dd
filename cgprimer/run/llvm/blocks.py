"""The lines of a function in LLVM's assembly language: results, blocks, loops.

BlockWriter: indices and the flow of control; `Writer` adds numbers and memory
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Carried = Sequence[tuple[str, str]]
Whole = str | int  # the name of an index, or the number itself


class BlockWriter:
    """The body of one function, line by line; methods return the names of results."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.block = "entry"
        self.label("entry")
        self._count = 0

    def new(self, text: str) -> str:
        """Append an instruction that has a result, and name it."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def do(self, text: str) -> None:
        """Append an instruction without a result."""
        self.lines.append(f"  {text}")

    def label(self, name: str) -> None:
        """Begin a block."""
        self.lines.append(f"{name}:")
        self.block = name

    def tag(self, title: str) -> str:
        """A name for blocks that no others have."""
        self._count += 1
        return f"{title}{self._count}"

    def times(self, a: str, b: Whole) -> str:
        """A product of indices."""
        return self.new(f"mul i64 {a}, {b}")

    def plus(self, a: str, b: Whole) -> str:
        """A sum of indices."""
        return self.new(f"add i64 {a}, {b}")

    def minus(self, a: Whole, b: Whole) -> str:
        """A difference of indices."""
        return self.new(f"sub i64 {a}, {b}")

    def choose(self, condition: str, a: Whole, b: Whole) -> str:
        """One of two indices."""
        return self.new(f"select i1 {condition}, i64 {a}, i64 {b}")

    def smaller(self, a: str, b: str) -> str:
        """The smaller of two indices."""
        less = self.new(f"icmp slt i64 {a}, {b}")
        return self.choose(less, a, b)

    def branch(
        self, condition: str, then: Callable[[], None], other: Callable[[], None]
    ) -> None:
        """One of two pieces of code, as a condition holds or not."""
        tag = self.tag("choice")
        self.do(f"br i1 {condition}, label %{tag}_then, label %{tag}_other")
        for title, part in ((f"{tag}_then", then), (f"{tag}_other", other)):
            self.label(title)
            part()
            self.do(f"br label %{tag}_end")
        self.label(f"{tag}_end")

    def each(
        self, first: Whole, end: Whole, step: Whole, body: Callable[[str], None]
    ) -> None:
        """A loop over `range(first, end, step)` that carries nothing."""

        def round_of(i: str, _: list[str]) -> list[str]:
            body(i)
            return []

        self.loop(first, end, step, round_of)

    def loop(
        self,
        first: Whole,
        end: Whole,
        step: Whole,
        body: Callable[[str, list[str]], list[str]],
        carried: Carried = (),
    ) -> list[str]:
        """A loop over `range(first, end, step)`; what it carries, when it is over.

        carried : (type, first value) of what `body` gets and returns anew.
        """
        tag, before = self.tag("loop"), self.block
        i, following = f"%{tag}_i", f"%{tag}_n"
        names = [f"%{tag}_c{k}" for k in range(len(carried))]
        self.do(f"br label %{tag}")
        self.label(tag)
        # The values at the end of a round are known only when the body is written; the
        # phis that need them go to the head of the loop afterwards.
        phis = len(self.lines)
        more = self.new(f"icmp slt i64 {i}, {end}")
        self.do(f"br i1 {more}, label %{tag}_body, label %{tag}_done")
        self.label(f"{tag}_body")
        after = body(i, names)
        self.lines.append(f"  {following} = add i64 {i}, {step}")
        # The block that the body ends in, which need not be the one that it began in.
        last = self.block
        self.do(f"br label %{tag}")
        rounds = zip(
            [i, *names], [("i64", first), *carried], [following, *after], strict=True
        )
        self.lines[phis:phis] = [
            f"  {name} = phi {kind} [{start}, %{before}], [{value}, %{last}]"
            for name, (kind, start), value in rounds
        ]
        self.label(f"{tag}_done")
        return names
