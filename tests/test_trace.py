"""Derivations: rows against values and gradients, and every face against a reader."""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from io import StringIO

import numpy as np
import pytest
from problems import (
    CANONICAL,
    CANONICAL_AT,
    KINKED,
    NETWORK,
    NETWORK_AT,
    PROBLEMS,
    problem,
    random_dag,
)
from rich.cells import cell_len
from rich.console import Console

from cgprimer import (
    GraphError,
    NonFiniteWarning,
    OptionError,
    PointError,
    edge_partials,
    gradient,
    parse_graph,
)
from cgprimer.cli import main
from cgprimer.derivation.checking.check import check_derivation
from cgprimer.derivation.trace import trace
from cgprimer.errors import columns
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.numbers import rounded
from cgprimer.notation.signs import overline
from cgprimer.notation.text import show

GRAPH = parse_graph(CANONICAL)
HERE = trace(GRAPH, CANONICAL_AT)
SINC = ["v1 = 1/x", "v2 = sin(x)", "v3 = v1*v2"]
CASES = [
    *(pytest.param(*problem(key), id=key) for key in PROBLEMS | KINKED),
    *(pytest.param(*random_dag(seed), id=f"random {seed}") for seed in range(4)),
]
LEVELS = pytest.mark.parametrize("level", ["variables", "operations"])
GRAPHS = pytest.mark.parametrize(("graph", "at"), CASES)


def number(text: str) -> float:
    [value] = Kernel([parse_expression(text)], [])()
    return float(value)


# What the rows hold.


@LEVELS
@GRAPHS
def test_values_and_adjoints_are_those_of_the_graph(graph, at, level):
    values = graph.evaluate(at)
    for output in graph.outputs:
        names = [*graph.inputs, *graph.parameters, *graph.dependents]
        adjoints = graph.gradient_at(output, at, wrt=names)
        found = trace(graph, at, level=level, output=output)
        for row in found.rows:
            for name in (row.name, *row.author):
                if name in adjoints and (level == "variables" or row.body is None):
                    assert row.adjoint == pytest.approx(adjoints[name], 1e-12, 1e-15)
                if name in values:
                    assert row.value == pytest.approx(values[name], 1e-12, 1e-15)
        missing = [name for name in found.left_out if name in adjoints]
        assert all(adjoints[name] == 0 for name in missing)


@LEVELS
@GRAPHS
def test_an_adjoint_is_the_sum_of_its_shares(graph, at, level):
    found = trace(graph, at, level=level, output=graph.outputs[-1])
    assert found[found.output].adjoint == 1.0
    assert found[found.output].shares == ()
    for row in found.rows:
        terms = [found[s.user].adjoint * s.value for s in row.shares]
        if terms:
            assert row.adjoint == pytest.approx(sum(terms), rel=1e-14, abs=1e-300)


@GRAPHS
def test_the_formula_of_a_share_has_the_value_of_its_edge(graph, at):
    partials = edge_partials(graph, at, method="adjoint")
    for output in graph.outputs:
        found = trace(graph, at, output=output)
        values = {row.name: row.value for row in found.rows}
        for row in found.rows:
            for share in row.shares:
                with np.errstate(all="ignore"):
                    [value] = Kernel([share.partial], list(values))(*values.values())
                assert share.value == partials[share.user, row.name]
                assert value == pytest.approx(share.value, rel=1e-9, abs=1e-14)


def test_rows_come_as_in_a_textbook():
    assert [row.name for row in HERE.rows] == [
        *("xa", "ab", "ac", "bc", "cd", "xx", "xy", "xz", "xw")
    ]
    assert [row.name for row in HERE.backwards] == [
        *("xw", "xz", "xy", "xx", "xa", "ab", "ac", "bc", "cd")
    ]
    assert [share.user for share in HERE["xx"].shares] == ["xy", "xz", "xw"]
    assert HERE.has_numbers
    assert not trace(GRAPH).has_numbers
    assert trace(GRAPH)["xa"].value is None


