"""How messages quote: what is long is cut, and carets stay below what they mark."""

import pytest

from cgprimer.errors import (
    ExpressionError,
    GraphError,
    Mistake,
    excerpt,
    listing,
    quote,
    shorten,
    suggest,
    unknown,
)

LONG = "".join(chr(97 + i % 26) for i in range(200))
EXCERPTS = [  # text, start, end, the line shown, and the columns of its carets
    ("xy = 2*sn(x)", 7, 9, "xy = 2*sn(x)", 7, 9),
    ("ab", 2, 2, "ab", 2, 3), ("ab", 1, 1, "ab", 1, 2),
    ("ab\tcd", 3, 4, "ab cd", 3, 4), ("数据 = x", 0, 2, "数据 = x", 0, 4),
    ("数据 = x", 5, 6, "数据 = x", 7, 8),
    (LONG[:72], 71, 72, LONG[:72], 71, 72),
    (LONG[:73], 0, 1, LONG[:72] + "…", 0, 1),
    (LONG[:73], 72, 73, "…" + LONG[1:73], 72, 73),
    (LONG, 36, 40, LONG[:72] + "…", 36, 40),
    (LONG, 37, 40, "…" + LONG[1:73] + "…", 37, 40),
    (LONG, 100, 101, "…" + LONG[64:136] + "…", 37, 38),
    (LONG, 127, 140, "…" + LONG[91:163] + "…", 37, 50),
    (LONG, 190, 220, "…" + LONG[128:], 63, 73),
]  # fmt: skip


@pytest.mark.parametrize(("text", "start", "end", "line", "first", "last"), EXCERPTS)
def test_carets_stand_below_what_they_mark(text, start, end, line, first, last):
    carets = " " * first + "^" * (last - first)
    assert excerpt(text, start, end) == [f"    {line}", f"    {carets}"]


def test_what_is_long_is_cut():
    assert [shorten("a" * n) for n in (40, 41)] == ["a" * 40, "a" * 39 + "…"]
    assert shorten("abcdef", 5) == "abcd…"
    assert shorten(["a", 1]) == "['a', 1]"
    assert [len(quote("a" * n)) for n in (57, 58, 59, 100)] == [59, 60, 60, 60]
    for n, said in ((1000, "a" * 1000), (1001, "a" * 500 + "…" + "a" * 500)):
        assert str(GraphError("a" * n)) == said


def test_what_is_many_is_counted():
    names = [f"x{i}" for i in range(20)]
    assert listing(names[:8]) == "x0, x1, x2, x3, x4, x5, x6, x7"
    assert listing(names[:9]) == "x0, x1, x2, x3, x4, x5, x6, x7 and 1 more"
    assert listing(names, 2) == "x0, x1 and 18 more"
    assert listing([]) == ""
    told = [str(ExpressionError(map(Mistake, names[:n]))) for n in (10, 11, 20)]
    ten = "\n\n".join(names[:10])
    assert told == [ten, f"{ten}\n\n… and 1 more problem",
                    f"{ten}\n\n… and 10 more problems"]  # fmt: skip


def test_the_nearest_name_is_suggested():
    assert suggest("snn", ["sin", "cos"]) == "did you mean 'sin'?"
    assert suggest("zzz", ["sin"]) == suggest(3, ["sin"]) == ""
    assert suggest("a" * 72, ["a" * 71]) == f"did you mean {'a' * 71!r}?"
    assert suggest("a" * 73, ["a" * 71]) == ""  # too long to be compared
    said = "unknown scheme 'x'\n  hint: "
    assert unknown("scheme 'x'", "x", ["ab", "cd"]) == said + "the names are ab, cd"
    assert unknown("scheme 'x'", "x", ["ab"], "ask") == said + "ask"
    assert unknown("scheme 'x'", "ax", ["ab", "ax1"]) == said + "did you mean 'ax1'?"


def test_a_mistake_without_a_text_is_its_message():
    assert str(Mistake("wrong")) == "wrong"
    assert str(Mistake("wrong", hint="so")) == "wrong\n  hint: so"
    assert str(Mistake("wrong", "ab", 1, 2, "so")) == (
        "wrong\n\n    ab\n     ^\n  hint: so"
    )
