"""10. A gradient check that could not fail, and what ours says of it.

A course lab compared each derivative with a difference quotient, in single precision,
with the step 1e-9, and raised an error where the two were *close*. Both halves hide
each other: the step is lost in rounding (p + 1e-9 is p again for |p| ≥ 1/32), so the
quotient is zero, never close to a gradient that is not, and nothing is ever raised.
"""

import numpy as np

from cgprimer import CGPrimerError, check_function, edge_partials, parse_graph

inputs = np.array([0.5, -1.0, 2.0], dtype=np.float32)
target = np.float32(0.25)


def loss(p):
    """Squared error of one tanh unit, in the precision of p."""
    return (np.tanh(p @ inputs.astype(p.dtype)) - target) ** 2


def gradient(p):
    """The derivative of `loss`."""
    y = np.tanh(p @ inputs)
    return 2 * (y - target) * (1 - y**2) * inputs


def course_check(loss, p, claimed):
    """The published check, as it was: says "wrong" where the numbers agree."""
    for i in range(len(p)):
        moved = p.copy()
        moved[i] += np.float32(1e-9)
        quotient = (loss(moved) - loss(p)) / np.float32(1e-9)
        if abs(quotient - claimed[i]) < 1e-7:
            return "wrong"
    return "fine"


# A check is checked by mistakes that are put in on purpose.

p = np.array([0.3, 0.2, -0.1], dtype=np.float32)
right = gradient(p)
mistakes = {
    "none": right,
    "sign flipped": -right,
    "factor 2": 2 * right,
    "tanh′ left out": right / (1 - np.tanh(p @ inputs) ** 2),
    "swapped": right[[1, 0, 2]],
    "1 % off": np.float32(1.01) * right,
    "all 1000": np.full(3, 1000, dtype=np.float32),
}
print(f"{'mistake':<15} {'course':<7} ours")
found = {}
for mistake, claimed in mistakes.items():
    report = check_function(loss, claimed, p)
    found[mistake] = report.verdict
    course = course_check(loss, p, claimed)
    print(f"{mistake:<15} {course:<7} {report.verdict}: {report.diagnosis}")
    assert course == "fine"

# Turning the comparison round would not have saved it: the quotient is still zero, so
# now the correct gradient would be called wrong, and a zero one fine.

zero = np.zeros(3, dtype=np.float32)
print("a gradient of zeros:", course_check(loss, p, zero))
assert p[0] + np.float32(1e-9) == p[0]

# Where a step is lost, a difference is refused rather than called zero. The bounds of
# ours widen with the rounding of single precision, which is probed: what cannot be told
# is INCONCLUSIVE, not PASS.

graph = parse_graph(["xl = (tanh(p*xa) - 0.25)^2"])
try:
    edge_partials(graph, {"p": 0.3, "xa": 1.0}, method="finite", step=1e-17)
except CGPrimerError as error:
    refusal = str(error)
    print(refusal)
assert "lost in rounding" in refusal

wrong = [mistake for mistake in mistakes if mistake != "none"]
assert found["none"] == "PASS"
assert [found[mistake] for mistake in wrong] == ["FAIL"] * len(wrong)