PRINTED = [  # an equation for xy, and ∂xy/∂xx as the trace prints it
    ("1/xx", "-1/xx^2"), ("ln(1 + exp(xx))", "exp(xx)/(1 + exp(xx))"), ("xx", "1"),
    ("tanh(a + b*xx)", "(1 - xy^2)*b"), ("a^xx", "a^xx*log(a)"),
    ("sigmoid(a*xx)", "sigmoid(a*xx)*(1 - sigmoid(a*xx))*a"),
    ("exp(a*xx)", "exp(a*xx)*a"), ("tanh(xx)", "1 - tanh(xx)^2"),
    ("sqrt(xx)", "1/(2*sqrt(xx))"), ("xx^2 + xx^2", "4*xx"), ("xx - xx", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "printed"), PRINTED)
def test_partials_are_printed_as_in_a_textbook(body, printed):
    [share] = trace(parse_graph([f"xy = {body}"]))["xx"].shares
    assert show(share.partial) == printed


@LEVELS
def test_the_author_s_own_steps_keep_their_names(level):
    found = trace(parse_graph(SINC, variables=["x"]), {"x": 1.3}, level=level)
    assert [row.name for row in found.rows] == ["x", "v1", "v2", "v3"]
    assert [row.author for row in found.rows] == [(), (), (), ()]
    assert found["v3"].value == pytest.approx(0.7412, abs=5e-5)
    assert found["x"].adjoint == pytest.approx(-0.3644, abs=5e-5)


def test_single_operations_are_numbered():
    found = trace(GRAPH, CANONICAL_AT, level="operations")
    lines = [line.strip() for line in found.ascii().splitlines()]
    assert lines[6:15] == [
        "v1 = xa^2 = 2.25  # xx",
        "v2 = ab*v1 = 1.8",
        "v3 = ac*xa = -1.65",
        "v4 = v2 + v3 = 0.15  # xy",
        "v5 = bc*v1 = 4.5",
        "v6 = v5 + v4 = 4.65  # xz",
        "v7 = cd*v1 = 1.125",
        "v8 = v6^3 = 100.54",
        "v9 = v7 + v8 = 101.67  # xw",
    ]
    assert found.output == "v9"


OPERATIONS = [  # equations, and the operations of the last variable
    (["xy = sin(xx)*sin(xx) + 2"], ["v1 = sin(xx)", "v2 = v1*v1", "v3 = v2 + 2"]),
    (["xy = xx^2 + 1", "xz = xx^2*xy"], ["v1 = xx^2", "v2 = v1 + 1", "v3 = v1*v2"]),
    (["xy = xx", "xz = 2*xy + 1"], ["v1 = xx", "v2 = 2*v1", "v3 = v2 + 1"]),
    (["v1 = a*xx + 1", "v2 = v1^2"], ["u1 = a*xx", "u2 = u1 + 1", "u3 = u2^2"]),
    (["xy = 2*pi*xx/sqrt(2)"], ["v1 = 2*pi*xx", "v2 = v1/sqrt(2)"]),
    (["xy = 3 + pi", "xz = (xx + xy)^2"], ["v1 = 3 + pi", "v2 = xx + v1", "v3 = v2^2"]),
    (["v1 = -xx", "v2 = v1^-1", "v3 = v2/2"], ["v1 = -xx", "v2 = v1^-1", "v3 = v2/2"]),
    (["xy = (xx + 1)^2", "xz = xx + 1", "xo = xy*xz"],
     ["v1 = xx + 1", "v2 = v1^2", "v3 = v2*v1"]),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "operations"), OPERATIONS)
def test_operations(texts, operations):
    found = trace(parse_graph(texts), level="operations")
    text = found.ascii().split("# Reverse")[0]
    lines = [re.sub("  #.*", "", line).strip() for line in text.splitlines()]
    assert [" ".join(line.split()) for line in lines if " = " in line] == operations


