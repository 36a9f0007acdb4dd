"""Advice on what is written of arrays and is not in their language.

    name, sign, place ─▶ a hint, for the messages of `expr.array_syntax`

A function of numpy, torch or MATLAB is a row of the table, in those of this language.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cgprimer.errors import listing, shorten, suggest
from cgprimer.expr.array_op import REQUIRED, ArrayOp
from cgprimer.expr.foreign_names import about_function
from cgprimer.expr.foreign_signs import PRODUCT
from cgprimer.expr.node import Node
from cgprimer.expr.ops import CONST, OPS, Op

PRODUCTS = "write a @ b for the product of matrices, a*b for one entry by entry"
_KEEP = "unsqueeze(sum(x, axis=1), axis=1) keeps the axis"
_FUNCTIONS = {
    "dot mm bmm mv multi_dot tensordot inner vdot gemm": "write a @ b",
    "multiply hadamard": "write a*b",
    "t transposed tr_": "write a'",
    "norm vecnorm magnitude": "write norm2(a), the root of the sum of squares",
    "normalize": "write a/norm2(a)",
    "std": "write sqrt(var(a)), which divides by n",
    "frobenius fro": "write norm2(a)",
    "cross": "write the components of a cross product out",
    "kron": "write outer(a, b), or einsum with letters for the axes",
    "zeros zeros_like": "write 0*a for zeros as many as a has",
    "ones ones_like": "write 0*a + 1 for ones as many as a has",
    "identity": "write eye(a) for the identity as large as the matrix a",
    "expand_dims": "write unsqueeze(a, axis=0)",
    "concatenate cat hstack vstack append": "write concat(a, b, axis=0)",
    "log_softmax": "write logsoftmax(a)",
    "swapaxes swap_axes moveaxis": "write permute(a, axes=(1, 0, 2))",
    "average avg": "write mean(a)",
    "maximum fmax": "write max(a, b)",
    "minimum fmin": "write min(a, b)",
    "amax": "write max(a), or max(a, axis=0)",
    "amin": "write min(a), or min(a, axis=0)",
    "max_pool2d maxpool maxpooling2d": "write maxpool2d(a, size=2)",
    "avg_pool2d avgpool": "write avgpool2d(a, size=2)",
    "conv convolve correlate2d": "write conv2d(image, kernels)",
    "linear dense": "write W @ x + b",
    "cross_entropy crossentropy": "write logsumexp(x) - x[t]",
    "mse mse_loss": "write mean((a - b)^2)",
    "onehot one_hot": "pick the entry of a class by its number: x[t]",
    "pinv": "write solve(A' @ A, A') where the columns of A are independent",
    "slogdet": "write logdet(a)",
    "sum_squares sumsq": "write sum(a^2)",
    "view": "write reshape(a, shape=(2, 6))",
    "ravel": "write flatten(a)",
    "bias_add": "write a + b",
    "eig eigh eigvals svd qr": "of decompositions there is cholesky alone",
    "arange linspace range": "declare a name, and give its numbers with the values",
    "argmin": "write softmax(-a) for a smooth form, min(a) for the value itself",
    "reduce_sum": "write sum(a, axis=0)",
    "reduce_mean": "write mean(a, axis=0)",
    "reduce_max": "write max(a, axis=0)",
    "dropout": "multiply by a variable of zeros and ones",
}  # fmt: skip
_FOREIGN = {name: hint for names, hint in _FUNCTIONS.items() for name in names.split()}
_PROGRAMS = {
    "cumsum": "name the axis: cumsum(x, axis=0)",
    "flip": "name the axis: flip(x, axis=0)",
    "softmax": "name the axis: softmax(x, axis=-1)",
    "diag": "write diag(v) for the matrix of a vector, diagonal(A) for its opposite",
    "var": "var(x) divides by n; torch by n - 1, as sum((x - mean(x))^2)/(n - 1)",
    "max": "write max(x, axis=1) along an axis, max(a, b) for the larger entries",
    "min": "write min(x, axis=1) along an axis, min(a, b) for the smaller entries",
    "norm": "write norm2(x), the root of the sum of squares, or norm1(x)",
    "reshape": "write reshape(x, shape=(2, 6))",
    "transpose": "write x' for the last two axes, or permute(x, axes=(1, 0, 2))",
    "eye": "write eye(a) for the identity as large as the matrix a",
}
"""Functions of programs whose own meaning is another one, or has no keywords."""

_KEYWORDS = {
    "dim": "write axis=", "dims": "write axes=", "axes": "write axis=",
    "keepdims": _KEEP, "keepdim": _KEEP, "newshape": "write shape=",
    "kernel_size": "write size=", "pool_size": "write size=",
    "strides": "write stride=",
    "ord": "norm1 and norm2 are the norms", "p": "norm1 and norm2 are the norms",
    "pad_width": "write widths=", "start_dim": "write start=",
}  # fmt: skip
_SIGNS = {
    "·⋅∙•×✕": PRODUCTS,
    "⊗": "write outer(a, b) for the outer product of two vectors",
    "⁻": "write inv(A) for the inverse of a matrix, 1/a for one entry by entry",
    "∑Σ": "write sum(x), or sum(x, axis=0)",
    "‖∥": "write norm2(x), the root of the sum of squares, or norm1(x)",
    "|": "write abs(x) for each entry, norm2(x) for the length of a vector, det(A)",
    "ᴴ†": "there are no complex numbers: a transpose is A'",
    "\\": "write solve(A, b) for A\\b",
    "⁺": "write solve(A' @ A, A') where the columns of A are independent",
    ";": "write one equation per string or line",
    "{": "write parentheses ( )",
    "&": "write the product of two: (a > 0)*(b > 0)",
    "~": "write 1 - (a > 0) for what is not above 0",
    "!": "write 1 - (a > 0) for what is not above 0",
    "%": "the remainder is not an operation of the language",
    "?": "write where(c, a, b)",
    ":": "a declaration stands on a line of its own, a slice in brackets: x[1:3]",
}  # fmt: skip
_HINTS = {sign: hint for signs, hint in _SIGNS.items() for sign in signs}


def about_array_function(token: str, known: Collection[str]) -> str:
    """A hint on a function that there is not."""
    plain = token.lower()
    if plain in known:
        return f"did you mean {plain!r}?"
    found = _FOREIGN.get(plain) or _FOREIGN.get(plain.replace("_", ""))
    near = suggest(token, known) if len(token) > 1 else ""
    if found or near:
        return found or near
    hint = about_function(token)
    return PRODUCTS if hint.startswith(PRODUCT) else hint


def about_array_sign(sign: str, before: str, behind: str) -> str:
    """A hint on a sign of another language; "" where that of numbers serves."""
    if sign == "\\" and re.match(r"\s*[A-Za-z](?![A-Za-z])", behind):
        return _HINTS[sign]
    if sign == "\\" and re.match(r"[A-Za-z,;!{]", behind):
        return ""  # LaTeX
    if sign == "{" and before.endswith("^") and re.match(r"\s*T\s*\}", behind):
        return "write A' for the transpose"
    if sign == "%" and re.match(r"\*%|o%", behind):
        return PRODUCTS if behind[0] == "*" else "write outer(a, b)"
    if sign == "." and behind[:1] == "'":
        return "write A' for the transpose"
    if sign == "." and behind[:1] in ("*", "/", "^"):
        return f"leave the point away: {PRODUCTS}"
    if sign == "." and (called := re.match(r"(?:linalg\.)?(\w+)\s*\(", behind)):
        return (_FOREIGN | _PROGRAMS).get(called[1], "")
    if sign == "." or (sign in "{:" and re.search(r"[_^]$|\[[^\]]*$", before[-40:])):
        return ""
    return _HINTS.get(sign, "")


def about_array_gap(tokens: Sequence[str], at: int, hint: str) -> str:
    """A hint on two values with no operator between them."""
    return PRODUCTS if hint.startswith(PRODUCT) or tokens[at - 1] in ("'", "]") else ""


def about_keyword(op: Op, key: str, keys: Mapping[str, Any]) -> str:
    """A hint on a keyword that a function does not have."""
    if not keys:
        return (
            f"{op.name} is taken of each entry" if not isinstance(op, ArrayOp) else ""
        )
    near = _KEYWORDS.get(key, "")
    known = near.removeprefix("write ").rstrip("=")
    if near and (known == near or known in keys):
        return near
    return suggest(key, keys) or f"its keywords are {listing(f'{k}=' for k in keys)}"


def about_more(tokens: Sequence[str], op: ArrayOp) -> str:
    """A hint on a call with more arguments than there can be."""
    called, keys = shorten(tokens[0], 16), [*op.attrs]
    if "=" in tokens and op.name in ("largest", "smallest"):
        return f"write {called}({called}(a, b), {keys[0]}=0)"
    # What is behind may be the value of a keyword, as in sum(x, 0).
    of_keyword = keys and (tokens[-2].isdigit() or op.attrs[keys[0]] is REQUIRED)
    return f"write the keyword: {called}(…, {keys[0]}=…)" if of_keyword else ""


def is_inverse(node: Node) -> bool:
    """Whether a node is a power of -1, as books write the inverse of a matrix."""
    if node.op is not OPS["pow"]:
        return False
    power, inverse = node.args[1], -1
    if power.op is OPS["neg"]:
        power, inverse = power.args[0], 1
    return power.op is CONST and power.value == inverse
