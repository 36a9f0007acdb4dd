"""Pictures are judged by their artists: what is written, where, and whether it fits."""

import functools
import math
import random
import subprocess
import sys
from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

import cgprimer
from cgprimer import parse_graph
from cgprimer.draw.coefficients import edge_names, sole_coefficients
from cgprimer.draw.curves import plot_loss
from cgprimer.draw.layout import Layout
from cgprimer.draw.network import ADJOINT, INPUT, OUTPUT, PARTIAL, VALUE, draw_graph
from cgprimer.draw.paint import Box, paint
from cgprimer.draw.text import Line
from cgprimer.errors import CGPrimerError, GraphError, OptionError
from cgprimer.notation.numbers import number, without_noise

CANONICAL = "xx = xa^2; xy = ab*xx + ac*xa; xz = bc*xx + xy; xw = cd*xx + xz^3"
POINT = {"xa": 1.5, "ab": 0.8, "ac": -1.2, "bc": 2.0, "cd": 0.5}


def graph_of(text):
    return parse_graph(text.split("; "))


def network(*widths):
    """Equations of a layered network of tanh units."""
    return "; ".join(
        f"x{r + 1}_{j} = tanh("
        + " + ".join(f"w{r}_{j}{i}*x{r}_{i}" for i in range(widths[r]))
        + f" + b{r}_{j})"
        for r in range(len(widths) - 1)
        for j in range(widths[r + 1])
    )


def random_equations(size, seed=0):
    rng = random.Random(seed)
    return "; ".join(
        f"x{v} = " + " + ".join(f"w{v}_{u}*x{u}" for u in sources(rng, v))
        for v in range(1, size)
    )


def sources(rng, v):
    return rng.sample(range(max(0, v - 12), v), min(v, rng.choice([1, 1, 2, 3])))


TEXTS = {
    "canonical": CANONICAL,
    "lone equation": "xy = ab*xx + ac",
    "no parameters": "xu = 1/xx; xv = sin(xx); xy = xu*xv",
    "constant": "xx = 2",
    "underscores": "x_y = theta_1*xa_1 + x__; x_out_ = x_y^2",
    "long names": "x_a_rather_long_name = w_long_too*xin; xo = x_a_rather_long_name^2",
    "2-2-1": network(2, 2, 1),
    "4-2-1": network(4, 2, 1),
    "two outputs": "xp = a*xx; xq = b*xx",
    "60 nodes": random_equations(60),
}


@pytest.fixture(autouse=True)
def _never_shown(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_: pytest.fail("a picture was shown"))


@pytest.fixture(params=[False, True], ids=["names", "numbers"])
def with_numbers(request):
    return request.param


@pytest.fixture(params=TEXTS, ids=str)
def graph(request):
    return graph_of(TEXTS[request.param])


def point_of(graph, seed=1):
    rng = random.Random(seed)
    names = (*graph.inputs, *graph.parameters)
    return {name: round(rng.uniform(0.3, 1.5), 2) for name in names}


@functools.cache
def shared_drawing(graph, with_numbers):
    """One drawing for all the tests that only look at it."""
    return drawing(graph, with_numbers)


def drawing(graph, with_numbers, ax=None):
    return draw_graph(graph, at=point_of(graph) if with_numbers else None, ax=ax)


def written(ax, colour=None):
    texts = [t for t in ax.texts if colour in (None, t.get_color())]
    return [t.get_text() for t in texts]


def extents(ax, artists):
    """(left, bottom, right, top) of each as the renderer draws them, in pixels."""
    renderer = FigureCanvasAgg(ax.figure).get_renderer()  # a closed one has none
    return np.array([a.get_window_extent(renderer).extents for a in artists])


def node_boxes(ax):
    return [p for p in ax.patches if isinstance(p, FancyBboxPatch)]


def arrows(ax):
    return [p for p in ax.patches if isinstance(p, FancyArrowPatch)]


def assert_texts_fit(ax):
    """Every text lies in one box, or touches no box and no other text."""
    texts, boxes = extents(ax, ax.texts), extents(ax, node_boxes(ax))
    for t in texts:
        meets = np.all((t[:2] < boxes[:, 2:]) & (boxes[:, :2] < t[2:]), axis=1)
        inside = np.all((boxes[:, :2] <= t[:2]) & (t[2:] <= boxes[:, 2:]), axis=1)
        assert np.array_equal(meets, inside)
    # the extent of a line holds the room for accents too: one pixel may be shared
    low, high = texts[:, None, :2] + 1, texts[None, :, 2:] - 1
    below = np.all(low < high, axis=2)
    assert not np.any(np.triu(below & below.T, k=1))


