"""Computational graphs: equations over names, and everything derived from them.

    equations  ─▶  depends_on, leads_to, order  ─▶  values, partials, gradients

The equations are held as arrays (a shape number and a row of slots each), so that a
million of them stay small; `graph.equation(name)` builds the view of one on demand.
"""

from __future__ import annotations

from collections.abc import Collection, KeysView, Mapping, Sequence
from contextlib import suppress
from itertools import compress
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.errors import GraphError, listing, shorten, unknown
from cgprimer.expr.dims import Dims, Sizing
from cgprimer.graph.equation import Equation, Partial, SweptPartial
from cgprimer.graph.names import in_no_equation, known_names, name_list
from cgprimer.graph.shape import Shape
from cgprimer.graph.slots import PARAMETER, VARIABLE
from cgprimer.graph.table import Table
from cgprimer.grouping import grouped
from cgprimer.interrupts import load
from cgprimer.keeping import Frozen, lazy
from cgprimer.notation.report import printable
from cgprimer.notation.text import show
from cgprimer.notation.text_table import cap
from cgprimer.types import Array, Value

if TYPE_CHECKING:
    import networkx
    import sympy

    from cgprimer.graph.node_view import NodeView
    from cgprimer.graph.paths import Paths
    from cgprimer.graph.point import Point
    from cgprimer.graph.summary import GraphSummary
    from cgprimer.run.exports.jax_program import JaxProgram
    from cgprimer.run.program import Program as CompiledGraph
    from cgprimer.run.running import Running
    from cgprimer.run.sweeps import Sweeps

COMPILED = 2_000_000  # equations times samples, from which on values are compiled


