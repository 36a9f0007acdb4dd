"""Object code on disk: what is taken from there, what is not, and who may write."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cgprimer.run.llvm import cache

KEY, CODE = "a" * 64, b"machine code" * 100
RUN = """
from cgprimer import parse_graph
program = parse_graph(["xb = p*sin(xa) + q"]).compile(target="jit")
objective = program.objective({"xa": [0.5, 1.0]}, {"xb": [1.0, 2.0]})
loss = objective.value_and_gradient([0.3, 0.4])[0]
made = program.explain()
print(made.functions, made.cached, loss)
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="no owners and modes")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder for the cache, not made yet."""
    folder = tmp_path / "deep" / "cache"
    monkeypatch.setenv("CGPRIMER_CACHE", str(folder))
    return folder


def stored(place: Path) -> Path:
    cache.store(KEY, CODE)
    [path] = place.iterdir()
    return path


def run(**environment: str) -> tuple[int, int, float]:
    """What a new process makes and takes from the cache, and the loss it finds."""
    pytest.importorskip("llvmlite", reason="llvmlite is not installed: no machine code")
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    ).stdout.split()
    return int(found[0]), int(found[1]), float(found[2])


def test_what_is_stored_is_loaded(place: Path):
    assert cache.load(KEY) is None
    assert cache.contents() == (0, 0)
    path = stored(place)
    assert cache.load(KEY) == CODE
    assert cache.load("b" * 64) is None
    assert cache.contents() == (1, path.stat().st_size)
    cache.store(KEY, CODE * 2)
    assert cache.load(KEY) == CODE * 2
    assert cache.contents()[0] == 1


@posix
def test_nobody_else_may_read_or_write(place: Path):
    path = stored(place)
    assert place.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "short": lambda whole: whole[:10],
    "a digest alone": lambda whole: whole[: cache.DIGEST],
    "truncated": lambda whole: whole[:-1],
    "longer": lambda whole: whole + b"\0",
    "flipped in the digest": lambda whole: bytes([whole[0] ^ 1]) + whole[1:],
    "flipped in the code": lambda whole: whole[:-1] + bytes([whole[-1] ^ 128]),
    "foreign": lambda whole: b"\x7fELF" + bytes(500),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_files_are_not_taken(place: Path, how: str):
    path = stored(place)
    path.write_bytes(DAMAGE[how](path.read_bytes()))
    assert cache.load(KEY) is None
    cache.store(KEY, CODE)
    assert cache.load(KEY) == CODE


def test_a_file_under_another_key_is_not_taken(place: Path):
    path = stored(place)
    path.rename(place / ("c" * 64 + cache.SUFFIX))
    assert cache.load("c" * 64) is None


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_write_to_is_not_used(place: Path, mode: int):
    stored(place)
    place.chmod(mode)
    assert cache.load(KEY) is None
    cache.store("d" * 64, CODE)
    assert len(list(place.iterdir())) == 1
    place.chmod(0o700)
    assert cache.load(KEY) == CODE


@posix
@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
def test_a_file_that_others_write_to_is_not_used(place: Path, mode: int):
    stored(place).chmod(mode)
    assert cache.load(KEY) is None


@pytest.mark.parametrize("kind", ["file", "below a file", "none"])
def test_without_a_folder_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    where = {"file": str(blocked), "below a file": str(blocked / "c"), "none": ""}
    monkeypatch.setenv("CGPRIMER_CACHE", where[kind])
    cache.store(KEY, CODE)
    assert cache.load(KEY) is None
    assert cache.contents() == cache.clear() == (0, 0)
    assert blocked.read_text() == ""


@posix
@pytest.mark.parametrize(
    "kind",
    [
        "read-only home",
        pytest.param("file in place of it", marks=pytest.mark.slow),
        pytest.param("nothing", marks=pytest.mark.slow),
    ],
)
def test_graphs_run_where_nothing_can_be_kept(tmp_path: Path, kind: str):
    home = tmp_path / "home"
    if kind == "file in place of it":
        home.write_text("")
    else:
        home.mkdir(mode=0o555 if kind == "read-only home" else 0o755)
    named = {"CGPRIMER_CACHE": ""} if kind == "nothing" else {}
    environment = {"HOME": str(home), "XDG_CACHE_HOME": "", **named}
    for _ in range(2):
        functions, cached, _ = run(**environment)
        assert functions > 0
        assert cached == 0 or os.getuid() == 0  # root writes everywhere


def test_where_the_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CGPRIMER_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "cgprimer"
    monkeypatch.setenv("CGPRIMER_CACHE", str(tmp_path / "own"))
    assert cache.folder() == tmp_path / "own"
    monkeypatch.setenv("CGPRIMER_CACHE", "")
    assert cache.folder() is None


THEIRS = (
    "main.o", "film.part", "notes.txt", "A" * 64 + ".o", "a" * 63 + ".o",
    "a" * 64 + ".obj", "cgprimer-film.part", "x" + "a" * 64 + ".o",
)  # fmt: skip


def test_clear_and_pruning_spare_what_is_not_ours(
    place: Path, monkeypatch: pytest.MonkeyPatch
):
    for key in "abc":
        cache.store(key * 64, CODE)
    for name in THEIRS:
        (place / name).write_bytes(b"mine")
        os.utime(place / name, (1, 1))
    (place / ("d" * 64 + ".o")).mkdir()
    unfinished = place / f"cgprimer-{'0' * 16}.part"
    unfinished.write_bytes(b"half")
    cache.store("a" * 64, CODE)
    assert unfinished.exists(), "somebody may be writing it"
    os.utime(unfinished, (1, 1))
    monkeypatch.setattr(cache, "MOST", 0)
    cache.store("b" * 64, CODE)
    assert not unfinished.exists(), "nobody writes for so long"
    left = {path.name for path in place.iterdir() if path.is_file()}
    assert left == set(THEIRS)


def test_clear_counts(place: Path):
    for key in "abc":
        cache.store(key * 64, CODE)
    (place / "main.o").write_bytes(b"mine")
    assert cache.contents() == cache.clear() == (3, 3 * (cache.DIGEST + len(CODE)))
    assert cache.contents() == (0, 0)
    assert [path.name for path in place.iterdir()] == ["main.o"]


@posix
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "link to a pipe"])
def test_only_plain_files_are_read(place: Path, tmp_path: Path, kind: str):
    """A link may lead anywhere, a pipe may keep the reader waiting for ever."""
    path = stored(place)
    moved = path.rename(tmp_path / "moved")
    if kind == "link":
        path.symlink_to(moved)
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(tmp_path / "pipe")
        if kind == "pipe":
            (tmp_path / "pipe").rename(path)
        else:
            path.symlink_to(tmp_path / "pipe")
    assert cache.load(KEY) is None
    cache.store(KEY, CODE)
    assert cache.load(KEY) == (None if kind == "folder" else CODE)


@posix
def test_a_linked_folder_is_not_used(place: Path, tmp_path: Path):
    stored(place)
    real = place.rename(tmp_path / "real")
    place.symlink_to(real)
    assert cache.load(KEY) is None
    cache.store("d" * 64, CODE)
    assert cache.clear() == (0, 0)
    assert len(list(real.iterdir())) == 1


root = pytest.mark.skipif(
    sys.platform == "win32" or os.getuid() != 0, reason="only root can give files away"
)
NOBODY = 65534


@root
@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_belongs_to_somebody_else_is_not_used(place: Path, what: str):
    path = stored(place)
    os.chown(place if what == "folder" else path, NOBODY, NOBODY)
    assert cache.load(KEY) is None


SWAP = """
import os, sys
ours, theirs, aside = sys.argv[1:]
while True:  # what one who may write in the folder above can do
    os.rename(ours, aside)
    os.rename(theirs, ours)
    os.rename(ours, theirs)
    os.rename(aside, ours)
