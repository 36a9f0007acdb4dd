"""Loss curves: what is drawn is what was measured, and nothing lies on anything."""

import io
import re
from types import SimpleNamespace
from xml.etree import ElementTree

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt

from cgprimer import (
    SGD,
    Adam,
    Dataset,
    LeastSquares,
    fit,
    generate,
    minimize,
    parse_graph,
    plot_loss,
)
from cgprimer.draw.series import POINTS, Series, running_mean, thin
from cgprimer.errors import OptionError

LINE = parse_graph(["xy = w*xx + b"])
CURVED = parse_graph(["xx = xa^2", "xy = ab*xx + ac*xa"])
BOWL = parse_graph(["xf = (xa - 6)^2 + xb^2 - xa*xb"])
DATA = Dataset({"xx": [1.0, 2, 3, 4, 5]}, {"xy": [0.0, -1, -2, -3, -4.5]})
SAMPLES = generate(CURVED, {"ab": 1, "ac": 4}, 100, noise=0.3, rng=0)
SAMPLES = Dataset(SAMPLES.inputs, SAMPLES.targets)


def run(method, graph=CURVED, data=SAMPLES, **more):
    return fit(graph, data, method, rng=1, progress=False, **more)


FITS = {
    "one by one": run(SGD(0.01), LINE, DATA, batch=1, epochs=8),
    "pairs": run(SGD(0.01), LINE, DATA, batch=2, epochs=8),
    "batches": run(Adam(0.05), batch=8, epochs=20),
    "many epochs": run(Adam(0.05), batch=50, epochs=120),
    "all at once": run(SGD(0.3), batch=None, epochs=30),
    "one step": run(SGD(0.01), LINE, DATA, batch=None, epochs=1),
    "diverging": run(SGD(0.11), LINE, DATA, batch=2, epochs=30),
    "gone at once": run(SGD(3.0), LINE, DATA, batch=1, epochs=200),
    "overflow": run(SGD(1e60), LINE, DATA, batch=1, epochs=200),
    "absolute": run(Adam(0.05), batch=8, epochs=10, loss="mae"),
    "least squares": run(LeastSquares()),
    "minimum": minimize(
        BOWL, "xf", SGD(0.1), start={"xa": 6, "xb": 6}, steps=10, progress=False
    ),
}
IN_BATCHES = ("one by one", "pairs", "batches", "many epochs", "diverging", "absolute")
AXES = [
    "epoch", *(pytest.param(x, marks=pytest.mark.slow) for x in ("step", "evaluation"))
]  # fmt: skip


@pytest.fixture(params=FITS, ids=str)
def result(request):
    return FITS[request.param]


def measured(result):
    """The mean squared or absolute error at the best parameters, by numpy alone."""
    graph, data = (LINE, DATA) if "w" in result.parameters else (CURVED, SAMPLES)
    at = {**data.inputs, **result.parameters}
    [(name, target)] = data.targets.items()
    gap = graph.evaluate(at)[name] - target
    mean = np.abs(gap).mean() if "mae" in result.loss_name else (gap**2).mean()
    return float(mean)


def test_the_losses_over_all_data_are_those_at_the_parameters(result):
    finite = result.epoch_losses[np.isfinite(result.epoch_losses)]
    assert result.loss == finite.min()
    if result.loss_name != "xf":
        assert result.loss == pytest.approx(measured(result), rel=1e-12)


@pytest.mark.parametrize("epochs", [1, 2, 5])
@pytest.mark.parametrize(("batch", "steps"), [(1, 5), (2, 3), (4, 2), (None, 1)])
def test_a_shorter_run_is_the_start_of_a_longer_one(epochs, batch, steps):
    long, short = (
        run(SGD(0.002), LINE, DATA, batch=batch, epochs=count) for count in (8, epochs)
    )
    assert np.array_equal(short.epoch_losses, long.epoch_losses[: epochs + 1])
    numbers = np.arange(epochs + 1)
    expected = np.stack([steps * numbers, 1 + (steps + 1) * numbers], axis=1)
    assert np.array_equal(short.epoch_counts, expected)
    assert short.epoch_losses[-1] == pytest.approx(measured(short), rel=1e-12)