class Graph(Frozen):
    """An immutable computational graph; `parse_graph` makes one from text.

    inputs, parameters, outputs, dependents : tuples of names, in order of appearance.
    order : every variable, each after those it depends on.
    spare : names that a point may hold though no equation uses them: parameters that
        were declared, and what has cancelled in a gradient.
    sizing : the dims of all names where some are arrays; None of a graph of numbers.
    """

    def __init__(
        self,
        table: Table,
        outputs: Sequence[str] | None = None,
        spare: Collection[str] = (),
        doubts: Sequence[str] = (),
        sizing: Sizing | None = None,
    ) -> None:
        table.order  # noqa: B018  (a cycle is refused here)
        self.table = table
        self.sizing = sizing
        self.spare = frozenset(spare)
        self.doubts = tuple(doubts)
        self.programs: dict[Any, Any] = {}  # ways to run it: by outputs, or compiled
        self.parameters = table.parameters
        names = table.variables
        self.dependents = tuple(map(names.__getitem__, table.defined.tolist()))
        self.inputs = tuple(table.input_rows)
        self.outputs = (
            self._sinks() if outputs is None else self.checked_outputs(outputs)
        )

    def __setattr__(self, name: str, value: Any) -> None:
        # `outputs` is what `__init__` sets last. What `lazy` keeps goes past this,
        # straight into `__dict__`.
        if "outputs" in self.__dict__:
            raise AttributeError(
                f"a Graph is immutable: {name!r} cannot be changed; parse a new one"
            )
        super().__setattr__(name, value)

    def _sinks(self) -> tuple[str, ...]:
        # The first of `arcs` are equations that some other one uses.
        used = np.zeros(len(self), dtype=bool)
        used[self.table.arcs[0]] = True
        return tuple(compress(self.dependents, (~used).tolist()))

    def checked_outputs(self, outputs: Sequence[str]) -> tuple[str, ...]:
        """`outputs` without repetitions; GraphError for what is no variable."""
        outputs = name_list(outputs, "outputs")
        for name in outputs:
            if not isinstance(name, str) or name not in self.variable_number:
                raise GraphError(self._unknown(name, "output"))
        return tuple(dict.fromkeys(outputs))

    def _unknown(self, name: object, what: str) -> str:
        if isinstance(name, str) and name in self.parameters:
            return f"unknown {what}: {name!r} is a parameter, not a variable"
        said = name if isinstance(name, str) else takes.quote(name)
        every = f"the variables are {listing(self.variable_number)}"
        return unknown(f"{what} {shorten(said)!r}", said, self.variable_number, every)

    @property
    def unused(self) -> tuple[str, ...]:
        """The parameters that were declared but are in no equation."""
        return tuple(name for name in self.parameters if name in self.spare)

    @lazy
    def names(self) -> KeysView[str]:
        """Every variable and every parameter, in this order."""
        return dict.fromkeys((*self.variable_number, *self.parameters)).keys()

    @property
    def variable_number(self) -> Mapping[str, int]:
        """Name of a variable → its row in arrays of values."""
        return self.table.rows

    @property
    def parameter_number(self) -> Mapping[str, int]:
        """Name of a parameter → its row in arrays of parameters."""
        return self.table.parameter_rows

    @lazy
    def order(self) -> tuple[str, ...]:
        """Every variable, each after those it depends on."""
        defined = (self.dependents[e] for e in self.table.order.tolist())
        return (*self.inputs, *defined)

    def dims(self, name: str) -> Dims:
        """How long the axes of a variable or parameter are; () of a number.

        Sizes are numbers, or the names that they were declared with.
        """
        if name not in self.names and name not in self.spare:
            raise GraphError(unknown(f"name {shorten(str(name))!r}", name, self.names))
        return () if self.sizing is None else self.sizing.of_name(name)

    def summary(self) -> GraphSummary:
        """Every name with its kind, equation, dims and number of parameters.

        Known before there are any values; prints as a table.
        """
        from cgprimer.graph.summary import summary_of

        return summary_of(self)

    def refuse_arrays(self, what: str) -> None:
        """GraphError where the graph has arrays and `what` takes numbers alone."""
        if self.sizing is not None:
            raise GraphError(
                f"{what} takes graphs of numbers, and this one has arrays",
                "unrolled(graph) is the same with a name for every entry",
            )

    @property
    def depends_on(self) -> dict[str, list[str]]:
        """Defined variable → the variables in its equation, sorted; a fresh copy."""
        return {name: list(sources) for name, sources in self.sources.items()}

    @property
    def leads_to(self) -> dict[str, list[str]]:
        """Variable → the variables whose equations use it, sorted; sinks left out."""
        users = grouped((used, v) for v, some in self.sources.items() for used in some)
        return {name: sorted(users[name]) for name in self.order if name in users}

    @lazy
    def sources(self) -> Mapping[str, tuple[str, ...]]:
        """`depends_on`, frozen and kept."""
        table = self.table
        variables = np.where(table.kinds == VARIABLE, table.slots, -1).tolist()
        bounds = table.start.tolist()
        return {
            name: tuple(sorted({table.variables[i] for i in variables[a:b] if i >= 0}))
            for name, a, b in zip(self.dependents, bounds, bounds[1:], strict=False)
        }

    def equation(self, name: str) -> Equation:
        """The equation that defines `name`; GraphError for an input or unknown name."""
        number = self.equation_number(name)
        table = self.table
        shape, leaves = table.shape_of(number), table.leaves(number)
        body = shape.fill(shape.body, leaves)
        values = (str(leaf.value) for leaf in leaves)
        names = grouped(zip(shape.kinds, values, strict=True))
        variables, parameters = names.get(VARIABLE, ()), names.get(PARAMETER, ())
        text = table.texts[number].strip() if table.texts else f"{name} = {show(body)}"
        return Equation(name, body, text, tuple(variables), tuple(parameters))

    def shape(self, name: str) -> Shape:
        """The shape of the equation that defines `name`."""
        return self.table.shape_of(self.equation_number(name))

    def equation_number(self, name: str) -> int:
        """Which equation defines `name`."""
        if not isinstance(name, str) or name not in self.variable_number:
            raise GraphError(self._unknown(name, "variable"))
        number = int(self.table.equation_of[self.variable_number[name]])
        if number < 0:
            raise GraphError(
                f"{name!r} is an input: no equation defines it\n"
                f"  hint: the defined variables are {listing(self.dependents)}"
            )
        return number

    def names_beside(self, node: str, wrt: str, more: str = "") -> list[str]:
        """The names in the equation of `node`; GraphError where `wrt` is none of them.

        more : what to add to the hint where it is a name of another equation.
        """
        names = self.table.names(self.equation_number(node))
        if not isinstance(wrt, str) or wrt not in names:
            raise GraphError(
                f"the equation of {node!r} does not contain {takes.quote(wrt)}\n"
                f"  hint: it contains {listing(names) or 'no names'}"
                f"{more if more and wrt in self.names else ''}"
            )
        return names

    def names_of_claims(
        self, node: str, wrt: str, output: str | None
    ) -> tuple[str, ...]:
        """The names that a claim for ∂node/∂wrt may use; GraphError for an odd pair.

        Of `output` claims are totals, in any names of the graph.
        """
        if node != output:
            total = f"; for a total derivative give output={node!r}"
            return (*self.names_beside(node, wrt, total), node)
        if wrt not in self.names:
            raise GraphError(unknown(f"name {shorten(wrt)!r}", wrt, self.names))
        return tuple(self.names)

    @property
    def equations(self) -> tuple[Equation, ...]:
        """All equations in the author's order; built on demand."""
        return tuple(map(self.equation, self.dependents))

    @property
    def arcs(self) -> list[tuple[str, str]]:
        """(node, wrt) for every name, variable or parameter, of every equation."""
        return [
            (name, wrt)
            for number, name in enumerate(self.dependents)
            for wrt in self.table.names(number)
        ]

    def partial(self, node: str, wrt: str) -> Partial:
        """∂node/∂wrt within the equation of `node`: sympy's formula and its text.

        Where sympy has none in real numbers, as for abs(arcsin(xa)), our own rules do;
        so they do where all derivatives of the equation, written out, are longer than
        `shape.SYMPY` nodes. `.by` says who did.

        >>> from cgprimer import parse_graph
        >>> parse_graph(["xw = cd*xx + xz^3"]).partial("xw", "xz").text
        '3*xz^2'
        """
        from cgprimer.graph.local import short_form
        from cgprimer.notation.from_sympy import from_sympy
        from cgprimer.notation.to_sympy import to_sympy, with_leaves

        self.names_beside(node, wrt)
        self.refuse_arrays("partial")
        leaves = self.table.leaves(self.equation_number(node))
        shape, i = self.shape(node), [leaf.value for leaf in leaves].index(wrt)
        shape.check_formula(i, node)
        with suppress(GraphError):  # where it is not one of real numbers
            if shape.by_sympy[i] is not None:
                formula = with_leaves(shape.formulas[i], shape.slots, leaves)
                return Partial(formula, show(from_sympy(formula)))
        own = short_form(shape.fill(shape.partials[i], leaves))
        return SweptPartial(to_sympy(own), show(own))

    def sympy(self, name: str) -> sympy.Expr:
        """The right side of the equation of `name` as a sympy expression."""
        from cgprimer.notation.to_sympy import to_sympy

        return to_sympy(self.equation(name).body)

    def to_networkx(
        self, level: Literal["variables", "operations"] = "variables"
    ) -> networkx.DiGraph:
        """The graph as `networkx.DiGraph`, of variables or of single operations.

        Variables carry `kind` (input, dependent), `output`, `equation`; arcs carry the
        `parameters` of the equation, as "ab ac". Operations carry `op`, `label` and
        `variable`. What there is none of is "", so that every format can be written.
        In a graph with arrays nodes and arcs carry `dims`, "32 x 64" or "scalar": of
        an arc those of what goes along it.
        """
        from cgprimer.graph.view import VIEWS

        takes.text(level=level)
        if level not in VIEWS:
            raise GraphError(f"unknown level {level!r}: it is {' or '.join(VIEWS)}")
        load("networkx")
        return VIEWS[level](self)

    def program(self, outputs: Sequence[str] | None = None) -> Sweeps:
        """Numpy code for the variables that `outputs` need (default: all of them)."""
        from cgprimer.run.sweeps import sweeps_of

        self.refuse_arrays("a program of sweeps")
        wanted = None if outputs is None else self.checked_outputs(outputs)
        return sweeps_of(self, wanted)

    @overload
    def compile(
        self, *, target: Literal["auto", "numpy", "jit"] = "auto", threads: int = 1
    ) -> CompiledGraph: ...

    @overload
    def compile(self, *, target: Literal["jax"], threads: int = 1) -> JaxProgram: ...

    def compile(self, *, target: str = "auto", threads: int = 1) -> Any:
        """The graph ready to run, as machine code where llvmlite is installed.

        target : "numpy" never makes machine code, "jit" always does or says why not;
            "jax" is JAX, for its devices: a `JaxProgram` with `.values(at)`,
            `.gradient_at(output, at)` and `.explain()`.
        threads : how many a call may use for large data.

        Otherwise a `Program`, see there.
        """
        if target == "jax":
            from cgprimer.run.exports.jax_program import JaxProgram

            return JaxProgram(self)
        from cgprimer.run.program import Program as CompiledGraph

        if self.sizing is not None:
            from cgprimer.run.arrays.program import ArrayProgram as CompiledGraph
        takes.text(target=target)
        takes.count(threads=threads)
        # Kept beside the numpy programs, whose keys are None or tuples of outputs; a
        # tuple of three with a number in it is none of those.
        key = "compiled", target, int(threads)
        if key not in self.programs:
            self.programs[key] = CompiledGraph(self, target, threads)  # type: ignore
        program: CompiledGraph = self.programs[key]
        return program

    @lazy
    def running(self) -> Graph:
        """The graph as it is run: forms spread over several equations are stable ones.

        The same variables in the same places, with other right sides for some.
        """
        if self.sizing is not None:
            return self
        table = self._running.table
        if table is self.table:
            return self
        return Graph(table, self.outputs, self.spare, self.doubts)

    @property
    def bypassed(self) -> frozenset[str]:
        """Variables that the running graph computes, but puts into others."""
        return frozenset() if self.sizing is not None else self._running.bypassed

    @lazy
    def _running(self) -> Running:
        from cgprimer.run.running import running_of

        return running_of(self.table)

    def forward(self, inputs: Array, parameters: Array) -> Array:
        """Values of all variables (V, n) from inputs (I, n) and parameters (P, 1|n).

        Compiled where there is enough to do for that to pay.
        """
        if inputs.shape[1] * len(self) >= COMPILED:
            return self.compile().forward(inputs, parameters)
        return self.running.program().forward(inputs, parameters)

    def evaluate(self, at: Mapping[str, ArrayLike]) -> dict[str, Value]:
        """The value of every variable.

        at : name → number or array (n,) for every input and parameter, no more; of a
            name with dims an array of these dims, or (n, *dims) for n samples.
        Returns floats, or arrays (n,), (n, *dims) as soon as one value of `at` has
        samples. Where a value turns nan or inf, a NonFiniteWarning names the first
        such variable. Raises PointError for names missing or unknown and for shapes
        that do not fit.
        """
        from cgprimer.graph.point import Point

        if self.sizing is not None:
            from cgprimer.run.arrays.evaluation import evaluate

            return evaluate(self, at)
        point = Point.of(self, at)
        values = self.forward(point.inputs, point.parameters)
        point.warn_nonfinite(self, self.program(), values)
        rows = self.table.rows
        return {name: point.unpack(values[rows[name]]) for name in self.order}

    def gradient_at(
        self,
        output: str,
        at: Mapping[str, ArrayLike],
        wrt: Sequence[str] | None = None,
    ) -> dict[str, Value]:
        """d output / d name, total, by one reverse sweep.

        wrt : variables or parameters; by default every input and parameter.
        For arrays (n,) in `at`, one derivative per sample: arrays (n,). The derivative
        by an array has the dims of that, behind the samples if it or the output has
        some. Raises GraphError for an output that is an array itself.
        """
        from cgprimer.graph.point import Point

        if self.sizing is not None:
            from cgprimer.run.arrays.evaluation import gradient_at

            return gradient_at(self, output, at, wrt)

        [output] = self.checked_outputs([output])
        wrt = (*self.inputs, *self.parameters) if wrt is None else wrt
        wrt = known_names(wrt, "wrt", dict.fromkeys((*self.names, *self.spare)))
        point = Point.of(self, at)
        # By a bypassed variable the equations as they are run have no derivative:
        # nothing uses it there. For all others they are preferred, as their forms are
        # the stable ones.
        graphs = {name: self if name in self.bypassed else self.running for name in wrt}
        values: dict[str, Value] = {}
        # By identity: the hash of a graph goes through all of its equations.
        for graph in {id(graph): graph for graph in graphs.values()}.values():
            adjoints = graph._adjoints_at(output, point)
            values |= {
                name: point.unpack(adjoints.get(name, np.zeros(1)))
                for name in wrt
                if graphs[name] is graph
            }
        return {name: values[name] for name in wrt}

    def _adjoints_at(self, output: str, point: Point) -> dict[str, Array]:
        """d output / d name for every name, as rows, of the equations as they are."""
        program = self.program([output])
        values = program.forward(point.inputs, point.parameters)
        point.warn_nonfinite(self, program, values, stacklevel=5)
        seed = {self.variable_number[output]: np.ones(point.width)}
        adjoints, shares = program.backward(values, point.parameters, seed)
        return self.table.by_name(adjoints, shares)

    def paths(
        self,
        source: str,
        output: str | None = None,
        at: Mapping[str, ArrayLike] | None = None,
        *,
        limit: int = 1000,
    ) -> Paths:
        """Every path from `source` to `output`, with its product of edge partials.

        source : a variable or a parameter. output : by default the only output.
        at : one number for every input and parameter. Then each product is a number
            as well, and `.total`, their sum, is the gradient.
        limit : more paths than this are refused, with their number, by GraphError.

        Through arrays a path is a product of matrices: one formula and its value.
        """
        from cgprimer.graph.array_paths import find_array_paths
        from cgprimer.graph.paths import find_paths

        if self.sizing is not None:
            return find_array_paths(self, source, output, at, limit=limit)
        return find_paths(self, source, output, at, limit=limit)

    def node(
        self,
        name: str,
        at: Mapping[str, ArrayLike] | None = None,
        *,
        output: str | None = None,
    ) -> NodeView:
        """One variable or parameter: `.value .op .inputs .grad .dims` at a point.

        at : as in `evaluate`; without it `value` and `grad` are None. output : what
        `grad` is the derivative of, by default the only output. Raises GraphError for
        an unknown name, PointError for a bad `at`.

        >>> from cgprimer import parse_graph
        >>> node = parse_graph(["xy = a*xx^2"]).node("xx", {"a": 2, "xx": 3})
        >>> node.value, node.grad, node.op
        (3.0, 12.0, 'input')
        """
        from cgprimer.graph.node_view import node_of

        return node_of(self, name, at, output)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        count = len(self)
        return printable(
            f"Graph({count} equation{'s' * (count != 1)}: "
            f"{listing(self.inputs, 4) or 'no inputs'} → {listing(self.outputs, 4)}; "
            f"parameters {listing(self.parameters, 4) or 'none'}"
            f"{in_no_equation(self.unused, '; ')})"
        )

    def __str__(self) -> str:
        return "\n".join(str(equation) for equation in self.equations)

    def _repr_latex_(self) -> str:
        from cgprimer.notation.latex import Typeset, latex_equation

        names, left_out = cap(self.dependents)
        how = Typeset(sizing=self.sizing)
        rows = [latex_equation(n, self.equation(n).body, "&=", how) for n in names]
        if left_out:
            rows.append(rf"&\text{{{left_out}}}")
        return r"$$\begin{aligned}" + r"\\".join(rows) + r"\end{aligned}$$"

    @lazy
    def _identity(self) -> tuple[Any, ...]:
        # Not the table: graphs from texts and from ready-made expressions number their
        # names and constants differently, though the equations be the same.
        bodies = tuple((equation.name, equation.body) for equation in self.equations)
        dims = () if self.sizing is None else tuple(map(self.dims, self.names))
        return self.inputs, self.parameters, self.outputs, bodies, dims

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __reduce__(self) -> tuple[Any, ...]:
        from cgprimer.graph.rows import graph_of

        bodies = {equation.name: equation.body for equation in self.equations}
        names = self.parameters, self.inputs, self.spare
        return graph_of, (bodies, self.outputs, *names, self.sizing)