@pytest.mark.every(4)
def test_every_name_is_written_once_and_every_edge_drawn(graph, with_numbers):
    ax = shared_drawing(graph, with_numbers)
    assert isinstance(ax, Axes)
    for name in {*graph.inputs, *graph.order}:
        assert written(ax).count(name) == 1
    assert len(node_boxes(ax)) == len({*graph.inputs, *graph.order})
    assert len(arrows(ax)) == sum(map(len, graph.depends_on.values()))


@pytest.mark.every(6)
def test_texts_fit_their_boxes(graph, with_numbers):
    assert_texts_fit(shared_drawing(graph, with_numbers))


@pytest.mark.parametrize("size", [(3, 2), (6, 4), (12, 12)])
def test_texts_fit_on_axes_of_any_size(size, with_numbers):
    ax = plt.figure(figsize=size).add_subplot(2, 2, 3)
    graph = graph_of(CANONICAL)
    assert drawing(graph, with_numbers, ax) is ax
    assert_texts_fit(ax)


@pytest.mark.every(3)
def test_everything_lies_on_the_figure(graph, with_numbers):
    ax = shared_drawing(graph, with_numbers)
    seen = extents(ax, [*ax.texts, *node_boxes(ax)])
    assert seen.min() >= 0
    assert np.all(seen[:, 2:] <= ax.figure.bbox.extents[2:])


def test_names_stand_on_their_edges():
    ax = draw_graph(graph_of(CANONICAL))
    assert sorted(written(ax, PARTIAL)) == ["ab", "ac", "bc", "cd"]


def test_numbers_of_the_canonical_graph():
    ax = draw_graph(graph_of(CANONICAL), at=POINT)
    *values, caption = written(ax, VALUE)
    assert (sorted(values), caption) == (["0", "1.5", "2.25", "4.5", "92.25"], "value")
    *adjoints, caption = written(ax, ADJOINT)
    assert sorted(adjoints) == ["1", "170.6", "438.9", "60.75", "60.75"]
    assert caption == "derivative of xw"
    *partials, caption = written(ax, PARTIAL)
    named = ["ab = 0.8", "ac = −1.2", "bc = 2", "cd = 0.5"]
    assert sorted(partials) == ["1", "3", "60.75", *named]
    assert caption == "partial along the edge"
    sizes = {t.get_text(): round(t.get_fontsize(), 9) for t in ax.texts}
    assert [sizes[text] for text in ("xa", "92.25", "438.9", "ab = 0.8")] == [
        13, 10, 10, 10,
    ]  # fmt: skip
    assert {sizes[t.get_text()] for t in ax.texts[-3:]} == {9}


def test_adjoints_are_the_gradient():
    graph = graph_of(TEXTS["4-2-1"])
    at = point_of(graph)
    expected = graph.gradient_at(graph.outputs[0], at, wrt=list(graph.order))
    shown = written(draw_graph(graph, at=at), ADJOINT)
    assert {number(float(v)) for v in expected.values()} <= set(shown)


def test_several_outputs_are_summed():
    ax = draw_graph(graph_of("xp = a*xx; xq = b*xx"), at={"a": 2, "b": 3, "xx": 1})
    assert sorted(written(ax, ADJOINT)) == ["1", "1", "5", "derivative of xp + xq"]


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "x0"), (3, "x0 + x1 + x2"), (4, "the sum of all outputs")],
)
def test_up_to_three_outputs_are_named(count, said):
    graph = graph_of("; ".join(f"x{k} = xx + {k}" for k in range(count)))
    ax = draw_graph(graph, at={"xx": 1.0})
    assert f"derivative of {said}" in written(ax, ADJOINT)


def test_rounding_noise_is_drawn_as_zero():
    graph = graph_of("xy = a*xx - b*xx - c*xx; xz = xy^2")
    ax = draw_graph(graph, at={"a": 0.3, "b": 0.1, "c": 0.2, "xx": 1.0})
    assert written(ax, VALUE).count("0") == 2


def test_colours_tell_inputs_from_outputs():
    ax = draw_graph(graph_of(CANONICAL))
    fills = [matplotlib.colors.to_hex(p.get_facecolor()) for p in node_boxes(ax)]
    assert (fills.count(INPUT), fills.count(OUTPUT)) == (1, 1)