def test_the_steps_of_least_squares_are_counted_as_epochs():
    found = FITS["least squares"]
    assert np.array_equal(found.epoch_counts[:, 0], np.arange(found.steps))
    assert found.epoch_losses[-1] == found.loss
    assert (np.diff(found.epoch_losses) <= 0).all()
    assert found.epoch_counts[-1, 1] <= found.evaluations


def places(result, along):
    steps, evaluations = result.epoch_counts.T
    epochs = np.arange(len(steps))
    return {"step": steps, "epoch": epochs, "evaluation": evaluations}[along]


@pytest.mark.every(3)
@pytest.mark.parametrize("along", AXES)
def test_the_boldest_line_is_the_loss_over_all_data(result, along):
    ax = plot_loss(result, x=along)
    main = max(ax.lines, key=lambda line: line.get_zorder())
    known = np.abs(result.epoch_losses) < 1e150
    assert np.array_equal(main.get_xdata(), places(result, along))
    assert np.array_equal(main.get_ydata()[known], result.epoch_losses[known])
    assert ax.get_xlabel() == along


@pytest.mark.every(2)
@pytest.mark.parametrize("along", AXES)
@pytest.mark.parametrize("name", IN_BATCHES)
def test_the_thin_line_is_the_mean_of_an_epoch_of_batches(name, along):
    result = FITS[name]
    faint = plot_loss(result, x=along).lines[2]
    mean = faint.axes.lines[1]
    window = int(result.epoch_counts[1, 0])
    expected = [
        sum(result.losses[i : i + window].tolist()) / window
        for i in range(len(result.losses) - window + 1)
    ]
    known = np.abs(expected) < 1e100
    assert mean.get_ydata()[known] == pytest.approx(np.array(expected)[known])
    if along == "epoch":  # each batch at the place of the step that it decides
        steps = np.arange(len(result.losses)) / window
        assert faint.get_xdata() == pytest.approx(steps)
        middle = np.arange(len(expected)) / window + (window - 1) / (2 * window)
        assert mean.get_xdata() == pytest.approx(middle)
    if along == "step":
        assert np.array_equal(faint.get_xdata(), np.arange(len(result.losses)))


@pytest.mark.parametrize("fall", [1.0, 11.0])
def test_a_mean_falls_as_the_losses_do(fall):
    """Nearly all batches are small; what falls is the few that are not."""
    rng = np.random.default_rng(0)
    count = 5_000
    size = 100 * fall ** -np.linspace(0, 1, count)
    losses = np.where(rng.random(count) < 0.1, size, 1e-3)
    line = plot_loss(losses).lines[0]
    first, last = line.get_ydata()[[0, -1]]
    assert first / last == pytest.approx(fall**0.98, rel=0.5)


def test_a_loss_of_a_billion_leaves_no_trace_in_later_means():
    losses = np.r_[1e9, np.full(9_999, 1e-9)]
    mean = running_mean(Series(np.arange(1e4), losses), 100)
    later = mean.y[np.ceil(mean.x - 49.5) > 0]
    assert later == pytest.approx(np.full(len(later), 1e-9))
    assert mean.y[0] == pytest.approx(1e7)


def texts(ax):
    box = ax.get_legend()
    return [text.get_text() for text in box.get_texts()] if box else []


def said(ax):
    """Label → the last number that the legend gives it."""
    pairs = [text.replace("−", "-").split(": ") for text in texts(ax) if ": " in text]
    return {p[0]: float(re.findall(r"[\d.]+(?:e-?\d+)?", p[1])[-1]) for p in pairs}


