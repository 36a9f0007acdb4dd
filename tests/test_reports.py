"""What reports of checks say: one point, one sentence for each mistake, none wrong."""

import functools
import re

import numpy as np
import pytest
from problems import CANONICAL, KINKED, NETWORK, PROBLEMS, problem, random_dag, samples

from cgprimer import check_gradients, custom_op, parse_graph
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import leaves, postorder
from cgprimer.expr.ops import NAME, ONE, OPS, ZERO, const, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tidy import tidy
from cgprimer.judge.check import report as report_on
from cgprimer.judge.claim import Claim
from cgprimer.judge.claims import read_claims
from cgprimer.judge.graph_check import GraphCheck
from cgprimer.judge.mistakes.explain import WrongDerivative, divisors, explain, special
from cgprimer.judge.mistakes.terms import missing_term, sentence
from cgprimer.judge.mistakes.wrong import Wrong
from cgprimer.judge.mistakes.wrong_derivatives import derivative, rule_of, suspects
from cgprimer.judge.points import random_points
from cgprimer.notation.text import show

MUL, ADD, NEG = OPS["mul"], OPS["add"], OPS["neg"]


@functools.cache
def check_of(graph, seed=0):
    return GraphCheck(
        graph, random_points(graph, 5, np.random.default_rng(seed)), False
    )


def values(node, at):
    names = leaves(node)
    with np.errstate(all="ignore"):
        [found] = Kernel([node], names)(*(at[text] for text in names))
    return np.broadcast_to(found, np.shape(next(iter(at.values()))))


# One point.


def shown(row):
    """The number that a reader sees under "differences"."""
    return float(row.cells()[3].split()[0])


def chained(graph, edges, output, wrt):
    """d output / d wrt by hand from the shown partials, and the sum of all sizes."""
    adjoint, size = {output: 1.0}, {output: 1.0}
    for node in reversed(graph.order):
        for (u, v), partial in edges.items():
            if u == node and u in adjoint:
                adjoint[v] = adjoint.get(v, 0.0) + adjoint[u] * partial
                size[v] = size.get(v, 0.0) + size[u] * abs(partial)
    return adjoint.get(wrt, 0.0), size.get(wrt, 0.0)


def some_claims(graph, rng):
    """A few partials by others, some of them wrong."""
    edges = graph.arcs
    chosen = rng.choice(len(edges), min(len(edges), 3), replace=False) if edges else []
    forms = "2*({})", "-({})", "({}) + {}", "({})*{}", "{}"
    return {
        edges[i]: str(rng.choice(forms)).format(graph.partial(*edges[i]).text, name)
        for i, name in ((i, edges[i][1]) for i in chosen)
    }


NAMED = sorted(
    {*PROBLEMS, *KINKED} - {"constant", "every function", "network", "activations"}
)
CASES = [(case, i % 2 == 0) for i, case in enumerate([*NAMED, *range(3)])]


@pytest.mark.every(3)
@pytest.mark.parametrize(("case", "given"), CASES)
def test_shown_partials_multiply_to_shown_totals(case, given):
    graph, at = random_dag(case) if isinstance(case, int) else problem(case)
    claims = some_claims(graph, np.random.default_rng(len(str(case))))
    if given:
        report = check_gradients(graph, claims=claims, at=samples(at, 2))
    else:
        report = check_gradients(graph, claims=claims, rng=1, points=2)
    edges = {row.edge: shown(row) for row in report.rows if row.kind == "edge"}
    totals = [row for row in report.rows if row.kind == "total"]
    for row in totals:
        by_hand, size = chained(graph, edges, *row.edge)
        digits = 5e-5 * len(graph.order) * size  # each is rounded to five
        assert abs(by_hand - shown(row)) <= digits + row.bound, row.derivative
    for row in report.rows:
        own = {row.node, row.wrt} if row.kind == "kink" else set()
        assert {k: v for k, v in row.at.items() if k not in own}.items() <= (
            report.at.items()
        )
    for text, value in list(report.at.items())[:8]:
        assert f"{text}={value:.5g}" in " ".join(str(report).split())