def test_inputs_stand_left_of_outputs():
    ax = draw_graph(graph_of(CANONICAL))
    x = {t.get_text(): t.get_position()[0] for t in ax.texts}
    assert x["xa"] < x["xx"] < x["xy"] < x["xz"] < x["xw"]


@pytest.mark.slow
def test_large_graphs_lose_their_labels_and_larger_ones_are_refused():
    for count, labels in ((299, 299), (300, 0)):  # of 300 and 301 variables
        ax = draw_graph(graph_of("; ".join(f"x{i + 1} = a*x{i}" for i in range(count))))
        assert len(written(ax, PARTIAL)) == labels
    with pytest.raises(GraphError) as caught:
        draw_graph(graph_of("; ".join(f"x{i + 1} = a*x{i}" for i in range(2_000))))
    assert str(caught.value) == (
        "a picture of 2001 variables cannot be read (the limit is 2000);"
        " draw a part of it, for example the equations around one variable"
    )


def test_edges_that_pass_too_many_layers_are_refused():
    hub = "; ".join(f"x{i + 1} = a*x{i} + x0" for i in range(1, 400))
    with pytest.raises(GraphError) as caught:
        draw_graph(graph_of(f"x1 = x0; {hub}"))
    # A chain of 400, and edges from its start to all but the first.
    span = 400 + sum(range(2, 401))
    assert str(caught.value) == (
        f"the edges of this graph pass {span} layers, too many for a picture (the limit"
        " is 50000); draw a part of it, for example the equations around one variable"
    )


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("; ".join(f"x{i + 1} = a*x{i}" for i in range(1_999)), True),
        ("; ".join(f"x{i + 1} = a*x{i}" for i in range(2_000)), False),
        ("; ".join(f"x{i + 1} = a*x{i} + x0" for i in range(314)), True),  # 49 768
        ("; ".join(f"x{i + 1} = a*x{i} + x0" for i in range(315)), False),  # 50 084
    ],
)
def test_a_picture_has_its_limits(text, drawn):
    """Sizes are looked at first, and the point before anything is drawn."""
    expected = "no value for " if drawn else "the limit is "
    with pytest.raises(CGPrimerError, match=expected):
        draw_graph(graph_of(text), at={})


def test_importing_draw_does_not_import_matplotlib():
    code = (
        "import sys, cgprimer.draw.network, cgprimer.draw.curves;"
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("body", "names", "sole"),
    [
        ("ab*xx", {"xx": "ab"}, {"xx": "ab"}),
        ("xx*ab", {"xx": "ab"}, {"xx": "ab"}),
        ("-ab*xx", {"xx": "ab"}, {"xx": "−ab"}),
        ("ac - ab*xx", {"xx": "ab"}, {"xx": "−ab"}),
        ("xb - (xc - ab*xx)", {"xx": "ab"}, {"xx": "ab"}),
        ("ab*(xx + xy)", {"xx": "ab", "xy": "ab"}, {"xx": "ab", "xy": "ab"}),
        ("2*ab*xx", {"xx": "ab"}, {}),
        ("ab*ac*xx", {"xx": "ab, ac"}, {}),
        ("ab*xx + ac*xx", {"xx": "ab, ac"}, {}),
        ("ab*xx + xx", {}, {}),
        ("ab*xx^2", {"xx": "ab"}, {}),
        ("ab*xx*xy", {"xx": "ab", "xy": "ab"}, {}),
        ("tanh(ab*xx + ac)", {"xx": "ab"}, {}),
        ("ab*tanh(xx)", {}, {}),
        ("ab*xx/xy", {"xx": "ab"}, {}),
        ("xx^ab", {}, {}),
        ("xx", {}, {}),
        ("a*b*c*d*xx", {"xx": "a, b, c, …"}, {}),
    ],
)
def test_parameters_that_multiply_a_variable(body, names, sole):
    graph = graph_of(f"xo = {body}")
    tree = graph.equation("xo").body
    assert edge_names(tree, graph.parameters) == names
    assert sole_coefficients(tree, graph.parameters) == sole