def test_an_output_without_equation_and_one_without_names():
    graph = parse_graph(["xy = 2*xx", "xz = 3 + pi"], ["xx", "xz"])
    for level in ("variables", "operations"):
        [row] = trace(graph, {"xx": 4.0}, output="xx", level=level).rows
        assert (row.name, row.value, row.adjoint) == ("xx", 4.0, 1.0)
        [row] = trace(graph, {"xx": 4.0}, output="xz", level=level).rows
        assert (row.value, row.adjoint) == (3 + np.pi, 1.0)


def test_names_the_output_does_not_need_are_told():
    graph = parse_graph(["xy = a*xx", "xz = b*xq"])
    found = trace(graph, {"xx": 1, "xq": 2, "a": 3, "b": 4}, output="xy")
    assert [row.name for row in found.rows] == ["xx", "a", "xy"]
    assert found.left_out == ("xq", "b", "xz")
    for face in (str(found), found.ascii(), found.html(), printed(found)):
        assert "not needed for xy: xq, b, xz" in face
    assert "Not needed for" in found.latex()


def test_first_and_second_derivative_of_softplus():
    graph = parse_graph(["v1 = exp(xa)", "v2 = 1 + v1", "v3 = v1/v2"])
    e = np.exp(1.3)
    found = trace(graph, {"xa": 1.3})
    assert found["v3"].value == pytest.approx(e / (1 + e), rel=1e-14)
    assert found["xa"].adjoint == pytest.approx(e / (1 + e) ** 2, rel=1e-14)
    whole = trace(parse_graph(["xy = ln(1 + exp(xa))"]))
    assert r"\frac{e^{\mathit{xa}}}{1 + e^{\mathit{xa}}}" in whole.latex()
    derived = gradient(parse_graph(["xy = ln(1 + exp(xa))"]), "xy")
    again = trace(derived, {"xa": 1.3})
    assert again["xa"].adjoint == pytest.approx(e / (1 + e) ** 2, rel=1e-14)


def test_values_come_from_the_stable_form_and_operations_as_written():
    graph = parse_graph(["xy = ln(1 + exp(xa))"])
    assert trace(graph, {"xa": 1000.0})["xa"].adjoint == 1.0
    with pytest.warns(NonFiniteWarning, match="v1 is inf"):
        found = trace(graph, {"xa": 1000.0}, level="operations")
    assert "v1 = exp(xa) = ∞" in str(found)


def test_rounding_error_is_shown_as_zero():
    found = trace(GRAPH, CANONICAL_AT | {"ac": -1.2})
    assert found["xy"].value == pytest.approx(0.0, abs=1e-15)
    assert "xy = ab*xx + ac*xa = 0\n" in str(found)
    graph = parse_graph(["xa = 0.1*xx", "xb = 0.2*xx", "xc = -0.3*xx", "xo = xa+xb+xc"])
    found = trace(graph, {"xx": 1.0})
    assert 0 < found["xx"].adjoint < 1e-16
    assert "1·0.1 + 1·0.2 + 1·(−0.3) = 0" in str(found)


def test_a_surrogate_is_shown_as_what_it_passes_on():
    from cgprimer.diff.declare import custom_op

    with custom_op(
        name="quantised",
        forward=lambda ctx, a: np.floor(a),
        backward=lambda ctx, grad: grad + 0.25,
        contract="surrogate",
    ):
        graph = parse_graph(["xh = w*xx", "xq = quantised(xh)", "xo = xq^2 + xh"])
        at = {"w": 1.5, "xx": 2.3}
        found = trace(graph, at)
        assert found["xx"].adjoint == graph.gradient_at("xo", at)["xx"]
        assert "= quantised_backward(xh, bar_xq) + bar_xo*1" in found.ascii()
        assert "= 6.25 + 1*1 = 7.25" in found.ascii()
        assert r"\left(\mathit{xh}, \overline{\mathit{xq}}\right)" in found.latex()


