"""The command line: demo, show, partials, fit, draw."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cgprimer.errors import CGPrimerError, OptionError, suggest

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph

CANONICAL = """\
xx = xa^2
xy = ab*xx + ac*xa
xz = bc*xx + xy
xw = cd*xx + xz^3
"""

TEACH = """\
equations come from a file (one a line, # starts a comment), from standard input (-),
or are written out, each an argument of its own:

  cgprimer show model.txt
  cgprimer show "xx = xa^2" "xy = ab*xx + ac*xa"
  cgprimer partials model.txt --at xa=1.5 ab=0.8 ac=-1.1
  cgprimer fit model.txt --data points.csv --method least-squares
  cgprimer draw model.txt -o graph.svg --at xa=1.5 ab=0.8 ac=-1.1

Names that start with x are variables, the others learnable parameters; --variables and
--parameters say otherwise. Functions: exp log sqrt sin cos tan arcsin arccos arctan
sinh cosh tanh sigmoid softplus relu step abs sign min max erf log1p expm1 xlogy; pi.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 2 with an explanation on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except CGPrimerError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="cgprimer",
        formatter_class=raw,
        epilog=TEACH,
        description="Type equations, see the graph, trust the gradients, fit the "
        "parameters.",
    )
    commands = parser.add_subparsers(metavar="command", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], int | None], text: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=TEACH,
            formatter_class=raw,
        )
        sub.set_defaults(run=run)
        return sub

    demo = command("demo", _demo, "the canonical example, from text to pictures")
    demo.add_argument(
        "-o",
        "--folder",
        type=Path,
        default=Path("cgprimer-demo"),
        help="where the two pictures go (default: %(default)s)",
    )
    demo.add_argument("--seed", type=int, default=0, help="of the random numbers")

    show = command("show", _show, "the graph of equations: who depends on whom")
    _add_equations(show)

    partials = command(
        "partials", _partials, "every edge partial, symbolically and by differences"
    )
    _add_equations(partials)
    _add_point(partials)
    partials.add_argument(
        "--scheme", default="central", help="central, forward, five-point or complex"
    )
    partials.add_argument("--step", type=float, help="absolute step of the differences")
    partials.add_argument(
        "--seed", type=int, default=0, help="of the values that --at does not give"
    )

    fit = command("fit", _fit, "fit the parameters to a CSV file")
    _add_equations(fit)
    fit.add_argument("--data", required=True, help="CSV file; its first line has names")
    fit.add_argument(
        "--method", choices=["least-squares", "adam", "sgd"], default="least-squares"
    )
    fit.add_argument("--loss", default="mse", help="mse, mae, huber or cross-entropy")
    fit.add_argument("--rate", type=float, default=1e-2, help="of adam and sgd")
    fit.add_argument("--epochs", type=int, default=100)
    fit.add_argument("--batch", type=int, default=64)
    fit.add_argument("--start", nargs="+", metavar="name=value", default=[])
    fit.add_argument("--sigma", type=float, help="standard deviation of the noise")
    fit.add_argument("--seed", type=int, default=0)
    fit.add_argument("--plot", metavar="FILE", help="write the loss curve there")
    fit.add_argument("--quiet", action="store_true", help="no progress bar")

    draw = command("draw", _draw, "draw the graph to a PNG, SVG or PDF file")
    _add_equations(draw)
    draw.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="its ending says which kind: .png, .svg or .pdf",
    )
    _add_point(draw)
    return parser


def _add_equations(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "equations",
        nargs="+",
        metavar="FILE|EQUATION",
        help="a file, - for standard input, or equations",
    )
    parser.add_argument("--outputs", nargs="+", metavar="NAME")
    parser.add_argument("--parameters", nargs="+", metavar="NAME")
    parser.add_argument("--variables", nargs="+", metavar="NAME")


def _add_point(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at",
        nargs="+",
        metavar="name=value",
        default=[],
        help="values of inputs and parameters",
    )


def _graph(options: argparse.Namespace) -> Graph:
    from cgprimer.graph.read import parse_graph

    source: str | list[str] = options.equations
    if len(source) == 1 and "=" not in source[0]:
        source = _text(source[0])
    return parse_graph(
        source,
        options.outputs,
        parameters=options.parameters,
        variables=options.variables,
    )


def _text(path: str) -> str:
    if path == "-":
        return sys.stdin.read()
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        hint = "" if "." in path else "\n  hint: an equation needs '='"
        raise OptionError(f"cannot read {path!r}: {reason}{hint}") from error


def _values(pairs: Sequence[str], known: Sequence[str]) -> dict[str, float]:
    """`name=value` arguments as a dict."""
    found = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        try:
            found[name.strip()] = float(text)
        except ValueError:
            raise OptionError(
                f"write name=value, such as xa=1.5, not {pair!r}"
            ) from None
        if not equals or name.strip() not in known:
            hint = suggest(name, known) or f"the names are {', '.join(known)}"
            raise OptionError(f"unknown name {name!r}\n  hint: {hint}")
    return found


