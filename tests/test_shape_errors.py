"""Every mistake of shapes gives its whole message, with what would fit."""

import re

import pytest

from cgprimer import ExpressionError, parse_graph
from cgprimer.graph.declarations import is_declaration

# Texts, and what is said of them
ROWS = """\
W: 64 x 32
xx: batch x 64
b: 32
xh = relu(W @ xx + b)
--
shapes do not fit '@': inner axes: 32 and batch differ
    W: 64 x 32   (declared W: 64 x 32)
    xx: batch x 64   (declared xx: batch x 64)

    xh = relu(W @ xx + b)
                ^
  hint: xx @ W fits
====
xp: n x 1
xt: n
loss = mean((xp - xt)^2)
--
shapes do not fit '-': each side would be stretched, to n x n
    xp: n x 1   (declared xp: n x 1)
    xt: n   (declared xt: n)

    loss = mean((xp - xt)^2)
                    ^
  hint: squeeze(xp, axis=1) fits; for all pairs write outer, or unsqueeze
====
K: 16 x 3 x 5 x 5
xx: batch x 3 x 4 x 4
xc = conv2d(xx, K)
--
shapes do not fit conv2d: a window of 5 does not fit into 4
    xx: batch x 3 x 4 x 4   (declared xx: batch x 3 x 4 x 4)
    K: 16 x 3 x 5 x 5   (declared K: 16 x 3 x 5 x 5)

    xc = conv2d(xx, K)
         ^^^^^^
  hint: padding=1 fits
====
K: 16 x 1 x 5 x 5
xx: 3 x 32 x 32
xc = conv2d(xx, K)
--
shapes do not fit conv2d: channels: 3 and 1 differ
    xx: 3 x 32 x 32   (declared xx: 3 x 32 x 32)
    K: 16 x 1 x 5 x 5   (declared K: 16 x 1 x 5 x 5)

    xc = conv2d(xx, K)
         ^^^^^^
  hint: K: 16 x 3 x 5 x 5 would fit
====
K: 16 x 3
xx: 3 x 32 x 32
xc = conv2d(xx, K)
--
shapes do not fit conv2d: kernels are of 4 axes, not 16 x 3
    xx: 3 x 32 x 32   (declared xx: 3 x 32 x 32)
    K: 16 x 3   (declared K: 16 x 3)

    xc = conv2d(xx, K)
         ^^^^^^
  hint: declare kernels x channels x rows x columns, such as 6 x 1 x 5 x 5
====
K: 16 x 3 x 5 x 5
k: 16
xx: 3 x 32 x 32
xc = conv2d(xx, K) + k
--
shapes do not fit '+': axis 2: 28 and 16 differ
    conv2d(xx, K): 16 x 28 x 28
    k: 16   (declared k: 16)

    xc = conv2d(xx, K) + k
                       ^
  hint: k: 16 x 1 x 1 would fit
====
V: 512 x 10
K: 16 x 3 x 5 x 5
xx: batch x 3 x 32 x 32
xo = flatten(maxpool2d(relu(conv2d(xx, K)), size=2), start=1) @ V
--
shapes do not fit '@': inner axes: 3136 and 512 differ
    flatten(maxpool2d(relu(conv2d(xx, K)), size=2),…: batch x 3136
    V: 512 x 10   (declared V: 512 x 10)

    xo = flatten(maxpool2d(relu(conv2d(xx, K)), size=2), start=1) @ V
                                                                  ^
  hint: V: 3136 x 10 would fit
====
X: n x p
y: m
w = solve(X' @ X, X' @ y)
--
shapes do not fit '@': inner axes: n and m differ
    X': p x n
    y: m   (declared y: m)

    w = solve(X' @ X, X' @ y)
                         ^
  hint: y: n would fit
====
X: n x p
y: n
w = solve(X, y)
--
shapes do not fit solve: a square matrix is expected, not n x p
    X: n x p   (declared X: n x p)
    y: n   (declared y: n)

    w = solve(X, y)
        ^^^^^
  hint: solve(X' @ X, X' @ y) is the solution by least squares
====
X: n x p
s = det(X)
--
shapes do not fit det: a square matrix is expected, not n x p
    X: n x p   (declared X: n x p)

    s = det(X)
        ^^^
  hint: X' @ X is square
====
A: n x n
xs = sort(A)
--
shapes do not fit sort: a vector is expected, not n x n
    A: n x n   (declared A: n x n)

    xs = sort(A)
         ^^^^
  hint: flatten(A) fits
====
xx: batch x 10
xt: 7
loss = mean(logsumexp(xx, axis=1) - xx[xt])
--
shapes do not fit the subscript: batch and 7 differ
    xx: batch x 10   (declared xx: batch x 10)
    xt: 7   (declared xt: 7)

    loss = mean(logsumexp(xx, axis=1) - xx[xt])
                                          ^^^^
  hint: xt: batch would fit
====
xx: 10
xt: batch
loss = xx[xt]
--
shapes do not fit the subscript: one index is expected, not batch
    xx: 10   (declared xx: 10)
    xt: batch   (declared xt: batch)

    loss = xx[xt]
             ^^^^
  hint: take(x, i, axis=0) takes several along an axis
====
xx: batch x 10
loss = mean(xx[xt])
--
'xt' meets an array of batch x 10, but has no shape

    loss = mean(xx[xt])
                   ^^
  hint: declare it: xt: batch
====
a: 3 x 4
b: 3 x 5
xc = concat(a, b, axis=0)
--
shapes do not fit concat: axis 1: 4 and 5 differ
    a: 3 x 4   (declared a: 3 x 4)
    b: 3 x 5   (declared b: 3 x 5)

    xc = concat(a, b, axis=0)
         ^^^^^^
  hint: axis=1 fits
====
a: 3 x 4
b: 4
xc = concat(a, b)
--
shapes do not fit concat: 3 x 4 and 4 differ
    a: 3 x 4   (declared a: 3 x 4)
    b: 4   (declared b: 4)

    xc = concat(a, b)
         ^^^^^^
  hint: unsqueeze(b, axis=0) fits
====
a: 3 x 4
b: 5 x 6
xc = einsum("ij,jk->ik", a, b)
--
shapes do not fit einsum: axes 'j': 4 and 5 differ
    a: 3 x 4   (declared a: 3 x 4)
    b: 5 x 6   (declared b: 5 x 6)

    xc = einsum("ij,jk->ik", a, b)
         ^^^^^^
  hint: b: 4 x 6 would fit
====
a: 3 x 4
b: 4
xc = einsum("ij,jk->ik", a, b)
--
shapes do not fit einsum: 'jk' names 2 axes of 4
    a: 3 x 4   (declared a: 3 x 4)
    b: 4   (declared b: 4)

    xc = einsum("ij,jk->ik", a, b)
         ^^^^^^
====
a: 3 x 4
xc = einsum("ij,jk->ik", a)
--
shapes do not fit einsum: the form 'ij,jk->ik' is of 2 arrays, not 1
    a: 3 x 4   (declared a: 3 x 4)

    xc = einsum("ij,jk->ik", a)
         ^^^^^^
====
a: 3 x 4
xs = sum(a, axis=2)
--
shapes do not fit sum: there is no axis 2 in 3 x 4
    a: 3 x 4   (declared a: 3 x 4)

    xs = sum(a, axis=2)
         ^^^
  hint: its axes are 0 to 1
====
a: n x n
xs = sum(a, axis=n)
--
shapes do not fit sum: 2 axes of n x n are n
    a: n x n   (declared a: n x n)

    xs = sum(a, axis=n)
         ^^^
  hint: write axis=0 or axis=1
====
a: n x p
xs = sum(a, axis=batch)
--
shapes do not fit sum: no axis of n x p is batch
    a: n x p   (declared a: n x p)

    xs = sum(a, axis=batch)
         ^^^
  hint: its axes are 0 to 1
====
a: 12
xs = reshape(a, shape=(3, 5))
--
shapes do not fit reshape: 12 entries do not fit into 3 x 5, which are 15
    a: 12   (declared a: 12)

    xs = reshape(a, shape=(3, 5))
         ^^^^^^^
  hint: shape=(3, 4) fits
====
a: 12
xs = reshape(a, shape=(n, 5))
--
shapes do not fit reshape: 'n' is the name of no size
    a: 12   (declared a: 12)

    xs = reshape(a, shape=(n, 5))
         ^^^^^^^
  hint: no size has a name
====
a: n x 12
xs = reshape(a, shape=(n, 5))
--
shapes do not fit reshape: 12*n entries do not fit into n x 5, which are 5*n
    a: n x 12   (declared a: n x 12)

    xs = reshape(a, shape=(n, 5))
         ^^^^^^^
  hint: shape=(n, 12) fits
====
a: 3 x 4
v: 3
xs = a + v
--
shapes do not fit '+': axis 1: 4 and 3 differ
    a: 3 x 4   (declared a: 3 x 4)
    v: 3   (declared v: 3)

    xs = a + v
           ^
  hint: unsqueeze(v, axis=1) fits
====
a: 3 x 4
B: 4 x 3
xs = a + B
--
shapes do not fit '+': axis 0: 3 and 4 differ
    a: 3 x 4   (declared a: 3 x 4)
    B: 4 x 3   (declared B: 4 x 3)

    xs = a + B
           ^
  hint: B' fits
====
a: 3 x 4
xs = squeeze(a, axis=0)
--
shapes do not fit squeeze: axis 0 is 3 long, not 1
    a: 3 x 4   (declared a: 3 x 4)

    xs = squeeze(a, axis=0)
         ^^^^^^^
  hint: an axis is left out by sum, mean or max, or by an index
====
a: 3 x 4
xs = a[5]
--
shapes do not fit the subscript: there is no entry 5
    a: 3 x 4   (declared a: 3 x 4)

    xs = a[5]
          ^^^
  hint: the axis has 0 to 2
====
a: 3 x 4
xs = a[0, 1, 2]
--
shapes do not fit the subscript: 3 indices for the 2 axes of 3 x 4
    a: 3 x 4   (declared a: 3 x 4)

    xs = a[0, 1, 2]
          ^^^^^^^^^
====
a: 3
xs = a'
--
shapes do not fit "'": a matrix is expected, not 3
    a: 3   (declared a: 3)

    xs = a'
          ^
  hint: write a without ': a @ b is a' b of two vectors, outer(a, b) is a b'
====
a: 3
b: 4
xs = a @ b
--
shapes do not fit '@': inner axes: 3 and 4 differ
    a: 3   (declared a: 3)
    b: 4   (declared b: 4)

    xs = a @ b
           ^
  hint: outer(a, b) is of all pairs
====
c: scalar
a: 3
xs = c @ a
--
shapes do not fit '@': '@' multiplies arrays
    c: scalar   (declared c: scalar)
    a: 3   (declared a: 3)

    xs = c @ a
           ^
  hint: c*a fits
====
a: 3
xs = outer(a, b)
--
'b' meets an array of 3, but has no shape

    xs = outer(a, b)
                  ^
  hint: declare it: b: 3
====
a: 3 x 3
b: 3
xs = outer(a, b)
--
shapes do not fit outer: outer takes two vectors, not 3 x 3
    a: 3 x 3   (declared a: 3 x 3)
    b: 3   (declared b: 3)

    xs = outer(a, b)
         ^^^^^
  hint: for more axes write einsum, such as einsum("ij,k->ijk", A, b)
====
A: 3 x 3
xs = trace(A) + sum(c)
--
'c' stands where sum takes an array, but has no shape

    xs = trace(A) + sum(c)
                        ^
  hint: declare it, for example c: 32
====
W: 5 x 3
xh: 3
xh = W @ xx
--
'xh' is 3, but its equation gives 5
    xh: 3   (declared xh: 3)
    W @ xx: 5

    xh = W @ xx
    ^^
  hint: declare xh: 5, or change the equation
====
W: 5 x 3
xh: 5 x 10
xh = W @ xx
--
'xh' is 5 x 10, but its equation gives 5
    xh: 5 x 10   (declared xh: 5 x 10)
    W @ xx: 5

    xh = W @ xx
    ^^
  hint: declare xh: 5, or change the equation
====
W: 3 x 2
u: 2
xa = W @ u
xb = W' @ u
xc = xb + 1
xd = 2*xa + v
--
shapes do not fit '@': inner axes: 3 and 2 differ
    W': 2 x 3
    u: 2   (declared u: 2)

    xb = W' @ u
            ^
  hint: W @ u fits

'v' meets an array of 3, but has no shape

    xd = 2*xa + v
                ^
  hint: declare it: v: 3, or v: scalar
====
x: 3
y = max(x, axis=1)
--
shapes do not fit max: there is no axis 1 in 3
    x: 3   (declared x: 3)

    y = max(x, axis=1)
        ^^^
  hint: its only axis is 0
====
x: 3
y = stack(x, q)
--
'q' meets an array of 3, but has no shape

    y = stack(x, q)
                 ^
  hint: declare it: q: 3
====
c: scalar
y = sum(c) + mean(2*c)
--
unknown function 'sum'

    y = sum(c) + mean(2*c)
        ^^^
  hint: write the terms out: xa + xb + xc

unknown function 'mean'

    y = sum(c) + mean(2*c)
                 ^^^^
  hint: write the terms out: (xa + xb + xc)/3
====
X: n x d
M: k x d
xd = sum((X - M)^2, axis=1)
--
shapes do not fit '-': axis 0: n and k differ
    X: n x d   (declared X: n x d)
    M: k x d   (declared M: k x d)

    xd = sum((X - M)^2, axis=1)
                ^
  hint: unsqueeze(X, axis=1) - unsqueeze(M, axis=0) is of all pairs
====
W: 3 x 4
xy = where(W > 0, W, 0) + where(c > 0, W, 0)
--
'c' meets an array of 3 x 4, but has no shape

    xy = where(W > 0, W, 0) + where(c > 0, W, 0)
                                    ^
  hint: declare it: c: 3 x 4, or c: scalar
====
x: 3
y: 4
z = x - y
--
shapes do not fit '-': 3 and 4 differ
    x: 3   (declared x: 3)
    y: 4   (declared y: 4)

    z = x - y
          ^
  hint: y: 3 would fit
====
xq: tokens x 8
xk: tokens x 8
xa = softmax(xq @ xk, axis=-1)
--
shapes do not fit '@': inner axes: 8 and tokens differ
    xq: tokens x 8   (declared xq: tokens x 8)
    xk: tokens x 8   (declared xk: tokens x 8)

    xa = softmax(xq @ xk, axis=-1)
                    ^
  hint: xq @ xk' fits
====
x: 8
y = permute(x, axes=(1, 0))
--
shapes do not fit permute: axes=(1, 0) is no order of 8
    x: 8   (declared x: 8)

    y = permute(x, axes=(1, 0))
        ^^^^^^^
  hint: name each of 0 to 0 once
====
x: 5
y = x[7:]
--
shapes do not fit the subscript: the slice 7: goes beyond an axis of 5
    x: 5   (declared x: 5)

    y = x[7:]
         ^^^^
  hint: its entries are 0 to 4
====
W: 784 x 100
b: 101
xx: batch x 784
xh = relu(xx @ W + b)
--
shapes do not fit '+': axis 1: 100 and 101 differ
    xx @ W: batch x 100
    b: 101   (declared b: 101)

    xh = relu(xx @ W + b)
                     ^
  hint: b: 100 would fit
====
W: 5 x 3
xy = W @ xx + 2*b
--
'b' meets an array of 5, but has no shape

    xy = W @ xx + 2*b
                    ^
  hint: declare it: b: 5, or b: scalar
====
W: 5 x 3
xb = relu(b)
xy = W @ xx + xb
--
'xb' meets an array of 5, but 'b' has no shape

    xy = W @ xx + xb
                  ^^
  hint: declare it: b: 5, or b: scalar
====
bias: 5
W: 5 x 3
xy = W @ xx + biass
--
'biass' meets an array of 5, but has no shape

    xy = W @ xx + biass
                  ^^^^^
  hint: did you mean 'bias'?
====
W: 5 x 3
y: 5
q = solve(W, y)
--
shapes do not fit solve: a square matrix is expected, not 5 x 3
    W: 5 x 3   (declared W: 5 x 3)
    y: 5   (declared y: 5)

    q = solve(W, y)
        ^^^^^
  hint: solve(W' @ W, W' @ y) is the solution by least squares
====
A: n x n
b: m
w = solve(A, b)
--
shapes do not fit solve: rows: n and m differ
    A: n x n   (declared A: n x n)
    b: m   (declared b: m)

    w = solve(A, b)
        ^^^^^
  hint: b: n would fit
====
A: 3 x 3
B: 2 x 3
w = solve(A, B)
--
shapes do not fit solve: rows: 3 and 2 differ
    A: 3 x 3   (declared A: 3 x 3)
    B: 2 x 3   (declared B: 2 x 3)

    w = solve(A, B)
        ^^^^^
  hint: B' fits
====
A: 3 x 4
c = cholesky(A)
--
shapes do not fit cholesky: a square matrix is expected, not 3 x 4
    A: 3 x 4   (declared A: 3 x 4)

    c = cholesky(A)
        ^^^^^^^^
  hint: A' @ A is square
====
x: 5
q = inv(x)
--
shapes do not fit inv: a square matrix is expected, not 5
    x: 5   (declared x: 5)

    q = inv(x)
        ^^^
====
x: 28 x 28
y = maxpool2d(x, size=2)
--
shapes do not fit maxpool2d: an image is expected, not 28 x 28
    x: 28 x 28   (declared x: 28 x 28)

    y = maxpool2d(x, size=2)
        ^^^^^^^^^
  hint: declare it as channels x rows x columns, such as 1 x 28 x 28
====
x: 1 x 3 x 3
y = maxpool2d(x, size=4)
--
shapes do not fit maxpool2d: a window of 4 does not fit into 3
    x: 1 x 3 x 3   (declared x: 1 x 3 x 3)

    y = maxpool2d(x, size=4)
        ^^^^^^^^^
  hint: size=3 fits
====
x: 1 x 28 x 28
y = maxpool2d(x, size=(2, 2, 2))
--
shapes do not fit maxpool2d: size=(2, 2, 2) is no pair
    x: 1 x 28 x 28   (declared x: 1 x 28 x 28)

    y = maxpool2d(x, size=(2, 2, 2))
        ^^^^^^^^^
  hint: write size=2, or size=(2, 1)
====
x: 1 x 28 x 28
K: 6 x 1 x 5 x 5
y = conv2d(x, K, stride=0)
--
shapes do not fit conv2d: stride=0 is less than 1
    x: 1 x 28 x 28   (declared x: 1 x 28 x 28)
    K: 6 x 1 x 5 x 5   (declared K: 6 x 1 x 5 x 5)

    y = conv2d(x, K, stride=0)
        ^^^^^^
====
x: 3
W: 2 x 3
y = W @ x'
--
shapes do not fit "'": a matrix is expected, not 3
    x: 3   (declared x: 3)

    y = W @ x'
             ^
  hint: write x without ': a @ b is a' b of two vectors, outer(a, b) is a b'
====
x: 3
y = x @ x' @ x
--
shapes do not fit "'": a matrix is expected, not 3
    x: 3   (declared x: 3)

    y = x @ x' @ x
             ^
  hint: write x without ': a @ b is a' b of two vectors, outer(a, b) is a b'
====
c: scalar
y = c'
--
unexpected character "'"

    y = c'
         ^
  hint: a prime is no part of a name: write y1, or dy
====
x: 5 x 3
y = x[0, 1:]' + x
--
shapes do not fit "'": a matrix is expected, not 2
    x[0, 1:]: 2

    y = x[0, 1:]' + x
                ^
  hint: write x[0, 1:] without ': a @ b is a' b of two vectors, outer(a, b) is a b'
====
xx: batch x 10
y = softmax(xx, axis=features)
--
shapes do not fit softmax: no axis of batch x 10 is features
    xx: batch x 10   (declared xx: batch x 10)

    y = softmax(xx, axis=features)
        ^^^^^^^
  hint: its axes are 0 to 1
====
xx: batch x 10
W: 10 x batch
y = xx @ W - sum(xx, axis=batch)
--
shapes do not fit '-': axis 1: batch and 10 differ
    xx @ W: batch x batch
    sum(xx, axis=0): 10

    y = xx @ W - sum(xx, axis=batch)
               ^
====
a: 3
b: 4
y = stack(a, b)
--
shapes do not fit stack: 3 and 4 differ
    a: 3   (declared a: 3)
    b: 4   (declared b: 4)

    y = stack(a, b)
        ^^^^^
  hint: b: 3 would fit
====
a: 3 x 4
y = pad(a, widths=((1, 1),))
--
shapes do not fit pad: widths= has 1 pair for 2 axes
    a: 3 x 4   (declared a: 3 x 4)

    y = pad(a, widths=((1, 1),))
        ^^^
  hint: write before and behind for each axis: widths=((1, 2), (0, 1))
====
a: 3 x 4
y = crop(a, widths=((2, 1), (0, 0)))
--
shapes do not fit crop: nothing is left of 3 less 2 and 1
    a: 3 x 4   (declared a: 3 x 4)

    y = crop(a, widths=((2, 1), (0, 0)))
        ^^^^
====
a: 3 x 4
y = permute(a, axes=(0, 0))
--
shapes do not fit permute: axes=(0, 0) is no order of 3 x 4
    a: 3 x 4   (declared a: 3 x 4)

    y = permute(a, axes=(0, 0))
        ^^^^^^^
  hint: name each of 0 to 1 once
====
a: 3 x 4
y = flatten(a, start=2)
--
shapes do not fit flatten: there is no axis 2 in 3 x 4
    a: 3 x 4   (declared a: 3 x 4)

    y = flatten(a, start=2)
        ^^^^^^^
  hint: its axes are 0 to 1
====
a: 3 x 4
y = unsqueeze(a, axis=4)
--
shapes do not fit unsqueeze: there is no axis 4 in 3 x 4
    a: 3 x 4   (declared a: 3 x 4)

    y = unsqueeze(a, axis=4)
        ^^^^^^^^^
  hint: its axes are 0 to 2
====
a: 3 x 4
y = a[0:0]
--
shapes do not fit the subscript: the slice 0:0 is empty
    a: 3 x 4   (declared a: 3 x 4)

    y = a[0:0]
         ^^^^^
  hint: its end is not taken along
====
a: 3 x 4
y = reshape(a, shape=(-1, 5))
--
shapes do not fit reshape: 12 entries are no multiple of 5
    a: 3 x 4   (declared a: 3 x 4)

    y = reshape(a, shape=(-1, 5))
        ^^^^^^^
====
a: 3 x 4
y = einsum("ij->jk", a)
--
shapes do not fit einsum: 'k' is an axis of no argument
    a: 3 x 4   (declared a: 3 x 4)

    y = einsum("ij->jk", a)
        ^^^^^^
  hint: a form is as in "ij,jk->ik"
====
a: 3 x 4
y = einsum("ii->i", a)
--
shapes do not fit einsum: a letter stands twice in 'ii'
    a: 3 x 4   (declared a: 3 x 4)

    y = einsum("ii->i", a)
        ^^^^^^
  hint: write diagonal(a) or trace(a) for equal indices
====
a: 3 x 4
y = diag(a)
--
shapes do not fit diag: a vector is expected, not 3 x 4
    a: 3 x 4   (declared a: 3 x 4)

    y = diag(a)
        ^^^^
  hint: write diagonal(a) for that of a matrix
====
E: 100 x 8
xi: 4
y = take(E, xi, axis=2)
--
shapes do not fit take: there is no axis 2 in 100 x 8
    E: 100 x 8   (declared E: 100 x 8)
    xi: 4   (declared xi: 4)

    y = take(E, xi, axis=2)
        ^^^^
  hint: its axes are 0 to 1
====
xx: 4
xt: 3
loss = mean((xx - xt)^2)
--
shapes do not fit '-': 4 and 3 differ
    xx: 4   (declared xx: 4)
    xt: 3   (declared xt: 3)

    loss = mean((xx - xt)^2)
                    ^
  hint: xt: 4 would fit
====
W: n x m
xx: m
xh: m
xh = W @ xx
--
'xh' is m, but its equation gives n
    xh: m   (declared xh: m)
    W @ xx: n

    xh = W @ xx
    ^^
  hint: declare xh: n, or change the equation
====
W1: 32 x 64
W2: 10 x 31
xx: 64
xa = tanh(W1 @ xx)
xb = W2 @ xa
xc = softmax(xb)
xd = log(xc) + xa
--
shapes do not fit '@': inner axes: 31 and 32 differ
    W2: 10 x 31   (declared W2: 10 x 31)
    xa: 32   (xa = tanh(W1 @ xx))

    xb = W2 @ xa
            ^
  hint: W2: 10 x 32 would fit
====
x: batch x 5
W: 5 x batch
b: 5
y = x @ W
z = y + b
--
shapes do not fit '+': axis 1: batch and 5 differ
    y: batch x batch   (y = x @ W)
    b: 5   (declared b: 5)

    z = y + b
          ^
  hint: b: batch would fit
====
A: 3 x 3
x: 3
q = x' @ A @ x
--
shapes do not fit "'": a matrix is expected, not 3
    x: 3   (declared x: 3)

    q = x' @ A @ x
         ^
  hint: write x without ': a @ b is a' b of two vectors, outer(a, b) is a b'
====
Q: 16 x 8
xx: tokens x 16
xq = xx @ Q
xa = xq @ xq/sqrt(8)
--
shapes do not fit '@': inner axes: 8 and tokens differ
    xq: tokens x 8   (xq = xx @ Q)

    xa = xq @ xq/sqrt(8)
            ^
  hint: xq @ xq' fits
====
F: d x d
P: d x d
H: m x d
S = H @ P @ H + R
--
shapes do not fit '@': inner axes: d and m differ
    H @ P: m x d
    H: m x d   (declared H: m x d)

    S = H @ P @ H + R
              ^
  hint: H @ P @ H' fits
====
X: n x d
W: d x k
loss = sum((X - X @ W)^2)
--
shapes do not fit '-': axis 1: d and k differ
    X: n x d   (declared X: n x d)
    X @ W: n x k

    loss = sum((X - X @ W)^2)
                  ^
====
g: batch x 10
x: batch x 784
dW = g @ x'
--
shapes do not fit '@': inner axes: 10 and 784 differ
    g: batch x 10   (declared g: batch x 10)
    x': 784 x batch

    dW = g @ x'
           ^
  hint: g' @ x fits
====
u: 3
v: 3
y = outer(u, v) @ v + W*u
--
'W' meets an array of 3, but has no shape

    y = outer(u, v) @ v + W*u
                          ^
  hint: declare it: W: 3, or W: scalar
====
b: 5
W: 5 x 3
xh = W @ xx
xo = V @ xh + c
xl = xo*b
--
'c' meets a vector, but has no shape

    xo = V @ xh + c
                  ^
  hint: declare it, for example c: n, or c: scalar
====
A: 3 x 4
B: 4 x 3
C: 3 x 3
y = A @ B + C @ A' + A
--
shapes do not fit '@': inner axes: 3 and 4 differ
    C: 3 x 3   (declared C: 3 x 3)
    A': 4 x 3

    y = A @ B + C @ A' + A
                  ^
  hint: C @ A fits
====
W: 3 x 4
x: 4
y = (W*2) @ (x + v)
--
'v' meets an array of 4, but has no shape

    y = (W*2) @ (x + v)
                     ^
  hint: declare it: v: 4, or v: scalar
====
a: n x 1
b: 1 x m
y = a*b
--
shapes do not fit '*': each side would be stretched, to n x m
    a: n x 1   (declared a: n x 1)
    b: 1 x m   (declared b: 1 x m)

    y = a*b
         ^
  hint: squeeze the axis of 1, or say which pairs you want with outer, or with unsqueeze
====
a: 3
b: 4
y = where(a > 0, a, b)
--
shapes do not fit where: 3 and 4 differ
    a > 0: 3
    a: 3   (declared a: 3)
    b: 4   (declared b: 4)

    y = where(a > 0, a, b)
        ^^^^^
====
x: 4
y: 4
q = outer(x, y) @ W @ z + x @ z'
--
shapes do not fit "'": a matrix is expected, not ?
    z: ?   (not declared; beside '@' z is a vector)

    q = outer(x, y) @ W @ z + x @ z'
                                   ^
  hint: write z without ': a @ b is a' b of two vectors, outer(a, b) is a b'
====
α: 3
β: 4
ŷ = α @ β
--
shapes do not fit '@': inner axes: 3 and 4 differ
    α: 3   (declared α: 3)
    β: 4   (declared β: 4)

    ŷ = α @ β
          ^
  hint: outer(α, β) is of all pairs
====
X: n x p
w: p
y: n
xm = X*w - y
--
shapes do not fit '-': axis 1: p and n differ
    X*w: n x p
    y: n   (declared y: n)

    xm = X*w - y
             ^
  hint: unsqueeze(y, axis=1) fits
====
X: n x p
w: p
y: n
xm = X' @ w - y
--
shapes do not fit '@': inner axes: n and p differ
    X': p x n
    w: p   (declared w: p)

    xm = X' @ w - y
            ^
  hint: X @ w fits
====
W: out x in
b: out
xh = W @ xx + b'
--
shapes do not fit "'": a matrix is expected, not out
    b: out   (declared b: out)

    xh = W @ xx + b'
                   ^
  hint: write b without ': a @ b is a' b of two vectors, outer(a, b) is a b'
====
K: 6 x 3 x 5 x 5
b: 6
xx: batch x 32 x 32 x 3
xc = conv2d(xx, K)
--
shapes do not fit conv2d: channels: 32 and 3 differ
    xx: batch x 32 x 32 x 3   (declared xx: batch x 32 x 32 x 3)
    K: 6 x 3 x 5 x 5   (declared K: 6 x 3 x 5 x 5)

    xc = conv2d(xx, K)
         ^^^^^^
  hint: permute(xx, axes=(0, 3, 1, 2)) fits
====
xh, xc: h
W: h x d
U: h x h
xf = sigmoid(W @ xx + U @ xh + bf)
xn = xf*xc + tanh(U @ xx)
--
'bf' meets an array of h, but has no shape

    xf = sigmoid(W @ xx + U @ xh + bf)
                                   ^^
  hint: declare it: bf: h, or bf: scalar

shapes do not fit '@': inner axes: h and d differ
    U: h x h   (declared U: h x h)
    xx: d   (not declared; beside '@' xx is a vector)

    xn = xf*xc + tanh(U @ xx)
                        ^
====
t: n
y: n x 3
dy = y - t
--
shapes do not fit '-': axis 1: 3 and n differ
    y: n x 3   (declared y: n x 3)
    t: n   (declared t: n)

    dy = y - t
           ^
  hint: unsqueeze(t, axis=1) fits
====
P: classes x features
xx: features
xs = softmax(P @ xx, axis=1)
loss = -log(xs[t])
--
shapes do not fit softmax: there is no axis 1 in classes
    P @ xx: classes

    xs = softmax(P @ xx, axis=1)
         ^^^^^^^
  hint: its only axis is 0
====
A: n x n
B: m x m
y = trace(A @ B)
--
shapes do not fit '@': inner axes: n and m differ
    A: n x n   (declared A: n x n)
    B: m x m   (declared B: m x m)

    y = trace(A @ B)
                ^
  hint: B: n x m would fit
====
q: 4
y = q[2, 1]
--
shapes do not fit the subscript: 2 indices for its only axis of 4
    q: 4   (declared q: 4)

    y = q[2, 1]
         ^^^^^^
====
V: 3 x 4
y = V[-4]
--
shapes do not fit the subscript: there is no entry -4
    V: 3 x 4   (declared V: 3 x 4)

    y = V[-4]
         ^^^^
  hint: the axis has 0 to 2
====
x: 6
y = reshape(x, shape=(2, 3)) @ reshape(x, shape=(2, 3))
--
shapes do not fit '@': inner axes: 3 and 2 differ
    reshape(x, shape=(2, 3)): 2 x 3

    y = reshape(x, shape=(2, 3)) @ reshape(x, shape=(2, 3))
                                 ^
  hint: reshape(x, shape=(2, 3)) @ reshape(x, shape=(2, 3))' fits
====
x: 3 x 1
y: 3
s = x @ y
--
shapes do not fit '@': inner axes: 1 and 3 differ
    x: 3 x 1   (declared x: 3 x 1)
    y: 3   (declared y: 3)

    s = x @ y
          ^
  hint: x' @ y fits
====
W: 3 x 5
y = norm2(W, axis=(0, 0))
--
shapes do not fit norm2: axis 0 is named twice
    W: 3 x 5   (declared W: 3 x 5)

    y = norm2(W, axis=(0, 0))
        ^^^^^
====
mu: d
S: d x d
x: n x d
q = (x - mu)' @ inv(S) @ (x - mu)
--
shapes do not fit '@': inner axes: n and d differ
    (x - mu)': d x n
    inv(S): d x d

    q = (x - mu)' @ inv(S) @ (x - mu)
                  ^
  hint: (x - mu) @ inv(S) fits
====
mu: k
x: n x d
q = x - mu
--
shapes do not fit '-': axis 1: d and k differ
    x: n x d   (declared x: n x d)
    mu: k   (declared mu: k)

    q = x - mu
          ^
  hint: mu: d would fit
====
A: 3 x 4
xy = crop(A, widths=((1, k), (1, 1)))
--
shapes do not fit crop: the width k is no number
    A: 3 x 4   (declared A: 3 x 4)

    xy = crop(A, widths=((1, k), (1, 1)))
         ^^^^
  hint: give each as a number: (0, 1) is one entry behind
====
s: scalar
v: 4
xy = place(s, v, at=[k])
--
shapes do not fit place: the entry k is no number
    s: scalar   (declared s: scalar)
    v: 4   (declared v: 4)

    xy = place(s, v, at=[k])
         ^^^^^
  hint: write 0 for the first
====
B: 2 x 1
xy = part(A, B, axis=k)
--
'A' meets an array of 2 x 1, but has no shape

    xy = part(A, B, axis=k)
              ^
  hint: declare it, for example A: 32
====
v: 4
A: 3 x 5
xy = expand_to(v, A)
--
shapes do not fit expand_to: 4 and 3 x 5 differ
    v: 4   (declared v: 4)
    A: 3 x 5   (declared A: 3 x 5)

    xy = expand_to(v, A)
         ^^^^^^^^^
====
A: xy x 4
xy = norm1(A, axis=0)
--
'xy' is the name of a size in 'A: xy x 4', and so no name in an equation

    xy = norm1(A, axis=0)
    ^^
  hint: write mean(…) for a sum divided by xy, or rename one of them
"""


