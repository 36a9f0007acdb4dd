"""Files that commands write are whole, or as they were before."""

import errno
import os
import stat
import threading

import pytest

from cgprimer.cli import main
from cgprimer.commands.files import write_file
from cgprimer.errors import OptionError

OLD, NEW = b"what was there before", b"what is there now"


def full(file):
    file.write(NEW[:5])
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupted(file):
    file.write(NEW[:5])
    raise KeyboardInterrupt


def broken(file):
    file.write(NEW[:5])
    raise ValueError("a mistake of matplotlib")


def fails(name, number):
    """A failure of the operating system at one step of the way."""

    def patch(monkeypatch):
        def fail(*args, **kwargs):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, name, fail)

    return patch


FAILURES = {  # what is raised, by whom
    "a full disk": (OptionError, full, None),
    "an interrupt": (KeyboardInterrupt, interrupted, None),
    "a mistake": (ValueError, broken, None),
    "not on the disk": (
        OptionError, lambda f: f.write(NEW), fails("fsync", errno.EIO),
    ),
    "not renamed": (
        OptionError, lambda f: f.write(NEW), fails("replace", errno.EACCES),
    ),
    "no rights given": (
        OptionError, lambda f: f.write(NEW), fails("chmod", errno.EPERM),
    ),
}  # fmt: skip


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("failure", FAILURES)
def test_what_fails_leaves_everything_as_it_was(failure, there, tmp_path, monkeypatch):
    raised, write, patch = FAILURES[failure]
    if patch is not None and failure == "no rights given" and not there:
        return  # a new file is given none
    path = tmp_path / "picture.svg"
    if there:
        path.write_bytes(OLD)
    if patch is not None:
        patch(monkeypatch)
    with pytest.raises(raised) as caught:
        write_file(path, write)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [OLD] * there
    if raised is OptionError:
        assert str(caught.value).startswith(f"cannot write {str(path)!r}: ")


def test_a_reader_finds_one_of_both_files_at_any_time(tmp_path):
    path = tmp_path / "trace.txt"
    path.write_bytes(OLD)

    def write(file):
        for byte in NEW:
            file.write(bytes([byte]))
            file.flush()
            assert path.read_bytes() == OLD

    write_file(path, write)
    assert path.read_bytes() == NEW
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="no permissions of this kind")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o755, 0o666])
def test_permissions_are_kept(mode, tmp_path):
    path = tmp_path / "trace.txt"
    path.write_bytes(OLD)
    path.chmod(mode)
    write_file(path, lambda file: file.write(NEW))
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.name == "nt", reason="no permissions of this kind")
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_permissions_of_any_other(mask, tmp_path):
    before = os.umask(mask)
    try:
        write_file(tmp_path / "ours", lambda file: file.write(NEW))
        (tmp_path / "other").write_bytes(NEW)
    finally:
        os.umask(before)
    ours, other = ((tmp_path / n).stat().st_mode for n in ("ours", "other"))
    assert ours == other


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_one(there, tmp_path):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "trace.txt", tmp_path / "trace.txt"
    if there:
        target.write_bytes(OLD)
    link.symlink_to(target)
    write_file(link, lambda file: file.write(NEW))
    assert link.is_symlink()
    assert target.read_bytes() == NEW
    assert list((tmp_path / "real").iterdir()) == [target]


def test_a_link_to_itself_is_refused(tmp_path):
    link = tmp_path / "trace.txt"
    link.symlink_to(link)
    with pytest.raises(OptionError, match="cannot write"):
        write_file(link, lambda file: file.write(NEW))
    assert link.is_symlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_written_to(tmp_path):
    path, found = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: found.append(path.read_bytes()))
    reader.start()
    write_file(path, lambda file: file.write(NEW))
    reader.join()
    assert found == [NEW]
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.parametrize("place", ["none/x.txt", ".", "a" * 300])
def test_where_nothing_can_be_write_file(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError, match="cannot write"):
        write_file(place, lambda file: file.write(NEW))
    assert list(tmp_path.iterdir()) == []


COMMANDS = {
    "trace": ["trace", "xy = w*xa", "-o", "out.txt"],
    "draw": ["draw", "xy = w*xa", "-o", "out.svg"],
    "fit": ["fit", "xy = w*xa", "--data", "data.csv", "--plot", "out.png", "--quiet"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_writes_so(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("xa,xy\n1,2\n2,4.1\n3,6\n")
    out = tmp_path / next(w for w in COMMANDS[command] if w.startswith("out"))
    out.write_bytes(OLD)
    with monkeypatch.context() as patched:
        fails("fsync", errno.ENOSPC)(patched)
        assert main(COMMANDS[command]) == 2
    assert "cannot write 'out." in capsys.readouterr().err
    assert out.read_bytes() == OLD
    assert main(COMMANDS[command]) == 0
    assert f"written: {out.name}\n" in capsys.readouterr().out
    assert out.read_bytes() != OLD
    assert {p.name for p in tmp_path.iterdir()} == {"data.csv", out.name}
