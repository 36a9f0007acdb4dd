"""The elementary functions of the engine against mpmath, over all of float64."""

import ctypes
import functools
import math
from collections.abc import Callable, Iterator
from math import inf, log, nan, pi
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest

from cgprimer.expr.ops import OPS
from cgprimer.run.llvm.vector_math import FAR, LIBM, OWN, definitions

llvm = pytest.importorskip("llvmlite.binding", reason="llvmlite is not installed")

WIDTHS = (1, 4, 8)
BUILDS = ((1, False), (4, False), (8, False), (1, True), (8, True))
EVERY = sorted(OWN | LIBM.keys())
DIGITS = 60
TINIEST, LEAST, MOST = 5e-324, 2.0**-1022, np.finfo(float).max
LN2 = log(2)

LOOP = """
define void @loop_{name}(ptr %xs, ptr %ys, ptr %zs, i64 %count) {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %px = getelementptr double, ptr %xs, i64 %i
  %py = getelementptr double, ptr %ys, i64 %i
  %pz = getelementptr double, ptr %zs, i64 %i
  %x = load {real}, ptr %px, align 8
  %y = load {real}, ptr %py, align 8
  %r = call {result} @v_{name}({real} %x{second})
  {take}
  store {real} %z, ptr %pz, align 8
  %next = add i64 %i, {width}
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %exit
exit:
  ret void
}}
"""


