"""Gradient checks as assertions, for the test suites of other projects.

    from cgprimer.testing import assert_gradient

    def test_loss():
        assert_gradient(loss, gradient_of_loss, np.linspace(-1.0, 1.0, 5))

What fails raises AssertionError with the whole report: every component that was looked
at, what differences say there, and what the mistake looks like. What could not be
decided raises as well, unless it is allowed: a test that cannot fail is no test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph
    from cgprimer.judge.report import CheckReport

__all__ = ["assert_gradient", "assert_gradients"]


def assert_gradient(
    f: Callable[..., Any],
    grad: Any,
    x: Any,
    *,
    allow_inconclusive: bool = False,
    **options: Any,
) -> CheckReport:
    """Raise AssertionError unless `grad` is the gradient of `f` at `x`.

    options : those of `cgprimer.check_function`, which see for f, grad and x.
    allow_inconclusive : whether it is enough that nothing was found to be wrong.

    Returns the report. Raises OptionError for what cannot be compared at all.

    >>> import numpy as np
    >>> report = assert_gradient(lambda x: (x**2).sum(), lambda x: 2 * x, np.ones(3))
    >>> assert_gradient(np.sin, np.cos, 1.0).verdict
    'PASS'
    """
    __tracebackhide__ = True
    from cgprimer.judge.code.foreign import check_function

    return _assert_ok(check_function(f, grad, x, **options), allow_inconclusive)


def assert_gradients(
    graph: Graph,
    *,
    claims: Mapping[tuple[str, str], Any] | None = None,
    allow_inconclusive: bool = False,
    **options: Any,
) -> CheckReport:
    """Raise AssertionError unless every derivative of `graph` and every claim is right.

    options : those of `cgprimer.check_gradients`, which see for the claims.
    allow_inconclusive : whether it is enough that nothing was found to be wrong.

    Returns the report.

    >>> from cgprimer import parse_graph
    >>> graph = parse_graph(["xz = tanh(w*xa)"])
    >>> claims = {("xz", "w"): "(1 - xz^2)*xa"}
    >>> assert_gradients(graph, claims=claims, rng=0).verdict
    'PASS'
    """
    __tracebackhide__ = True
    from cgprimer.judge.check import check_gradients

    report = check_gradients(graph, claims=claims, **options)
    return _assert_ok(report, allow_inconclusive)


def _assert_ok(report: CheckReport, allow_inconclusive: bool) -> CheckReport:
    __tracebackhide__ = True
    if report.ok or (allow_inconclusive and report.verdict == "INCONCLUSIVE"):
        return report
    raise AssertionError(f"\n{report}")