def test_coefficients_of_a_long_sum_are_found():
    graph = graph_of("xo = " + " + ".join(f"a{i}*x{i}" for i in range(1_000)))
    found = sole_coefficients(graph.equation("xo").body, set(graph.parameters))
    assert found == {f"x{i}": f"a{i}" for i in range(1_000)}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.2, "−1.2"),
        (170.64, "170.6"),
        (1e20, "1e20"),
        (-2.5e-7, "−2.5e−7"),
        (1e-12, "1e−12"),
        (1e100, "1e100"),
        (math.nan, "nan"),
        (-math.inf, "−inf"),
    ],
)
def test_numbers_read_well(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "term", "shown"),
    [(2e-16, 3.6, 0.0), (2e-16, 0.0, 2e-16), (1e-9, 3.6, 1e-9), (-4e-15, 50.0, 0.0)],
)
def test_noise_is_told_from_small_values(value, term, shown):
    values = {"x": term, "y": value}
    cleaned = without_noise(values, ["x", "y"], {"y": [("x", 1.0)]})
    assert cleaned == {"x": term, "y": shown}


@pytest.mark.parametrize("power", [5, 140, 160, 200, 300])
def test_a_value_is_not_drawn_as_zero_because_a_partial_overflows(power):
    graph = graph_of(f"xp = xx*a*1e{power}; xq = xp*b")
    at = {"a": 2 * 0.1**power, "xx": 10.0**power, "b": 3.0}
    values = graph.evaluate(at)
    shown = written(draw_graph(graph, at=at), VALUE)
    assert shown[:3] == [number(values[name]) for name in ("xx", "xp", "xq")]


# Loss curves


def result(losses, method="Adam", status="converged"):
    return SimpleNamespace(losses=np.array(losses), method=method, status=status)


def legend(ax):
    box = ax.get_legend()
    return [text.get_text() for text in box.get_texts()] if box else []


DECAY = 10.0 ** -np.arange(6.0)


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        (DECAY, "log"),
        ([5.0, 4.0, 3.0], "linear"),
        ([100.0, 1.0, -3.0], "linear"),
        ([1.0, 1e-3, 0.0], "log"),
        ([0.0, 0.0], "linear"),
        ([1.0, math.nan, 1e-3], "log"),
        ([2.0], "linear"),
        ([], "linear"),
        ([1.0, 1e140, 1e300, math.inf], "log"),
        ([1.0, 5e-324], "log"),
    ],
)
def test_the_scale_suits_the_losses(losses, scale):
    for run in (result(losses), np.array(losses), {"run": losses}):
        ax = plot_loss(run)
        assert ax.get_yscale() == scale
        assert ax.get_xlabel() == "step"
        assert ax.get_ylabel().startswith("loss")
    ax.figure.canvas.draw()


def test_a_single_run_needs_no_legend():
    ax = plot_loss(result(DECAY))
    assert legend(ax) == []
    assert np.array_equal(ax.lines[0].get_ydata(), DECAY)


def test_zeros_lie_at_the_edge_and_the_axis_says_so():
    ax = plot_loss(result([1.0, 1e-3, 0.0]))
    assert ax.lines[0].get_ydata() == pytest.approx([1.0, 1e-3, 1e-4])
    assert ax.get_ylabel() == "loss (0 is drawn at 1e-04)"


def test_several_runs_are_told_apart():
    runs = [result(DECAY), result(DECAY * 2), result([3.0, 2.0], method="GD")]
    expected = [
        "Adam 1: last loss 1e−5",
        "Adam 2: last loss 2e−5",
        "GD: last loss 2",
    ]
    assert legend(plot_loss(runs)) == expected
    named = plot_loss({"fast": runs[0], "slow": runs[2]})
    assert legend(named) == ["fast: last loss 1e−5", "slow: last loss 2"]


@pytest.mark.parametrize("end", [math.nan, math.inf])
def test_a_diverged_run_ends_in_a_cross(end):
    ax = plot_loss(result([1.0, 50.0, 9e4, end], method="GD", status="diverged"))
    assert legend(ax) == ["GD: diverged at step 3"]
    cross = ax.lines[-1]
    assert (cross.get_marker(), *cross.get_xydata()[0]) == ("x", 2, 9e4)


def test_a_run_without_finite_losses_is_still_named():
    ax = plot_loss([result([math.nan, math.nan], "GD"), result(DECAY)])
    assert legend(ax)[0] == "GD: diverged at step 0"


def test_long_noisy_curves_are_smoothed_and_smooth_ones_are_not():
    rng = np.random.default_rng(0)
    trend = 10 * 0.998 ** np.arange(4_000)
    noisy = trend * np.exp(rng.normal(0, 0.5, 4_000))
    smooth, raw = plot_loss(noisy).lines
    assert raw.get_alpha() < 0.5
    x, y = smooth.get_data()
    assert np.abs(np.log(y / (10 * 0.998**x)) - 0.125).max() < 0.25  # e^(σ²/2)
    assert len(plot_loss(trend).lines) == 1


