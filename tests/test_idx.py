"""Files of bytes: IDX and CIFAR as others write them, what is none, and round trips."""

import gzip
import io
import os
import pickle
import struct
import tarfile
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cgprimer import (
    DataError,
    OptionError,
    read_cifar,
    read_idx,
    write_cifar,
    write_idx,
)
from cgprimer.data import binary_file


def message(call, kind=DataError):
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A function that writes bytes, and names the file as it is called from there."""
    monkeypatch.chdir(tmp_path)

    def write(content, name="images"):
        (tmp_path / name).write_bytes(content)
        return name

    return write


def idx(code, sizes, body):
    """An IDX file, byte by byte."""
    return (
        bytes([0, 0, code, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes) + body
    )


# Reading IDX


BY_HAND = {  # bytes as they stand in a file, type, values
    "uint8": (idx(0x08, (2, 3), bytes([0, 1, 2, 127, 128, 255])),
              [[0, 1, 2], [127, 128, 255]]),
    "int8": (idx(0x09, (3,), bytes([0, 127, 128])), [0, 127, -128]),
    "int16": (idx(0x0B, (3,), bytes.fromhex("0001 7fff 8000")), [1, 32767, -32768]),
    "int32": (idx(0x0C, (2, 1), bytes.fromhex("00000102 ffffffff")), [[258], [-1]]),
    "float32": (idx(0x0D, (2,), bytes.fromhex("3fc00000 c2f60000")), [1.5, -123.0]),
    "float64": (idx(0x0E, (1, 2), bytes.fromhex("3ff8000000000000 c05ec00000000000")),
                [[1.5, -123.0]]),
}  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", BY_HAND)
def test_every_type_is_read_and_written_as_it_stands(kind, packed, file):
    content, values = BY_HAND[kind]
    path = file(gzip.compress(content) if packed else content, "numbers")  # no .gz
    found = read_idx(path)
    assert found.dtype == np.dtype(kind)
    assert found.dtype.isnative
    assert found.tolist() == values
    assert found.flags.writeable
    write_idx("again", found)
    with open("again", "rb") as again:
        assert again.read() == content


def test_images_are_as_in_mnist(file):
    images = np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28)
    path = file(bytes.fromhex("00000803 00000003 0000001c 0000001c") + images.tobytes())
    found = read_idx(path, axes=3)
    assert found.shape == (3, 28, 28)
    assert (found == images).all()


HUGE = 2**32 - 1
REFUSED = {  # content, arguments, what is said
    "cut off": (
        idx(8, (5, 5), b"abc"), {}, "images: 15 bytes, but 5 x 5 of uint8 are 37"
    ),
    "one byte too many": (
        idx(8, (2,), b"abc"), {}, "images: 11 bytes, but 2 of uint8 are 10"
    ),
    "half a number": (
        idx(0xC, (2,), b"abcdefg"), {}, "images: 15 bytes, but 2 of int32 are 16"
    ),
    "four gigabytes": (
        idx(8, (HUGE,), b"a"), {},
        "images: 9 bytes, but 4294967295 of uint8 are 4294967303",
    ),
    "beyond all integers": (
        idx(0xE, (HUGE,) * 3, b""), {},
        "images: 16 bytes, but 4294967295 x 4294967295 x 4294967295 of float64 are "
        "633825299671392843082401579016",
    ),
    "packed and cut off": (
        gzip.compress(idx(8, (5, 5), b"abc")), {},
        "images: 15 bytes when unpacked, but 5 x 5 of uint8 are 37",
    ),
    "packed and too long": (
        gzip.compress(idx(8, (5, 5), bytes(10**6))), {},
        "images: more than 37 bytes when unpacked, but 5 x 5 of uint8 are 37",
    ),
    "packed, four gigabytes": (
        gzip.compress(idx(8, (HUGE,), b"abc")), {},
        "images: 11 bytes when unpacked, but 4294967295 of uint8 are 4294967303",
    ),
    "beyond the limit": (
        idx(8, (2, 3), b"abcdef"), {"limit": 17},
        "images: 2 x 3 of uint8 are 18 bytes, and no more than 17 are read\n"
        "  hint: read_idx(…, limit=18) reads them, if there is memory for them",
    ),
    "packed and beyond the limit": (
        gzip.compress(idx(8, (2, 3), b"abcdef")), {"limit": 17},
        "images: 2 x 3 of uint8 are 18 bytes, and no more than 17 are read\n"
        "  hint: read_idx(…, limit=18) reads them, if there is memory for them",
    ),
    "nothing in it": (
        idx(8, (0, 28, 28), b""), {},
        "images: 0 x 28 x 28 of uint8 are no numbers at all",
    ),
    "no axes": (
        bytes([0, 0, 8, 0, 1]), {},
        "images: its header tells of 0 axes; 1 to 32 are read",
    ),
    "too many axes": (
        idx(8, (1,) * 33, b"a"), {},
        "images: its header tells of 33 axes; 1 to 32 are read",
    ),
    "half a header": (
        idx(8, (5, 5, 5), b"")[:-5], {},
        "images: 11 bytes, but a header of 3 sizes has 16",
    ),
    "three bytes": (
        bytes([0, 0, 8]), {},
        "images is no IDX file: it begins with 00 00 08, not with 00 00, a type and "
        "the number of axes",
    ),
    "little-endian": (
        bytes([3, 8, 0, 0]) + bytes(20), {},
        "images is no IDX file: it begins with 03 08 00 00, not with 00 00, a type and "
        "the number of axes",
    ),
    "zeros": (
        bytes(1000), {},
        "images is no IDX file: it begins with 00 00 00, and 00 is no type of numbers\n"
        "  hint: the types are 08 uint8, 09 int8, 0b int16, 0c int32, 0d float32, "
        "0e float64",
    ),
    "a type that is none": (
        idx(0xA, (1,), b"a"), {},
        "images is no IDX file: it begins with 00 00 0a, and 0a is no type of numbers\n"
        "  hint: the types are 08 uint8, 09 int8, 0b int16, 0c int32, 0d float32, "
        "0e float64",
    ),
    "images for labels": (
        idx(8, (1, 2, 3), b"abcdef"), {"axes": 1},
        "images holds 1 x 2 x 3 numbers, images as it seems: 3 axes, but axes=1 is "
        "asked for",
    ),
    "labels for images": (
        idx(8, (6,), b"abcdef"), {"axes": 3},
        "images holds 6 numbers, labels as it seems: 1 axis, but axes=3 is asked for",
    ),
    "a matrix for images": (
        idx(8, (2, 3), b"abcdef"), {"axes": 3},
        "images holds 2 x 3 numbers: 2 axes, but axes=3 is asked for",
    ),
    "empty": (b"", {}, "images is empty"),
    "packed and empty": (gzip.compress(b""), {}, "images, unpacked, is empty"),
    "text": (
        b"label,pixel0,pixel1\n5,0,0\n", {},
        "images is text, not an IDX file\n"
        "  hint: Dataset.from_csv reads tables of numbers",
    ),
    "a page": (
        b"<!DOCTYPE html><html>403 Forbidden", {},
        "images is HTML, not an IDX file\n"
        "  hint: a page was saved in place of the file",
    ),
    "packed twice": (
        gzip.compress(gzip.compress(idx(8, (1,), b"a"))), {},
        "images, unpacked, is compressed (gz), not an IDX file\n"
        "  hint: unpack it, and give the files in it",
    ),
    "of numpy": (
        b"\x93NUMPY\x01\x00", {},
        "images is an array of numpy (npy), not an IDX file\n"
        "  hint: numpy.load reads it",
    ),
    "zipped": (
        b"PK\3\4" + bytes(30), {},
        "images is a spreadsheet or an archive (xlsx, ods, zip), not an IDX file\n"
        "  hint: unpack it, and give the files in it",
    ),
    "pickled": (
        gzip.compress(pickle.dumps([1, 2])), {},
        "images, unpacked, is pickled, and to unpickle a file is to run the code in "
        "it\n  hint: take the version in IDX, as train-images-idx3-ubyte.gz is",
    ),
    "gzip data cut off": (
        gzip.compress(idx(8, (2, 3), b"abcdef"))[:-9], {},
        "images: the end of its gzip data is missing\n  hint: get the file anew",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_idx_file_is_refused(name, file):
    content, options, expected = REFUSED[name]
    path = file(content)
    assert message(lambda: read_idx(path, **options)) == expected


def test_damage_in_gzip_data_is_told(file):
    whole = bytearray(gzip.compress(idx(8, (50,), bytes(range(50)))))
    whole[-6] ^= 1  # of the checksum, which is only looked at behind the last byte
    path = file(whole)
    found = message(lambda: read_idx(path))
    assert found.startswith("images: its gzip data are damaged (CRC check failed ")
    assert found.endswith("\n  hint: get the file anew")


def test_what_can_not_be_opened_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("folder")
    os.symlink("loop", "loop")
    refused = {
        "none": "cannot read none: No such file or directory",
        "folder": "cannot read folder: it is a folder",
        "loop": "cannot read loop: Too many levels of symbolic links",
        "a\0b": "no file has a name with U+0000 in it, as a<U+0000>b has",
        None: "the path of a file is expected, not None",
        b"none": "the path of a file is expected, not b'none'",
    }
    if os.path.exists("/dev/zero"):
        refused["/dev/zero"] = "cannot read /dev/zero: it is no plain file"
    if hasattr(os, "mkfifo"):
        os.mkfifo("pipe")
        refused["pipe"] = "cannot read pipe: it is no plain file"
    for path, expected in refused.items():
        assert message(lambda path=path: read_idx(path)) == expected
        assert message(lambda path=path: read_cifar([path])) == expected


def test_options_are_counts():
    for options in ({"limit": 0}, {"limit": 1.5}, {"axes": 0}, {"axes": "3"}):
        [(name, value)] = options.items()
        expected = f"{name} is {value!r}; a whole number from 1 is expected"
        assert message(lambda o=options: read_idx("x", **o), OptionError) == expected


@pytest.mark.parametrize("content", [b"", b"abc"], ids=["short", "long"])
@pytest.mark.parametrize("read", [read_idx, read_cifar])
def test_a_bomb_takes_no_memory(read, content, file, monkeypatch):
    zeros = idx(8, (5, 5), bytes(2**25)) + content
    path = file(gzip.compress(zeros, 1))
    tracemalloc.start()
    try:
        assert "images: " in message(lambda: read(path, limit=2**24))
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


def test_a_header_takes_no_memory(file):
    """That tells of 1 GiB, as a plain file and as a packed one."""
    content = idx(0x0E, (2**27 - 1,), b"12345678")
    for path in (file(content), file(gzip.compress(content), "packed")):
        tracemalloc.start()
        assert "but 134217727 of float64 are" in message(
            lambda path=path: read_idx(path)
        )
        assert tracemalloc.get_traced_memory()[1] < 2**22
        tracemalloc.stop()


def test_a_file_that_shrinks_meanwhile_is_refused(file, monkeypatch):
    path = file(idx(8, (2, 3), b"abc"))
    monkeypatch.setattr(binary_file.ByteFile, "count", lambda self, most: 18)
    expected = "images: the file changed while it was read"
    assert message(lambda: read_idx(path)) == expected


# Writing IDX

TYPES = st.sampled_from([*BY_HAND]).map(np.dtype)
SHAPES = st.lists(st.integers(1, 6), min_size=1, max_size=5).map(tuple)
ANY_ARRAY = TYPES.flatmap(lambda kind: arrays(kind, SHAPES))


@settings(max_examples=60)
@given(array=ANY_ARRAY, packed=st.booleans(), order=st.sampled_from("CFr>"))
def test_what_is_written_is_read_again(tmp_path_factory, array, packed, order):
    given = array
    if order == "r":
        given = array[::-1].copy()[::-1]  # with a stride below zero
    elif order == "F":
        given = np.asfortranarray(array)
    elif order == ">":
        given = array.astype(array.dtype.newbyteorder(">"))
    path = tmp_path_factory.getbasetemp() / f"array{'.gz' * packed}"
    write_idx(path, given)
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == packed
    found = read_idx(path)
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()  # nan with all its bits


def test_many_rows_are_written_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("cgprimer.data.idx.PIECE", 100)
    monkeypatch.setattr(binary_file, "PIECE", 64)
    array = np.random.default_rng(0).normal(size=(23, 3))
    write_idx(tmp_path / "x", array)
    assert (read_idx(tmp_path / "x") == array).all()


def test_the_same_array_gives_the_same_bytes(tmp_path):
    for name in ("a.gz", "b.gz"):
        write_idx(tmp_path / name, np.arange(9, dtype=np.uint8))
    a, b = ((tmp_path / name).read_bytes() for name in ("a.gz", "b.gz"))
    assert a == b
    assert a[3:8] == bytes(5)  # neither a name nor a time


HOLDS = "its types are uint8, int8, int16, int32, float32, float64"
NOT_HELD = {
    "labels of numpy": (
        np.arange(10),
        f"IDX holds no int64: {HOLDS}\n  hint: all of it fits: array.astype('uint8')",
    ),
    "a list": (
        [-1, 300],
        f"IDX holds no int64: {HOLDS}\n  hint: all of it fits: array.astype('int16')",
    ),
    "bools": (
        np.array([True]),
        f"IDX holds no bool: {HOLDS}\n  hint: all of it fits: array.astype('uint8')",
    ),
    "too large": (
        np.array([2**40]),
        f"IDX holds no int64: {HOLDS}\n"
        "  hint: array.astype('float64') holds whole numbers up to 2^53",
    ),
    "halves": (
        np.array([1.5], "float16"),
        f"IDX holds no float16: {HOLDS}\n  hint: array.astype('float32') holds it",
    ),
    "complex": (np.array([1j]), f"IDX holds no complex128: {HOLDS}"),
    "text": (np.array(["a"]), f"IDX holds no str32: {HOLDS}"),
    "a number": (np.uint8(3), "IDX holds 1 to 32 axes, not 0"),
    "nothing": (
        np.zeros((0, 28), np.uint8), "0 x 28 of uint8 are no numbers at all"
    ),
    "too long": (
        np.broadcast_to(np.uint8(0), 2**32),
        "an axis of IDX ends at 4294967295, not 4294967296",
    ),
    "masked": (
        np.ma.array([1, 2], mask=[0, 1], dtype="uint8"),
        "the array has masked entries, which no file of bytes can hold\n"
        "  hint: array.filled(0) puts a number in their place",
    ),
    "uneven": ([[1], [1, 2]], "the array is no array: [[1], [1, 2]]"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_HELD)
def test_what_idx_does_not_hold_is_refused(name, tmp_path):
    array, expected = NOT_HELD[name]
    path = tmp_path / "x"
    path.write_bytes(b"what was there before")
    assert message(lambda: write_idx(path, array)) == expected
    assert path.read_bytes() == b"what was there before"
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.parametrize("name", ["x", "x.gz"])
@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_idx(path, np.arange(9, dtype=np.uint8)),
        lambda path: write_cifar(path, IMAGES, LABELS),
    ],
)
def test_an_interrupt_leaves_the_older_file(name, write, tmp_path, monkeypatch):
    path = tmp_path / name
    path.write_bytes(b"what was there before")

    def interrupted(*arguments):
        yield b"half"
        raise KeyboardInterrupt

    monkeypatch.setattr("cgprimer.data.idx._pieces", interrupted)
    monkeypatch.setattr("cgprimer.data.cifar._records", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(path)
    assert path.read_bytes() == b"what was there before"
    assert os.listdir(tmp_path) == [name]


def test_where_nothing_can_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    array = np.arange(9, dtype=np.uint8)
    expected = "cannot write none/x: No such file or directory"
    assert message(lambda: write_idx("none/x", array)) == expected
    assert message(lambda: write_idx(".", array)) == "cannot write .: Is a directory"
    assert (
        message(lambda: write_cifar(3, IMAGES, LABELS))
        == "the path of a file is expected, not 3"
    )


# CIFAR

RNG = np.random.default_rng(12)
IMAGES = RNG.integers(0, 256, (7, 3, 32, 32), dtype=np.uint8)
LABELS = np.array([3, 1, 4, 1, 5, 9, 2], np.uint8)
FINE = np.array([3, 99, 4, 10, 50, 0, 2], np.uint8)
COARSE = np.array([3, 19, 4, 10, 5, 0, 2], np.uint8)


def records(*labels):
    """Records as they stand in a file: labels, then red, green and blue."""
    return b"".join(
        bytes(map(int, own)) + b"".join(bytes(plane.ravel()) for plane in image)
        for *own, image in zip(*labels, IMAGES, strict=True)
    )


@pytest.mark.parametrize("packed", [False, True])
def test_records_are_read_and_written_as_they_stand(packed, file):
    ten, hundred = records(LABELS), records(COARSE, FINE)
    assert len(ten) == 7 * 3073
    assert len(hundred) == 7 * 3074
    pack = gzip.compress if packed else bytes
    found = read_cifar(file(pack(ten)))
    hundreds = read_cifar(file(pack(hundred), "train.bin"), classes=100)
    for made, wanted in (
        (found, (IMAGES, LABELS)),
        (hundreds, (IMAGES, FINE, COARSE)),
    ):
        assert [(a.dtype, a.shape) for a in made] == [
            (w.dtype, w.shape) for w in wanted
        ]
        assert all((a == w).all() for a, w in zip(made, wanted, strict=True))
        assert all(a.flags.c_contiguous and a.flags.writeable for a in made)
    for content, arrays_ in ((ten, found), (hundred, hundreds)):
        write_cifar("again", *arrays_)
        write_cifar("again.gz", *arrays_)
        with open("again", "rb") as plain, gzip.open("again.gz") as unpacked:
            assert plain.read() == unpacked.read() == content


def test_colours_are_red_green_blue_and_pixels_row_by_row(file):
    red, green, blue = bytes([1]) * 1024, bytes([2]) * 1024, bytes([3]) * 1024
    red = bytes(range(200, 232)) + red[32:]
    images, labels = read_cifar(file(b"\x07" + red + green + blue))
    assert labels.tolist() == [7]
    assert images[0, 0, 0].tolist() == [*range(200, 232)]
    assert images[0, :, 1, 0].tolist() == [1, 2, 3]


def test_several_files_follow_one_another(tmp_path):
    cuts = [(0, 2), (2, 3), (3, 7)]
    paths = [tmp_path / f"data_batch_{k}.bin" for k in range(3)]
    for path, (a, b) in zip(paths, cuts, strict=True):
        write_cifar(path, IMAGES[a:b], LABELS[a:b].tolist())
    images, labels = read_cifar(paths)
    assert (images == IMAGES).all()
    assert (labels == LABELS).all()
    images, labels = read_cifar(iter(paths[:0:-1]))
    assert labels.tolist() == [*LABELS[3:], *LABELS[2:3]]


@settings(max_examples=15)
@given(st.integers(1, 400), st.integers(0, 2**32), st.booleans())
def test_cifar_that_is_written_is_read_again(tmp_path_factory, count, seed, hundred):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)
    ends = (100, 20) if hundred else (10,)
    labels = [rng.integers(0, end, count) for end in ends]
    path = tmp_path_factory.getbasetemp() / "batch.bin"
    write_cifar(path, images, *labels)
    found = read_cifar(path, 100 if hundred else 10)
    for made, wanted in zip(found, (images, *labels), strict=True):
        assert (made == wanted).all()


def archive(name):
    """A tar archive of one pickled batch, gzipped."""
    made, content = io.BytesIO(), pickle.dumps({b"labels": [1]}, 2)
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return made.getvalue()


NOT_CIFAR = {
    "cut off": (
        records(LABELS)[:-1], {},
        "images: 21510 bytes are no whole number of records of 3073, as CIFAR-10's "
        "binary version has",
    ),
    "packed and cut off": (
        gzip.compress(records(LABELS)[:-1]), {},
        "images: 21510 bytes when unpacked are no whole number of records of 3073, as "
        "CIFAR-10's binary version has",
    ),
    "of 100 classes": (
        records(COARSE, FINE), {},
        "images: 21518 bytes are no whole number of records of 3073, as CIFAR-10's "
        "binary version has\n"
        "  hint: they are 7 records of 3074: pass classes=100 for CIFAR-100",
    ),
    "of 10 classes": (
        records(LABELS), {"classes": 100},
        "images: 21511 bytes are no whole number of records of 3074, as CIFAR-100's "
        "binary version has\n"
        "  hint: they are 7 records of 3073: pass classes=10 for CIFAR-10",
    ),
    "IDX": (
        idx(8, (2, 3), b"abcdef"), {},
        "images: 18 bytes are no whole number of records of 3073, as CIFAR-10's binary "
        "version has\n  hint: it begins as IDX does: read_idx reads that",
    ),
    "other bytes": (
        b"\x01" + bytes([200]) * (2 * 3073 - 1), {},
        "images: sample 1 has the label 200, but labels of CIFAR-10 are 0 to 9",
    ),
    "a coarse label beyond": (
        b"\x14" + bytes(3073), {"classes": 100},
        "images: sample 0 has the label 20, but coarse labels of CIFAR-100 are 0 to 19",
    ),
    "a fine label beyond": (
        b"\x13\x64" + bytes(3072), {"classes": 100},
        "images: sample 0 has the label 100, but labels of CIFAR-100 are 0 to 99",
    ),
    "beyond the limit": (
        records(LABELS), {"limit": 21510},
        "images: more than 21510 bytes, and no more are read\n"
        "  hint: read_cifar(…, limit=…) sets how many bytes of all files are read",
    ),
    "empty": (b"", {}, "images is empty"),
    "a batch in pickle": (
        pickle.dumps({b"data": [1], b"labels": [1]}, 2), {},
        "images is pickled, and to unpickle a file is to run the code in it\n"
        "  hint: take the binary version, of cifar-10-binary.tar.gz",
    ),
    "the first protocol": (
        pickle.dumps({"data": [1]}, 0), {"classes": 100},
        "images is pickled, and to unpickle a file is to run the code in it\n"
        "  hint: take the binary version, of cifar-100-binary.tar.gz",
    ),
    "an archive of pickles": (
        archive("cifar-10-batches-py/data_batch_4"), {},
        "images, unpacked, is an archive of pickled files "
        "(cifar-10-batches-py/data_batch_4), and to unpickle a file is to run the code "
        "in it\n  hint: take the binary version, of cifar-10-binary.tar.gz",
    ),
    "an archive of the right version": (
        archive("cifar-10-batches-bin/batches.meta.txt"), {},
        "images, unpacked, is an archive (tar) of "
        "cifar-10-batches-bin/batches.meta.txt\n"
        "  hint: unpack it, and give the files in it",
    ),
    "MATLAB's": (
        b"MATLAB 5.0 MAT-file, Platform: GLNXA64", {},
        "images is MATLAB's version, not CIFAR-10's binary version\n"
        "  hint: take the binary version, of cifar-10-binary.tar.gz",
    ),
    "names of classes": (
        b"airplane\nautomobile\nbird\n", {},
        "images is text, not CIFAR-10's binary version\n"
        "  hint: Dataset.from_csv reads tables of numbers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_CIFAR)
def test_what_is_no_cifar_is_refused(name, file):
    content, options, expected = NOT_CIFAR[name]
    path = file(content)
    assert message(lambda: read_cifar(path, **options)) == expected


def test_nothing_is_unpickled(file):
    class Evil:
        def __reduce__(self):
            return os.mkdir, ("evil",)

    path = file(pickle.dumps(Evil(), 2))
    assert "is pickled" in message(lambda: read_cifar(path))
    assert not os.path.exists("evil")


def test_all_files_together_stay_below_the_limit(file):
    paths = [file(records(LABELS), name) for name in ("a", "b")]
    assert len(read_cifar(paths, limit=2 * 21511)[1]) == 14
    assert message(lambda: read_cifar(paths, limit=2 * 21511 - 1)) == (
        "b: more than 21510 bytes, and no more are read\n"
        "  hint: read_cifar(…, limit=…) sets how many bytes of all files are read"
    )


def test_cifar_has_10_or_100_classes():
    expected = "classes is 20; 10 or 100 is expected"
    assert message(lambda: read_cifar("x", 20), OptionError) == expected
    assert message(lambda: read_cifar([])) == "the path of a file is expected, not []"


UINT8 = "those of CIFAR are uint8, 0 to 255"
BAD_SAMPLES = {
    "between 0 and 1": (
        (IMAGES / 255, LABELS),
        f"images hold float64: {UINT8}\n"
        "  hint: (255*images).round().astype('uint8'), if 1 is the brightest",
    ),
    "whole": (
        (IMAGES.astype(int), LABELS),
        f"images hold int64: {UINT8}\n  hint: images.astype('uint8') keeps them",
    ),
    "below zero": (
        (IMAGES.astype("float32") - 100, LABELS), f"images hold float32: {UINT8}"
    ),
    "colours last": (
        (np.zeros((7, 32, 32, 3), np.uint8), LABELS),
        "images has shape (7, 32, 32, 3), not (n, 3, 32, 32)\n"
        "  hint: images.transpose(0, 3, 1, 2) puts the colours first",
    ),
    "one image": (
        (IMAGES[0], [1]),
        "images has shape (3, 32, 32), not (n, 3, 32, 32)\n"
        "  hint: images[None] is one of them",
    ),
    "digits": (
        (np.zeros((7, 28, 28), np.uint8), LABELS),
        "images has shape (7, 28, 28), not (n, 3, 32, 32)",
    ),
    "no image": (
        (IMAGES[:0], []), "images has shape (0, 3, 32, 32), not (n, 3, 32, 32)"
    ),
    "images as labels": (
        (IMAGES, IMAGES), "labels has shape (7, 3, 32, 32); for 7 images it is (7,)"
    ),
    "one label": ((IMAGES, 3), "labels has shape (); for 7 images it is (7,)"),
    "below zero ": (
        (IMAGES, [0, 0, -1, 0, 0, 0, 0]),
        "sample 2 has the label -1, but labels of CIFAR-10 are 0 to 9",
    ),
    "a half": (
        (IMAGES, [0, 0.5, 0, 0, 0, 0, 0]),
        "sample 1 has the label 0.5, but labels of CIFAR-10 are 0 to 9",
    ),
    "nan": (
        (IMAGES, [np.nan, 0.5, 0, 0, 0, 0, 0]),
        "sample 0 has the label nan, but labels of CIFAR-10 are 0 to 9",
    ),
    "a class too many": (
        (IMAGES, [9, 10, 0, 0, 0, 0, 0]),
        "sample 1 has the label 10, but labels of CIFAR-10 are 0 to 9",
    ),
    "a coarse class too many": (
        (IMAGES, FINE, COARSE + 1),
        "sample 1 has the label 20, but coarse labels of CIFAR-100 are 0 to 19",
    ),
    "fine and coarse exchanged": (
        (IMAGES, COARSE, FINE),
        "sample 1 has the label 99, but coarse labels of CIFAR-100 are 0 to 19",
    ),
    "text": (
        (IMAGES, [*"0123456"]),
        "labels is '0' in sample 0: a real number or an array of real numbers is "
        "expected\n  hint: turn text into numbers first: float('1.5') does",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_SAMPLES)
def test_what_cifar_does_not_hold_is_refused(name, tmp_path):
    samples, expected = BAD_SAMPLES[name]
    assert message(lambda: write_cifar(tmp_path / "x", *samples)) == expected
    assert os.listdir(tmp_path) == []
