"""11. The second derivative of ln(1 + eˣ), written out.

A derivation has two halves: values flow forward, adjoints flow back. The adjoint of a
variable is a sum over its users: the user's adjoint times a partial. The first
derivative of ln(1 + eˣ) is a computation of its own; its reverse trace is the second.
"""

from math import exp

from rich import print as show

from cgprimer import gradient, parse_graph
from cgprimer.derivation.trace import trace

x = {"xa": 1.3}
softplus = parse_graph(["xy = ln(1 + exp(xa))"])

# One equation has one partial; single operations show the chain rule step by step.

print(trace(softplus, x), "\n")
show(trace(softplus, x, level="operations"))

# The first derivative, eˣ/(1 + eˣ), in the steps that one would take by hand. They are
# single operations already, so they keep their names. Note who uses v1: v2 and v3 do,
# and both terms appear in its adjoint.

slope = parse_graph(["v1 = exp(xa)", "v2 = 1 + v1", "v3 = v1/v2"])
by_hand = trace(slope, x)
print(by_hand, "\n")

# Each of the two terms is a path from xa to v3; one counts up, the other down.

print(slope.paths("xa", at=x), "\n")

# The same from the gradient's own graph, where the first derivative comes as sigmoid.

first = gradient(softplus, "xy")
by_gradient = trace(first, x)
show(by_gradient)

# Without a point the derivation has formulas only; it goes into a paper as LaTeX, into
# a notebook as HTML, and into a mail as ASCII.

formulas = trace(slope)
print(formulas.ascii(), "\n")
print(formulas.latex())

# eˣ/(1 + eˣ) and eˣ/(1 + eˣ)², at 1.3 and at 0.

e = exp(1.3)
assert abs(trace(softplus, x)["xa"].adjoint - e / (1 + e)) < 1e-15
assert abs(by_hand["v3"].value - e / (1 + e)) < 1e-15
assert abs(by_hand["xa"].adjoint - e / (1 + e) ** 2) < 1e-15
assert abs(by_gradient["xa"].adjoint - e / (1 + e) ** 2) < 1e-15
assert abs(slope.paths("xa", at=x).total - e / (1 + e) ** 2) < 1e-15
assert [row.name for row in by_hand.rows] == ["xa", "v1", "v2", "v3"]
assert [share.user for share in by_hand["v1"].shares] == ["v2", "v3"]
assert trace(slope, {"xa": 0.0})["xa"].adjoint == 0.25
