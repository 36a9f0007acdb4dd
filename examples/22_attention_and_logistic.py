"""22. An attention head and a logistic regression, whose gradients are known by heart.

Both end in a softmax or a sigmoid whose slope cancels against its loss. The formulas
of the books are claims here, and held against differences; then one is used: Newton's
method by hand and a fit of the same text have to end at the same place.
"""

import numpy as np

from cgprimer import SGD, check_gradients, fit, parse_graph

# softmax(Q K'/√d) V: what arrives at the scores is each row's share, less its mean.

head = parse_graph(
    """
    Q, K, V: 6 x 2
    xx: tokens x 6
    M: tokens x tokens
    xq = xx @ Q
    xk = xx @ K
    xs = xq @ xk'/sqrt(2) + M
    xa = softmax(xs, axis=-1)
    xy = xa @ (xx @ V)
    xl = sum(xy^2)
    """
)
rng = np.random.default_rng(0)
at = {name: rng.normal(size=(6, 2)) for name in "QKV"}
at |= {"xx": rng.normal(size=(4, 6)) / 2, "M": np.zeros((4, 4))}
claims = {
    ("xl", "xa"): "dxy @ (xx @ V)'",
    ("xl", "xs"): "xa*(dxa - unsqueeze(sum(dxa*xa, axis=-1), axis=-1))",
    ("xl", "Q"): "xx' @ dxs @ xk/sqrt(2)",
    ("xl", "K"): "xx' @ dxs' @ xq/sqrt(2)",
    ("xl", "V"): "(xa @ xx)' @ dxy",
}
report = check_gradients(head, at=at, claims=claims, output="xl")
print("attention:", report.summary())
assert report.ok

# A mask of a large negative number: no token sees a later one, so the first row of the
# weights is (1, 0, 0, 0), and no slope passes there.
masked = at | {"M": np.triu(np.full((4, 4), -1e9), k=1)}
weights = head.evaluate(masked)["xa"]
slopes = head.gradient_at("xl", masked, ["xs"])["xs"]
print(weights.round(2))
assert (weights[np.triu_indices(4, 1)] == 0).all()
assert (slopes[np.triu_indices(4, 1)] == 0).all()

# The same with the mean of a row forgotten, as if each weight had its own slope only.
wrong = claims | {("xl", "xs"): "xa*(1 - xa)*dxa"}
report = check_gradients(head, at=at, claims=wrong, output="xl")
print("diagonal alone:", str(report.summary())[:150])
assert not report.ok

# Logistic regression on one sample: -ln of what was right is softplus(m) - y*m.

logistic = parse_graph(
    ["w: 3", "c: scalar", "xx: 3", "xm = w @ xx + c", "xl = softplus(xm) - xt*xm"]
)
report = check_gradients(
    logistic,
    claims={("xl", "w"): "(sigmoid(xm) - xt)*xx", ("xl", "c"): "sigmoid(xm) - xt"},
    output="xl",
)
print("logistic:", report.summary())
assert report.ok

points = rng.normal(size=(400, 3))
odds = points @ [1.0, -2.0, 0.5] + 0.3
kinds = (rng.random(400) < 1 / (1 + np.exp(-odds))).astype(float)

# Newton's method: the slope of the sum is X'(p - y), its curvature X' diag(p(1 - p)) X.
X, beta = np.column_stack([points, np.ones(400)]), np.zeros(4)
for _ in range(8):
    p = 1 / (1 + np.exp(-X @ beta))
    beta -= np.linalg.solve(X.T @ (X * (p * (1 - p))[:, None]), X.T @ (p - kinds))

found = fit(
    logistic, {"xx": points, "xt": kinds}, SGD(1.0, momentum=0.9), loss="xl",
    batch=None, epochs=400, start={"w": 0, "c": 0}, progress=False,
)  # fmt: skip
mine = [*found.parameters["w"], found.parameters["c"]]
print("by Newton", beta.round(6), "by the fit", np.round(mine, 6))
assert np.allclose(mine, beta, atol=1e-6)
