"""What operations on arrays compute, and the dims of their results, by kind.

    axes, sizes        axes counted from the end; sizes that are sums and products
    reductions         along axes: sums, largest entries, softmax
    products           @, outer, einsum
    moves              entries in other places: reshape, slices, concat, pad
    choices            entries by number or by condition: pick, take, where, sort
    algebra            square matrices: inv, solve, det, cholesky
    windows, pools     images: patches, conv2d; maxpool2d
    writing            what numpy does in place, for other libraries too

A forward is `forward(xp, ranks, *args, **attrs)`: see `expr.array_op`. All count axes
from the end, so that an axis of samples in front goes along, keep the type of the
numbers, and work on arrays of expressions where numpy can. Functions of `xp` go by
numpy's names, and write into nothing but by `writing`: then `run.exports` runs them on
other libraries, too. The table is `expr.array_ops`.
"""