@pytest.mark.parametrize("seed", range(3))
def test_at_kinks_other_names_are_as_at_the_point(seed):
    graph = parse_graph(["xf = abs(xa - 0.3)*b"])
    report = check_gradients(graph, claims={("xf", "xa"): "b"}, rng=seed)
    [kink] = [row for row in report.rows if row.kind == "kink"]
    assert report.at["xa"] < 0.3  # not the first of the points
    assert kink.at["b"] == report.at["b"]
    assert sorted(kink.slopes) == pytest.approx(sorted((kink.at["b"], -kink.at["b"])))


def test_a_verdict_from_another_point_says_from_which():
    graph, xa = parse_graph(["xy = b*xa^2", "xz = c*xy"]), np.array([1.0, 2.0, 3.0])
    at = {"b": 2.0, "c": 3.0, "xa": xa}
    claims = {("xy", "b"): [2.0, 4.0, 9.0], ("xz", "c"): [2.0, 8.0, 17.0]}
    report = check_gradients(graph, at=at, claims=claims)
    first, other = report.row("xy", "b"), report.row("xz", "c")
    assert report.at["xa"] == first.at["xa"] == 1.0  # where the first is wrong
    assert (first.claimed, first.difference) == pytest.approx((2, 1))
    assert first.decided is None
    assert (other.claimed, other.difference) == pytest.approx((2, 2))  # right there
    assert other.verdict == "FAIL"
    assert other.decided.at["xy"] == 18.0
    told = "∂xz/∂c: FAIL at c=3, xy=18, xz=54 (17 claimed, 18 by differences)"
    assert told in " ".join(str(report).split())


def test_the_ratio_shown_is_that_of_the_point_and_others_say_over_which_points():
    claims = {("z", "w"): "x1", ("z", "v"): "v*x1*z"}
    report = check_gradients(
        parse_graph(["z = tanh(w*x1 + v*x2)"]), claims=claims, rng=0
    )
    for row in report.failures:
        ratio = row.claimed / row.difference
        assert float(row.cells()[4]) == pytest.approx(ratio, rel=1e-5)
        low, high = row.ratio
        assert low <= ratio <= high
    assert "over 5 random points: no common mistake fits" in str(report.row("z", "v"))


# Every wrong total in a sentence of its own.

MODELS = {
    "canonical": (CANONICAL, "xw"),
    "2-2-1": (NETWORK, "out"),
    "one neuron": (
        ["xw = ab*xa + bc*xb + cd*xc + ac*xd + bias", "xo = sigmoid(xw)"],
        "xo",
    ),
    "4-2-1": (
        ["xw = sigmoid(ap*xp + aq*xq + ar*xr + at*xs)",
         "xz = sigmoid(bp*xp + bq*xq + br*xr + bs*xs)",
         "xo = sigmoid(cp*xw + cq*xz)"],
        "xo",
    ),
    "ridge": (
        ["xe = w*xa + v*xb - xy", "xr = lam/2*(w^2 + v^2)", "xl = xe^2 + xr"],
        "xl",
    ),
    "two errors": (
        ["xe = tanh(w*xa + b) - xy", "xf = tanh(w*xb + b) - xz",
         "xl = (xe^2 + xf^2)/2"],
        "xl",
    ),
    "arrhenius": (["xk = A*exp(-E/xt)", "xy = xk*xc^n"], "xy"),
}  # fmt: skip


def total(graph, output, wrt, changed=(), without=()):
    """d output / d wrt over all names, with some edges taken for something else."""
    changed, adjoint = dict(changed), {output: ONE}
    for node in reversed(graph.order):
        if node not in adjoint or node in graph.inputs:
            continue
        body = graph.equation(node).body
        for by in dict.fromkeys(leaves(body)):
            right = derivative(body, name(by), {})
            share = tidy(MUL, adjoint[node], changed.get((node, by), right))
            if (node, by) not in without:
                adjoint[by] = tidy(ADD, adjoint[by], share) if by in adjoint else share
    return adjoint.get(wrt, ZERO)