@pytest.mark.parametrize("seed", range(2))
def test_the_legend_ranks_by_the_loss_over_all_data(seed):
    runs = {
        f"rate {rate}": fit(
            CURVED, SAMPLES, SGD(rate), batch=5, epochs=6, rng=seed, progress=False
        )
        for rate in (0.01, 0.05, 0.2, 0.5, 0.8)
    }
    runs = {k: r for k, r in runs.items() if r.status != "diverged"}
    shown = said(plot_loss(runs))
    assert sorted(shown, key=shown.get) == sorted(runs, key=lambda k: runs[k].loss)
    for label, found in runs.items():
        assert shown[label] == pytest.approx(found.loss, rel=1e-3)


def test_methods_are_compared_by_epochs_and_alone_by_what_they_count():
    both = plot_loss([FITS["batches"], FITS["least squares"]])
    assert both.get_xlabel() == "epoch"
    assert plot_loss(FITS["least squares"]).get_xlabel() == "step"
    assert plot_loss(FITS["all at once"]).get_xlabel() == "step"
    assert plot_loss(FITS["batches"]).get_xlabel() == "epoch"
    assert plot_loss([FITS["batches"], np.ones(3)]).get_xlabel() == "step"


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (["batches"], "mse"),
        (["all at once"], "mse over all data"),
        (["all at once", "least squares"], "mse over all data"),
        (["minimum"], "xf"),
        (["batches", "absolute"], "loss"),
    ],
)
def test_the_vertical_axis_says_what_is_shown(names, label):
    ax = plot_loss([FITS[name] for name in names])
    assert ax.get_ylabel() == label
    if label == "loss":
        assert any("(mae)" in text for text in texts(ax))
    in_batches = any(name in IN_BATCHES for name in names)
    assert ("mean over an epoch of batches" in texts(ax)) == in_batches


def test_losses_are_in_units_of_the_data_whether_or_not_they_are_weighted():
    weighted = Dataset(SAMPLES.inputs, SAMPLES.targets, sigma=0.3)
    ax = plot_loss(run(LeastSquares(), data=weighted))
    assert ax.get_ylabel() == "mse over all data"


@pytest.mark.parametrize("name", ["epochs", "steps", "evaluations"])
def test_the_axis_is_named_in_the_plural_too(name):
    assert plot_loss(FITS["batches"], x=name).get_xlabel() == name[:-1]


LABELS = [
    "_a",
    "$\\frac{1}{$",
    "\x1b[31m",
    "a\ud800",
    "a\u200b",
    "",
    10**5000,
    "a" * 10**4,
]


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_labels_are_drawn_as_they_are(kind):
    ax = plot_loss({label: [3.0, 2.0] for label in LABELS})
    texts = ax.get_legend().get_texts()
    assert len(texts) == len(LABELS)
    assert all(text.get_text().isprintable() for text in texts)
    ax.figure.savefig(file := io.BytesIO(), format=kind)
    if kind == "svg":
        ElementTree.fromstring(file.getvalue())


def test_an_unknown_axis_is_refused():
    with pytest.raises(OptionError, match=r"unknown axis x='epocs'\n .* mean 'epoch'"):
        plot_loss(FITS["batches"], x="epocs")
    with pytest.raises(OptionError, match="losses alone know no epochs"):
        plot_loss([FITS["batches"], np.ones(3)], x="epoch")


def test_an_interrupted_epoch_is_drawn_as_far_as_it_went():
    done = FITS["batches"]
    cut = SimpleNamespace(
        losses=done.losses[:20], epoch_losses=done.epoch_losses[:2],
        epoch_counts=done.epoch_counts[:2], method="Adam", loss=1.0,
    )  # fmt: skip
    faint = plot_loss(cut).lines[2]
    assert faint.get_xdata() == pytest.approx(np.arange(20) / 13)
    cut.epoch_losses, cut.epoch_counts = cut.epoch_losses[:1], cut.epoch_counts[:1]
    faint = plot_loss(cut).lines[-1]
    assert faint.get_xdata() == pytest.approx(np.arange(20) / 20)
    assert plot_loss(cut, x="step").lines[-1].get_xdata().tolist() == [*range(20)]


# What the axes are for