class Library:
    """The functions `names` for `width` lanes, compiled, each with a loop around."""

    def __init__(self, names: list[str], width: int, inline: bool = False) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        text = definitions(names, width, inline=inline)
        text += "".join(self.loop(name, width) for name in names)
        self.context = llvm.create_context()
        module = llvm.parse_assembly(text, self.context)
        module.verify()
        self.machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(),
            features=llvm.get_host_cpu_features().flatten(),
            opt=2,
            jit=True,
        )
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        builder = llvm.create_pass_builder(self.machine, options)
        builder.getModulePassManager().run(module, builder)
        self.engine = llvm.create_mcjit_compiler(module, self.machine)
        self.engine.finalize_object()
        self.width = width

    @staticmethod
    def loop(name: str, width: int) -> str:
        real = result = f"<{width} x double>" if width > 1 else "double"
        take, second = f"%z = select i1 true, {real} %r, {real} %r", ""
        if name == "sincos":
            result = f"{{ {real}, {real} }}"
            take = f"""%z = extractvalue {result} %r, 0
  %c = extractvalue {result} %r, 1
  store {real} %c, ptr %py, align 8"""
        if name == "pow":
            second = f", {real} %y"
        return LOOP.format(**locals())

    def __call__(self, name: str, *args: Any) -> Any:
        """The values at an array of arguments; both for sincos."""
        arrays = [np.array(arg, float).ravel() for arg in args]
        count = len(arrays[0])
        size = -(-count // self.width) * self.width
        x, y = (np.resize(arrays[i % len(arrays)], size) for i in (0, 1))
        z = np.empty(size)
        pointer = ctypes.c_void_p
        call = ctypes.CFUNCTYPE(None, pointer, pointer, pointer, ctypes.c_int64)(
            self.engine.get_function_address(f"loop_{name}")
        )
        call(x.ctypes.data, y.ctypes.data, z.ctypes.data, size)
        return (z[:count], y[:count]) if name == "sincos" else z[:count]


@functools.cache
def library(width: int, inline: bool = False) -> Library:
    return Library(EVERY, width, inline)


class Case(NamedTuple):
    """A function: its reference, its bound in ulp, and where to look closely."""

    reference: Callable[[Any], Any]
    bound: float
    ranges: tuple[tuple[float, float], ...] = ()
    low: float = -inf


def clipped(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function beyond ±2000 as at ±2000: the same in float64."""
    return lambda x: function(min(max(x, mpmath.mpf(-2000)), mpmath.mpf(2000)))


def softplus(x: Any) -> Any:
    return x if x > 2000 else clipped(lambda a: mpmath.log1p(mpmath.exp(a)))(x)


EXPONENTIAL = ((-746.0, -707.0), (-745.2, 709.8), (-40.0, 40.0), (-1.0, 1.0))
CIRCULAR = (
    (-4.0, 4.0),
    (-0.8, 0.8),
    (-1e5, 1e5),
    (-FAR, FAR),
    (0.99 * FAR, 1.01 * FAR),
)
CASES = {
    "exp": Case(clipped(mpmath.exp), 1.5, (*EXPONENTIAL, (709.0, 710.0))),
    "expm1": Case(clipped(mpmath.expm1), 2.0, (*EXPONENTIAL, (709.0, 710.0))),
    "log": Case(mpmath.log, 1.5, ((0.5, 2.0), (0.9, 1.1), (0.0, LEAST)), 0.0),
    "log1p": Case(mpmath.log1p, 1.5, ((-1.0, 2.0), (-0.3, 0.5), (-1.0, -0.999)), -1.0),
    "sin": Case(mpmath.sin, 1.5, CIRCULAR),
    "cos": Case(mpmath.cos, 1.5, CIRCULAR),
    "tanh": Case(clipped(mpmath.tanh), 2.5, ((-20.0, 20.0), (-3.0, 3.0), (-0.5, 0.5))),
    "sigmoid": Case(clipped(lambda x: 1 / (1 + mpmath.exp(-x))), 2.5, EXPONENTIAL),
    "softplus": Case(softplus, 2.0, EXPONENTIAL),
}

SPECIAL: dict[str, list[tuple[float, float]]] = {
    "exp": [
        (0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0), (nan, nan),
        (710.0, inf), (1e308, inf), (-746.0, 0.0), (-1e308, 0.0), (-745.13, TINIEST),
    ],
    "expm1": [
        (0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -1.0), (nan, nan),
        (TINIEST, TINIEST), (-TINIEST, -TINIEST), (710.0, inf), (-1e308, -1.0),
    ],
    "log": [
        (0.0, -inf), (-0.0, -inf), (inf, inf), (-inf, nan), (nan, nan),
        (1.0, 0.0), (-1.0, nan), (-TINIEST, nan), (MOST, log(MOST)),
        (TINIEST, -1074 * LN2), (LEAST, -1022 * LN2),
    ],
    "log1p": [
        (0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, nan), (nan, nan),
        (-1.0, -inf), (-1 - 2.0**-52, nan), (TINIEST, TINIEST), (MOST, log(MOST)),
        (-TINIEST, -TINIEST), (-1 + 2.0**-53, -53 * LN2),
    ],
    "sin": [
        (0.0, 0.0), (-0.0, -0.0), (inf, nan), (-inf, nan), (nan, nan),
        (TINIEST, TINIEST), (-TINIEST, -TINIEST), (MOST, math.sin(MOST)),
    ],
    "cos": [
        (0.0, 1.0), (-0.0, 1.0), (inf, nan), (-inf, nan), (nan, nan),
        (TINIEST, 1.0), (MOST, math.cos(MOST)), (-MOST, math.cos(MOST)),
    ],
    "tanh": [
        (0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0), (nan, nan),
        (TINIEST, TINIEST), (-TINIEST, -TINIEST), (MOST, 1.0), (-20.0, -1.0),
    ],
    "sigmoid": [
        (0.0, 0.5), (-0.0, 0.5), (inf, 1.0), (-inf, 0.0), (nan, nan),
        (MOST, 1.0), (-MOST, 0.0), (-745.13, TINIEST), (-800.0, 0.0),
    ],
    "softplus": [
        (0.0, LN2), (-0.0, LN2), (inf, inf), (-inf, 0.0), (nan, nan),
        (MOST, MOST), (-MOST, 0.0), (-745.13, TINIEST), (-800.0, 0.0),
    ],
}  # fmt: skip


def random_points(case: Case) -> Iterator[np.ndarray]:
    """Some in every binade, more around 1, more in the ranges of the case."""
    random = np.random.default_rng(1)
    exponents = np.concatenate(
        [np.arange(-1074, 1024, 3), np.arange(-60, 12).repeat(4)]
    )
    sizes = np.ldexp(random.uniform(1, 2, len(exponents)), exponents)
    yield sizes * random.choice([-1.0, 1.0], len(sizes))
    for low, high in case.ranges:
        yield random.uniform(low, high, 200)
    if case.ranges is CIRCULAR:
        multiples = np.concatenate([np.arange(100), random.integers(0, 6 * 10**8, 200)])
        yield multiples * (pi / 2)


@functools.cache
def expected(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, and the values there as the nearest float64 and what is left of them."""
    case = CASES[name]
    x = np.concatenate(list(random_points(case)))
    x = x[x > case.low]
    with mpmath.workdps(DIGITS):
        exact = [case.reference(mpmath.mpf(float(a))) for a in x]
        near = [float(v) if abs(v) <= MOST else inf for v in exact]
        rest = [
            float(v - a) if a < inf else 0.0 for v, a in zip(exact, near, strict=True)
        ]
    return x, np.array(near), np.array(rest)


def ulps(y: np.ndarray, near: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """The distance of y from near + rest, in units of the last place."""
    finite = np.isfinite(near)
    assert np.array_equal(y[~finite], near[~finite])
    assert np.isfinite(y[finite]).all()
    unit = np.spacing(np.nextafter(np.abs(near[finite]), 0.0))
    return np.abs(y[finite] - near[finite] - rest[finite]) / unit


def bits(values: Any) -> list[str]:
    """The values as text that tells -0.0 from 0.0, and nan equal to nan."""
    return [float(v).hex() if v == v else "nan" for v in values]


def values(name: str, width: int, x: Any, inline: bool = False) -> Any:
    """The values of one function; sine and cosine also come from sincos, the same."""
    y = library(width, inline)(name, x)
    if name in ("sin", "cos"):
        both = library(width, inline)("sincos", x)
        assert bits(both[name == "cos"]) == bits(y)
    return y


def test_every_function_of_the_table_is_there() -> None:
    assert set(EVERY) - {"sincos"} <= OPS.keys()
    assert OWN - {"sincos"} == CASES.keys() == SPECIAL.keys()
    assert not OWN & LIBM.keys()


@pytest.mark.every(2)
@pytest.mark.parametrize(("width", "inline"), BUILDS)
def test_all_functions_in_one_module(width: int, inline: bool) -> None:
    assert all(np.isfinite(library(width, inline)(name, [0.5])).all() for name in EVERY)


@pytest.mark.every(2)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CASES)
def test_accuracy(name: str, width: int) -> None:
    x, near, rest = expected(name)
    error = ulps(values(name, width, x), near, rest)
    worst = int(error.argmax())
    assert error[worst] <= CASES[name].bound, (
        x[np.isfinite(near)][worst],
        error[worst],
    )


@pytest.mark.parametrize("name", CASES)
def test_the_width_and_inlining_change_no_bit(name: str) -> None:
    x = expected(name)[0]
    known = bits(values(name, 1, x))
    for width, inline in BUILDS[1:]:
        assert bits(values(name, width, x, inline)) == known


@pytest.mark.parametrize(("width", "inline"), BUILDS)
@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(name: str, width: int, inline: bool) -> None:
    x, y = zip(*SPECIAL[name], strict=True)
    assert bits(values(name, width, x, inline)) == bits(y)


@pytest.mark.parametrize("name", CASES)
def test_a_lane_does_not_disturb_its_neighbours(name: str) -> None:
    usual = np.linspace(0.3, 2.7, 8)
    alone = values(name, 8, usual)
    odd = (nan, inf, -inf, 0.0, -0.0, TINIEST, -TINIEST, MOST, -MOST, -1.0, 1e10, 800.0)
    for value in odd:
        for lane in range(8):
            x = usual.copy()
            x[lane] = value
            y = values(name, 8, x)
            assert bits(np.delete(y, lane)) == bits(np.delete(alone, lane))
            assert bits([y[lane]]) == bits(values(name, 1, [value]))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", LIBM)
def test_the_c_library_in_each_lane(name: str, width: int) -> None:
    low, high = (-1.0, 1.0) if name.startswith("arc") else (-30.0, 30.0)
    x, y = np.random.default_rng(2).uniform(low, high, (2, 40))
    args = (abs(x), y) if name == "pow" else (x,)
    known = [getattr(math, LIBM[name])(*point) for point in zip(*args, strict=True)]
    assert bits(library(width)(name, *args)) == bits(known)


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_far_lanes_are_those_of_the_c_library(name: str) -> None:
    x = 1.1 * np.ldexp(1.0, np.arange(30, 1024, 16))
    assert bits(values(name, 8, x)) == bits(map(getattr(math, name), x.tolist()))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("width", [1, 2, 8])
def test_each_function_is_whole_by_itself(name: str, width: int) -> None:
    text = definitions([name], width) + Library.loop(name, width)
    llvm.parse_assembly(text, llvm.create_context()).verify()


def test_a_name_may_come_twice() -> None:
    assert definitions(["exp", "tan", "exp"], 4) == definitions(["tan", "exp"], 4)


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        definitions(["gamma"], 4)
