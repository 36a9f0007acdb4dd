"""What commands write: every command × every place that output can go to."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cgprimer.cli import main
from cgprimer.commands.output import complain

CANONICAL = ["xx = xa^2", "xy = ab*xx + ac*xa", "xz = bc*xx + xy", "xw = cd*xx + xz^3"]
POINT = ["--at", "xa=1.5", "ab=0.8", "ac=-1.1", "bc=2", "cd=0.5"]
LINE = ["xy = w*xx + b"]
COMMANDS = {
    "show": (["show", *CANONICAL], 0),
    "partials": (["partials", *CANONICAL, *POINT], 0),
    "check": (["check", *LINE, "--claims", "claims.txt"], 1),
    "mutations": (["check", "xy = tanh(a*xx)", "--mutations", "--points", "1"], 0),
    "trace": (["trace", *CANONICAL, *POINT], 0),
    "trace text": (["trace", *CANONICAL, *POINT, "--format", "text"], 0),
    "trace html": (["trace", *CANONICAL, *POINT, "--format", "html"], 0),
    "diagnose": (["diagnose", "xy = sqrt(xa^2 + 1) - xa", "--at", "xa=1e9"], 1),
    "fit": (["fit", *LINE, "--data", "points.csv", "--quiet"], 0),
    "draw": (["draw", *LINE, "-o", "∂raph.png"], 0),
    "cache": (["cache"], 0),
    "help": (["fit", "--help"], 0),
    "bad equation": (["show", "xy = größe + ∂x"], 2),
    "demo": (["demo"], 0),
}
SINKS = ["full", "no reader", "closed", "ascii", "cp1252", "errors full"]
QUICK = ("show", "check", "trace", "trace html", "diagnose", "help", "bad equation")
SLOW = pytest.mark.slow
FULL = "cgprimer: cannot write the output: No space left on device\n"
HERE = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """A folder with what the commands read."""
    monkeypatch.chdir(tmp_path)
    Path("claims.txt").write_text("d xy / d w = xx^2\n")
    Path("points.csv").write_text("xx,xy\n1,0\n2,-1\n3,-2\n4,-3\n")


def opened(sink):
    """A standard output, as the shell and the locale would set it up."""
    if sink == "closed":
        return None
    if sink == "no reader":
        reader, writer = os.pipe()
        os.close(reader)
        return os.fdopen(writer, "w", encoding="utf-8")
    encoding = sink if sink in ("ascii", "cp1252") else "utf-8"
    return Path("/dev/full" if sink == "full" else "out").open("w", encoding=encoding)


def call(sink, arguments, monkeypatch):
    """(exit code, standard output, standard error) of a command."""
    out = opened(sink)
    encoding = getattr(out, "encoding", "utf-8")
    path = "/dev/full" if sink == "errors full" else "err"
    with open(path, "w", encoding=encoding) as err, monkeypatch.context() as patched:
        for name, stream in {"stdout": out, "stderr": err}.items():
            patched.setattr(sys, name, stream)
            patched.setattr(sys, f"__{name}__", stream)
        try:
            code = main(arguments)
        except SystemExit as exit_:
            code = exit_.code
        assert (sys.stdout, sys.stderr) == (out, err)
    if out is not None:
        out.close()  # what the command left unwritten would be an error here
    return code, read("out", encoding), read("err", encoding)


def read(path, encoding):
    return Path(path).read_text(encoding) if Path(path).exists() else ""


CASES = [
    pytest.param(
        name, sink,
        marks=() if name in QUICK or (sink == "full" and name != "demo") else SLOW,
    )
    for name in COMMANDS
    for sink in SINKS
]  # fmt: skip


@pytest.mark.every(3)
@HERE
@pytest.mark.parametrize(("name", "sink"), CASES)
def test_every_command_ends_cleanly_wherever_it_writes(name, sink, monkeypatch):
    arguments, expected = COMMANDS[name]
    code, out, err = call(sink, arguments, monkeypatch)
    err = "" if name == "demo" and sink != "full" else err  # its progress bars
    assert "Traceback" not in err
    if sink == "full" and expected != 2:
        assert code == 1
        assert err.endswith(FULL)
        assert name == "demo" or err == FULL
        return
    assert code == expected
    assert bool(err) == (expected == 2 and sink != "errors full")
    if sink in ("ascii", "cp1252", "errors full") and expected != 2:
        assert out
        assert "?" not in out
        assert ("&#8595;" in out) == (name == "trace html" and sink != "errors full")


SHELLS = {
    "full": ({}, "> /dev/full", 1, FULL),
    "no reader": ({}, "| true", 1, ""),
    "closed": ({}, ">&-", 1, ""),
    "C": ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "", 1, ""),
    "cp1252": ({"PYTHONIOENCODING": "cp1252"}, "", 1, ""),
    "errors full": ({}, "2> /dev/full", 1, ""),
}


@HERE
@pytest.mark.parametrize(
    "shell",
    ["full", *(pytest.param(s, marks=pytest.mark.slow) for s in [*SHELLS][1:])],
)
def test_a_process_ends_cleanly_whatever_the_shell_does(shell):
    environment, redirect, code, err = SHELLS[shell]
    command = f"{sys.executable} -m cgprimer diagnose 'xy = sqrt(xa^2 + 1) - xa'"
    run = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} --at xa=1e9 {redirect}"],
        env=os.environ | environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr.decode()) == (code, err)


@HERE
@pytest.mark.parametrize("arguments", [
    ["draw", *LINE, "-o", "full.png"], ["draw", *LINE, "-o", "full.svg"],
    ["trace", *LINE, "-o", "full.txt"], ["trace", *LINE, "-o", "full.html"],
])  # fmt: skip
def test_a_file_on_a_full_disk_is_a_sentence(arguments, capsys):
    os.symlink("/dev/full", arguments[-1])
    assert main(arguments) == 2
    said = f"OptionError: cannot write {arguments[-1]!r}: No space left on device\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("width", [30, 50, 80])
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_carets_of_errors_stay_where_they_belong(width, encoding, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", str(width))
    text = f"    {'∂' * 9}{'a + ' * 9}sn(xx)"
    complain(f"unknown function\n\n{text}\n{' ' * text.index('sn')}^^\n  hint")
    stream.flush()
    _, _, line, carets, *_ = stream.buffer.getvalue().decode(encoding).split("\n")
    assert line[carets.index("^") :].startswith("sn(")
    assert len(line) <= width


def test_standard_input_is_utf_8_as_files_are(monkeypatch, capsys):
    text = "# größe\nxy = a*xx\n"
    stream = io.TextIOWrapper(io.BytesIO(text.encode("utf-8-sig")), "ascii")
    monkeypatch.setattr("sys.stdin", stream)
    assert main(["show", "-"]) == 0
    assert capsys.readouterr().out.startswith("xy = a*xx\n")
