"""Tables as spreadsheets and instruments write them: read in one call, or refused.

A wrong number that is read in silence is the worst of all: so what may be read in two
ways is among the refused, with what to pass, and passing that is tried.
"""

import pickle
import random

import pandas as pd
import pytest

from cgprimer import DataError, Dataset, LeastSquares, fit, parse_graph
from cgprimer.cli import main
from cgprimer.data import text_file

GRAPH = parse_graph(["y = a*x + b"], variables=["x", "y"])
UNITS = {"x [s]": "x", "y (µV)": "y"}
OUT = "{} left out as comments: {} of the file"
DE, UNIT = "Commas were read as decimal signs", "Row {} of the file was read as units"


def utf16(text):
    return text.encode("utf-16")


def cp1252(text):
    return text.encode("cp1252")


READ = {  # text or bytes, what is passed, x, y, what is said of it
    "Excel in English": ("x,y\r\n1.5,2\r\n-3,4e3\r\n", {}, [1.5, -3], [2, 4000], ()),
    "Excel in German": ("x;y\r\n1,5;2\r\n-3;0,25\r\n", {}, [1.5, -3], [2, 0.25], [DE]),
    "its UTF-8": ("\ufeffx;y;größe\r\n1,5;2;µ\r\n", {}, [1.5], [2], [DE]),
    "its ANSI": (cp1252("größe;x;y\r\n1 µm;1,5;2\r\n"), {}, [1.5], [2], [DE]),
    "its Unicode text": (utf16("x\ty\r\n1,5\t2\r\n"), {}, [1.5], [2], [DE]),
    "its sep line": ("sep=;\r\nx;y\r\n1.5;2\r\n", {}, [1.5], [2], ()),
    "… without names": (
        "sep=;\n1,5;2\n", {"names": ["x", "y"]}, [1.5], [2], [DE]
    ),
    "its rows without cells": ("x;y;\n1;2;\n;;\n;;\n", {}, [1], [2], ()),
    "Google in German": ('"x","y"\n"1,5","2"\n3,4\n', {}, [1.5, 3], [2, 4], [DE]),
    "LibreOffice, all quoted": ('"x";"y"\n"1";"2"\n', {}, [1], [2], ()),
    "pandas with its index": (",x,y\n0,1.5,2\n1,3,4\n", {}, [1.5, 3], [2, 4], ()),
    "R without row names": ('"x" "y"\n1.5 2\n3 4\n', {}, [1.5, 3], [2, 4], ()),
    "numpy savetxt": (
        "# x,y\n1.000e+00,2.0e-01\n", {}, [1], [0.2], ()
    ),
    "numpy savetxt, blanks": ("# made today\n# x y\n1 2\n", {}, [1], [2], ()),
    "gnuplot": (
        "# run 7\n# x  y\n  1   2.5\n  3   4\n\n# end\n", {}, [1, 3], [2.5, 4], ()
    ),
    "Matlab": ("% x y\n1\t2\n% more\n3\t4\n", {}, [1, 3], [2, 4], ()),
    "aligned columns": ("   x      y\n 1.5  -2.25\n10.0   3.50\n", {},
                        [1.5, 10], [-2.25, 3.5], ()),
    "Markdown": ("| x | y |\n|---|:-:|\n| 1 | 2.5 |\n", {}, [1], [2.5], ()),
    "psql": ("  x  | y \n-----+---\n 1.5 | 2\n", {}, [1.5], [2], ()),
    "an oscilloscope": (
        "Model,MSO2024\nFirmware Version,1.56\n\nHorizontal Units,S,\nSample Interval,"
        "1e-6,\nLabel,,\nx,y,CH2\n-1e-06,0.04,7\n0,0.05,8\n",
        {}, [-1e-6, 0], [0.04, 0.05], (),
    ),
    "a logger": (
        "Gerät: T-100\nStart: 01.02.2024 10:00:00\nKanäle: x, y\n\nZeit;x;y\n10:00;1,5;"
        "2\n10:01;1,25;3\n", {}, [1.5, 1.25], [2, 3], [DE],
    ),
    "units below": ("x,y\ns,mV\n1,2\n", {}, [1], [2], [UNIT.format(2)]),
    "units in brackets": (cp1252("x;y;z\n[s];[µV/m²];\n1,5;2;\n"), {},
                          [1.5], [2], [UNIT.format(2), DE]),
    "units in the heading": ("x [s],y (µV)\n1,2\n", {"rename": UNITS}, [1], [2], ()),
    "… in two lines": ('"x\n[s]","y\n(µV)"\n1,2\n', {"rename": UNITS}, [1], [2], ()),
    "… in cp1252": (cp1252("x [s]\ty (µV)\n1\t2\n"), {"rename": UNITS}, [1], [2], ()),
    "an old Macintosh": ("x,y\r1,2\r3,4\r", {}, [1, 3], [2, 4], ()),
    "a typographer": ("x,y\n−1.5,2\n3,−4e−3\n", {}, [-1.5, 3], [2, -0.004], ()),
    "notes with all signs": (
        'x,note,y\n1,"a; b\n# no, ""comment""\n",2\n3,5" pipe,4\n', {},
        [1, 3], [2, 4], (),
    ),
    "dates that nobody uses": ("day,x,y\n2024-01-05,1,2\n", {}, [1], [2], ()),
    "samples that were taken out": (
        "x,y\n1,2\n#3,4\n# 5,6\n#,\n# mean, 3\n7,8\n", {}, [1, 7], [2, 8],
        [OUT.format("2 rows were", "rows 3, 4")],
    ),
    "… in many ways": (
        "x,y\n1,2\n//3;4\n%3,4\n# 5,\n//-5e3,6.\n#1,a\n#7,8,9\n", {},
        [1], [2], [OUT.format("3 rows were", "rows 4, 5, 6")],
    ),
    "… and it is said": ("x,y\n1,2\n#3,4\n", {"comment": "#"}, [1], [2], ()),
    "… of one column": (
        "y\n# mean\n#3\n1\n", {"inputs": []}, [], [1],
        [OUT.format("1 row was", "row 3")],
    ),
    "two tables": ("t,u\n1,2\n\nx,y\n3,4\n", {}, [3], [4], ()),
    "one column": ("y\n1,5\n2\n", {"inputs": []}, [], [1.5, 2], [DE]),
    "exponents with commas": ("x;y\n1,5E-3;1,5E+03\n", {}, [0.0015], [1500], [DE]),
    "points where ; separates": ("x;y\n1.234;0.5\n", {}, [1.234], [0.5], ()),
    "three decimals": ("x,y\n1.234,5.678\n", {}, [1.234], [5.678], ()),
    "a comma shown elsewhere": ("x;y\n1,234;0,5\n", {}, [1.234], [0.5], [DE]),
    "a comma shown late": ("x;y\n1,234;5\n2;1,5\n", {},
                           [1.234, 2], [5, 1.5], [DE]),
    "empty rows everywhere": (
        "\n\nx,y\n\n1,2\n\n,\n\n3,4\n\n", {}, [1, 3], [2, 4], ()
    ),
    "separators at the ends": ("x;y;\n1;2;\n3;4;\n", {}, [1, 3], [2, 4], ()),
    "… of samples alone": ("x,y\n1,2,\n3,4,\n", {}, [1, 3], [2, 4], ()),
    "a quoted sep line": ('"sep=;"\nx;y\n1,5;2\n', {}, [1.5], [2], [DE]),
    "dates with times": (
        "date;x;y\n01.02.2024 10:00;1,5;2\n", {}, [1.5], [2], [DE]
    ),
    "UTF-32": ("x,y\n1,2\n".encode("utf-32"), {}, [1], [2], ()),
    "a name for each group": ("A,,B\nx,y,z\n1,2,3\n", {}, [1], [2], ()),
    "sections": ("Sample: A\n[Data]\nx\ty\n1\t2\n", {}, [1], [2], ()),
    "indices as printed": (
        "x₁,ŷ\n1,2\n", {"rename": {"x₁": "x", "y\u0302": "y"}}, [1], [2], ()
    ),
    "two lines of names": ("y,x,z\nx,y,z\n1,2,3\n", {}, [1], [2], ()),
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "data.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def columns(data):
    return [
        data.inputs["x"].tolist() if data.inputs else [],
        data.targets["y"].tolist(),
    ]


def read(path, passed):
    return Dataset.from_csv(path, GRAPH, **passed)


@pytest.mark.parametrize("name", READ)
def test_files_of_many_programs_are_read_in_one_call(name, write, monkeypatch):
    content, passed, x, y, remarks = READ[name]
    data = read(write(content), passed)
    assert columns(data) == [x, y]
    assert data.remarks == tuple(remarks)
    # The same where every block is a few letters long, and where rows come one by one.
    monkeypatch.setattr(text_file, "BLOCK", 7)
    assert columns(read(write(content), passed)) == [x, y]


REFUSED = {  # text or bytes, what is said, what is passed then, x, y
    "a first sample without values": (
        "x,y\nNA,NA\n1,2\n3,4\n",
        "FILE: 2 values are missing: column 'x' in row 2; column 'y' in row 2 "
        "(written 'NA')\n  hint: missing='drop' leaves out this row",
        {"missing": "drop"}, [1, 3], [2, 4],
    ),
    "numbers in brackets are no units": (
        "x,y\n(1),(2)\n3,4\n",
        "FILE: row 2, column 'x' holds '(1)', which is not a number",
        None, [], [],
    ),
    "thousands or decimals": (
        "x;y\n1,234;2\n3;4\n",
        "FILE: '1,234' in row 2, column 'x', may be 1.234 or 1234, and no other cell "
        "tells\n  hint: pass decimal=',' for 1.234, thousands=',' for 1234",
        {"thousands": ","}, [1234, 3], [2, 4],
    ),
    "… as decimals": (
        'x,y\n"1,234","5,678"\n',
        "FILE: '1,234' in row 2, column 'x', may be 1.234 or 1234, and no other cell "
        "tells\n  hint: pass decimal=',' for 1.234, thousands=',' for 1234",
        {"decimal": ","}, [1.234], [5.678],
    ),
    "… one column": (
        "y\n1,234\n2,345\n",
        "FILE: '1,234' in row 2, column 'y', may be 1.234 or 1234, and no other cell "
        "tells\n  hint: pass decimal=',' for 1.234, thousands=',' for 1234",
        {"decimal": ","}, [], [1.234, 2.345],
    ),
    "points where ; separates": (
        "x;y\n1.234;5.678\n",
        "FILE: '1.234' in row 2, column 'x', may be 1.234 or 1234, and no other cell "
        "tells\n  hint: pass decimal='.' for 1.234, thousands='.' for 1234",
        {"thousands": "."}, [1234], [5678],
    ),
    "English thousands": (
        'x,y\n"1,234.5",2\n',
        "FILE: row 2, column 'x' holds '1,234.5', which is not a number\n"
        "  hint: pass thousands=',', if it is 1234.5",
        {"thousands": ","}, [1234.5], [2],
    ),
    "millions": (
        'x,y\n"1,234,567",2\n',
        "FILE: row 2, column 'x' holds '1,234,567', which is not a number\n"
        "  hint: pass thousands=',', if it is 1234567",
        {"thousands": ","}, [1234567], [2],
    ),
    "German thousands": (
        "x;y\n1.234,5;2\n",
        "FILE: row 2, column 'x' holds '1.234,5', which is not a number\n"
        "  hint: pass thousands='.', if it is 1234.5",
        {"thousands": "."}, [1234.5], [2],
    ),
    "French thousands": (
        cp1252("x;y\n1\u00a0234,5;2\n"),
        "FILE: row 2, column 'x' holds '1\\xa0234,5', which is not a number\n"
        "  hint: pass thousands=' ' and decimal=',', if it is 1234.5",
        {"thousands": " ", "decimal": ","}, [1234.5], [2],
    ),
    "Swiss thousands": (
        "x;y\n1'234.5;2\n",
        "FILE: row 2, column 'x' holds \"1'234.5\", which is not a number\n"
        "  hint: pass thousands=\"'\" and decimal='.', if it is 1234.5",
        {"thousands": "'", "decimal": "."}, [1234.5], [2],
    ),
    "two decimal signs": (
        "x;y\n1,5;2\n3.25;4\n",
        "FILE: '3.25' in row 3, but '1,5' in row 2: a comma and a point as decimal "
        "signs\n  hint: write all numbers with the same sign",
        None, [], [],
    ),
    "two signs, one of thousands": (
        "x;y\n1.5;2\n3,250;4\n",
        "FILE: '3,250' in row 3, but '1.5' in row 2: which sign is the decimal one?\n"
        "  hint: pass thousands=',' if '3,250' is 3250",
        {"thousands": ","}, [1.5, 3250], [2, 4],
    ),
    "commas for all": (
        "x,y\n1,5,2,5\n",
        "FILE: row 2 has 4 cells, the first 2\n"
        "  hint: if commas are decimal signs too, separate cells by ;",
        None, [], [],
    ),
    "row names of R": (
        '"x" "y"\n"1" 1.5 2\n"2" 3 4\n',
        "FILE: row 2 has 3 cells, the first 2\n  hint: if a column has no heading, "
        "pass names=['', 'x', 'y'] with an empty name in its place",
        {"names": ["", "x", "y"]}, [1.5, 3], [2, 4],
    ),
    "no heading": (
        "7;1,5;2\n8;3;4\n",
        "FILE: row 1 holds numbers, and no row above it the names of columns\n"
        "  hint: pass names=['x', 'y', ''] in the order of the 3 columns",
        {"names": ["", "x", "y"]}, [1.5, 3], [2, 4],
    ),
    "blanks in a heading of blanks": (
        "time (s)  signal (V)\n1 2\n3 4\n5 6\n",
        "FILE: row 1 has 4 cells, the numbers below it 2\n"
        "  hint: pass names=['x', 'y'] in the order of the 2 columns",
        {"names": ["x", "y"]}, [1, 3, 5], [2, 4, 6],
    ),
    "another heading": (
        "x [s],y in µV\n1,2\n",
        "there is no column 'x'\n  hint: pass rename={'x [s]': 'x', 'y in µV': 'y'}",
        {"rename": {"x [s]": "x", "y in µV": "y"}}, [1], [2],
    ),
    "what need not be it": (
        "x (raw),y\n1,2\n",
        "there is no column 'x'\n  hint: pass rename={'x (raw)': 'x'}",
        {"rename": {"x (raw)": "x"}}, [1], [2],
    ),
    "capitals": (
        "X,y\n1,2\n",
        "there is no column 'x'\n  hint: pass rename={'X': 'x'}",
        {"rename": {"X": "x"}}, [1], [2],
    ),
    "two that it may be": (
        "x [s],x [ms],y\n1,2,3\n",
        "there is no column 'x'\n  hint: the columns are x [s], x [ms], y",
        {"rename": {"x [ms]": "x"}}, [2], [3],
    ),
    "missing values": (
        "x;y\n1;\n;2\nNA;n/a\n3,5;4\n-;1\n#N/A;5\n",
        "FILE: 6 values are missing: column 'y' in rows 2, 4; column 'x' in rows 3, 4, "
        "6 and 1 more (written '', 'NA', 'n/a')\n"
        "  hint: missing='drop' leaves out these 5 rows",
        {"missing": "drop"}, [3.5], [4],
    ),
    "one missing value": (
        "x,y\n1,null\n3,4\n",
        "FILE: 1 value is missing: column 'y' in row 2 (written 'null')\n"
        "  hint: missing='drop' leaves out this row",
        {"missing": "drop"}, [3], [4],
    ),
    "an error of a spreadsheet": (
        "x,y\n#DIV/0!,2\n3,4\n",
        "FILE: 1 value is missing: column 'x' in row 2 (written '#DIV/0!')\n"
        "  hint: missing='drop' leaves out this row",
        {"missing": "drop"}, [3], [4],
    ),
    "names that begin as comments": (
        "id,x,y\n#12,1,2\n#13,3,4\n",
        "FILE: row 2 begins with '#' and holds numbers as samples do\n"
        "  hint: pass comment='#' to leave such rows out, comment='' to read them",
        {"comment": ""}, [1, 3], [2, 4],
    ),
    "samples that were taken out": (
        "run,x,y\n1,1,2\n# 2,3,4\n",
        "FILE: row 3 begins with '#' and holds numbers as samples do\n"
        "  hint: pass comment='#' to leave such rows out, comment='' to read them",
        {"comment": "#"}, [1], [2],
    ),
    "a German error": (
        "x;y\n#NV;2\n3,5;4\n#WERT!;5\n",
        "FILE: 2 values are missing: column 'x' in rows 2, 4 (written '#NV', '#WERT!')"
        "\n  hint: missing='drop' leaves out these 2 rows",
        {"missing": "drop"}, [3.5], [4],
    ),
    "a column that is too narrow": (
        "x,y\n1,2\n####,3\n",
        "FILE: row 3 begins with '#' and holds numbers as samples do\n"
        "  hint: pass comment='#' to leave such rows out, comment='' to read them",
        {"comment": "#"}, [1], [2],
    ),
    "names below samples": (
        "1,2\n3,4\nx,y\n5,6\n",
        "FILE: row 3 has the names of columns, but row 2 above it numbers\n"
        "  hint: put the names above all samples, or an empty row above the names",
        None, [], [],
    ),
    "a quote that is never closed": (
        'x,y,note\n1,2,"bad\n3,4,ok\n5,6,ok\n',
        "FILE: row 2: a quoted cell is never closed",
        None, [], [],
    ),
    "a quote that is closed far below": (
        'x,y,note\n1,2,"bad\n3,4,ok\n5,6,"\n7,8,ok\n',
        "FILE: a quoted cell goes on from row 2 to row 4, over what look like samples\n"
        "  hint: close its quote",
        None, [], [],
    ),
    "a quote within": (
        'x,y,note\n1,2,"5" pipe"\n',
        "FILE: row 2: a quoted cell goes on behind its closing quote",
        None, [], [],
    ),
    "a percentage": (
        "x,y\n5 %,2\n",
        "FILE: row 2, column 'x' holds '5 %', which is a percentage\n"
        "  hint: write the number without the sign, and mind the factor 100",
        None, [], [],
    ),
    "a unit": (
        "x,y\n1.5 V,2\n",
        "FILE: row 2, column 'x' holds '1.5 V', which is more than a number\n"
        "  hint: leave out what stands behind it, such as a unit",
        None, [], [],
    ),
    "a formula": (
        'x,y\n"=1.5",2\n',
        "FILE: row 2, column 'x' holds '=1.5', which is a formula\n"
        "  hint: save the values of the spreadsheet",
        None, [], [],
    ),
    "a date": (
        "x;y\n01.02.2024;2\n",
        "FILE: row 2, column 'x' holds '01.02.2024', which is a date\n"
        "  hint: give a number, such as the days since the first",
        None, [], [],
    ),
    "a second heading": (
        "x,y\n1,2\nx,y\n3,4\n",
        "FILE: row 3, column 'x' holds 'x', which is not a number",
        None, [], [],
    ),
    "no units": (
        "x,y\nfast,slow\n1,2\n",
        "FILE: row 2, column 'x' holds 'fast', which is not a number",
        None, [], [],
    ),
    "units twice": (
        "x,y\ns,V\nm,V\n1,2\n",
        "FILE: row 3, column 'x' holds 'm', which is not a number",
        None, [], [],
    ),
    "a total below": (
        "x,y\n1,2\nSum,3,4,5\n",
        "FILE: row 3 has 4 cells, the first 2\n"
        "  hint: if commas are decimal signs too, separate cells by ;",
        None, [], [],
    ),
    "another sign than in the heading": (
        "x;y\n1,2\n3,4\n", "FILE: row 2 has 1 cell, the first 2", None, [], []
    ),
    "the same name twice": (
        "x,x,y\n1,2,3\n",
        "FILE: a column name appears twice in x, x, y",
        {"names": ["x", "", "y"]}, [1], [3],
    ),
    "UTF-16 without a mark": (
        "x\ty\n1\t2\n".encode("utf-16-le"),
        "FILE holds signs of no text\n"
        "  hint: if it is UTF-16 without a mark, pass encoding='utf-16-le'",
        {"encoding": "utf-16-le"}, [1], [2],
    ),
    "… of the other order": (
        "x\ty\n1\t2\n".encode("utf-16-be"),
        "FILE holds signs of no text\n"
        "  hint: if it is UTF-16 without a mark, pass encoding='utf-16-be'",
        {"encoding": "utf-16-be"}, [1], [2],
    ),
    "JSON": (
        '{"x": [1], "y": [2]}\n',
        "FILE is JSON, no table of text\n  hint: save it as CSV",
        None, [], [],
    ),
    "a page": (
        "<table><tr><td>x</td><td>y</td></tr></table>\n",
        "FILE is HTML, no table of text\n  hint: save it as CSV",
        None, [], [],
    ),
    "columns as rows": (
        "x,1,2,3\ny,4,5,6\n",
        "there is no column 'y'\n  hint: the columns are x, 1, 2, 3",
        None, [], [],
    ),
    "headings of two rows": (
        "x,y\nchannel 1,channel 2\n1,2\n",
        "FILE: row 2, column 'x' holds 'channel 1', which is not a number",
        None, [], [],
    ),
    "units behind a slash": (
        "x / s;y / V\n1,5;2\n",
        "there is no column 'x'\n  hint: pass rename={'x / s': 'x', 'y / V': 'y'}",
        {"rename": {"x / s": "x", "y / V": "y"}}, [1.5], [2],
    ),
    "German thousands and decimals": (
        "x;y\n1.234;2,5\n2.000;3\n",
        "FILE: '2,5' in row 2, but '1.234' in row 2: which sign is the decimal one?\n"
        "  hint: pass thousands='.' if '1.234' is 1234",
        {"thousands": "."}, [1234, 2000], [2.5, 3],
    ),
    "a word below": (
        "x,y\n1,2\nEnd of data\n", "FILE: row 3 has 1 cell, the first 2",
        None, [], [],
    ),
    "a workbook": (
        b"PK\3\4\0\0",
        "FILE is a spreadsheet or an archive (xlsx, ods, zip), no table of text\n"
        "  hint: save it as CSV",
        None, [], [],
    ),
    "nothing": (
        "\n\n# nothing\n",
        "FILE: a first line with names and some samples are expected",
        None, [], [],
    ),
    "nothing but gaps": (
        "x,y\n1,\n",
        "FILE: 1 value is missing: column 'y' in row 2 (written '')\n"
        "  hint: missing='drop' leaves out this row",
        None, [], [],
    ),
}  # fmt: skip


def inputs_of(content):
    return {"inputs": []} if content[:1] == "y" else {}  # a file of one column


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_clear_is_refused_with_what_to_pass(name, write, monkeypatch):
    content, expected, passed, x, y = REFUSED[name]
    path, alone = write(content), inputs_of(content)
    for size in (text_file.BLOCK, 7):
        monkeypatch.setattr(text_file, "BLOCK", size)
        with pytest.raises(DataError) as caught:
            read(path, alone)
        assert str(caught.value).replace(str(path), "FILE") == expected
        if passed is not None:
            assert columns(read(path, alone | passed)) == [x, y]


MONEY = "an amount of money\n  hint: leave its sign out"
POWER = "a number with a power of ten\n  hint: write such as 1.5e3"
UNSURE = (
    "a number with its uncertainty\n  hint: give that a column of its own, as sigma"
)
WIDE = "what did not fit its column\n  hint: write the column wider"
CELLS = {
    "$1.50": MONEY, "1.50 €": MONEY,
    "1.0D+00": POWER, "1.5 e3": POWER, "1 x 10^-3": POWER,
    "1.5±0.1": UNSURE, "1.5 +/- 0.1": UNSURE, "1.512(3)": UNSURE, "******": WIDE,
    "####": WIDE, "0x1F": "hexadecimal\n  hint: write decimal digits",
    "1/2": "a fraction\n  hint: write a decimal number",
    "<0.1": "a bound\n  hint: give a number, or leave the sample out",
    "TRUE": "no number\n  hint: write 1 and 0",
    "1-": "not a number", "(1.5)": "not a number", "1e": "not a number",
    "١": "not a number", "10k": "not a number", "1.2.3": "not a number",
}  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_that_is_no_number_is_told_by_its_look(cell, write):
    path = write(f"x;y\n1;2\n3;{cell}\n")
    with pytest.raises(DataError) as caught:
        read(path, {})
    said = f"{path}: row 3, column 'y' holds {cell!r}, which is {CELLS[cell]}"
    assert str(caught.value) == said


SENT = [  # what is passed, what is said
    ({"separator": "ab"},
     "separator= is one sign between cells, such as ';', not 'ab'"),
    ({"separator": "1"},
     "separator= is one sign between cells, such as ';', not '1'"),
    ({"separator": '"'}, "separator= cannot be '\"'"),
    ({"decimal": ";"}, "decimal= is '.' or ',', not ';'"),
    ({"thousands": "_"}, "thousands= is ',' or '.' or ' ' or \"'\", not '_'"),
    ({"decimal": ",", "thousands": ","}, "decimal= and thousands= are both ','"),
    ({"missing": "keep"}, "missing= is 'refuse' or 'drop', not 'keep'"),
    ({"missing": None}, "missing= is 'refuse' or 'drop', not None"),
    ({"comment": 1}, "comment= is a text, not 1"),
    ({"encoding": "klingon"}, "encoding= is 'klingon', which is unknown\n"
     "  hint: such as 'utf-8', 'cp1252', 'utf-16-le'"),
    ({"encoding": "rot13"}, "encoding= is 'rot13', which is unknown\n"
     "  hint: such as 'utf-8', 'cp1252', 'utf-16-le'"),
    ({"encoding": "ascii"}, "cannot read FILE: 'ascii' codec can't decode byte 0xc2 in "
     "position 4: ordinal not in range(128)"),
    ({"rename": ["x"]}, "rename= is a dict heading → name, such as {'T [K]': 'T'}, not "
     "['x']"),
    ({"rename": {"z": "x"}}, "rename= names 'z', which is no column\n"
     "  hint: the columns are x, y, μ"),
    ({"rename": {"Y": "x"}}, "rename= names 'Y', which is no column\n"
     "  hint: the columns are x, y, μ"),
    ({"rename": {"x": "x", "xy": "y"}}, "rename= names 'xy', which is no column\n"
     "  hint: did you mean 'y'?"),
    ({"names": ["x", "y", "z"], "rename": {"µ": "z"}},
     "rename= names 'μ', which is no column\n  hint: the columns are x, y, z"),
    ({"rename": {"µ": "x"}}, "FILE: a column name appears twice in x, y, x"),
    ({"names": ["y", "x", ""]}, "FILE: row 1 has the names x, y, μ, others than "
     "names=['y', 'x', '']\n  hint: leave out what is given"),
    ({"names": ["x", "z", ""]}, "there is no column 'y'\n  hint: the columns are x, z"),
    ({"names": 3}, "names= takes names, such as ['xy'], not 3"),
    ({"decimal": "."}, "FILE: row 2, column 'x' holds '1,5', which is not a number"),
    ({"separator": "tab"}, "there is no column 'x'\n  hint: the columns are x;y;µ"),
    ({"sigma": "µ"}, "FILE: row 2, column 'μ' holds 'a', which is not a number"),
    ({"sigma": "err"}, "there is no column 'err'\n  hint: the columns are x, y, μ"),
    ({"sigma": {"z": 1}}, "sigma names z, but the targets are y"),
    ({"separator": "semicolon", "decimal": "comma", "missing": "drop"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("passed", "expected"), SENT)
def test_what_is_passed_is_heard_or_refused(passed, expected, write):
    path = write("x;y;µ\n1,5;2;a\n")
    if expected is None:
        assert columns(read(path, passed)) == [[1.5], [2]]
        return
    with pytest.raises(DataError) as caught:
        read(path, passed)
    assert str(caught.value).replace(str(path), "FILE") == expected


SIGMA = "x,y,err\n1,2,0.1\n2,4,0.2\n3,,0.3\n"


@pytest.mark.parametrize("sigma", ["err", {"y": "err"}])
def test_a_column_of_standard_deviations(sigma, write):
    data = Dataset.from_csv(write(SIGMA), GRAPH, sigma=sigma, missing="drop")
    assert data.sigma["y"].tolist() == [0.1, 0.2]
    assert data.ignored == ()
    for text in ("0.5", 0.5):
        data = Dataset.from_csv(write(SIGMA), GRAPH, sigma=text, missing="drop")
        assert data.sigma["y"].tolist() == [0.5, 0.5]
        assert data.ignored == ("err",)
    frame = pd.DataFrame({"x": [1.0], "y": [2.0], "err": [0.3]})
    data = Dataset.from_frame(frame, GRAPH, sigma=sigma)
    assert (data.sigma["y"].tolist(), data.ignored) == ([0.3], ())


def test_rows_that_are_left_out_are_said_in_all_that_follows(write):
    data = Dataset.from_csv(write(SIGMA), GRAPH, missing="drop")
    said = "1 row was left out for lack of values: row 4 of the file"
    assert data.remarks == (said,)
    assert f"not used: err)\n{said}\n" in repr(data)
    for part in (data.take([0]), pickle.loads(pickle.dumps(data))):
        assert part.remarks == data.remarks
    result = fit(GRAPH, data, LeastSquares(), progress=False)
    assert f"{said}." in result.message


SHELL = [  # options, what is said on standard error, or of the fit
    ([], "DataError: there is no column 'x'\n  hint: pass --rename 'x [s]=x'\n"),
    (["--rename", "x [s]"],
     "OptionError: write HEADING=NAME, such as 'T [K]=T', not 'x [s]'\n"),
    (["--rename", "x [s]=x"],
     "DataError: data.csv: 1 value is missing: column 'y' in row 3 (written 'NA')\n"
     "  hint: --missing drop leaves out this row\n"),
    (["--rename", "x [s]=x", "--missing", "drop", "--decimal", ";"],
     "DataError: --decimal is '.' or ',', not ';'\n"),
    (["--rename", "x [s]=x", "--missing", "drop", "--sigma", "y=0.1", "--sigma", "2"],
     "OptionError: write TARGET=…, such as xy=0.1, not '2'\n"),
    (["--names", "x", "y"],
     "DataError: data.csv: most rows have 3 cells, but there are 2 names in --names x y"
     "\n  hint: give one for each column, an empty one for what is not used\n"),
    (["--rename", "x [s]=x", "--missing", "drop", "--sigma", "err"],
     "1 row was left out for lack of values: row 3 of the file."),
    (["--names", "x", "y", "err", "--missing", "drop", "--sigma", "y=err",
      "--separator", "semicolon", "--decimal", ",", "--encoding", "utf-8",
      "--comment", "//"], "row 3 of the file."),
]  # fmt: skip


@pytest.mark.parametrize(("options", "expected"), SHELL)
def test_a_shell_has_options_for_all_of_it(
    options, expected, write, capsys, monkeypatch, tmp_path
):
    write("x [s];y;err\n0,5;2;0,1\n9;NA;1\n1;3,1;0,1\n2;5;0,1\n")
    monkeypatch.chdir(tmp_path)
    command = ["fit", "y = a*x + b", "--variables", "x", "y", "--data", "data.csv"]
    code = main([*command, "--quiet", *options])
    out, err = capsys.readouterr()
    if code == 2:
        assert err == expected
    else:
        assert (code, err) == (0, "")
        assert expected in " ".join(out.split())


SEPARATORS = (",", ";", "\t", "|", " ", "   ", ", ", " ; ")
ABOVE = ("", "Instrument: A\n", "# made by me\n", "Serial;17\n\n", "a\tb\tc\n")
KINDS = ["whole", "three", "exponent", "plain"]
OTHERS = ([], ["note"], ["id", "z"])
TEXTS = ("ok", "a;b", "1,5", "x y", "-", "n/a", "1.234,5", '5"')


def number(rng, point, kinds):
    """A number and how it is written, sometimes with signs between its thousands."""
    kind = rng.choice(kinds)
    if kind == "grouped":
        value = rng.randint(1000, 999_999)
        return value, f"{value:,}".replace(",", "." if point == "," else ",")
    digits = {"whole": ".0f", "three": ".3f", "exponent": ".3E", "plain": ".5g"}[kind]
    text = format(rng.gauss(0, 300), digits)
    return float(text), text.replace(".", point)


def dialect(rng):
    """A table as some program may write it: its text, encoding, x and y."""
    # Points between thousands are told apart from decimal ones where ; separates.
    point = rng.choice(".,")
    separator = rng.choice(SEPARATORS if point == "." else (";", " ; "))
    names = ["x", "y", *rng.choice(OTHERS)]
    rng.shuffle(names)
    always, samples = rng.random() < 0.3, []
    kinds = rng.choice([KINDS, KINDS, [*KINDS, "grouped"], ["whole", "grouped"]])

    def line(cells):
        shown = []
        for cell in cells:
            odd = separator.strip(" ") in cell if separator.strip(" ") else " " in cell
            quoted = always or odd or '"' in cell
            shown.append('"' + cell.replace('"', '""') + '"' if quoted else cell)
        return separator.join(shown) + "\n"

    text = rng.choice(ABOVE) + line(names)
    if rng.random() < 0.2:
        text += line({"x": "s", "y": "[V]"}.get(name, "-") for name in names)
    for _ in range(rng.randint(1, 12)):
        (x, shown_x), (y, shown_y), (_, z) = (number(rng, point, kinds) for _ in "xyz")
        cells = {"x": shown_x, "y": shown_y, "z": z, "id": "a1"}
        text += line(cells.get(name) or rng.choice(TEXTS) for name in names)
        samples.append((x, y))
    text = text.replace("\n", rng.choice(["\n", "\r\n", "\r"]))
    return text.encode(rng.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"])), samples


@pytest.mark.every(3)
@pytest.mark.parametrize("part", range(3))
def test_no_number_is_read_wrongly_in_silence(part, write):
    read_well = 0
    for seed in range(150):
        content, samples = dialect(random.Random(f"{part} {seed}"))
        try:
            x, y = columns(read(write(content), {}))
        except DataError:
            continue
        assert [*zip(x, y, strict=True)] == samples, content
        read_well += 1
    assert read_well > 50
