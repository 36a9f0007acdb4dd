"""Machine code from LLVM's assembly language, through llvmlite.

    text ─▶ module ─ few passes ─▶ object code ⇄ cache on disk
                                        └─▶ linked in memory ─▶ addresses of functions

The text is straight: vectors are explicit and nothing is left to be found by an
optimiser, so that building costs milliseconds. Each piece of code has a linker of its
own, which is let go when nobody holds the code any more and other code is made.

All of llvmlite is used apart from the main thread: in its destructors too, an
interrupt would be lost, or leave its lock taken.
"""

from __future__ import annotations

import functools
import re
import time
import zlib
from hashlib import sha256
from typing import Any

from cgprimer.forks import forkable
from cgprimer.interrupts import apart
from cgprimer.keeping import Weakly
from cgprimer.run.llvm import cache

ADVICE = "pip install 'cgprimer[jit]' for compiled code, 10 to 1000 times as fast"

_PUBLIC = re.compile(r"^define void @(\w+)", re.MULTILINE)
_lock = forkable()
_alive: Weakly[str, MachineCode] = Weakly()
_linkers: dict[str, tuple[Any, bytes]] = {}  # … read object code as long as they live


class MachineCode:
    """Linked machine code; `compile_text` makes it.

    size : bytes of object code. seconds : what building it took.
    cached : whether the object code came from the cache on disk.
    """

    def __init__(self, text: str, key: str) -> None:
        began = time.perf_counter()
        object_code = cache.load(key)
        self.key, self.cached = key, object_code is not None
        # A graph of thousands of equations has megabytes of it, 20 times as many as are
        # left when it is packed.
        self._packed = zlib.compress(text.encode(), 1)
        if object_code is None:
            object_code = _object_code(text)
            cache.store(key, object_code)
        self.size = len(object_code)
        linker = _link(object_code)
        _linkers[key] = linker, object_code
        self._addresses = {
            name: int(linker.get_function_address(name))
            for name in _PUBLIC.findall(text)
        }
        self.seconds = time.perf_counter() - began

    @property
    def source(self) -> str:
        """What it was made of, in LLVM's assembly language."""
        return zlib.decompress(self._packed).decode()

    def address(self, function: str) -> int:
        """Where a function begins; valid as long as this object is held."""
        return self._addresses[function]


def available() -> bool:
    """Whether machine code can be made here."""
    return _binding() is not None


def compile_text(text: str) -> MachineCode:
    """The machine code of a module; the same object while somebody holds it."""
    return apart(lambda: _compile(text))


def _compile(text: str) -> MachineCode:
    key = sha256(f"{_machine()}\n{text}".encode()).hexdigest()
    with _lock:
        _alive.bury()
        # Here, where no interrupt arrives, and not when the last holder lets go:
        # freeing a linker is a call of llvmlite.
        for dead in _linkers.keys() - _alive.keys():
            del _linkers[dead]
        code = _alive.find(key)
        return _alive.hold(key, MachineCode(text, key)) if code is None else code


def obstacle() -> str:
    """Why there is no machine code here, and what to do; empty where there is."""
    _, error = _load_once()
    if error is None:
        return ""
    if isinstance(error, ModuleNotFoundError):
        return f"llvmlite is not installed: {ADVICE}"
    told = " ".join(str(error).split())
    return f"llvmlite is installed but does not load ({told}): reinstall it"


@functools.cache
def _load_once() -> tuple[Any, Exception | None]:
    return apart(_load)


def _load() -> tuple[Any, Exception | None]:
    """llvmlite's binding, or why it does not load.

    A shared library may be there and yet not load: built for another libc, on a
    file system without permission to execute, or too large for the memory left.
    """
    try:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        llvm.Target.from_default_triple()
    except Exception as error:  # whatever a broken installation raises
        return None, error
    # llvmlite has a lock of its own, around all of its calls: a fork must not leave it
    # taken either.
    own = getattr(getattr(llvm.ffi.lib, "_lock", None), "_lock", None)
    if own is not None:
        forkable(own)
    return llvm, None


def _binding() -> Any:
    return _load_once()[0]


@functools.cache
def _features() -> tuple[str, str]:
    """Name and features of the processor; the widest vectors it has are wanted."""
    llvm = _binding()
    features = llvm.get_host_cpu_features().flatten()
    return llvm.get_host_cpu_name(), features + ",-prefer-256-bit"


def _machine() -> str:
    """What object code depends on beside its text."""
    llvm = _binding()
    return f"{llvm.llvm_version_info} {llvm.get_process_triple()} {_features()}"


def _target_machine() -> Any:
    """A new one for every linker: a linker owns its own."""
    cpu, features = _features()
    target = _binding().Target.from_default_triple()
    return target.create_target_machine(cpu=cpu, features=features, opt=2)


def _object_code(text: str) -> bytes:
    llvm = _binding()
    # A context of its own, which goes with the module: types and constants of each
    # piece of code would pile up in the global one.
    module = llvm.parse_assembly(text, llvm.create_context())
    machine = _target_machine()
    # The only pass that is run: without functions to be written out there is none to
    # run.
    if "alwaysinline" in text:
        passes = llvm.create_new_module_pass_manager()
        passes.add_always_inliner_pass()
        tuning = llvm.create_pipeline_tuning_options(speed_level=1)
        passes.run(module, llvm.create_pass_builder(machine, tuning))
    return bytes(machine.emit_object(module))


def _link(object_code: bytes) -> Any:
    llvm = _binding()
    empty = llvm.parse_assembly("")  # in the global context, which outlives the linker
    linker = llvm.create_mcjit_compiler(empty, _target_machine())
    linker.add_object_file(llvm.ObjectFileRef.from_data(object_code))
    linker.finalize_object()
    return linker