def simple(right, wrt):
    """Mistakes that need no graph: what is said of each, and the claim."""
    times = {
        "the sign is flipped": -1.0,
        "it is 2 times": 2.0,
        "it is 1/2 times": 0.5,
        "it is -1/2 times": -0.5,
        "it is 1 % too large": 1.01,
    }
    for says, factor in times.items():
        yield says, tidy(MUL, const(factor), right)
    more = tidy(MUL, const(0.3), name(wrt))
    square = rf"0\.15·.*\b{wrt}².* is"  # or of several, together
    yield f"{square} too much", tidy(ADD, right, more)
    yield f"{square} missing", tidy(ADD, right, tidy(NEG, more))


def structural(graph, output, wrt, edges):
    """Mistakes on the way: what may be said of each, and the claim."""
    for node, by in edges:
        body = graph.equation(node).body

        def changed(at, local, edge=(node, by), body=body):
            partial = derivative(body, name(edge[1]), {at: local})
            return total(graph, output, wrt, {edge: partial})

        for inner in postorder([body]):
            for i, arg in enumerate(inner.args):
                if inner.op.name in ("tanh", "sigmoid"):
                    yield "is left out", changed((inner, i), ONE)
                    other = OPS["sigmoid" if inner.op.name == "tanh" else "tanh"]
                    rule = rule_of(other, arg, inner)
                    yield "you used (σ|tanh)′|belongs", changed((inner, i), rule)
                if inner.op is MUL and inner.args[1 - i].op is NAME:
                    yield "missing", changed((inner, i), ONE)
        yield "is missing|it is zero", total(graph, output, wrt, (), [(node, by)])


def planted(key, rng, most):
    """Pairs of {name: (what is said, claim)} and the right claims of one model."""
    texts, output = MODELS[key]
    graph = parse_graph(texts, outputs=[output])
    known = check_of(graph, 3)
    names = [*graph.inputs, *graph.parameters]
    looked_at = rng.permutation(names)[:most].tolist()
    right = {wrt: total(graph, output, wrt) for wrt in names}
    wrong = {}
    for wrt in looked_at:
        found = simple(right[wrt], wrt), structural(graph, output, wrt, known.edges)
        true = values(right[wrt], known.values)
        wrong[wrt] = [
            (says, node)
            for says, node in (item for part in found for item in part)
            if not np.allclose(values(node, known.values), true, rtol=1e-6)
        ]
    trials = [{wrt: one} for wrt in looked_at for one in wrong[wrt]]
    for _ in range(len(trials)):
        several = rng.permutation(looked_at)[: rng.integers(2, 5)].tolist()
        each = (wrt for wrt in several if wrong[wrt])
        trials.append({w: wrong[w][rng.integers(len(wrong[w]))] for w in each})
    return known, output, right, [trials[i] for i in rng.permutation(len(trials))]


def is_told(known, output, right, mistakes):
    claims = {
        (output, wrt): Claim((output, wrt), wrt, "", mistakes.get(wrt, ("", node))[1])
        for wrt, node in right.items()
    }
    report = report_on(known, claims, output)
    assert {row.edge for row in report.failures} == {(output, w) for w in mistakes}
    sentences = re.split(r"(?<=[.:]) (?=d )", report.diagnosis)
    for wrt in right:
        own = [s for s in sentences if re.match(rf".*\bd {output}/d {wrt}\b", s)]
        named = [
            s for s in own if re.match(rf"(d \w+/d \w+, )*d {output}/d {wrt}\b", s)
        ]
        assert bool(named) == (wrt in mistakes), (wrt, report.diagnosis)
    for wrt, (says, _) in mistakes.items():
        row = report.row(output, wrt, "total")
        assert re.search(says, row.looks_like), (wrt, says, row.looks_like)


@pytest.mark.every(6)
@pytest.mark.parametrize("key", sorted(MODELS.keys() - {"4-2-1"}))
def test_every_wrong_total_is_told_by_its_mistake_and_no_right_one_is(key):
    *known, trials = planted(key, np.random.default_rng(1), most=2)
    for mistakes in trials[:4]:
        is_told(*known, mistakes)


@pytest.mark.slow
@pytest.mark.parametrize("key", MODELS)
def test_every_mistake_at_every_place_is_told(key):
    *known, trials = planted(key, np.random.default_rng(0), most=20)
    for mistakes in trials:
        is_told(*known, mistakes)


RIGHT = {"ab": "3*xz^2*xx", "ac": "3*xz^2*xa", "bc": "3*xz^2*xx", "cd": "xx"}
RIGHT["xa"] = "(cd + 3*xz^2*(bc + ab))*2*xa + 3*xz^2*ac"


