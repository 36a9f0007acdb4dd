"""The README: its blocks run as printed, and its tables name what there is."""

import ast
import inspect
import re
import runpy
import shlex
from pathlib import Path
from textwrap import indent
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cgprimer
from cgprimer import CGPrimerError, parse_graph, testing
from cgprimer.cli import COMMANDS, main
from cgprimer.expr import syntax
from cgprimer.expr.array_ops import ARRAY_FUNCTIONS
from cgprimer.expr.ops import TABLE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
INDENTED = [
    re.sub(r"^    ", "", block, flags=re.MULTILINE).strip("\n")
    for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", README, re.MULTILINE)
]


def block_with(text: str) -> str:
    """The one indented block that holds `text`."""
    [found] = (block for block in INDENTED if text in block)
    return found


def pattern(shown: str) -> str:
    """A regular expression for what is shown, where … stands for anything."""
    return ".*".join(re.escape(part.strip()) for part in shown.split("…"))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """A folder with the examples in it, no window, and a cache of its own."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("CGPRIMER_CACHE", str(tmp_path / "cache"))


def test_python_blocks_run_in_order_and_print_what_they_show(capsys):
    names: dict[str, Any] = {}
    for block in PYTHON:
        for statement in ast.parse(block).body:
            text = ast.get_source_segment(block, statement)
            last = block.splitlines()[statement.end_lineno - 1]
            exec(compile(text, "README.md", "exec"), names)  # as a reader would
            printed = capsys.readouterr().out
            shown = last.partition("  # ")[2]
            if text.startswith("print(") and shown[:1] in "{…":
                assert re.search(pattern(shown), printed, re.DOTALL), (shown, printed)
    assert names["objective"].value(names["params"]) < names["loss"]
    assert {"graph", "data", "program", "values", "partials"} <= names.keys()


def test_the_error_is_shown_as_it_is():
    shown = block_with("unknown function 'sn'")
    with pytest.raises(CGPrimerError) as caught:
        parse_graph(["xy=ab*sn(xx)"])
    assert f"{type(caught.value).__name__}: {caught.value}" == shown


def test_the_error_of_shapes_is_shown_as_it_is():
    shown = block_with("shapes do not fit")
    with pytest.raises(CGPrimerError) as caught:
        parse_graph("W: 32 x 64\nxx: 32\nxh = tanh(W @ xx)")
    assert f"{type(caught.value).__name__}: {caught.value}" == shown


INNER = {  # operations that rules write, and readers seldom
    "spread", "sum_to", "reshape_to", "slice", "place", "put", "pick", "unpick",
    "part", "unpart", "half_tril", "unpatches", "unpool2d", "pool_like2d",
    "conv2d_data", "conv2d_kernel", "argsort", "argmax", "sort",
    "matmul", "transpose", "largest", "smallest", "where",
    "greater", "less", "greater_equal", "less_equal", "equal", "not_equal",
}  # fmt: skip


def test_the_operations_on_arrays_are_those_there_are():
    rows = table_after("| operations on arrays |")
    text = re.sub(r"\([^()]*\)", "", " ".join(row[-1] for row in rows))
    spans = {*" ".join(re.findall(r"`([^`]*)`", text)).split()}
    signs = {"@", "'", "max", "min"}
    assert spans - signs == ARRAY_FUNCTIONS.keys() - INNER


def test_the_grammar_is_that_of_the_parser():
    lines = block_with("equation  = NAME").splitlines()
    grammar = "\n".join(re.sub(r"(?<=\S) {8,}.*", "", line) for line in lines)
    assert indent(grammar, "    ") in syntax.__doc__


def test_the_fit_is_shown_as_example_08_prints_it(capsys):
    """A parameter left open ends anywhere, but what is determined is shown exactly."""
    runpy.run_path(str(ROOT / "examples" / "08_canonical_fit.py"))
    printed = capsys.readouterr().out
    noisy = printed[printed.index("LeastSquares", printed.index("LeastSquares") + 1) :]
    shown = re.findall(r"^(\S.*?)  +(\S+) +(\S.*)$", block_with("undetermined"), re.M)
    free = []
    for name, value, error in shown:
        row = re.search(
            rf"^\W*{re.escape(name)} +\W +(\S+) +\W +(.*?) *\W*$", noisy, re.M
        )
        assert row, name
        if error == "undetermined":
            assert row[2] == error
            free.append((float(value), float(row[1])))
        else:
            digits = len(value.split(".")[1])
            assert f"{float(row[1]):.{digits}f}" == value
            assert row[2].lstrip("± ") == error.lstrip("± ")
            both = [sum(column) for column in zip(*free, strict=True)]
            assert both == pytest.approx([float(value)] * 2, abs=1e-2)


CODES = {"diagnose": 1}  # which finds something


def lines() -> list[Any]:
    """The commands as printed; what test_mutations does as well is left to the slow."""
    slow = pytest.mark.slow
    return [
        pytest.param(line, id=line[9:40], marks=[slow] * ("--mutations" in line))
        for line in block_with("cgprimer show").splitlines()
    ]


@pytest.mark.parametrize("line", lines())
def test_a_command_runs_as_printed(line, capsys):
    program, command, *rest = shlex.split(line)
    assert program == "cgprimer"
    assert main([command, *rest]) == CODES.get(command, 0)
    assert capsys.readouterr().out


def test_commands_are_shown_and_the_demo_is_one():
    shown = block_with("cgprimer show")
    missing = [name for name in COMMANDS if f"cgprimer {name} " not in shown]
    assert missing == ["demo"]
    assert block_with("-m cgprimer demo").endswith("python -m cgprimer demo")


# Tables


def table_after(head: str) -> list[list[str]]:
    """The rows of the table whose head begins so, as cells."""
    start = README.index(head)
    lines = README[start:].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_functions_are_those_there_are():
    rows = table_after("| functions |")
    text = " ".join(row[-1] for row in rows)
    spans = " ".join(re.findall(r"`([^`]*)`", text)).split()
    known = [op for op in TABLE if op.arity and not op.symbol]
    named = [name for op in known for name in (op.name, *op.aliases)]
    assert sorted(spans) == sorted(named)


def calls() -> list[tuple[str, list[str]]]:
    """(what you want, the pieces of code in the other cell) of the tables of calls."""
    tables = README.split("| you want | call |\n|---|---|\n")[1:]
    rows = [row for table in tables for row in table.split("\n\n")[0].splitlines()]
    cells = (row.strip("| ").split(" | ", 1) for row in rows)
    return [(want, re.findall(r"`([^`]+)`", call)) for want, call in cells]


def example() -> dict[str, Any]:
    """What the calls in the tables are about."""
    names = {name: getattr(cgprimer, name) for name in cgprimer.__all__}
    names |= {name: getattr(testing, name) for name in testing.__all__}
    names["cgprimer"] = cgprimer
    graph = parse_graph(
        ["xx = xa^2", "xy = ab*xx + ac*xa", "xz = bc*xx + xy", "xw = cd*xx + xz^3"]
    )
    truth = {"ab": 1.0, "bc": 2.0, "cd": 3.0, "ac": 4.0}
    data = cgprimer.generate(graph, truth, 20, rng=0)
    method = cgprimer.SGD(1e-3)
    results = cgprimer.fit(graph, data, method, epochs=2, rng=0, progress=False)
    path = "examples/canonical.csv"
    about = {
        "graph": graph, "truth": truth, "size": 20, "data": data, "path": path,
        "at": truth | {"xa": 1.5}, "inputs": data.inputs, "targets": data.targets,
        "sigma": {"xw": np.ones(20)}, "method": method, "results": results,
        "f": np.sin, "grad": np.cos, "fn": None, "x": 1.0, "text": "f = x^2\nf = x*x",
        "program": graph.compile(), "expressions": ["xy = a*xa"], "start": truth,
    }  # fmt: skip
    return names | about


@pytest.mark.parametrize(("want", "spans"), calls(), ids=[row[0] for row in calls()])
def test_the_calls_of_the_tables_work(want: str, spans: list[str]):
    names, cell = example(), SimpleNamespace(value=None, function=None)
    for span in spans:
        if "…" in span:
            check_fits(span, names)
        elif "*, " in span:
            check_signature(span, names)
        elif span[0] == ".":  # of what the cell called first
            for part in re.findall(r"\.(\w+(?:\([^)]*\))?)", span):
                eval(f"_.{part}", names | {"_": cell.value})
        elif re.match(r"\w+=", span) or (span.isidentifier() and span not in names):
            assert span.split("=")[0] in inspect.signature(cell.function).parameters
        elif not re.fullmatch(r"\(?\".*\"\)?", span):  # a text is one of the choices
            look(span, names, cell)


def look(span: str, names: dict[str, Any], cell: SimpleNamespace) -> None:
    """Run `f(a)`, keep the first result; see that `a.b .c .d` are attributes of a."""
    first, *more = span.split(" .")
    found, node = eval(first, names), ast.parse(first, mode="eval").body
    for name in more:
        assert hasattr(eval(ast.unparse(node.value), names), name)
    if isinstance(node, ast.Call) and cell.function is None:
        cell.value, cell.function = found, eval(ast.unparse(node.func), names)
    if isinstance(found, cgprimer.CustomOp):
        found.unregister()


def check_signature(span: str, names: dict[str, Any]) -> None:
    """Whether `f(a, b=None, *, c=None)` is the signature of f."""
    tree = ast.parse(f"def {span}: ...").body[0]
    own = inspect.signature(names[tree.name])
    plain = [p.replace(annotation=p.empty) for p in own.parameters.values()]
    told = str(own.replace(parameters=plain, return_annotation=own.empty))
    assert told == f"({ast.unparse(tree.args)})"


def check_fits(span: str, names: dict[str, Any]) -> None:
    """Whether a call that leaves something out, as …, fits the signature."""
    text = re.sub(r", …\)$", ")", span).replace("…", "...")
    call = ast.parse(text, mode="eval").body
    keywords = {keyword.arg: None for keyword in call.keywords}
    function = eval(ast.unparse(call.func), names)
    inspect.signature(function).bind_partial(*call.args, **keywords)


def test_what_a_fit_is_said_to_have_it_has():
    paragraph = README[README.index("`FitResult` also has") :].split("`FitResult.")[0]
    result = example()["results"]
    spans = re.findall(r"`\.(\w+)", paragraph.split(")\n")[0].split("). ")[0])
    assert len(spans) >= 6
    assert [span for span in spans if not hasattr(result, span)] == []


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(links) > 15
    assert [link for link in links if not (ROOT / link).exists()] == []
