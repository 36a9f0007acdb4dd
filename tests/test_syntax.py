"""The language: what a text means, and what is said when it means nothing."""

import gc
import tracemalloc

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from cgprimer import parse_graph
from cgprimer.errors import CycleError, ExpressionError, GraphError
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import CONSTANTS, FUNCTIONS, OPS, TABLE, const, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tokens import RESERVED
from cgprimer.notation.text import show

MEANINGS = [  # text, and the same tree with every bracket spelled out
    # precedence
    ("a + b*c", "(a + (b*c))"), ("a*b + c", "((a*b) + c)"),
    ("a - b - c", "((a - b) - c)"),
    ("a/b/c", "((a/b)/c)"), ("a/b*c", "((a/b)*c)"), ("a*b/c", "((a*b)/c)"),
    ("a - (b - c)", "(a - (b - c))"), ("a - b + c", "((a - b) + c)"),
    # powers
    ("a^b^c", "(a^(b^c))"), ("(a^b)^c", "((a^b)^c)"), ("a**b", "(a^b)"),
    ("a**b^c", "(a^(b^c))"), ("-a^2", "(-(a^2))"), ("(-a)^2", "((-a)^2)"),
    ("a^-b", "(a^(-b))"), ("a^-b^c", "(a^(-(b^c)))"), ("a^-2*b", "((a^(-2))*b)"),
    ("2^-1", "(2^(-1))"), ("a^+b", "(a^b)"), ("a*b^c", "(a*(b^c))"),
    ("-2^2", "(-(2^2))"),
    # signs
    ("-a*b", "((-a)*b)"), ("a*-b", "(a*(-b))"), ("--a", "(-(-a))"), ("+a", "a"),
    ("-+-a", "(-(-a))"), ("a - -b", "(a - (-b))"), ("a+-b", "(a + (-b))"),
    ("-a + b", "((-a) + b)"), ("-(a + b)", "(-(a + b))"), ("a/-b", "(a/(-b))"),
    # calls and constants
    ("sin(a)", "sin(a)"), ("-sin(a)^2", "(-(sin(a)^2))"), ("sin (a)", "sin(a)"),
    ("max(a, b)", "max(a, b)"), ("max(a, b, c)", "max(max(a, b), c)"),
    ("min(a,b,c,d)", "min(min(min(a, b), c), d)"), ("ln(a)", "log(a)"),
    ("asin(a)+acos(b)", "(arcsin(a) + arccos(b))"), ("2*pi*a", "((2*pi)*a)"),
    ("xlogy(a + b, c)", "xlogy((a + b), c)"), ("sin(cos((a)))", "sin(cos(a))"),
    # numbers
    ("1e-3", "0.001"), ("1.", "1"), (".5", "0.5"), ("1E5", "100000"), ("1e+3", "1000"),
    ("0.1", "0.1"), ("1e-400", "0"), ("007", "7"), ("1e22", "1e+22"),
    ("12345678901234567890", "1.2345678901234567e+19"), ("5e-324", "5e-324"),
    # spaces
    ("  a\t+ b ", "(a + b)"), ("a\n", "a"), ("( a )", "a"), ("((((a))))", "a"),
]  # fmt: skip


def bracketed(root: Node) -> str:
    """`root` with every operation in brackets, by plain recursion."""
    if root.op.name == "const":
        value = float(root.value)
        return f"{int(value)}" if value.is_integer() and value < 1e15 else repr(value)
    parts = [bracketed(arg) for arg in root.args]
    if not parts:
        return str(root.value or root.op.name)
    if not root.op.symbol:
        return f"{root.op.name}({', '.join(parts)})"
    if len(parts) == 1:
        return f"({root.op.symbol}{parts[0]})"
    sign = f" {root.op.symbol} " if root.op.symbol in "+-" else root.op.symbol
    return f"({sign.join(parts)})"


@pytest.mark.parametrize(("text", "tree"), MEANINGS)
def test_meaning(text: str, tree: str):
    assert bracketed(parse_expression(text)) == tree
    assert parse_expression(tree) is parse_expression(text)


