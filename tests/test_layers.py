"""The layers of the package: who may import whom, and what stays out."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "cgprimer"
MODULES = sorted(PACKAGE.rglob("*.py"))
LAYERS = (  # each imports from those above it, and from its own
    {"interrupts"},
    {"errors"},
    {"types", "takes", "keeping", "forks", "grouping", "replacing"},
    {"expr"},
    {"notation"},
    {"diff"},
    {"graph"},
    {"reading", "run"},
    {"judge", "data"},
    {"diagnosis"},
    {"derivation", "fitting"},
    {"draw"},
    {"commands", "primer", "testing"},
)
FACADE = {  # where a class has methods that are computed by what lies above it
    "expr.node": {"notation"},
    "graph.graph": {"run"},
    "graph.point": {"run"},
    "graph.read": {"reading"},  # what is no equation of the language may be LaTeX
}
TOP = {"cli", "__main__", "__init__"}  # may import everything
WEIGHTY = {  # what they load takes time, so whoever needs them imports them late
    "notation.to_sympy", "notation.from_sympy",
    "run.llvm.by_shape", "draw.curves", "draw.network",
}  # fmt: skip
LATE = {  # other imports inside functions: importer, imported, and the reason
    ("expr.ops", "expr.syntax"),  # rules of the table are texts, which the table reads
    ("expr.array_pulls", "expr.array_ops"),  # rules that no text can give
    ("expr.array_ops", "expr.array_rule"),  # definitions are texts, which it reads
    ("expr.node", "expr.syntax"),  # methods of a node: copying …
    ("expr.node", "errors"),  # … and its text
    ("expr.node", "notation.text"),
    ("graph.graph", "graph.local"),  # methods of a graph, computed by what uses it
    ("graph.graph", "graph.array_paths"),
    ("graph.graph", "graph.node_view"),
    ("graph.graph", "graph.paths"),
    ("graph.graph", "graph.point"),
    ("graph.graph", "graph.rows"),
    ("graph.graph", "graph.summary"),
    ("graph.graph", "graph.view"),
    ("graph.equation", "notation.latex"),
    ("graph.read", "reading.matrix_equations"),
    ("graph.read", "reading.among"),  # only for what is in LaTeX
    ("judge.claims", "reading.claimed"),
    ("judge.check", "judge.arrays.check"),  # only for graphs with arrays
    ("judge.compare", "judge.arrays.compare"),
    ("judge.differences.edges", "judge.arrays.partials"),
    ("graph.graph", "notation.latex"),
    ("graph.graph", "run.arrays.evaluation"),
    ("graph.graph", "run.arrays.program"),
    ("graph.graph", "run.exports.jax_program"),
    ("graph.graph", "run.program"),
    ("graph.graph", "run.running"),
    ("graph.graph", "run.sweeps"),
    ("derivation.trace", "derivation.notations"),  # a trace as text, LaTeX and HTML
    ("derivation.trace", "derivation.to_text"),
    ("derivation.trace", "derivation.to_latex"),
    ("derivation.trace", "derivation.to_html"),
    ("draw.network", "graph.point"),
    ("draw.network", "judge.differences.edges"),  # only where numbers are checked
    ("notation.latex", "expr.array_syntax"),
    ("notation.latex", "expr.syntax"),
}
ENTRANCES = {"cli", "__main__", "commands", "primer", "testing"}  # load what is asked
HEAVY = ("sympy", "matplotlib", "scipy", "networkx", "rich", "llvmlite", "pandas")


@functools.cache
def tree(path: Path) -> ast.Module:
    """A module, parsed once for all that is asked of it."""
    return ast.parse(path.read_text())


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> set[str]:
    """The modules that `path` imports anywhere, also those only for types."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write imports in full"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def named(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def forbidden_layers(path: Path) -> set[str]:
    """The layers that a module imports though they are not below its own."""
    own = layer(path)
    [height] = [i for i, names in enumerate(LAYERS) if own in names]
    used = {
        name.split(".")[1] for name in imports(path) if name.startswith("cgprimer.")
    }
    return used - {own}.union(*LAYERS[:height], FACADE.get(named(path), ()))


def test_a_module_imports_only_layers_below_its_own():
    wrong = {named(p): forbidden_layers(p) for p in MODULES if layer(p) not in TOP}
    assert {name: layers for name, layers in wrong.items() if layers} == {}


@functools.cache
def late_imports(path: Path) -> set[str]:
    """Modules of the package that `path` imports inside functions."""
    functions = [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    ]
    return {
        str(node.module).removeprefix("cgprimer.")
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("cgprimer.")
    }


def test_own_modules_are_imported_late_for_a_reason_only():
    """At the top of the file, but for weight and for methods computed from above."""
    late = {
        (named(path), module)
        for path in MODULES
        if layer(path) not in ENTRANCES
        for module in late_imports(path) - WEIGHTY
    }
    assert late <= LATE, f"import at the top: {late - LATE}"


def test_every_late_import_that_is_allowed_is_made():
    made = {(named(path), late) for path in MODULES for late in late_imports(path)}
    assert made >= LATE, f"no longer needed: {LATE - made}"


def test_every_folder_and_module_has_its_layer():
    known = TOP.union(*LAYERS)
    assert {layer(path) for path in MODULES} == known
    assert sum(map(len, LAYERS)) + len(TOP) == len(known)


def evaluates_text(call: ast.Call) -> bool:
    """Whether a call runs a text as code, by Python or by sympy."""
    if isinstance(call.func, ast.Name):
        return call.func.id in {"eval", "exec", "compile", "__import__"}
    return (
        isinstance(call.func, ast.Attribute)
        and call.func.attr in {"sympify", "parse_expr", "lambdify"}
        and any(isinstance(arg, ast.Constant | ast.JoinedStr) for arg in call.args)
    )


def test_nothing_is_ever_evaluated_as_code():
    calls = [
        f"{named(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and evaluates_text(node)
    ]
    assert calls == []
    for text in ("eval('1')", "sympy.sympify('x')"):
        [call] = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call)]
        assert evaluates_text(call)


def test_import_stays_light():
    code = f"""
import sys, cgprimer
print([m for m in {HEAVY!r} if m in sys.modules])
cgprimer.parse_graph(["xy = ab*xa^2"]).evaluate({{"ab": 2, "xa": 3}})
print([m for m in {HEAVY!r} if m in sys.modules])
"""
    run = [sys.executable, "-c", code]
    found = subprocess.run(run, capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n[]\n"


def test_no_class_name_stands_for_two_things():
    trees = [tree(path) for path in MODULES]
    names = [n.name for tree in trees for n in tree.body if isinstance(n, ast.ClassDef)]
    assert [name for name in set(names) if names.count(name) > 1] == []