def _point(graph: Graph, options: argparse.Namespace) -> dict[str, float]:
    """The values of --at; what is missing is drawn from (0.5, 2) and said."""
    import numpy as np

    names = (*graph.inputs, *graph.parameters)
    at = _values(options.at, names)
    rng = np.random.default_rng(options.seed)
    drawn = {n: round(float(rng.uniform(0.5, 2)), 3) for n in names if n not in at}
    if drawn:
        values = "  ".join(f"{name}={value}" for name, value in drawn.items())
        print(f"values drawn at random: {values}")
    return at | drawn


def describe(graph: Graph) -> str:
    """The graph in words: kinds of names, and who depends on whom."""
    lines = [
        f"inputs      {' '.join(graph.inputs) or '(none)'}",
        f"parameters  {' '.join(graph.parameters) or '(none)'}",
        f"outputs     {' '.join(graph.outputs) or '(none)'}",
        f"order       {' '.join(graph.order)}",
        "depends_on",
        *(f"  {name}: {', '.join(on) or '-'}" for name, on in graph.depends_on.items()),
        "leads_to",
        *(f"  {name}: {', '.join(to)}" for name, to in graph.leads_to.items()),
    ]
    return "\n".join(lines)


def _show(options: argparse.Namespace) -> None:
    graph = _graph(options)
    print(graph)
    print()
    print(describe(graph))


def _partials(options: argparse.Namespace) -> int:
    from rich.console import Console

    from cgprimer.numeric.compare import compare_partials

    graph = _graph(options)
    report = compare_partials(
        graph, _point(graph, options), scheme=options.scheme, step=options.step
    )
    Console().print(report)
    return 0 if report.ok else 1


def _fit(options: argparse.Namespace) -> int:
    from rich.console import Console

    from cgprimer.data.dataset import Dataset
    from cgprimer.fitting.descent import SGD, Adam
    from cgprimer.fitting.fit import fit
    from cgprimer.fitting.least_squares import LeastSquares

    graph = _graph(options)
    data = Dataset.from_csv(options.data, graph, sigma=options.sigma)
    methods: dict[str, Callable[[], LeastSquares | Adam | SGD]] = {
        "least-squares": LeastSquares,
        "adam": lambda: Adam(options.rate),
        "sgd": lambda: SGD(options.rate),
    }
    result = fit(
        graph,
        data,
        methods[options.method](),
        loss=options.loss,
        start=_values(options.start, graph.parameters),
        epochs=options.epochs,
        batch=options.batch,
        rng=options.seed,
        progress=not options.quiet,
    )
    Console().print(result)
    if options.plot:
        from cgprimer.draw.curves import plot_loss

        _save(plot_loss(result), options.plot)
    return 0 if result.converged else 1


def _draw(options: argparse.Namespace) -> None:
    from cgprimer.draw.network import draw_graph

    graph = _graph(options)
    at = _values(options.at, (*graph.inputs, *graph.parameters)) if options.at else None
    _headless()
    _save(draw_graph(graph, at=at), options.output)


def _headless() -> None:
    import matplotlib

    matplotlib.use("Agg")


def _save(axes: object, path: str | Path) -> None:
    endings = (".png", ".svg", ".pdf")
    if Path(path).suffix.lower() not in endings:
        raise OptionError(f"{str(path)!r}: the file must end in {', '.join(endings)}")
    try:
        axes.figure.savefig(path, dpi=150, bbox_inches="tight")  # type: ignore[attr-defined]
    except OSError as error:
        raise OptionError(f"cannot write {str(path)!r}: {error.strerror}") from error
    print(f"written: {path}")


def _demo(options: argparse.Namespace) -> None:
    from rich.console import Console

    from cgprimer.data.generate import generate
    from cgprimer.draw.curves import plot_loss
    from cgprimer.draw.network import draw_graph
    from cgprimer.fitting.descent import Adam
    from cgprimer.fitting.fit import fit
    from cgprimer.fitting.least_squares import LeastSquares
    from cgprimer.graph.read import parse_graph
    from cgprimer.numeric.compare import compare_partials

    _headless()
    console = Console()
    graph = parse_graph(CANONICAL)
    console.rule("four equations, one graph")
    print(CANONICAL + "\n" + describe(graph))

    console.rule("every edge partial twice")
    at = {"xa": 1.5, "ab": 0.8, "ac": -1.1, "bc": 2.0, "cd": 0.5}
    console.print(compare_partials(graph, at))

    console.rule("ground truth, then training")
    truth = {"ab": 1.0, "bc": 2.0, "cd": 3.0, "ac": 4.0}
    data = generate(graph, truth, 2_000, rng=options.seed)
    print(f"{data!r} at {truth}")
    adam = fit(graph, data, Adam(rate=0.1), epochs=60, rng=options.seed)
    console.print(adam)
    exact = fit(graph, data, LeastSquares(), start=adam.parameters)
    console.print(exact)
    total = exact.parameters["ab"] + exact.parameters["bc"]
    print(f"so ab + bc = {total:.9g}, while ab and bc alone could be anything.")

    console.rule("two pictures")
    options.folder.mkdir(parents=True, exist_ok=True)
    _save(draw_graph(graph, at=at), options.folder / "graph.png")
    _save(plot_loss(adam), options.folder / "loss.png")