REFUSED = """
the left side of '=' must be one name

    =
    ^
  hint: write a name before '=', such as y
---
the left side of '=' must be one name

    =xa
    ^
  hint: write a name before '=', such as y
---
the left side of '=' must be one name

    9=xa
    ^
  hint: a name is a letter followed by letters, digits and underscores
---
the left side of '=' must be one name

    xy+xz=xa
    ^^^^^
  hint: a name is a letter followed by letters, digits and underscores
---
the left side of '=' must be one name

    xy += xa
    ^^^^
  hint: write the whole sum or product on the right: y = y0 + …
---
an equation needs '='

    xy ab*xa
    ^^^^^^^^
  hint: write name = expression
---
a value is expected before '='

    xy==ab*xa
       ^
  hint: write one '=' per equation
---
a second '=' in one equation

    xy=xa = xb
          ^
  hint: write one equation per string or line
---
the expression ends where a value is expected

    xy=
       ^
---
the expression ends where a value is expected

    xy=xa+
          ^
---
the expression ends where a value is expected

    xy=ab**
           ^
---
a value is expected before '*'

    xy=*xa
       ^
---
a value is expected before '*'

    xy=xa***2
           ^
  hint: a power is written ^ or **
---
a value is expected before '^'

    xy=xa^^2
          ^
  hint: a power is written ^ or **
---
a value is expected before '/'

    xy=xa//2
          ^
  hint: floor division is not in the language; write one '/'
---
a value is expected before ')'

    xy=sin(xa,)
              ^
---
')' closes nothing

    xy=xa)
         ^
---
'(' is never closed

    xy=((xa)
       ^
---
'(' is never closed

    xy=max(xa, xb
          ^
---
empty parentheses

    xy=()
       ^^
---
'sin' takes 1 argument, but none is

    xy=sin()
       ^^^^^
---
'sin' takes 1 argument, but 2 are given

    xy=sin(xa, xb)
       ^^^^^^^^^^^
---
'max' takes 2 or more arguments, but 1 is given

    xy=max(xa)
       ^^^^^^^
---
'xlogy' takes 2 arguments, but 3 are given

    xy=xlogy(xa, xb, xc)
       ^^^^^^^^^^^^^^^^^
---
unknown function 'sn'

    xy=ab*sn(xx)
          ^^
  hint: did you mean 'sin'?
---
unknown function 'blend'

    xy=blend(xa)
       ^^^^^
  hint: write a product with '*': blend*(…)
---
'sin' is a function

    xy=sin*xa
       ^^^
  hint: call it, sin(…), or choose another name
---
'max' is a function

    xy=max*xa
       ^^^
  hint: call it, max(…, …), or choose another name
---
'sin' is a function

    sin=xa
    ^^^
  hint: choose another name
---
an operator is missing before 'xb'

    xy=xa xb
          ^^
  hint: write a product with '*': xa*xb
---
an operator is missing before '2'

    xy=xa 2
          ^
  hint: write a product with '*': xa*2
---
an operator is missing before '('

    xy=(xa)(xb)
           ^
  hint: write a product with '*': (…)*(…)
---
an operator is missing before '('

    xy=2(xa)
        ^
  hint: write a product with '*': 2*(…)
---
malformed number '2xa'

    xy=2xa
       ^^^
  hint: write a product with '*': 2*xa
---
malformed number '1e5xa'

    xy=1e5xa
       ^^^^^
  hint: write a product with '*': 1e5*xa
---
malformed number '1.2.3'

    xy=1.2.3
       ^^^^^
  hint: write numbers as 12, 0.5 or 1e-3
---
malformed number '0x1F'

    xy=0x1F
       ^^^^
  hint: write numbers in decimal digits: 31
---
malformed number '1_000'

    xy=1_000
       ^^^^^
  hint: write numbers as 12, 0.5 or 1e-3
---
malformed number '1e+'

    xy=1e+*xa
       ^^^
  hint: write numbers as 12, 0.5 or 1e-3
---
unexpected character '.'

    xy=...
       ^
  hint: write every term out
---
this number is too large for double precision

    xy=1e400*xa
       ^^^^^
  hint: the largest is about 1.8e308
---
this constant overflows double precision

    xy=9^9^9^9
          ^
  hint: the largest is about 1.8e308
---
this constant overflows double precision

    xy=exp(1000)*xa
       ^^^
  hint: the largest is about 1.8e308
---
this constant overflows double precision

    xy=1e200*1e200 + xa
            ^
  hint: the largest is about 1.8e308
---
a comma outside a function call

    xy=3,5*xa
        ^
  hint: decimal numbers are written with a point
---
a comma outside a function call

    xy=(xa, xb)
          ^
  hint: a comma parts the arguments of a function
---
'lambda' is a keyword of Python

    xy=lambda*xa
       ^^^^^^
  hint: choose another name, or declare it in parameters= or variables=
---
'if' is a keyword of Python

    if=xa
    ^^
  hint: choose another name
---
'if' is Python, not part of the language

    xy=xa if xb else 0
          ^^
  hint: step(a - b) is 1 where a > b, so that step(x)*a + (1 - step(x))*b is a choice
---
unexpected character ';'

    xy=xa;xb
         ^
  hint: write one equation per string or line
---
unexpected character '#'

    xy=xa#comment
         ^
  hint: comments belong in a multi-line text or a file, not in a list of equations
---
unexpected character '%'

    xy=xa%xb
         ^
  hint: the remainder is not an operation of the language
---
unexpected character '['

    xy=[xa]
       ^
  hint: write parentheses ( ) only
---
unexpected character "'"

    xy='xa'
       ^
  hint: equations hold no strings
---
unexpected character '.'

    xy=xa.b
         ^
  hint: names have no dots
---
unexpected character '<'

    xy=xa < xb
          ^
  hint: comparisons are not in the language; step(a - b) is 1 where a > b
---
unexpected character '_'

    xy=__x__*xa
       ^
  hint: a name starts with a letter
---
unexpected character '?'

    xy=xa?
         ^
  hint: step(x)*a + (1 - step(x))*b is a where x > 0, else b
---
unexpected character 'х' (U+0445 CYRILLIC SMALL LETTER HA)

    xy=ab*ха
          ^
  hint: it looks like 'x' but is another character; type 'x'
---
unexpected character '٣' (U+0663 ARABIC-INDIC DIGIT THREE)

    xy=٣*xa
       ^
"""