# Faces.


def printed(report, width=100):
    out = StringIO()
    Console(file=out, width=width, color_system=None).print(report)
    return out.getvalue()


TABLE = """\
Forward trace ↓                     Reverse trace ↑

 variable   expression       value   adjoint   chain rule              gradient
 ─────────────────────────────────   ──────────────────────────────────────────
 xa         (input)            1.5   x̅a̅        x̅x̅·(2*xa) + x̅y̅·ac         475.03
 ab         (parameter)        0.8   a̅b̅        x̅y̅·xx                     145.95
 ac         (parameter)       −1.1   a̅c̅        x̅y̅·xa                     97.301
 bc         (parameter)          2   b̅c̅        x̅z̅·xx                     145.95
 cd         (parameter)        0.5   c̅d̅        x̅w̅·xx                       2.25
 xx         xa^2              2.25   x̅x̅        x̅y̅·ab + x̅z̅·bc + x̅w̅·cd     182.13
 xy         ab*xx + ac*xa     0.15   x̅y̅        x̅z̅·1                      64.868
 xz         bc*xx + xy        4.65   x̅z̅        x̅w̅·(3*xz^2)               64.868
 xw         cd*xx + xz^3    101.67   x̅w̅        1 (seed)                       1
"""


def test_the_table():
    lines = [line.rstrip() for line in printed(HERE).splitlines()]
    assert lines == TABLE.split("\n")


def test_columns_line_up_under_the_bars():
    for found in (HERE, trace(GRAPH), trace(GRAPH, CANONICAL_AT, level="operations")):
        head, *lines = printed(found).splitlines()[2:-1]
        assert {cell_len(line) for line in (head, *lines)} == {cell_len(head)}
        at = head.index("adjoint")
        assert printed(found).index("Reverse") == at - 1
        for row, line in zip(found.rows, lines[1:], strict=True):
            assert line[at:].startswith(overline(row.name) + " ")


def test_text_with_every_stage():
    assert (
        str(HERE)
        == """\
Forward trace, first to last
  xa = 1.5  (input)
  ab = 0.8  (parameter)
  ac = −1.1  (parameter)
  bc = 2  (parameter)
  cd = 0.5  (parameter)
  xx = xa^2 = 2.25
  xy = ab*xx + ac*xa = 0.15
  xz = bc*xx + xy = 4.65
  xw = cd*xx + xz^3 = 101.67

Reverse trace, last to first
  x̅w̅ = 1  (seed)
  x̅z̅ = x̅w̅·∂xw/∂xz = x̅w̅·(3*xz^2) = 1·64.868 = 64.868
  x̅y̅ = x̅z̅·∂xz/∂xy = x̅z̅·1 = 64.868·1 = 64.868
  x̅x̅ = x̅y̅·∂xy/∂xx + x̅z̅·∂xz/∂xx + x̅w̅·∂xw/∂xx = x̅y̅·ab + x̅z̅·bc + x̅w̅·cd
     = 64.868·0.8 + 64.868·2 + 1·0.5 = 182.13
  x̅a̅ = x̅x̅·∂xx/∂xa + x̅y̅·∂xy/∂xa = x̅x̅·(2*xa) + x̅y̅·ac = 182.13·3 + 64.868·(−1.1) = 475.03
  a̅b̅ = x̅y̅·∂xy/∂ab = x̅y̅·xx = 64.868·2.25 = 145.95
  a̅c̅ = x̅y̅·∂xy/∂ac = x̅y̅·xa = 64.868·1.5 = 97.301
  b̅c̅ = x̅z̅·∂xz/∂bc = x̅z̅·xx = 64.868·2.25 = 145.95
  c̅d̅ = x̅w̅·∂xw/∂cd = x̅w̅·xx = 1·2.25 = 2.25"""
    )


