"""The layers of the package: who may import whom, and what stays out."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "cgprimer"
MODULES = sorted(PACKAGE.rglob("*.py"))
ALLOWED: dict[str, set[str]] = {"errors": set(), "notation": {"errors"}}
ALLOWED["expr"] = {"errors"}
ALLOWED["diff"] = ALLOWED["lower"] = {"errors", "expr"}
ALLOWED["engine"] = {"errors", "expr", "diff", "lower"}
ALLOWED["graph"] = ALLOWED["engine"] | {"engine", "notation"}
ALLOWED["numeric"] = ALLOWED["graph"] | {"graph"}
for judge in ("checking", "proof", "diagnosis"):
    ALLOWED[judge] = ALLOWED["numeric"] | {"numeric"}
ALLOWED["data"] = {"errors", "notation", "expr", "lower", "graph"}
ALLOWED["fitting"] = ALLOWED["graph"] | {"graph", "data"}
ALLOWED["draw"] = {"errors", "expr", "diff", "lower", "graph", "numeric"} | {"notation"}
ALLOWED["store"] = {"errors", "expr", "graph", "data", "fitting"}
ALLOWED["testing"] = {"graph", "checking"}
for allowed in ALLOWED.values():
    allowed |= {"takes", "interrupts"}
ALLOWED["takes"], ALLOWED["interrupts"] = {"errors"}, set()
EVERYTHING = set(ALLOWED)
TOP = {"primer", "commands", "cli", "__main__", "__init__"}  # may import everything
HEAVY = ("sympy", "matplotlib", "scipy", "networkx", "rich", "llvmlite", "pandas")


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def typing_only(tree: ast.Module) -> set[ast.AST]:
    blocks = [n for n in ast.walk(tree) if isinstance(n, ast.If)]
    guarded = [n for n in blocks if "TYPE_CHECKING" in ast.unparse(n.test)]
    return {inner for n in guarded for inner in ast.walk(n)}


def imports(path: Path) -> set[str]:
    """The modules that `path` imports anywhere, but not those only for types."""
    tree = ast.parse(path.read_text())
    skip, found = typing_only(tree), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in skip:
            assert not node.level, f"{path}: write imports in full"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import) and node not in skip:
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_layers_below_its_own(path: Path):
    own = layer(path)
    used = {
        name.split(".")[1] for name in imports(path) if name.startswith("cgprimer.")
    }
    allowed = EVERYTHING | TOP if own in TOP else ALLOWED[own] | {own}
    assert used <= allowed, f"{own} must not import {used - allowed}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_is_ever_evaluated_as_code(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec", "compile", "__import__"}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in {"sympify", "parse_expr", "lambdify"} or (
                not any(
                    isinstance(arg, ast.Constant | ast.JoinedStr) for arg in node.args
                )
            )


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