def canonical_claims(**wrong):
    known = check_of(graph_of(tuple(CANONICAL)))
    claims = {("xw", wrt): claim for wrt, claim in (RIGHT | wrong).items()}
    return report_on(known, read_claims(known.graph, claims, "xw", None), "xw")


def test_two_wrong_totals_have_two_sentences():
    report = canonical_claims(ab="-3*xz^2*xx", ac="3*xz^2*xa/2")
    assert report.diagnosis == (
        "2 total derivatives are wrong. d xw/d ab: as if on the edge ∂xy/∂ab = xx the "
        "sign is flipped (there claimed / true -1). Look at -3*xz^2*xx "
        "(claims['xw', 'ab']). d xw/d ac: as if on the edge ∂xy/∂ac = xa it is 1/2 "
        "times the true derivative (there claimed / true 0.5). Look at 3*xz^2*xa/2 "
        "(claims['xw', 'ac'])."
    )
    assert report.first_wrong == ("xy", "ab")


def test_right_totals_clear_the_edges_that_they_go_through():
    assert "the same could" not in canonical_claims(ab="-3*xz^2*xx").diagnosis
    claims = {("xw", "ab"): "-3*xz^2*xx"}
    report = check_gradients(parse_graph(CANONICAL), claims=claims, output="xw", rng=0)
    says = "; the same could have happened on ∂xz/∂xy, ∂xw/∂xz. Look at"
    assert says in report.diagnosis


def test_what_has_changed_places_is_told_beside_other_mistakes():
    report = canonical_claims(ac=RIGHT["cd"], cd=RIGHT["ac"], ab="0")
    both = "d xw/d ac is given what belongs to cd; swapped names: d xw/d cd is given"
    assert f"d xw/d ac, d xw/d cd: swapped names: {both}" in report.diagnosis
    report = canonical_claims(ac=RIGHT["bc"], bc=RIGHT["ac"], cd="0")  # bc's is ab's
    assert "d xw/d ac is given what belongs to bc" in report.diagnosis
    assert "d xw/d cd: " in report.diagnosis


def test_what_nobody_can_name_is_told_in_numbers():
    report = canonical_claims(ab="xz*xa", ac="sin(xz)")
    for wrt in ("ab", "ac"):
        row = report.row("xw", wrt, "total")
        assert "no single edge explains it, claimed / true goes from" in row.looks_like
        assert f"d xw/d {wrt} should be {row.difference:.5g} where" in report.diagnosis


PENALTIES = [
    ({"w": "2*xe*xa", "v": "2*xe*xb"}, "the gradient of ½·lam·(w² + v²) is missing"),
    ({"w": "2*xe*xa"}, "the gradient of ½·lam·w² is missing"),
    ({"w": "2*xe*xa - lam*w"}, "the sign is flipped"),
    ({"w": "2*xe*xa + 2*lam*w"}, "it is 2 times"),
    ({"w": "2*xe*xa + lam*w + 0.5*w"}, "the gradient of 1/4·w² is too much"),
]


@pytest.mark.parametrize(("wrong", "says"), PENALTIES)
@pytest.mark.parametrize("apart", [False, True])
def test_a_forgotten_penalty_is_told_by_its_square(wrong, says, apart):
    penalty = "lam/2*(w^2 + v^2)"
    texts = (f"xl = xe^2 + {penalty}",)
    if apart:
        texts = (f"xr = {penalty}", "xl = xe^2 + xr")
    known = check_of(graph_of(("xe = w*xa + v*xb - xy", *texts)))
    right = {"w": "2*xe*xa + lam*w", "v": "2*xe*xb + lam*v", "lam": "(w^2 + v^2)/2"}
    claims = {("xl", wrt): claim for wrt, claim in (right | wrong).items()}
    report = report_on(known, read_claims(known.graph, claims, "xl", None), "xl")
    assert says in report.diagnosis
    assert {row.wrt for row in report.failures} == set(wrong)


