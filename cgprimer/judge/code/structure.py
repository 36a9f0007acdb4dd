"""Nested tuples, lists and dicts of numbers and arrays ⇄ leaves with names.

{"W": W, "layers": [b0, b1]}  ⇄  W, layers[0], layers[1]
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer import takes
from cgprimer.errors import OptionError, listing
from cgprimer.graph.arrays import as_numbers

COMPLEX = "give the real and the imaginary part as two arguments"
Split = Callable[[Any], bool]


def is_nested(tree: Any) -> bool:
    """Whether it has parts of its own: a list of plain numbers is an array."""
    if isinstance(tree, Mapping | tuple):
        return True
    return isinstance(tree, list) and any(map(_is_part, tree))


def _is_part(item: Any) -> bool:
    if isinstance(item, list):
        return any(map(_is_part, item))
    return isinstance(item, Mapping | tuple) or getattr(item, "ndim", 0) > 0


def leaves(
    tree: Any, label: str = "", nested: Split = is_nested
) -> Iterator[tuple[str, Any]]:
    """(name, leaf) of every leaf in order; `label` is the name of the whole."""
    if not nested(tree):
        yield label, tree
        return
    for key, part in _items(tree):
        yield from leaves(part, _part_label(label, key), nested)


def _items(tree: Any) -> Iterable[tuple[Any, Any]]:
    return tree.items() if isinstance(tree, Mapping) else enumerate(tree)


def _part_label(label: str, key: Any) -> str:
    """`layers[0]`, `layers.b`."""
    if isinstance(key, str):
        return f"{label}.{key}" if label else key
    return f"{label}[{takes.quote(key)}]"


def rebuild(tree: Any, values: Iterator[Any], nested: Split = is_nested) -> Any:
    """The tree with other leaves, taken from `values` in the order of `leaves`."""
    if not nested(tree):
        return next(values)
    if isinstance(tree, Mapping):
        pairs = [(key, rebuild(part, values, nested)) for key, part in tree.items()]
        made = copy.copy(tree) if isinstance(tree, dict) else {}
        for key, part in pairs:  # what a subclass makes of pairs is its own affair
            made[key] = part
        return made
    parts = [rebuild(part, values, nested) for part in tree]
    if hasattr(tree, "_fields"):  # a namedtuple
        return type(tree)(*parts)
    return tuple(parts) if isinstance(tree, tuple) else parts


def numbers(value: Any, label: str, hint: str) -> NDArray[Any]:
    """One leaf as an array of float64, or of float32 where it is that.

    Raises OptionError, with a hint, for what holds no real numbers.
    """
    inside = value if isinstance(value, list) else ()
    if np.ma.is_masked(value) or any(item is np.ma.masked for item in inside):
        raise OptionError(f"{label} is masked\n  hint: leave out what is masked")
    try:
        array = np.asarray(value)
    except Exception:  # ragged, or an __array__ of somebody else
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        kind = array.dtype if array.dtype.kind in "bcmM" else type(value).__name__
        hint = COMPLEX if array.dtype.kind == "c" else hint
        raise OptionError(
            f"{label} is {kind}, where real numbers are expected\n  hint: {hint}"
        )
    return array if array.dtype == np.float32 else as_numbers(label, array, OptionError)


def match(tree: Any, given: Any, label: str) -> Iterator[Any]:
    """The leaves of `given`, which must be nested as `tree` is; `label` names it."""
    if not is_nested(tree):
        yield given
        return
    if isinstance(tree, Mapping):
        _check_keys(tree, given, label)
    else:
        given = _check_count(tree, given, label)
    for key, part in _items(tree):
        yield from match(part, given[key], _part_label(label, key))


def _check_count(tree: Sequence[Any], given: Any, label: str) -> Any:
    # f(*(x,)) with one argument: its gradient need not be wrapped in a tuple.
    if len(tree) == 1 and not isinstance(given, tuple | list):
        given = [given]
    if not isinstance(given, Sequence | np.ndarray) or len(given) != len(tree):
        many = f"{len(given)} parts" if hasattr(given, "__len__") else _type(given)
        raise OptionError(
            f"{label or 'x'} has {len(tree)} parts, but the gradient has {many}\n"
            "  hint: one gradient for every argument is expected, in the same order"
        )
    return given


def _check_keys(tree: Mapping[Any, Any], given: Any, label: str) -> None:
    if not isinstance(given, Mapping):
        raise OptionError(
            f"{label or 'x'} is a dict, but the gradient is {_type(given)}\n"
            "  hint: return a dict with the same keys"
        )
    lacking = [key for key in tree if key not in given]
    unknown = [key for key in given if key not in tree]
    if lacking or unknown:
        parts = [f"has no {listing(lacking)}"] if lacking else []
        parts += [f"has {listing(unknown)}, which x has not"] if unknown else []
        raise OptionError(
            f"the gradient {', and '.join(parts)}\n"
            "  hint: return a dict with the same keys"
        )


def _type(value: Any) -> str:
    return takes.quote(value) if np.ndim(value) == 0 else type(value).__name__