def rows():
    return [
        tuple(part.strip("\n") for part in row.split("\n--\n"))
        for row in ROWS.split("\n====\n")
    ]


def refusal(texts):
    with pytest.raises(ExpressionError) as caught:
        parse_graph(texts)
    return str(caught.value)


def said_of(texts):
    try:
        return str(parse_graph(texts))
    except ExpressionError as error:
        return str(error)


@pytest.mark.parametrize(("text", "message"), rows())
def test_a_mistake_of_shapes_is_told_with_what_would_fit(text, message):
    assert refusal(text.splitlines()) == message


def test_the_table_is_as_long_as_it_says():
    assert len(rows()) >= 100
    assert len({text for text, _ in rows()}) == len(rows())


def with_hint(text, message):
    """The text with the declaration that the hint of its only mistake says."""
    hint = re.search(
        r"  hint: (?:declare it: )?(\w+): ([\w ]+?)(?: would fit|$)", message
    )
    if not hint or message.count("hint:") > 1:
        return None
    name, dims = hint.groups()
    lines = []
    for line in text.splitlines():
        if is_declaration(line):
            names, _, own = line.partition(":")
            left = [n.strip() for n in names.split(",") if n.strip() != name]
            line = f"{', '.join(left)}:{own}" if left else ""
        lines += [line] * bool(line)
    return [*lines, f"{name}: {dims}"]


DECLARED = [row for row in rows() if with_hint(*row)]


@pytest.mark.parametrize(("text", "message"), DECLARED)
def test_a_declaration_that_would_fit_fits(text, message):
    """Then there is no such mistake any more, though there may be another."""
    assert message.splitlines()[0] not in said_of(with_hint(text, message))


FITS = [
    (text, message)
    for text, message in rows()
    if message.count("hint:") == 1 and re.search(r"hint: .* @ .* fits$", message)
]


@pytest.mark.parametrize(("text", "message"), FITS)
def test_a_product_that_fits_fits(text, message):
    product = re.search(r"hint: (.*) fits$", message)[1]
    declarations = [line for line in text.splitlines() if is_declaration(line)]
    equations = [line for line in text.splitlines() if not is_declaration(line)]
    wrong = message.split("\n\n    ")[1].splitlines()[0]
    before = equations[: equations.index(wrong)]
    parse_graph([*declarations, *before, f"xq_ = {product}"])
