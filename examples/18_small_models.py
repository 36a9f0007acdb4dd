"""18. A quadratic form, batch norm and a Kalman update: matrix derivatives by hand.

Three models whose gradients are worked out on paper, each as lines of one text. They
are held against differences, and against the formula that is often written instead.
"""

from cgprimer import check_gradients, parse_graph


def check(graph, lines, **options):
    """The report on hand-written derivatives of xl."""
    options = {"points": 2, "rng": 0, **options}
    return check_gradients(graph, claims=lines, output="xl", **options)


# The gradient of xᵀAx is (A + Aᵀ)x. It is 2Ax where A is symmetric, and only there.

form = parse_graph(["A: 3 x 3", "xv: 3", "xl = xv @ A @ xv"])
right = check(form, "dxv = (A + A') @ xv\ndA = outer(xv, xv)")
twice = check(form, "dxv = 2*A @ xv")
print("quadratic form:", right.diagnosis)
print("  2Ax:", twice.diagnosis)
assert right.ok
assert twice.verdict == "FAIL"

# Batch norm: every column loses its mean and is divided by its deviation. An entry has
# three ways to the loss: itself, the mean, the variance, and dx has a term for each.

norm = parse_graph(
    [
        "xx, C: 6 x 4",
        "gam, bet: 4",
        "xm = mean(xx, axis=0)",
        "xs = sqrt(mean((xx - xm)^2, axis=0) + 1e-5)",
        "xu = (xx - xm)/xs",
        "xn = gam*xu + bet",
        "xl = sum(C*xn)",
    ]
)
backward = """
    dgam = sum(dxn*xu, axis=0)
    dbet = sum(dxn, axis=0)
    dxx = (dxn - mean(dxn, axis=0) - xu*mean(dxn*xu, axis=0))*gam/xs
"""
right = check(norm, backward)
constant = check(norm, backward.replace(" - xu*mean(dxn*xu, axis=0)", ""))
print("batch norm:", right.diagnosis)
print("  variance taken as constant:", constant.diagnosis)
assert right.ok
assert constant.first_wrong == ("xl", "xx")

# A Kalman filter believes in a state m with covariance P, and sees y = H m and noise of
# covariance R. What is new in y, the innovation r, has the covariance S, and xl is its
# negative log likelihood. Books differentiate it as if S were symmetric, as it is.

equations = [
    "H: 2 x 3",
    "m: 3",
    "y: 2",
    "xr = y - H @ m",
    "xS = H @ xP @ H' + xR",
    "xl = 0.5*(xr @ solve(xS, xr) + logdet(xS))",
]
backward = """
    dxr = solve(xS, xr)
    dxS = 0.5*(inv(xS) - outer(solve(xS, xr), solve(xS, xr)))
    dm = -H' @ dxr
    dxP = H' @ dxS @ H
"""
free = parse_graph(["xP: 3 x 3", "xR: 2 x 2", *equations])
any_matrix = check(free, backward)
print("Kalman, any P and R:", any_matrix.diagnosis)
assert any_matrix.verdict == "FAIL"

# A random matrix is no covariance. L Lᵀ is one, and then the formulas hold; a
# derivative by L itself has P twice.

covariances = ["L: 3 x 3", "N: 2 x 2", "xP = L @ L'", "xR = N @ N'"]
kalman = parse_graph([*covariances, *equations])
right = check(kalman, backward + "    dL = 2*dxP @ L\n    dN = 2*dxS @ N")
print("Kalman, P = L L', R = N N':", right.diagnosis)
once = check(kalman, backward + "    dL = dxP @ L")
print("  L counted once:", once.diagnosis)
assert "1/2 times the true derivative" in once.diagnosis
assert right.ok