def test_terms_are_told_together_only_where_they_are_of_one_penalty():
    x, one = np.linspace(1, 2, 5), np.zeros(5)
    lam = {"lam": np.cos(x), "w": x, "v": x**2}
    terms = [
        missing_term(wrt, lam, Wrong(one, lam["lam"] * lam[wrt], 1e-9 * one))
        for wrt in "wv"
    ]
    assert sentence(terms) == "the gradient of ½·lam·(w² + v²) is missing"
    other = missing_term("w", lam, Wrong(one, 3 * lam["w"], one))
    assert other.says == "the gradient of 3/2·w² is missing"
    assert sentence([terms[1], other]) == ""
    constant = missing_term("w", lam, Wrong(one + 2, one, one))
    assert constant.says == "the term 2 is too much"
    assert missing_term("w", lam, Wrong(one, np.exp(x), one)) is None


# A backward and what arrives at it.


def sine(ctx, a):
    ctx.save(slope=np.cos(a))
    return np.sin(a)


BACKWARDS = {
    "": lambda s, g: s * g,
    "does not use the gradient that arrives": lambda s, g: s,
    "uses the gradient that arrives (grad) twice": lambda s, g: s * g * g,
    "loses the sign of": lambda s, g: s * np.abs(g),
    "not linear in the gradient that arrives": lambda s, g: s * np.clip(g, -5, 5),
    "is not linear": lambda s, g: s * g + 0.1 * (g == 0),
    "mixes what arrives at one sample": lambda s, g: s * np.full_like(g, g.mean()),
    "right to 7 digits only, as float32": lambda s, g: (s * g).astype(np.float32),
    "declares is wrong: the sign is flipped": lambda s, g: -s * g,
    "2 times the true derivative; and the backward of f does not use":
        lambda s, g: 2 * s,
}  # fmt: skip
AROUND = {
    "alone": ["xy = f(xa)"],
    "inside an equation": ["xy = b*f(w*xa)"],
    "in a chain": ["xm = f(w*xa)", "xn = f(xm)", "xy = b*xn^2"],
}


@pytest.mark.every(4)
@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("says", BACKWARDS)
def test_a_backward_must_pass_on_what_arrives(says, around):
    passed = BACKWARDS[says]
    with custom_op(
        "f", forward=sine, backward=lambda ctx, grad: passed(ctx.slope, grad)
    ):
        report = check_gradients(parse_graph(AROUND[around]), rng=0, points=3)
    assert report.verdict == ("FAIL" if says else "PASS")
    if says:
        first = next(row.edge for row in report.rows if "f" in str(row.looks_like))
        assert report.first_wrong == first
        assert says in report.diagnosis
        assert " of f " in report.diagnosis or " f declares" in report.diagnosis


def test_of_two_arguments_the_one_is_named_whose_share_is_wrong():
    def forward(ctx, a, b):
        ctx.save(a=a, b=b)
        return a * b

    with custom_op(
        "f", forward=forward, backward=lambda ctx, grad: (ctx.b * grad, ctx.a)
    ):
        graph = parse_graph(["xy = f(xa, xb)*w"])
        report = check_gradients(graph, rng=0)
        right = {("xy", "xb"): "xa*w"}
        claimed = check_gradients(graph, claims=right, rng=0)
    assert report.first_wrong == ("xy", "xb")
    says = "does not use the gradient that arrives (grad) in its share for xb"
    assert says in report.diagnosis
    assert report.row("xy", "xa").verdict == "PASS"
    assert {row.edge for row in claimed.failures} == {("xy", "xb")}
    assert (claimed.failures[0].kind, says in claimed.diagnosis) == ("total", True)


def test_a_declared_surrogate_may_do_what_it_likes_with_what_arrives():
    for contract in ("surrogate", "straight-through"):
        with custom_op(
            "f", forward=sine, backward=lambda ctx, g: ctx.slope, contract=contract
        ):
            assert check_gradients(parse_graph(["xy = b*f(w*xa) + c"]), rng=0).ok


# Edges: what is suggested is right, and what is said of a claim is so.

MORE = [
    ["xf = 0.5*k*xa^2 + m*xv^2/2 - q/3*xa"],
    ["xp = (xa + b)/(xa - b)^2*exp(-c*xa)", "xq = sqrt(xp^2 + 1)"],
    ["xq = xa/b/c", "xr = -xq^3", "xs = 1/xr - 2^xq"],
    ["xy = max(a*xa, b) + relu(xb)*c", "xz = abs(xy)*log(1 + xa^2)"],
    ["xy = 1e6*a*exp(-xa/3)", "xz = 1e-6*xy*b"],
    ["xu = sin(sin(sin(a*xa)))"],
]