def shares(ax, lines):
    """How much of the height of the axes each line falls, first point to last."""
    ax.get_ylim()  # only then it is settled
    ends = [line.get_xydata()[np.isfinite(line.get_ydata())][[0, -1]] for line in lines]
    pixels = [ax.transData.transform(pair)[:, 1] for pair in ends]
    return np.array([first - last for first, last in pixels]) / ax.bbox.height


START = FITS["diverging"].epoch_losses[0]
WORSE = {
    "overflow": np.r_[START * 10.0 ** np.arange(0, 300, 20), np.inf],
    "at once": np.array([START, np.inf, np.nan]),
    "a fit": FITS["gone at once"],
    "slowly": FITS["diverging"],
}


@pytest.mark.every(3)
@pytest.mark.parametrize("worse", WORSE)
@pytest.mark.parametrize("fall", [1.5, 11.0, 1e9])
def test_what_diverges_does_not_flatten_the_others(fall, worse):
    losses = START * fall ** -np.linspace(0, 1, 20)
    alone, both = plot_loss(losses), plot_loss({"good": losses, "bad": WORSE[worse]})
    [before], [after, *_] = shares(alone, alone.lines), shares(both, both.lines[:1])
    assert after > 0.5 * before
    cross = both.lines[-1]
    assert cross.get_marker() == "x"
    assert both.get_ylim()[0] < cross.get_ydata()[0] < both.get_ylim()[1]


@pytest.mark.parametrize("fall", [0.0, 1e-9, 1e-3, 0.02])
def test_a_loss_that_hardly_moves_looks_flat(fall):
    losses = 14.65 * (1 - fall * np.linspace(0, 1, 30))
    ax = plot_loss(losses)
    [share] = shares(ax, ax.lines)
    assert share == pytest.approx(fall / 0.11, abs=0.02)
    assert ax.yaxis.get_major_formatter().get_offset() == ""


def test_a_function_may_move_little_against_its_size():
    graph = parse_graph(["xf = 1e6 + (xa - 3)^2"])
    run = minimize(graph, "xf", SGD(0.1), start={"xa": 6}, steps=30, progress=False)
    ax = plot_loss(run)
    assert shares(ax, ax.lines[:1]) > 0.8


def test_batches_that_fit_by_chance_do_not_flatten_the_whole():
    run = fit(CURVED, SAMPLES, SGD(0.001), batch=1, epochs=60, rng=0, progress=False)
    ax = plot_loss(run)
    [share] = shares(ax, ax.lines[:1])
    assert run.losses.min() < 1e-6 * run.losses.max()
    assert share > 0.3


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("name", "along", "said"),
    [
        ("overflow", "step", "diverged at step 2"),
        ("overflow", "epoch", "diverged in epoch 1"),
        ("gone at once", "step", "diverged at step 5"),
        ("gone at once", "epoch", "diverged at epoch 1"),
        ("diverging", "epoch", "diverged at epoch 4"),
    ],
)
def test_where_a_run_diverged_is_marked_and_said(name, along, said):
    result = FITS[name]
    ax = plot_loss(result, x=along)
    last = np.flatnonzero(np.abs(result.losses) < 1e150)[-1]
    steps = 1 if along == "step" else result.epoch_counts[1, 0]
    assert ax.lines[-1].get_xdata() == pytest.approx([last / steps])
    assert texts(ax)[0] == f"SGD: {said}"
    assert ax.get_xlim()[1] >= 1


# Where things lie


