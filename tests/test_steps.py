"""Loops written out as equations."""

import numpy as np
import pytest

from cgprimer import CGPrimerError, parse_graph, steps

WRITTEN = [
    ("xh{t} = a*xh{t-1}", 3, ["xh1 = a*xh0", "xh2 = a*xh1", "xh3 = a*xh2"]),
    ("xh{ t } = a*xh{t - 1}", 1, ["xh1 = a*xh0"]),
    ("x{k+1} = x{k}^2", range(3), ["x1 = x0^2", "x2 = x1^2", "x3 = x2^2"]),
    ("x{k+2} = x{k}^2", range(0, 4, 2), ["x2 = x0^2", "x4 = x2^2"]),
    (
        ["xm{t} = b*xm{t-1} + xg{t}", "xw{t} = xw{t-1} - r*xm{t}"],
        2,
        [
            "xm1 = b*xm0 + xg1",
            "xw1 = xw0 - r*xm1",
            "xm2 = b*xm1 + xg2",
            "xw2 = xw1 - r*xm2",
        ],
    ),
]
REFUSED = [
    (
        "xh = a*xg",
        3,
        "no equation has a step in braces, so that all steps would be the same\n"
        "  hint: write the number of the step as {t}: xh{t} = tanh(W @ xh{t-1})",
    ),
    (
        "xh{t} = xh{t*2}",
        3,
        "braces hold the number of a step\n\n    xh{t} = xh{t*2}\n              ^^^^^\n"
        "  hint: write {t}, {t-1} or {t+1} for the number of a step",
    ),
    (
        "xh{t = 1",
        3,
        "braces hold the number of a step\n\n    xh{t = 1\n      ^^^^^^\n"
        "  hint: write {t}, {t-1} or {t+1} for the number of a step",
    ),
    (
        "xh} = 1",
        3,
        "braces hold the number of a step\n\n    xh} = 1\n      ^\n"
        "  hint: write {t}, {t-1} or {t+1} for the number of a step",
    ),
    (
        "xh{t} = xh{k}",
        3,
        "a step is 't' here\n\n    xh{t} = xh{k}\n              ^^^\n"
        "  hint: write {t} throughout, or call steps once for each loop",
    ),
    (
        "xh{t} = xh{t-2}",
        3,
        "{t-2} is -1 at step 1\n\n    xh{t} = xh{t-2}\n              ^^^^^\n"
        "  hint: begin later: times=range(1, n + 1)",
    ),
    (
        "xh{t} = 1",
        0,
        "times= is how many steps there are, or their numbers, such as range(5), not 0",
    ),
    (
        "xh{t} = 1",
        [1.5],
        "times= is how many steps there are, or their numbers, such as range(5), "
        "not [1.5]",
    ),
    (
        7,
        3,
        "steps takes equations as texts, not 7\n"
        "  hint: write steps('xh{t} = tanh(W @ xh{t-1})', 3)",
    ),
    ("xh{t} = 1", 10**7, "10,000,000 equations; at most 1,000,000"),
]


@pytest.mark.parametrize(("equations", "times", "written"), WRITTEN)
def test_equations_are_written_out_for_every_step(equations, times, written):
    assert steps(equations, times) == written


@pytest.mark.parametrize(("equations", "times", "message"), REFUSED)
def test_what_is_no_loop_is_refused(equations, times, message):
    with pytest.raises(CGPrimerError) as error:
        steps(equations, times)
    assert str(error.value) == message


def test_a_recurrent_network_is_the_loop_that_it_says():
    texts = ["W: 2 x 2", "xh0, xx1, xx2, xx3: 2"]
    loop = steps("xh{t} = tanh(W @ xh{t-1} + xx{t})", 3)
    graph = parse_graph([*texts, *loop, "xl = xh3 @ xh3"])
    rng = np.random.default_rng(0)
    at = {"W": rng.normal(size=(2, 2)), "xh0": rng.normal(size=2)}
    at |= {f"xx{t}": rng.normal(size=2) for t in (1, 2, 3)}
    h = at["xh0"]
    for t in (1, 2, 3):
        h = np.tanh(at["W"] @ h + at[f"xx{t}"])
    assert graph.evaluate(at)["xl"] == pytest.approx(h @ h, rel=1e-14)
    slope = graph.gradient_at("xl", at)["W"]
    ahead = {**at, "W": at["W"] + 1e-6 * np.eye(2)}
    behind = {**at, "W": at["W"] - 1e-6 * np.eye(2)}
    values = [graph.evaluate(p)["xl"] for p in (ahead, behind)]
    assert np.trace(slope) == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-8)