def test_losses_are_drawn_on_the_axes_given():
    ax = plt.figure().add_subplot()
    assert plot_loss(DECAY, ax=ax) is ax


def test_losses_need_one_axis():
    with pytest.raises(
        OptionError, match=r"^losses must have shape \(n,\), not \(2, 2\)$"
    ):
        plot_loss(result([[1.0, 2.0], [3.0, 4.0]]))


def test_the_public_names_are_these_functions():
    assert cgprimer.draw_graph is draw_graph
    assert cgprimer.plot_loss is plot_loss
    data = cgprimer.Dataset({"xx": [1, 2, 3, 4]}, {"xy": [0, -1, -2, -3]})
    runs = [
        cgprimer.fit(
            graph_of("xy = w*xx + b"), data, cgprimer.SGD(rate), batch=None, rng=0,
            progress=False,
        )
        for rate in (0.01, 0.5)
    ]  # fmt: skip
    ax = cgprimer.plot_loss(runs)
    first, second = legend(ax)
    assert first.startswith("SGD 1: final loss ")
    assert second.startswith("SGD 2: ")
    assert np.array_equal(
        cgprimer.plot_loss(runs[0]).lines[0].get_ydata(), runs[0].epoch_losses
    )


# What is drawn from a layout, in points


PAINTED = Layout(
    {"a": (20.0, 30.0), "b": (80.0, 20.0)},
    {("a", "b"): np.array([[40.0, 30.0], [50.0, 28.0], [60.0, 20.0]])},
    {("a", "b"): (50.0, 45.0)},
    (100.0, 50.0),
)
TALL = Box((Line("a", 10), Line("7", 20, VALUE)), INPUT)
WIDE = Box((Line("a rather long name", 10),), OUTPUT)


def painted(ax=None, caption=(), dashed=(), layout=PAINTED):
    boxes = dict(zip(layout.positions, [TALL, WIDE, *[TALL] * 999], strict=False))
    labels = dict.fromkeys(layout.labels, Line("w", 10, PARTIAL, italic=True))
    return paint(layout, boxes, labels, caption, ax, dashed)


def given_axes(width, height):
    """Axes of a size in inches, as part of a larger figure."""
    figure = plt.figure(figsize=(2 * width, 4 * height), dpi=150)
    return figure.add_axes((0.25, 0.25, 0.5, 0.25))


def test_boxes_have_the_room_of_their_texts():
    line = Line("a", 10)
    assert (line.height, TALL.size[1], WIDE.size[1]) == (12.5, 45.5, 20.5)
    assert TALL.size[0] == 45.5  # no narrower than it is high
    assert WIDE.size[0] == pytest.approx(WIDE.lines[0].width + 16)
    assert Line("ab", 30).width == pytest.approx(3 * Line("ab", 10).width)
    # A letter is about half as wide as it is high.
    assert 4 < line.width < 8


AXES = {  # axes → limits of x and y, points per unit
    "a figure of its own": (lambda: None, (-12, 112, -12, 62), 1),
    "large": (lambda: given_axes(124 * 4 / 72, 74 * 4 / 72),
              (50 - 248 / 1.5, 50 + 248 / 1.5, 25 - 148 / 1.5, 25 + 148 / 1.5), 1.5),
    "half as large": (lambda: given_axes(62 / 72, 37 / 72), (-12, 112, -12, 62), 0.5),
    "wide": (lambda: given_axes(2, 74 / 72), (-22, 122, -12, 62), 1),
    "high": (lambda: given_axes(62 / 72, 1), (-12, 112, -47, 97), 0.5),
}  # fmt: skip


@pytest.mark.parametrize("name", AXES)
def test_a_picture_fills_its_axes_up_to_half_as_large_again(name):
    make, limits, scale = AXES[name]
    ax = painted(make())
    assert (*ax.get_xlim(), *ax.get_ylim()) == pytest.approx(limits)
    assert not ax.axison
    assert ax.get_aspect() == 1
    if name == "a figure of its own":
        assert ax.figure.get_size_inches() == pytest.approx((124 / 72, 74 / 72))
        assert ax.get_position().bounds == pytest.approx((0, 0, 1, 1))
    sizes = {t.get_text(): t.get_fontsize() for t in ax.texts}
    assert sizes["7"] == pytest.approx(20 * scale)
    assert node_boxes(ax)[0].get_linewidth() == pytest.approx(1.2 * scale)
    [arrow] = arrows(ax)
    assert arrow.get_linewidth() == pytest.approx(1.1 * scale)
    assert arrow.get_mutation_scale() == pytest.approx(10 * scale)