RNG = np.random.default_rng(3)
WILD = {
    "falling": [10.0 ** -np.arange(0, 6, 0.1)] * 2,
    "rising": [10.0 ** np.arange(0, 6, 0.1)] * 2,
    "flat and high": [np.full(30, 5.0), np.full(30, 5.0)],
    "v": [np.abs(np.linspace(-1, 1, 41)), 1 - np.abs(np.linspace(-1, 1, 41))],
    "cross": [np.linspace(1, 2, 30), np.linspace(2, 1, 30), np.full(30, 1.5)],
    "noise": [RNG.random(300), RNG.random(300)],
    "negative": [-np.arange(30.0), np.arange(30.0)],
    "eight": {f"a rather long label {i}": RNG.random(20) for i in range(8)},
    "twenty-three": {f"run {i}": RNG.random(20) * i for i in range(23)},
    "dots": [[1.0], [2.0]],
    "infinite": [[1.0, 50.0, 9e4, np.inf], [3.0, 2.0, np.nan, 1.0], [np.nan]],
    "zeros": [[1.0, 1e-3, 0.0], [0.0, 0.0]],
    "fits": [FITS[name] for name in ("batches", "least squares", "absolute")],
    "diverging fits": [FITS[name] for name in ("pairs", "diverging")],
    "long": [FITS["many epochs"], FITS["batches"]],
}
SIZES = {"page": (6.4, 4.0), "small": (3.2, 2.4), "quarter": (8, 6)}
HARDEST = ["small", *(pytest.param(s, marks=pytest.mark.slow) for s in SIZES)]


def drawn_in(size, runs):
    if size == "page":
        return plot_loss(runs)
    figure = plt.figure(figsize=SIZES[size])
    place = (2, 2, 3) if size == "quarter" else (1, 1, 1)
    return plot_loss(runs, ax=figure.add_subplot(*place))


def dense(line):
    """Points along a line as it is drawn, in pixels."""
    xy = line.get_transform().transform(line.get_xydata())
    xy = xy[np.isfinite(xy).all(axis=1)]
    between = np.linspace(0, 1, 50)[:, None, None]
    return np.concatenate(
        [xy, (xy[:-1] + between * np.diff(xy, axis=0)).reshape(-1, 2)]
    )


@pytest.mark.every(4)
@pytest.mark.parametrize("size", HARDEST)
@pytest.mark.parametrize("name", WILD)
def test_legends_lie_on_no_curve_and_steps_have_no_halves(name, size):
    ax = drawn_in(size, WILD[name])
    ax.figure.canvas.draw()
    box = ax.get_legend().get_window_extent()
    for line in ax.lines:
        points = dense(line)
        inside = (points > box.min) & (points < box.max)
        assert not inside.all(axis=1).any()
    axes = ax.bbox.padded(1)
    assert axes.x0 <= box.x0 <= box.x1 <= axes.x1
    assert axes.y0 <= box.y0 <= box.y1 <= axes.y1
    low, high = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
    assert ticks
    assert all(float(tick).is_integer() for tick in ticks)  # steps have no halves


def test_of_many_runs_the_best_are_named_and_the_others_grey():
    ends = [*range(23)]
    np.random.default_rng(0).shuffle(ends)
    ax = plot_loss({f"run {end}": [50.0, end + 1.0] for end in ends})
    assert {f"run {end}: last loss {end + 1}" for end in range(10)} == set(
        texts(ax)[:-1]
    )
    assert texts(ax)[-1] == "13 others, none of them better"
    colours = [line.get_color() for line in ax.lines]
    assert colours.count("0.75") == 13
    assert len(set(colours)) == 11


# Edges of the numbers


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("size", "scale"),
    [
        (0, 1.0), (1, 1.0), (1, np.nan), (2, 1e-320), (4_001, -1.0), (1_000, np.inf),
        *(
            pytest.param(size, scale, marks=pytest.mark.slow)
            for size in (0, 1, 2, 999, 1_000, 4_000, 4_001, 30_000)
            for scale in (0.0, 1e-320, 1.0, -1.0, 1e149, np.inf, np.nan)
        ),
    ],
)  # fmt: skip
def test_losses_of_any_size_are_drawn(size, scale):
    losses = scale * (1 + np.arange(size) % 7)
    ax = plot_loss(losses)
    ax.figure.canvas.draw()
    assert ax.get_xlabel() == "step"
    if not size:
        assert [text.get_text() for text in ax.texts] == ["no losses"]