"""


@root
@pytest.mark.slow
def test_no_foreign_file_is_taken_in_a_race(place: Path):
    """Somebody who may write in the folder above swaps ours for theirs, on and on."""
    stored(place)
    foreign = b"foreign code" * 100
    theirs = place.parent / "theirs"
    theirs.mkdir(mode=0o755)
    other = theirs / (KEY + cache.SUFFIX)
    other.write_bytes(cache._digest(KEY, foreign) + foreign)
    for path in (theirs, other):
        os.chown(path, NOBODY, NOBODY)
    run = [sys.executable, "-c", SWAP, place, theirs, place.parent / "aside"]
    with subprocess.Popen(run) as attacker:
        found = [cache.load(KEY) for _ in range(200_000)]
        assert attacker.poll() is None
        attacker.kill()
    assert found.count(CODE) > 1000
    assert found.count(None) > 1000
    assert set(found) == {CODE, None}


def test_the_least_recently_used_goes_first(
    place: Path, monkeypatch: pytest.MonkeyPatch
):
    one = cache.DIGEST + len(CODE)
    monkeypatch.setattr(cache, "MOST", 3 * one)
    for age, key in enumerate("abc"):
        cache.store(key * 64, CODE)
        os.utime(place / (key * 64 + cache.SUFFIX), (age + 1, age + 1))
    assert cache.load("a" * 64) == CODE  # used just now
    cache.store("d" * 64, CODE)
    left = {key for key in "abcd" if cache.load(key * 64)}
    assert left == {"a", "c", "d"}
    monkeypatch.setattr(cache, "MOST", 0)
    cache.store("e" * 64, CODE)
    assert cache.contents() == (0, 0)


@pytest.mark.usefixtures("place")
def test_many_may_write_at_once():
    """Whoever reads finds one whole file or none."""
    codes = [bytes([k]) * 50_000 for k in range(8)]

    def work(code: bytes) -> set[bytes | None]:
        found = set()
        for _ in range(30):
            cache.store(KEY, code)
            found.add(cache.load(KEY))
        return found

    with ThreadPoolExecutor(4) as pool:
        found = set().union(*pool.map(work, codes))
    assert found <= set(codes)
    assert cache.contents() == (1, cache.DIGEST + 50_000)


def test_two_processes_may_write_at_once(place: Path):
    code = (
        "from cgprimer.run.llvm import cache\n"
        "for k in range(100):\n"
        f"    cache.store({KEY!r}, bytes([k % 7]) * 20_000)\n"
        f"    assert len(cache.load({KEY!r})) == 20_000\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert cache.load(KEY) == bytes([99 % 7]) * 20_000
    assert len(list(place.iterdir())) == 1


def test_a_second_process_takes_the_code(place: Path):
    functions, cached, loss = run()
    assert (functions > 0, cached) == (True, 0)
    again = run()
    assert again == (functions, functions, loss)
    for path in place.glob(f"*{cache.SUFFIX}"):
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert run() == (functions, 0, loss)
    assert run() == again