def mistakes(known, edge, rng):
    """Wrong partials of one edge, of all kinds, as expressions."""
    body, x = known.body(edge[0]), name(edge[1])
    right = derivative(body, x, {})
    factor = const(float(rng.choice([-1, 2, 0.5, -0.5, 1 / 3, 1.5, 1e3, 1.01, 0.8])))
    other = name(str(rng.choice(list(known.sites[edge[0]].values))))
    yield tidy(MUL, factor, right)
    yield from (tidy(op, right, other) for op in (ADD, MUL, OPS["div"]))
    yield const(float(rng.choice([0.0, 1.0, 2.5])))
    yield from (suspect.node for suspect in suspects(body, edge[1]))


def drawn(known, rng):
    """Mistakes on one to three edges, where they change the partial at most points."""
    found = {}
    for i in sorted(rng.permutation(len(known.edges))[: rng.integers(1, 4)]):
        edge = [*known.edges][i]
        pool = list(mistakes(known, edge, rng))
        node = pool[rng.integers(len(pool))]
        claimed = values(node, known.sites[edge[0]].values)
        off = np.abs(claimed - known.own[edge]) > 1e-5 * np.abs(known.own[edge])
        if np.isfinite(claimed).all() and off.any():
            found[edge] = node
    return found


def ratio_told(says):
    """The claimed / true that a sentence names, if it names one."""
    factor = re.match(r"it is (-?[\d.e+]+)(?:/(\d+))? times", says)
    if factor:
        return float(factor[1]) / float(factor[2] or 1)
    percent = re.match(r"it is ([\d.e+-]+) % too (large|small)", says)
    if percent:
        sign = 1 if percent[2] == "large" else -1
        return 1 + sign * float(percent[1]) / 100
    return -1.0 if says == "the sign is flipped" else None


def holds(known, planted_ones):
    claims = {e: Claim(e, show(node), "", node) for e, node in planted_ones.items()}
    report = report_on(known, claims, None)
    wrong = [row for row in report.rows if row.kind == "edge" and row.mend]
    assert [row.edge for row in wrong] == list(planted_ones)
    assert report.first_wrong == next(iter(planted_ones), None)
    for row in wrong:
        at, own = known.sites[row.node].values, known.own[row.edge]
        suggested = parse_expression(row.mend.split(" to ", 1)[1])
        near = pytest.approx(own, rel=1e-9, abs=1e-12 * np.abs(own).max())
        assert values(suggested, at) == near, row.mend
        ratio = ratio_told(row.looks_like)
        if ratio is not None:
            claimed = values(planted_ones[row.edge], at)
            assert claimed == pytest.approx(ratio * own, rel=1e-2, abs=1e-9), row
    if wrong:
        sentence = f"{wrong[0].mend[0].upper()}{wrong[0].mend[1:]}."
        assert sentence in report.diagnosis


GRAPHS = [*sorted({*PROBLEMS, *KINKED} - {"constant"}), *range(8), *map(tuple, MORE)]


@functools.cache
def graph_of(case):
    """One object for each case, so that its differences are taken once."""
    if isinstance(case, tuple):
        return parse_graph(case)
    return (random_dag(case) if isinstance(case, int) else problem(case))[0]


@pytest.mark.every(6)
@pytest.mark.parametrize("case", GRAPHS[::4])
def test_the_suggested_formula_is_the_true_derivative(case):
    known, rng = check_of(graph_of(case)), np.random.default_rng(5)
    for _ in range(4):
        holds(known, drawn(known, rng))


@pytest.mark.slow
@pytest.mark.parametrize("case", GRAPHS)
def test_the_suggested_formula_is_the_true_derivative_everywhere(case):
    known, rng = check_of(graph_of(case)), np.random.default_rng(6)
    for _ in range(40):
        holds(known, drawn(known, rng))