@pytest.mark.slow
def test_half_a_million_losses_keep_their_extremes():
    losses = np.random.default_rng(0).lognormal(0, 1, 500_000)
    losses[[123_456, 387_654]] = 1e7, 1e-7
    ax = plot_loss(losses)
    assert max(len(line.get_xdata()) for line in ax.lines) <= POINTS + 2
    faint = ax.lines[-1]
    shown = dict(zip(*faint.get_data(), strict=True))
    assert (shown[123_456], shown[387_654]) == (1e7, 1e-7)
    mean = ax.lines[0]
    assert mean.get_ydata()[0] == pytest.approx(losses[:10_000].mean())
    assert mean.get_ydata()[-1] == pytest.approx(losses[-10_000:].mean())


def test_thinning_keeps_points_as_they_are():
    x = np.arange(50_000.0)
    y = np.where(x % 9_000 < 3_000, np.nan, np.sin(x / 300))
    few = thin(Series(x, y))
    assert len(few.x) <= POINTS + 2
    assert np.array_equal(few.y, y[few.x.astype(int)], equal_nan=True)
    assert (few.x[0], few.x[-1]) == (0, 49_999)
    assert np.nanmax(few.y) == np.nanmax(y)


# Borders, worked out by hand


@pytest.mark.parametrize(
    ("losses", "limits"),
    [
        ([2.0, 1.0], (0.95, 2.05)),
        ([1.0, 2.0, -3.0], (-3.25, 2.25)),
        ([10.0, 1.0], (0.55, 10.45)),  # no more than a decade
        ([10.1, 1.0], (10.1**-0.05, 10.1**1.05)),
        ([1e4, 1.0], (10**-0.2, 10**4.2)),
        ([1e4, 1.0, 0.0], (10**-1.25, 10**4.25)),  # zeros a decade lower
        ([10.0, 1.0, 0.0], (-0.5, 10.5)),
        # Moves by less than a tenth of itself: a tenth of it, and a margin.
        ([1.0, 0.99], (0.94, 1.05)),
        ([1.0, 0.95], (0.92, 1.03)),
        ([1.0, 0.9], (0.895, 1.005)),
        ([-1.0, -0.95], (-1.03, -0.92)),
        ([3.0], (2.835, 3.165)),
    ],
)
def test_axes_span_the_losses_and_a_margin(losses, limits):
    assert plot_loss(losses).get_ylim() == pytest.approx(limits)


@pytest.mark.parametrize(
    ("bad", "top"),
    [
        # 0.1 of the axes above the others, and a margin.
        ([2.0, 9.0, np.inf], 2.1 + 0.05 * 1.1),
        ([2.0, 2.05, np.inf], 2.1 + 0.05 * 1.1),
        ([2.0, 2.05], 2.05 + 0.05 * 1.05),
        ([1.5, 1.8, 9.0], 2.1 + 0.05 * 1.1),
        ([9.0, 9.5, np.inf], 9.8 + 0.05 * 8.8),  # its start is seen in any case
    ],
)
def test_a_run_that_diverged_is_followed_a_tenth_above_the_others(bad, top):
    ax = plot_loss({"good": np.linspace(2, 1, 30), "bad": diverged(bad)})
    assert ax.get_ylim()[1] == pytest.approx(top)


def test_and_on_a_log_scale_by_a_tenth_of_the_decades():
    good = np.geomspace(100, 1, 30)
    ax = plot_loss({"good": good, "bad": diverged([100.0, 1e9, 1e20])})
    assert ax.get_ylim() == pytest.approx((10**-0.11, 10 ** (2.2 + 0.11)))


def diverged(losses):
    return SimpleNamespace(losses=losses, method="SGD", status="diverged")


@pytest.mark.parametrize(("count", "marker"), [(50, "o"), (51, "None")])
def test_each_of_up_to_fifty_points_has_a_circle(count, marker):
    [line] = plot_loss(np.linspace(2, 1, count)).lines
    assert line.get_marker() == marker