@LEVELS
@GRAPHS
def test_ascii_is_ascii(graph, at, level):
    output = graph.outputs[-1]
    assert trace(graph, level=level, output=output).ascii().isascii()
    assert trace(graph, at, level=level, output=output).ascii().isascii()


CHECKED = [
    ("canonical", "variables"), ("canonical", "operations"), ("alike", "variables"),
    ("gaussian", "variables"), ("powers", "operations"),
]  # fmt: skip


@pytest.mark.every(2)
@pytest.mark.parametrize(("key", "level"), CHECKED)
def test_the_proof_checker_agrees(key, level):
    graph, at = problem(key)
    found = trace(graph, level=level, output=graph.outputs[0])
    report = check_derivation(found.ascii(), variables=list(at), rng=0, points=3)
    assert {row.verdict for row in report.rows} == {"PASS", "defined"}


def test_the_proof_checker_reads_the_latex_too():
    found = trace(GRAPH).latex()
    cells = re.findall(r"\$(.*?)\$", found.split(r"\hline")[2])
    left = [cell for cell in cells[0::2] if "=" in cell]
    report = check_derivation("\n".join(left + cells[1::2]), points=4)
    assert len(report.rows) > 15
    assert {row.verdict for row in report.rows} == {"PASS", "defined"}


@GRAPHS
def test_the_numbers_printed_add_up(graph, at):
    found = trace(graph, at, output=graph.outputs[-1])
    lines = re.sub(r"\n +=", " =", found.ascii()).split("# Reverse")[1].splitlines()
    checked = 0
    for line in lines[1:]:
        *_, numbers, result = ["", "", *line.split("  #")[0].split(" = ")]
        if "seed" not in line and "=" in line:
            terms = [abs(number(term)) for term in numbers.split(" + ")]
            size = max(*terms, abs(number(result)))
            assert number(numbers) == pytest.approx(number(result), abs=3e-4 * size)
            checked += 1
    assert checked == len([row for row in found.rows if row.shares])


def test_negative_numbers_stand_in_brackets():
    graph = parse_graph(["xy = -2*xx", "xz = -3*xx", "xo = -xy - 4*xz"])
    text = str(trace(graph, {"xx": -1.0}))
    assert "(−1)·(−2) + (−4)·(−3) = 14" in text
    assert r"\left(-4\right) \cdot \left(-3\right)" in trace(graph, {"xx": -1}).latex()


def test_terms_that_cancel_or_vanish_stay_visible():
    graph = parse_graph(["xy = xx - xx", "xz = 2*xx", "xq = -2*xx", "xo = xy+xz+xq"])
    text = str(trace(graph, {"xx": 3.0}))
    assert "= x̅y̅·0 + z".replace("z", "x̅z̅·2") in text
    assert "= 1·0 + 1·2 + 1·(−2) = 0" in text