def test_boxes_texts_and_arrows_lie_where_the_layout_says():
    ax = painted()
    tall, wide = node_boxes(ax)
    assert (tall.get_x(), tall.get_y()) == pytest.approx((20 - 22.75, 30 - 22.75))
    assert (tall.get_width(), tall.get_height()) == TALL.size
    assert tall.get_boxstyle().rounding_size == 7
    assert wide.get_boxstyle().rounding_size == 20.5 / 4
    assert wide.get_x() == pytest.approx(80 - WIDE.size[0] / 2)
    # Lines below one another: heights of 12.5 and 25 around the middle, and the
    # baseline 0.3 of the size below the middle of a line.
    expected = {
        "a": (20, 30 + 18.75 - 6.25 - 3), "7": (20, 30 - 18.75 + 12.5 - 6),
        WIDE.lines[0].text: (80, 17), "w": (50, 42),
    }  # fmt: skip
    order = [max(a.get_zorder() for a in some) for some in
             (arrows(ax), node_boxes(ax), ax.texts)]  # fmt: skip
    assert order == sorted(set(order))  # texts on boxes, and boxes on arrows
    for text in ax.texts:
        assert text.get_position() == pytest.approx(expected[text.get_text()])
        assert text.get_horizontalalignment() == "center"
    [arrow] = arrows(ax)
    # Cubic pieces that leave and arrive along slopes: a third of the way each. In the
    # middle the slope is the harmonic mean of -0.2 and -0.8, both of the same width.
    assert arrow._path_original.vertices == pytest.approx(np.array([
        (40, 30), (40 + 10 / 3, 30 - 2 / 3), (50 - 10 / 3, 28 + 3.2 / 3), (50, 28),
        (50 + 10 / 3, 28 - 3.2 / 3), (60 - 10 / 3, 20 + 8 / 3), (60, 20),
    ]))  # fmt: skip
    assert arrow.get_linestyle() == "-"
    assert arrows(painted(dashed=[("a", "b")]))[0].get_linestyle() == "--"


@pytest.mark.parametrize(("count", "fine"), [(200, 1), (201, 0.4)])
def test_more_than_two_hundred_edges_are_drawn_finer(count, fine):
    route = PAINTED.routes["a", "b"]
    many = Layout(PAINTED.positions, {("a", f"x{k}"): route for k in range(count)})
    ax = painted(layout=many)
    arrow, scale = arrows(ax)[-1], ax.texts[1].get_fontsize() / 20
    assert arrow.get_linewidth() == pytest.approx(1.1 * fine * scale)
    assert arrow.get_mutation_scale() == pytest.approx(10 * fine * scale)


@pytest.mark.parametrize("size", [(8640.0, 100.0), (100.0, 8640.0)])
def test_no_figure_is_larger_than_sixty_inches(size):
    ax = painted(layout=Layout(PAINTED.positions, size=size))
    assert max(ax.figure.get_size_inches()) == pytest.approx(60)
    share = (min(size) + 24) / (max(size) + 24)
    assert min(ax.figure.get_size_inches()) == pytest.approx(60 * share)
    assert ax.texts[1].get_fontsize() == pytest.approx(20 * 4320 / 8664)


@pytest.mark.parametrize("wide", [False, True])
def test_a_caption_has_one_row_where_that_is_wide_enough(wide):
    lines = [Line("value", 9, VALUE), Line("derivative", 9, ADJOINT)]
    first, second = (line.width + 18 for line in lines)
    width = first + second - (0 if wide else 0.01)
    ax = painted(caption=lines, layout=Layout(PAINTED.positions, size=(width, 50)))
    at = [text.get_position() for text in ax.texts[-2:]]
    if wide:
        assert at == pytest.approx(np.array([(0, -21.2), (first, -21.2)]))
    else:
        assert at == pytest.approx(np.array([(0, -21.2), (0, -34.2)]))
    low, bottom = ax.get_xlim()[0], ax.get_ylim()[0]
    assert (low, bottom) == pytest.approx((-12, -12 - 12 - 13 * (1 if wide else 2)))
    narrow = painted(caption=lines, layout=Layout(PAINTED.positions, size=(1, 50)))
    assert narrow.get_xlim()[1] == pytest.approx(max(first, second) + 12)