@pytest.mark.parametrize(("count", "lines"), [(2, 2), (3, 3)])
def test_a_mean_of_one_epoch_is_no_line(count, lines):
    """Of batches in pairs: two have one mean, of three there are two."""
    run = SimpleNamespace(
        losses=np.array([3.0, 2.0, 1.0])[:count], loss=1.5, method="SGD",
        epoch_losses=np.array([4.0, 2.0]), epoch_counts=np.array([[0, 1], [2, 4]]),
    )  # fmt: skip
    ax = plot_loss(run)
    assert len(ax.lines) == lines
    assert ("mean over an epoch of batches" in texts(ax)) == (count == 3)
    if count == 3:
        mean = ax.lines[1]
        assert mean.get_xdata() == pytest.approx([0.25, 0.75])
        assert mean.get_ydata() == pytest.approx([2.5, 1.5])


def zigzag(count, height, fall, turn=1):
    """Falls by `fall` all in all, and goes up and down by `height` every `turn`."""
    up = (np.arange(count) // turn) % 2
    return 10 + np.linspace(fall, 0, count) + height * up


@pytest.mark.parametrize(
    ("losses", "noisy"),
    [
        (zigzag(999, 1.0, 0), False),
        (zigzag(1_000, 1.0, 0), True),
        (zigzag(1_000, 0.1, 25), False),  # 100 of way, 25 of fall, and small steps
        (zigzag(1_000, 0.1, 15), True),
        (np.r_[1e6, zigzag(1_000, 1.0, 0)], True),  # a spike
        (np.r_[1e6, zigzag(1_000, 0.4, 0)], False),  # steps of 4 % of the size
        (np.r_[1e6, zigzag(1_000, 1.0, 0, turn=4)], False),
        (np.r_[np.nan, zigzag(999, 1.0, 0)], False),
        (np.r_[np.nan, zigzag(1_000, 1.0, 0)], True),
        (np.linspace(2, 1, 1_000), False),
    ],
)
def test_a_long_curve_is_noisy_where_it_goes_up_and_down(losses, noisy):
    ax = plot_loss(losses)
    assert (len(ax.lines) == 2) == noisy
    if noisy and np.isfinite(losses).all():
        assert len(ax.lines[0].get_xdata()) == len(losses) - len(losses) // 50 + 1
        assert texts(ax) == ["running mean", "single losses"]


BELOW = [  # points, ceiling, whether on a log scale → where the line ends
    ([1.0, 2.0, 3.0], 3.0, False, ([0, 1, 2], [1, 2, 3])),
    ([1.0, 2.0, 6.0], 3.0, False, ([0, 1, 1.25], [1, 2, 3])),
    ([1.0, 100.0, 1e4], 1e3, True, ([0, 1, 1.5], [1, 100, 1e3])),
    ([1.0, 2.0, np.inf], 3.0, False, ([0, 1, 1], [1, 2, 3])),
    ([5.0, 2.0], 3.0, False, ([], [])),
    ([1.0, 9.0, 1.0], 5.0, False, ([0, 0.5], [1, 5])),
]


@pytest.mark.parametrize(("y", "ceiling", "log", "expected"), BELOW)
def test_a_line_ends_where_it_meets_the_ceiling(y, ceiling, log, expected):
    found = Series(np.arange(float(len(y))), np.array(y)).below(ceiling, log)
    assert found.x == pytest.approx(np.array(expected[0]))
    assert found.y == pytest.approx(np.array(expected[1]))


def counted(losses, epoch_losses, status="converged", loss=1.0, each=2):
    """A run in batches, `each` of them an epoch."""
    epochs = np.arange(len(epoch_losses))
    counts = np.stack([each * epochs, 1 + (each + 1) * epochs], axis=1)
    return SimpleNamespace(
        losses=np.array(losses), loss=loss, method="SGD", status=status,
        epoch_losses=np.array(epoch_losses), epoch_counts=counts,
    )  # fmt: skip


INF = np.inf
TOLD = [  # run, what the axis counts → what the legend says first
    (counted([4, 3, 2, 1], [4, 2, 1]), "epoch", "over all data: final loss 1"),
    (counted([4, 3, 2, 1], [4, 2, 1], loss=0.5), "epoch",
     "over all data: final loss 1, best 0.5"),
    (counted([4, 3, 2, INF], [4, 2, INF]), "epoch", "SGD: diverged in epoch 2"),
    (counted([4, 3, 2, INF], [4, 2, INF]), "step", "SGD: diverged at step 3"),
    (counted([4, 3, 2, INF], [4, 2, INF]), "evaluation",
     "SGD: diverged at evaluation 6"),
    (counted([4, 3, INF, INF], [4, 2, INF]), "epoch", "SGD: diverged at epoch 1"),
    (counted([INF] * 4, [4, INF, INF]), "epoch", "SGD: diverged at epoch 1"),
    (counted([4, 3, 2, 9], [4, 2, 9], "diverged"), "epoch", "SGD: diverged at epoch 2"),
    (counted([4, 3, 2, 9], [4, 2, 9], "diverged"), "evaluation",
     "SGD: diverged at evaluation 7"),
    (counted([4, 2, INF], [4, 2, 1, INF], each=1), "step", "SGD: diverged at step 3"),
    (counted([4, 2, INF], [4, 2, 1, INF], each=1), "evaluation",
     "SGD: diverged at evaluation 7"),
    (diverged([4, 2, INF]), "step", "SGD: diverged at step 2"),
    (diverged([4, 2, 9]), "step", "SGD: diverged at step 3"),
]  # fmt: skip


@pytest.mark.every(3)
@pytest.mark.parametrize(("run", "along", "said"), TOLD)
def test_how_a_run_ended_is_said(run, along, said):
    assert texts(plot_loss(run, x=along))[0] == said


@pytest.mark.parametrize(
    ("runs", "labels"),
    [
        ([[2.0, 1.0], [3.0, 1.0]], ["run 1", "run 2"]),
        ([[2.0, 1.0], diverged([2.0, 3.0])], ["run", "SGD"]),
        ({"a": [2.0, 1.0], "b": [3.0, 1.0]}, ["a", "b"]),
        ([diverged([2.0, 3.0]), [2.0, 1.0], diverged([2.0, 4.0])],
         ["SGD 1", "run", "SGD 2"]),
    ],
)  # fmt: skip
def test_runs_of_one_method_are_numbered(runs, labels):
    assert [text.split(": ")[0] for text in texts(plot_loss(runs))] == labels


BAD_RUNS = [
    ("losses", "results of fit, or losses, are expected, not 'losses'"),
    (b"losses", "results of fit, or losses, are expected, not b'losses'"),
    (3.0, "results of fit, or losses, are expected, not 3.0"),
    ([[1.0, 2.0], [[1.0]]], "losses must have shape (n,), not (1, 1)"),
]


@pytest.mark.parametrize(("runs", "said"), BAD_RUNS)
def test_what_is_no_run_is_refused(runs, said):
    with pytest.raises(OptionError) as caught:
        plot_loss(runs)
    assert str(caught.value) == said


@pytest.mark.parametrize("x", ["epok", "time", 3])
def test_an_axis_is_one_of_three(x):
    with pytest.raises(OptionError) as caught:
        plot_loss(counted([4, 3, 2, 1], [4, 2, 1]), x=x)
    hint = "did you mean 'epoch'?" if x == "epok" else "it is one of step, epoch, "
    assert str(caught.value).startswith(f"unknown axis x={x!r}\n  hint: {hint}")


def test_a_legend_is_as_large_as_it_may_be():
    """At 8 points where that fits, smaller and at last without figures where not."""
    sizes = {}
    for count in (2, 8, 10):
        figure = plt.figure(figsize=(3.2, 2.4))
        runs = {f"a rather long label {i}": [2.0, 1.0 + i] for i in range(count)}
        box = plot_loss(runs, ax=figure.add_subplot()).get_legend()
        [sizes[count]] = {text.get_fontsize() for text in box.get_texts()}
        figures = any(": last loss" in text.get_text() for text in box.get_texts())
        assert figures == (count == 2)
    assert sizes[2] == 8
    assert 4 <= sizes[10] <= sizes[8] < 8
