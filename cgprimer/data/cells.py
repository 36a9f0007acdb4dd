"""What a cell of a table says: a number, no value, or something else, told by its look.

cell ─ is_missing, looks_like_number, plain, kind_of ─▶ how it is read, or why not
"""

from __future__ import annotations

import re

from cgprimer.data.text_file import legible

MISSING = {
    *("", "na", "n/a", "n.a.", "nan", "-nan", "+nan", "null", "none", "nil", "missing"),
    *("-", "--", "---", "–", "—", "−", "?", "."),
}  # in small letters
# What spreadsheets write for a value that they have not got, in all languages: #N/A,
# #NV, #DIV/0!, #WERT!, #NAME?
_ERROR = re.compile(r"#(N/?[ADV]|[¡¿]?[^\W\d_]+(/0)?[!?])", re.IGNORECASE)
LONGEST_NUMBER = 400  # characters; a double of full length, written out, has fewer
GAPS = "'’ \u00a0\u202f\u2009"  # between groups of three digits
MINUS = "\N{MINUS SIGN}"
_NUMBER = re.compile(rf"[-+{MINUS}]?[.,]?\d[\d.,{GAPS}]*([eE][-+{MINUS}]?\d+)?")
_COMMA = re.compile(r"[-+]?(\d+,\d*|,\d+)([eE][-+]?\d+)?")
# One to three digits, then groups of three: as 1,234 may be 1234, but not 0,234. The
# last group of the pattern is a decimal sign, another one than that between the groups.
_GROUPED = re.compile(
    rf"[-+]?[1-9]\d{{0,2}}([.,{GAPS}])\d{{3}}(?:\1\d{{3}})*(?:(?!\1)([.,])\d*)?"
)
_RULE = re.compile(r":-+:?|-+:|[+:]*[-=]{3,}(?:[+:]+[-=]{3,})*[+:]*")
_UNIT = re.compile(
    r"""%|‰|°|ppm|a\.?\s?u\.?|arb\.?|counts?|cps|dB|deg|seconds?|volts?
    |(?:(?:[yzafpnuµμmcdhkMGTP]|da)?
        (?:s|sec|min|h|hr|d|m|g|K|°C|degC|°F|C|F|V|A|W|J|N|Pa|bar|atm|Torr|psi|Hz|Ohm|Ω|Ω|S
        |mol|M|L|l|T|G|H|eV|rad|cd|lm|lx|Bq|Sv|cal|rpm|Wb|kat|Å|px)
        (?:\^?[-+−]?\d+|[⁻⁺]?[¹²³⁴]+)?[*·/.\s]*)+""",
    re.VERBOSE,
)
KINDS = (  # of what is no number: how it looks, what it is, what to do
    (r"(\d{4}([-/])\d\d?\2\d\d?|\d\d?([./])\d\d?\3\d{2,4})([T ].*)?",
     "a date", "give a number, such as the days since the first"),
    (r"\d\d?:\d\d(:\d\d([.,]\d*)?)?( ?[aApP][mM])?",
     "a time", "give a number, such as the seconds since the first"),
    (r"[-+]?[\d.,]+\s*%",
     "a percentage", "write the number without the sign, and mind the factor 100"),
    (r"[-+]?\d[\d.,]*(\s+[eE]|[dD]|\s*[x×*·]\s*10\^?)[-+]?\d+",
     "a number with a power of ten", "write such as 1.5e3"),
    (r"[-+]?[\d.,]+\s*(±|\+/?-).*|[-+]?[\d.,]*\d\(\d+\)",
     "a number with its uncertainty", "give that a column of its own, as sigma"),
    (r"[-+]?[\d.,]*\d(\s+[^\W\d_]|\s*[°µμΩ]).*",
     "more than a number", "leave out what stands behind it, such as a unit"),
    (r"[-+]?[$€£¥].*|.*\d\s*[$€£¥]", "an amount of money", "leave its sign out"),
    (r"(?i:true|false|yes|no)", "no number", "write 1 and 0"),
    (r"[-+]?0[xX][0-9a-fA-F]+", "hexadecimal", "write decimal digits"),
    (r"[-+]?\d+\s*/\s*\d+", "a fraction", "write a decimal number"),
    (r"[<>≤≥]\s*[-+]?[\d.,]+", "a bound", "give a number, or leave the sample out"),
    (r"[*#]+", "what did not fit its column", "write the column wider"),
    (r"=.*", "a formula", "save the values of the spreadsheet"),
    (r"[-+]?(?i:∞|inf|infinity|1\.#inf0*)",
     "no finite number", "leave the sample out, or its cell empty"),
    (r"[-+]?(\d[\d.,]*[eE]\+?\d{3,}|\d{309,})",
     "beyond double precision", "the largest is about 1.8e308"),
)  # fmt: skip


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    if len(cell) >= 99:
        return False
    text = legible(cell).strip()
    return text.lower() in MISSING or bool(_ERROR.fullmatch(text))


