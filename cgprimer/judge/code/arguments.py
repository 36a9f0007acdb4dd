"""What a function is to be given: x as one argument or as several, and their names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer import takes
from cgprimer.errors import OptionError
from cgprimer.judge.code.purity import name_of
from cgprimer.judge.code.structure import is_nested, leaves, match, numbers, rebuild
from cgprimer.judge.code.subject import ClaimedGradient
from cgprimer.types import Array

OPTION = "what is no number belongs in a closure: lambda x: f(x, option)"
PAIR = "of a function that gives (value, gradient), take lambda x: both(x)[1]"


@dataclass(frozen=True)
class Arguments:
    """x as the nested structure `tree`; f is called with it, or with its `many` parts.

    name : of f. labels : what the leaves are called.
    """

    name: str
    tree: Any
    many: bool
    arrays: tuple[NDArray[Any], ...]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, f: Callable[..., Any], x: Any) -> Arguments:
        """A tuple is several arguments where `f` takes so many."""
        many = isinstance(x, tuple) and _takes(f, len(x))
        # f takes one argument: (1.0, 2.0) is then a vector that was written as a tuple.
        if isinstance(x, tuple) and not many and not any(map(is_nested, x)):
            x = list(x) if all(np.ndim(v) == 0 for v in x) else x
        named = [("" if isinstance(x, Mapping) else "x", x)]
        if many:
            named = list(zip(_parameters(f, len(x)), x, strict=True))
        try:
            pairs = [pair for name, part in named for pair in leaves(part, name)]
        except RecursionError:
            raise OptionError("x is nested too deeply, or holds itself") from None
        arrays = tuple(numbers(leaf, label, OPTION) for label, leaf in pairs)
        if not any(array.size for array in arrays):
            text = "x has no components: there is nothing to differentiate by"
            raise OptionError(text)
        labels = tuple(label for label, _ in pairs)
        return cls(name_of(f, "f"), x, many, arrays, labels)

    def copies(self) -> list[NDArray[Any]]:
        """The leaves as copies, so that a call may change them."""
        return [array.copy() for array in self.arrays]

    def fill(self, arrays: Sequence[NDArray[Any]]) -> tuple[Any, ...]:
        """The positional arguments, with these arrays for leaves."""
        plain = (array if array.ndim else array[()] for array in arrays)
        tree = rebuild(self.tree, plain)
        return tuple(tree) if self.many else (tree,)

    def gradient(self, given: Any) -> ClaimedGradient:
        """All components of a gradient; it is wrong where it is transposed.

        Raises OptionError where the structure or a shape does not fit.
        """
        parts = list(match(self.tree, given, ""))
        flats, notes, precision = [], [], float(np.finfo(np.float64).eps)
        for label, at, part in zip(self.labels, self.arrays, parts, strict=True):
            of = f" of {label}" if len(parts) > 1 else ""
            values = numbers(part, f"the gradient{of}", PAIR)
            kind = getattr(part, "dtype", None)
            if isinstance(kind, np.dtype) and kind.kind == "f":
                precision = max(precision, float(np.finfo(kind).eps))
            flat, note = _flatten(values.astype(np.float64), at, label)
            flats.append(flat)
            notes.append(note)
        wrong = next((f"{self.name}: {note}" for note in notes if note), "")
        return ClaimedGradient(np.concatenate(flats), precision, wrong=wrong)


def _takes(f: Callable[..., Any], count: int) -> bool:
    if isinstance(f, np.ufunc):
        return f.nin == count
    try:
        inspect.signature(f).bind(*[None] * count)
    except TypeError:
        return False
    # Built-in functions have none; a tuple is then taken for several arguments.
    except ValueError:  # no signature is known
        return True
    return True


def _parameters(f: Callable[..., Any], count: int) -> list[str]:
    """The names of the first parameters, `x[2]` where there are none."""
    try:
        known = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        known = []
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    names = [p.name for p in known if p.kind in kinds][:count]
    return names + [f"x[{i}]" for i in range(len(names), count)]


def _flatten(given: Array, at: NDArray[Any], label: str) -> tuple[Array, str]:
    """The gradient flat, in the order of x, and a note where it was transposed."""
    if given.shape == at.shape or (given.size == at.size == 1):
        return given.ravel(), ""
    # Told as what it is: that a shape does not fit would say less.
    if given.ndim == 2 and given.T.shape == at.shape:
        note = f"transposed: {label} has shape {at.shape}, the gradient {given.shape}"
        return given.T.ravel(), note
    raise OptionError(
        f"{label} has shape {at.shape}, but the gradient has shape {given.shape}\n"
        "  hint: one derivative for every component is expected"
    )


def own_names(
    names: str | Sequence[str] | None, arguments: Arguments
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(labels of the leaves, names of all components or none) as the caller wants."""
    if names is None:
        return arguments.labels, ()
    given = tuple(takes.texts("names", names))
    size = sum(array.size for array in arguments.arrays)
    if len(given) == len(arguments.arrays):
        return given, ()
    if len(given) == size:
        return arguments.labels, given
    raise OptionError(
        f"names has {len(given)}, but x has {len(arguments.arrays)} parts and {size} "
        "components\n  hint: give one name for each part, or one for each component"
    )