def test_no_formula_is_suggested_that_a_wrong_operation_would_give():
    with custom_op("f", forward=sine, backward=lambda ctx, grad: 2 * ctx.slope * grad):
        claims = {("xy", "xa"): "b*cos(xa)/3"}
        report = check_gradients(parse_graph(["xy = b*f(xa)"]), claims=claims, rng=0)
    assert "it is 1/3 times the true derivative" in report.diagnosis
    assert report.row("xy", "xa").mend == ""
    assert "hange b*cos" not in report.diagnosis


def test_all_that_is_wrong_is_listed_and_counted():
    texts = [f"x{i + 1} = x{i}^2" for i in range(12)]
    claims = {(f"x{i + 1}", f"x{i}"): f"x{i}" for i in range(12)}
    report = check_gradients(parse_graph(texts), claims=claims, at={"x0": 0.99})
    assert report.first_wrong == ("x1", "x0")
    others = ", ".join(f"∂x{i + 1}/∂x{i}" for i in range(1, 9))
    assert f"Also wrong: {others} and 3 more." in report.diagnosis


SAID = [
    ("xy = w^2/2", "w", "2*w", "it is 2 times the true derivative", "mean"),
    ("xy = (xa^2 + xb^2)/2", "xa", "2*xa", "the mean over 2 belongs", ""),
    ("xy = 0.25*(a*xa - b*xb + c + d)", "xa", "a", "the mean over 4 belongs", ""),
    ("xy = (a*xa + b)/3", "xa", "a", "it is 3 times the true derivative", "mean"),
    ("xy = sqrt(xa) + b", "xa", "0.5/sqrt(xa)/b", "factor 1/b too many", "missing"),
    ("xy = exp(a*xa)", "xa", "1", "left out|one number", "arrives"),
    ("xy = xa^3*b", "xa", "3*b*xa", "is lowered by 2, not by 1", ""),
    ("xy = sin(xa)*b + cos(xa)*c", "xa", "b*cos(xa) + c*sin(xa)", "wrong sign", ""),
    ("xy = a*xa + b*sin(xb)", "xa", "a*1.0000001", "right to 7 digits only", "%"),
]


@pytest.mark.parametrize(("text", "wrt", "claim", "says", "never"), SAID)
def test_no_story_is_told_that_a_reader_would_believe_in_vain(
    text, wrt, claim, says, never
):
    known = check_of(parse_graph([text]))
    claims = read_claims(known.graph, {("xy", wrt): claim}, None, None)
    row = report_on(known, claims, None).row("xy", wrt)
    assert row.verdict == "FAIL"
    assert re.search(says, row.looks_like), row.looks_like
    assert not never or never not in row.looks_like


def test_a_name_that_is_zero_explains_nothing():
    graph = parse_graph(["xo = xa - xa", "xy = tanh(xa - xo)"])
    claims = {("xy", "xa"): "1 - xy^2 + xy"}
    row = check_gradients(graph, claims=claims, rng=0).row("xy", "xa")
    assert row.looks_like == "the term xy is too much" or "xo" not in row.looks_like
    inf = np.full(3, np.inf)
    assert not Wrong(np.ones(3), np.ones(3), np.zeros(3)).agrees(inf)


@pytest.mark.parametrize(
    ("text", "means"),
    [("(a + b)/2", {2.0}), ("a/2", set()), ("0.25*(a + b - c + d)", {4}),
     ("(a + b)/3", set()), ("(a*b + c)/2 + d/4", {2.0})],
)  # fmt: skip
def test_a_mean_is_a_sum_divided_by_its_number_of_terms(text, means):
    assert divisors(parse_expression(text)) == means


@pytest.mark.parametrize("ratio", [2, 0.5, -2, -0.5, 3, 1 / 3, -1 / 7, 1000])
def test_a_factor_is_told_with_its_sign(ratio):
    _, says = special(ratio)
    assert ratio_told(says) == pytest.approx(ratio)


def test_a_range_is_told_in_digits_that_differ():
    true = np.linspace(1.0, 2.0, 5)
    wrong = Wrong(true * (1 + 1e-5 * np.sin(9 * true)), true, 1e-12 * true)
    found = explain(WrongDerivative(ZERO, "y", "x", {}, wrong))
    low, high = re.search(r"from (\S+) to (\S+)", found.says).groups()
    assert low != high