def begins_with_error(line: str) -> bool:
    """Whether a line begins with an error of a spreadsheet, and so is no comment."""
    text = line.lstrip()
    found = _ERROR.match(text)
    return found is not None and text[found.end() : found.end() + 1] in ("", *' \t,;|"')


def looks_like_number(cell: str) -> bool:
    """Whether a cell may be a number in some country."""
    if len(cell) > LONGEST_NUMBER:
        return False
    return bool(_NUMBER.fullmatch(legible(cell).strip()))


def is_rule(cell: str) -> bool:
    """Whether a cell is part of a line drawn below a heading."""
    return not cell.strip() or bool(_RULE.fullmatch(cell.strip()))


_BRACKETED = re.compile(r"[\[(]?[-+]?[\d.,]*\d[\d.,]*[)\]]?|[a-zA-Z]\d+")


def is_unit(cell: str) -> bool:
    """Whether a cell below a heading is that of a unit: in brackets, or a known one."""
    text = legible(cell).strip()
    # A sample may lack every value; of numbers in brackets only [1] is a unit.
    if text != "[1]" and (is_missing(cell) or _BRACKETED.fullmatch(text)):
        return False
    if len(text) > 1 and text[0] + text[-1] in ("[]", "()"):
        return True
    # Short ones only: m, mm and m·m can be told apart in very many ways.
    return len(text) <= 16 and bool(_UNIT.fullmatch(text))


def plain(cell: str) -> str:
    """A cell without blanks around it, its minus sign that of a keyboard."""
    return cell.strip(" \t\n\r\v\f").replace(MINUS, "-")


def groups_of(text: str) -> tuple[str, str] | None:
    """The sign between groups of three digits, and the decimal one or "".

    >>> groups_of("1,234.5")
    (',', '.')
    """
    found = _GROUPED.fullmatch(text)
    if not found:
        return None
    sign = found[1]
    return sign if sign in ".," else "'" if sign in GAPS[:2] else " ", found[2] or ""


def shows_comma(cell: str) -> bool:
    """Whether a cell is a number with a decimal comma, as 0,5 is, but not 1,234."""
    if "," not in cell or len(cell) > LONGEST_NUMBER:
        return False
    text = plain(legible(cell))
    return bool(_COMMA.fullmatch(text)) and not groups_of(text)


def without_groups(text: str, sign: str, decimal: str) -> str:
    """The text without what stands between its groups of three, if that is `sign`.

    >>> without_groups("1,234.5", ",", ".")
    '1234.5'
    """
    found = groups_of(text)
    if found is None or found[0] != sign or found[1] not in ("", decimal):
        return text
    return "".join(s for s in text if s == decimal or not (s in GAPS or s == sign))


def kind_of(text: str) -> tuple[str, str]:
    """What a cell is that is no number, and what to do about it; "" if that is open."""
    if len(text) <= LONGEST_NUMBER:
        for pattern, what, hint in KINDS:
            if re.fullmatch(pattern, text):
                return what, hint
    return "not a number", ""