def blocks(text: str) -> list[str]:
    return [block.strip("\n") for block in text.split("---\n")]


@pytest.mark.parametrize("message", blocks(REFUSED))
def test_refusal(message: str):
    """The whole message; the text refused is its third line."""
    text = message.splitlines()[2].removeprefix("    ")
    with pytest.raises(ExpressionError) as caught:
        parse_graph([text])
    assert str(caught.value) == message


INVISIBLE = [
    ("xy=ab*xa\u202e", "(U+202E RIGHT-TO-LEFT OVERRIDE)", "    xy=ab*xa<U+202E>"),
    ("xy=ab*xa\x00", "(U+0000 control character)", "    xy=ab*xa<U+0000>"),
    ("xy=ab*xa\x1b[2J", "(U+001B control character)", "    xy=ab*xa<U+001B>[2J"),
]


@pytest.mark.parametrize(("text", "called", "line"), INVISIBLE)
def test_what_cannot_be_seen_is_spelled_out(text: str, called: str, line: str):
    with pytest.raises(ExpressionError) as caught:
        parse_graph([text])
    first, _, shown, carets = str(caught.value).splitlines()[:4]
    assert first == f"unexpected character {called}"
    assert shown == line
    assert carets == " " * line.index("<") + "^" * 8


def test_tab_counts_as_one_column():
    with pytest.raises(ExpressionError) as caught:
        parse_graph(["xy=\tsn(xa)"])
    assert str(caught.value).splitlines()[2:4] == ["    xy= sn(xa)", "        ^^"]


def test_wide_and_combining_characters_keep_the_caret_in_its_place():
    with pytest.raises(ExpressionError) as caught:
        parse_graph(["xy＝＃"])
    assert str(caught.value).splitlines()[3] == "        ^^"
    with pytest.raises(ExpressionError) as caught:
        parse_graph(["xy=cafe\u0301*sn(xa)"])
    assert str(caught.value).splitlines()[2:4] == [
        "    xy=cafe\u0301*sn(xa)",
        "            ^^",
    ]


def test_long_text_is_shown_around_the_mistake():
    with pytest.raises(ExpressionError) as caught:
        parse_graph(["xy=" + "xa + " * 1000 + "sn(xa)" + " + xa" * 1000])
    _, _, shown, carets, hint = str(caught.value).splitlines()
    assert shown.startswith("    …")
    assert shown.endswith("…")
    assert len(shown) < 80
    assert shown[carets.index("^") :].startswith("sn(xa)")
    assert hint == "  hint: did you mean 'sin'?"


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_empty_text(text: str):
    message = "an empty text is not an equation: write 'xy = a*xa'"
    with pytest.raises(ExpressionError) as caught:
        parse_graph(["xz=xa", text])
    assert str(caught.value) == message