NUMBERS = [
    (101.669625, "101.67"), (-1.1, "−1.1"), (0.0, "0"), (-0.0, "0"), (2.0, "2"),
    (123456.0, "123456"), (123456.7, "123457"), (1e9, "1e9"), (1.23456e12, "1.2346e12"),
    (2.5e-7, "2.5e−7"), (-0.00012345678, "−0.00012346"), (np.inf, "∞"), (-np.inf, "−∞"),
    (np.nan, "nan"), (1e300, "1e300"), (1 / 3, "0.33333"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_numbers_as_they_are_shown(value, text):
    assert rounded(value) == text


def test_combining_bars_take_no_column():
    assert columns("x̅a̅ = 1") == 6


def test_html_is_well_formed_and_loads_nothing():
    for found in (HERE, trace(GRAPH), trace(GRAPH, CANONICAL_AT, level="operations")):
        page = found.html(document=True)
        assert page.startswith("<!DOCTYPE html>")
        body = re.sub(r"<!DOCTYPE html>|<meta[^>]*>", "", page)
        tree = ET.fromstring(body)
        assert len(list(tree.iter("tr"))) == 1 + len(found.rows)
        assert len(list(tree.iter("math"))) > 2 * len(found.rows)
        assert not re.search(r"https?:|src=|href=|@import|url\(|<script", page)
        assert found._repr_html_() == found.html()
        assert found.html() in page
    assert "475.03" in HERE.html()
    text = "".join(ET.fromstring(HERE.html()).itertext())
    assert "xw=cd⋅xx+xz3=101.67" in text.replace(" ", "")


def test_latex_of_one_row():
    row = r"$\mathit{xz} = \mathit{bc} \cdot \mathit{xx} + \mathit{xy} = 4.65$ & "
    row += r"$\overline{\mathit{xz}} = \overline{\mathit{xw}} \cdot "
    row += r"\frac{\partial \mathit{xw}}{\partial \mathit{xz}} = "
    row += r"\overline{\mathit{xw}} \cdot 3 \cdot \mathit{xz}^{3} = 1 \cdot 64.868 = "
    row += r"64.868$ \\"
    assert row.replace("^{3}", "^{2}") in HERE.latex().splitlines()
    assert HERE.latex() in HERE.latex(document=True)
    assert HERE.latex().startswith(r"% needs \usepackage{amsmath,graphicx,longtable}")


ODD = [
    "x_gamma = theta_1*exp(-alpha*x_long_name^2/2e-5)^2/sqrt(2*pi) + abs(xa)^theta_1",
    "xo = erf(x_gamma)*min(xa, lambda1) - xlogy(x_gamma + 1, 2)*x_long_name^-1",
]
ODD_AT = {"x_long_name": 0.002, "xa": -0.3, "theta_1": 2, "alpha": 1, "lambda1": 0.5}
ODD_TRACE = trace(parse_graph(ODD), ODD_AT)
DOCUMENTS = {
    "canonical": HERE,
    "odd": ODD_TRACE,
    "long": trace(parse_graph(NETWORK), NETWORK_AT, level="operations"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_pdflatex_sets_the_document(name, tmp_path):
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("pdflatex is not installed")
    source = DOCUMENTS[name].latex(document=True)
    (tmp_path / "trace.tex").write_text(source, encoding="ascii")
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "trace.tex"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
    assert (tmp_path / "trace.pdf").stat().st_size > 5_000


def test_long_tables_break_over_pages():
    assert r"\begin{longtable}" in DOCUMENTS["long"].latex()
    assert r"\begin{tabular}" in HERE.latex()


def test_every_latex_document_balances_its_braces():
    for found in DOCUMENTS.values():
        text = found.latex(document=True).replace(r"\{", "").replace(r"\}", "")
        assert text.count("{") == text.count("}")
        assert text.count(r"\left") == text.count(r"\right")
        assert text.count("$") % 2 == 0


def test_as_dicts():
    rows = json.loads(json.dumps(HERE.to_dicts()))
    assert rows[5] == {
        "name": "xx",
        "kind": "variable",
        "expression": "xa^2",
        "value": 2.25,
        "adjoint": HERE["xx"].adjoint,
        "shares": [
            {"user": "xy", "partial": "ab", "value": 0.8},
            {"user": "xz", "partial": "bc", "value": 2.0},
            {"user": "xw", "partial": "cd", "value": 0.5},
        ],
    }


# Size.


@pytest.mark.slow
def test_a_long_chain_and_a_wide_sum():
    length = 400
    graph = parse_graph([f"x{i + 1} = sin(a*x{i})" for i in range(length)])
    found = trace(graph, {"x0": 0.1, "a": 1.0})
    assert len(found["a"].shares) == length
    assert len(str(found).splitlines()) > 2.5 * length
    assert max(map(columns, found.ascii().splitlines()[: length + 3])) < 100
    widest = max(map(columns, str(found).splitlines()))
    assert widest <= 98


def test_large_formulas_are_named_only():
    text = "xy = " + "*".join(f"sin({k}*xx)" for k in range(1, 30))
    found = trace(parse_graph([text]), {"xx": 0.1})
    assert "x̅x̅ = x̅y̅·∂xy/∂xx = 1·" in str(found)
    sharing = parse_graph([f"x{i + 1} = sin(x{i})*x{i}" for i in range(3)])
    nested = gradient(gradient(sharing, "x3"), "d_x3_d_x0")
    assert len(trace(nested).latex()) < 50_000


# Refusals and the command line.

REFUSED = [
    ({"level": "operation"}, OptionError, "did you mean 'operations'?"),
    ({"output": "xq"}, GraphError, "unknown output 'xq'"),
    ({"output": "ab"}, GraphError, "'ab' is a parameter, not a variable"),
    ({"at": {"xa": 1.0}}, PointError, "no value for the parameters ab, ac, bc, cd"),
    ({"at": CANONICAL_AT | {"ab": [1, 2]}}, PointError, "'ab' has 2 samples"),
]


@pytest.mark.parametrize(("arguments", "kind", "message"), REFUSED)
def test_what_is_refused(arguments, kind, message):
    with pytest.raises(kind) as error:
        trace(GRAPH, **arguments)
    assert message in str(error.value)


def test_several_outputs_ask_for_a_choice():
    graph = parse_graph(["xy = 2*xx", "xz = 3*xx"])
    with pytest.raises(GraphError, match="2 outputs, xy, xz: choose one"):
        trace(graph)
    assert trace(graph, output="xz").output == "xz"


POINT = ["--at", *(f"{name}={value}" for name, value in CANONICAL_AT.items())]
FORMATS = {
    "table": "adjoint   chain rule",
    "text": "x̅z̅ = x̅w̅·∂xw/∂xz = x̅w̅·(3*xz^2) = 1·64.868 = 64.868",
    "ascii": "bar_xy = bar_xz*\\partial xz/\\partial xy = bar_xz*1 = 64.868*1 = 64.868",
    "latex": r"\documentclass",
    "html": "<!DOCTYPE html>",
}


@pytest.mark.parametrize("format_", FORMATS)
def test_the_command_prints(format_, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["trace", *CANONICAL, *POINT, "--format", format_]) == 0
    assert FORMATS[format_] in capsys.readouterr().out


def test_the_command_prints_parts_levels_and_outputs(capsys):
    assert main(["trace", *CANONICAL, "--format", "latex", "--part"]) == 0
    assert r"\documentclass" not in capsys.readouterr().out
    command = ["trace", *CANONICAL, "--format", "ascii", "--level", "operations"]
    assert main(command) == 0
    assert "v9 = v7 + v8  # xw" in capsys.readouterr().out
    assert main(["trace", "xy = a*xx", "xz = b*xx", "--output", "xz"]) == 0
    assert "not needed for xz: a, xy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ending", "start"),
    [
        ("tex", "\\documentclass"),
        ("html", "<!DOCTYPE"),
        ("txt", "Forward trace, first"),
    ],
)
def test_the_command_writes_files(ending, start, tmp_path, capsys):
    path = tmp_path / f"trace.{ending}"
    assert main(["trace", *CANONICAL, "-o", str(path)]) == 0
    assert path.read_text(encoding="utf-8").startswith(start)
    assert capsys.readouterr().out == f"written: {path}\n"


BAD = [
    (["xy = 2*xx", "xz = 3*xx"], "GraphError: the graph has 2 outputs"),
    (["xy = a*xx", "--at", "a=1"], "PointError: no value for the input xx"),
    (["xy = 2*xx", "-o", "trace.pdf"], "OptionError: 'trace.pdf': the format does not"),
    (["xy = 2*xx", "-o", "no/such/trace.tex"], "OptionError: cannot write"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_the_command_refuses(arguments, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["trace", *arguments]) == 2
    assert capsys.readouterr().err.startswith(message)
