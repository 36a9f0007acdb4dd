r"""13. A derivation checked, line by line.

The value and the slope of sin(x)/x, worked out as one would on paper: three steps
forward, then the adjoints backward. One line is wrong. A check of the final formula
would say that something is; this one says which '=' it is, and what it looks like.
"""

from cgprimer import check_derivation

worked_out = r"""
    v_1 = \frac{1}{x}
    v_2 = \sin x
    v_3 = v_1 v_2 = \frac{\sin x}{x}

    \bar v_3 = 1
    \bar v_2 = \bar v_3 \frac{\partial v_3}{\partial v_2} = \bar v_3 v_1 = \frac{1}{x}
    \bar v_1 = \bar v_3 \frac{\partial v_3}{\partial v_1} = \bar v_3 v_2 = \sin x

    \bar x = \bar v_1 \frac{dv_1}{dx} + \bar v_2 \frac{dv_2}{dx}
    \bar x = \sin x \cdot \frac{1}{x^2} + \frac{1}{x} \cos x
    \bar x = \frac{x \cos x - \sin x}{x^2}
"""

report = check_derivation(worked_out, rng=0)
print(report)

# Every adjoint in the text means the true one, from v1, v2 and v3 by reverse
# accumulation. So the line behind the mistake is right again: it is judged by itself.

wrong = report.first_wrong
assert not report.ok
assert [row.verdict for row in report.claims].count("FAIL") == 1
assert wrong is not None
assert wrong.line == 11
assert "wrong sign" in wrong.remark

# With the sign put right every '=' holds, at random points and for sympy.

corrected = worked_out.replace(
    r"\sin x \cdot \frac{1}{x^2}", r"-\sin x \cdot \frac{1}{x^2}"
)
report = check_derivation(corrected, rng=0)
print(report.summary())
assert report.ok
assert {row.symbolic for row in report.claims} == {"shown"}

# Plain text does as well, and numbers may be rounded: 0.7412 says "to four digits".

numbers = check_derivation("""
    x = 1.3
    y = sin(x)/x = 0.7412
    dy/dx = (x*cos(x) - sin(x))/x^2 = -0.3644
""")
assert numbers.ok