def test_every_mistake_is_reported_at_once():
    with pytest.raises(ExpressionError) as caught:
        parse_graph(["xa=sn(xb)", "xc=2*xa", "xd=2xa", "xc=xa"])
    assert (
        str(caught.value)
        == """\
unknown function 'sn'

    xa=sn(xb)
       ^^
  hint: did you mean 'sin'?

malformed number '2xa'

    xd=2xa
       ^^^
  hint: write a product with '*': 2*xa

'xc' is defined twice

    xc=xa
    ^^
  hint: the first definition is 'xc=2*xa'; rename or remove one"""
    )
    assert [p.text for p in caught.value.problems] == ["xa=sn(xb)", "xd=2xa", "xc=xa"]


def test_line_numbers_in_a_text_with_comments():
    text = "# a graph\nxa = 2*xb  # fine\n\n  xc = sn(xa)  # not fine\nxd = 3 +\n"
    with pytest.raises(ExpressionError) as caught:
        parse_graph(text)
    assert (
        str(caught.value)
        == """\
line 4: unknown function 'sn'

      xc = sn(xa)  \n           ^^
  hint: did you mean 'sin'?

line 5: the expression ends where a value is expected

    xd = 3 +
            ^"""
    )


def test_a_thousand_mistakes_are_counted_not_listed():
    with pytest.raises(ExpressionError) as caught:
        parse_graph([f"x{i}=sn(xa)" for i in range(1000)])
    assert str(caught.value).endswith("… and 990 more problems")
    assert len(caught.value.problems) == 1000
    assert len(str(caught.value)) < 2000


ORDINARY = "S I E N O Q beta gamma zeta Chi test rf C as e i j inf nan x y p0 c1 x0 y_1"


@pytest.mark.parametrize("word", ORDINARY.split())
def test_names_that_mean_something_elsewhere_are_names(word: str):
    graph = parse_graph([f"xq={word}*xz + exp({word})"])
    assert {word} < {*graph.inputs, *graph.parameters}
    assert graph.partial("xq", "xz").text == word


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_keywords_are_refused_unless_declared(word: str):
    with pytest.raises(ExpressionError, match="is a keyword of Python"):
        parse_graph([f"xy={word}*xa"])
    assert parse_graph([f"xy={word}*xa"], parameters=[word]).parameters == (word,)
    assert parse_graph([f"xy={word}*xa"], variables=[word]).inputs == (word, "xa")
    assert parse_graph([f"{word}=2*xa"], variables=[word]).outputs == (word,)
    with pytest.raises(ExpressionError, match="is a keyword of Python"):
        parse_graph([f"{word}=2*xa"])


def test_pi_is_the_constant_unless_declared():
    [value] = parse_graph(["xy=pi"]).evaluate({}).values()
    assert value == 3.141592653589793
    assert parse_graph(["xy=pi*xa"]).parameters == ()
    assert parse_graph(["xy=pi*xa"], parameters=["pi"]).parameters == ("pi",)
    assert parse_graph(["xy=pi*xa"], variables=["pi"]).inputs == ("pi", "xa")
    graph = parse_graph(["pi=2*xa", "xy=pi*xb"])
    assert graph.evaluate({"xa": 1, "xb": 5})["xy"] == 10


BOTH = "declared a parameter, and also a variable or on the left of '='"
DECLARED = [
    ({"parameters": ["sin"]}, "parameters=: 'sin' is a function; choose another name"),
    ({"variables": ["a b"]}, "variables= holds 'a b', which is not a name"),
    ({"variables": [3]}, "variables= holds 3, which is not a name"),
    ({"parameters": ["xy"]}, f"xy: {BOTH}"),
    ({"parameters": ["b"], "variables": ["b"]}, f"b: {BOTH}"),
]  # fmt: skip


@pytest.mark.parametrize(("keywords", "message"), DECLARED)
def test_declarations_that_cannot_be(keywords: dict, message: str):
    with pytest.raises(GraphError) as caught:
        parse_graph(["xy=a*xa"], **keywords)
    assert str(caught.value) == message


def test_declared_names_are_what_they_are_declared():
    graph = parse_graph(
        ["f=m*a + xk"], variables=["m", "a", "unused"], parameters=["xk"]
    )
    assert (graph.inputs, graph.parameters) == (("m", "a"), ("xk",))
    assert parse_graph(["xy=b*xa"], variables="b").inputs == ("b", "xa")


# Size. Nothing recurses, and time grows with the length of the text.

LARGE = {
    "parentheses": ("(" * 100_000 + "xa" + ")" * 100_000, 1),
    "signs": ("-" * 100_000 + "xa", 100_001),
    "calls": ("sin(" * 20_000 + "xa" + ")" * 20_000, 20_001),
    "tower": ("xa^" * 20_000 + "2", 20_002),
    "sum": ("xa" + " + xa" * 19_999, 20_000),
    "differences": ("xa - (" * 20_000 + "xb" + ")" * 20_000, 20_002),
}


@pytest.mark.every(6)
@pytest.mark.parametrize("kind", LARGE)
def test_large_expressions(kind: str):
    text, nodes = LARGE[kind]
    root = parse_expression(text)
    assert len(postorder([root])) == nodes
    assert nodes > 50_000 or parse_expression(show(root)) is root


@pytest.mark.every(2)
@pytest.mark.parametrize("kind", ["parentheses", "sum"])
def test_large_mistakes_are_found(kind: str):
    with pytest.raises(ExpressionError, match=r"'\)' closes nothing"):
        parse_graph([f"xy={LARGE[kind][0]})"])


@pytest.mark.slow
def test_a_sum_of_a_million_terms():
    gc.disable()  # as parse_graph does; a million objects are many to walk
    try:
        root = parse_expression("xa" + "+xa" * 999_999)
        assert len(postorder([root])) == 1_000_000
    finally:
        gc.enable()


@pytest.mark.slow
def test_distinct_terms_are_evaluated_in_order():
    graph = parse_graph(["xy=" + "+".join(f"x{i}" for i in range(5_000))])
    at = {f"x{i}": i for i in range(5_000)}
    assert graph.evaluate(at)["xy"] == sum(range(5_000))


# Round trip: what is printed is read as the same node.

LEAVES = st.one_of(
    st.sampled_from(["a", "b", "xa", "as", "E", "x1"]).map(name),
    st.floats(min_value=0, allow_nan=False, allow_infinity=False).map(const),
    st.sampled_from(list(CONSTANTS.values())).map(lambda op: op()),
    st.integers(0, 20).map(const),
)


def branches(children: st.SearchStrategy) -> st.SearchStrategy:
    return st.sampled_from([op for op in TABLE if op.arity]).flatmap(
        lambda op: st.tuples(*[children] * op.arity).map(lambda args: op(*args))
    )


EXPRESSIONS = st.recursive(LEAVES, branches, max_leaves=25)


@given(EXPRESSIONS)
def test_printing_and_reading_gives_the_same_node(root: Node):
    assert parse_unfolded(show(root)) is root


def parse_unfolded(text: str) -> Node:
    """Read `text`; a constant part that overflows is refused, and skipped here."""
    try:
        return parse_expression(text)
    except ExpressionError as error:
        if "overflows double precision" not in str(error):
            raise
        reject()


@given(EXPRESSIONS)
def test_every_bracket_written_out_means_the_same(root: Node):
    assert parse_unfolded(bracketed(root)) is root


@given(st.text(alphabet="xab12.e+-*/^(),= s|√½\u0445\u00b2", max_size=12))
def test_any_text_is_read_or_refused_with_carets(text: str):
    try:
        parse_graph(["xy=" + text])
    except CycleError as error:
        assert error.cycle == ("xy", "xy")  # noqa: PT017
    except ExpressionError as error:
        for problem in error.problems:  # and nothing but these two errors
            assert 0 <= problem.start < problem.end <= len(problem.text) + 1
            assert problem.text == "xy=" + text
        starts = [problem.start for problem in error.problems]
        assert starts == sorted(starts)


def test_functions_and_keywords_do_not_overlap():
    assert not RESERVED & set(FUNCTIONS)
    assert "as" not in RESERVED
    assert OPS["pow"].right


@pytest.mark.parametrize("unit", ["@", "a@", "1@", "(@"])
def test_what_follows_a_stray_character_costs_nothing(unit: str):
    """Ten million characters, of which a copy as objects would take a gigabyte."""
    text = "xy = " + unit * (10**7 // len(unit))
    tracemalloc.start()
    try:
        with pytest.raises(ExpressionError, match=r"unexpected character"):
            parse_graph([text])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(text)
