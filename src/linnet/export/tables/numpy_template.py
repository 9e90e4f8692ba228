"""The source of a Python file that takes rows of a table, with names between @ to fill in."""

FILE = '''"""@headline@.

Written by linnet. It needs numpy alone. Rows are those of the table as they are: a mapping from columns to
cells, a list of such mappings, or a mapping from columns to lists of cells (a frame will do). A missing cell
is None or NaN.
"""

# predict(@example@)

import base64
import datetime
import re
from collections.abc import Mapping

import numpy as np

KIND = @kind@
DATASET = @dataset@
TARGET = @target@
CLASSES = @classes@
COLUMNS = [
@columns@
]
FACTORS = [
@factors@
]
PRODUCTS = @products@
TABLES = @tables@
MISSING = @missing@
NO_NUMBER = @no_number@
ROWS = 1000


def scores(rows):
    """The scores of rows, (B, @outputs@), in float64."""
    cells = _cells(rows)
    count = len(cells[0])
    parts = [_scores([column[low : low + ROWS] for column in cells], low) for low in range(0, count, ROWS)]
    return np.concatenate([np.zeros((0, len(b))), *parts])

@functions@

def _scores(cells, first):
    """The scores of some rows, (B, K); the first of them is row `first`, counted from 0."""
    read = [READERS[column["kind"]](column, given, first) for column, given in zip(COLUMNS, cells)]
    numbers = [_factor(one, read, cells, first) for one in FACTORS]
    products = [_product([numbers[at] for at in one], first) for one in PRODUCTS]
    total = np.tile(b, (len(cells[0]), 1))
    if products:
        total += np.column_stack(products) @ W[: len(products)]
    for table in TABLES:
        rows = W[table["start"] : table["start"] + int(np.prod(table["sizes"]))]
        place = read[table["choices"][0]]
        for column, size in zip(table["choices"][1:], table["sizes"][1:]):
            place = place * size + read[column]
        chosen = _weigh(place, rows) if isinstance(place, list) else rows[place]
        if table["factors"]:
            chosen = chosen * _product([numbers[at] for at in table["factors"]], first)[:, None]
        total += chosen
    return total


def _factor(factor, read, cells, first):
    """The numbers that are made of a column, (B,), through the functions that a formula has."""
    values = FUNCTIONS[factor["function"]](read[factor["column"]], factor)
    for name, number in factor["steps"]:
        with np.errstate(all="ignore"):
            values = STEPS[name](values, number)
        if not np.isfinite(values).all():
            row = int(np.isfinite(values).argmin())
            column, cell = COLUMNS[factor["column"]]["name"], cells[factor["column"]][row]
            what = f"the column {column} has {cell!r} in row {first + row + 1}"
            raise ValueError(f"{what}, of which the formula's {name} is no finite number")
    return values


def _product(numbers, first):
    """The product of numbers, (B,) each."""
    with np.errstate(over="ignore"):
        found = np.prod(numbers, axis=0)
    if not np.isfinite(found).all():
        row = first + int(np.isfinite(found).argmin()) + 1
        raise ValueError(f"row {row} has numbers whose product is beyond what a double holds")
    return found


def _cells(rows):
    """The cells of each column, (B,)."""
    names = [column["name"] for column in COLUMNS]
    if hasattr(rows, "columns"):
        rows = {name: rows[name] for name in map(str, rows.columns) if name in names}
    given = [rows] if isinstance(rows, Mapping) else list(rows)
    for place, row in enumerate(given):
        if lacking := [name for name in names if name not in row]:
            raise ValueError(f"row {place + 1} lacks {', '.join(lacking)}: give None where it is missing")
    if isinstance(rows, Mapping) and all(hasattr(rows[name], "__len__") for name in names):
        if not any(isinstance(rows[name], (str, bytes)) for name in names):
            if len({len(rows[name]) for name in names}) > 1:
                raise ValueError("the columns are not of one length")
            return [list(rows[name]) for name in names]
    return [[row[name] for row in given] for name in names]


def _is_missing(cell, words):
    """Whether a cell has no value: None, NaN and their kin, or one of some words."""
    if isinstance(cell, str):
        return cell.strip().lower() in words
    try:
        return cell is None or bool(cell != cell)
    except TypeError:  # the missing value of pandas is neither equal nor unequal to itself
        return True


def _read(parse, words):
    """A reader of columns from one of cells; what is missing becomes NaN."""

    def read(column, cells, first):
        values = np.full(len(cells), np.nan)
        for place, cell in enumerate(cells):
            if not _is_missing(cell, words):
                try:
                    values[place] = parse(column, cell)
                    wrong = not np.isfinite(values[place])
                except (TypeError, ValueError):
                    wrong = True
                if wrong:
                    what = f"the column {column['name']} has {cell!r} in row {first + place + 1}"
                    raise ValueError(f"{what}, which is no {column['kind']}")
        return values

    return read


def _number(column, cell):
    if isinstance(cell, str) and not PLAIN.fullmatch(cell.strip()):
        raise ValueError
    return float(cell)


def _truth(column, cell):
    word = str(cell).strip().lower()
    yes, no = column["words"]
    if word not in yes and word not in no:
        raise ValueError
    return float(word in yes)


def _date(column, cell):
    """Days since 1970-01-01; the zone of a time is let be."""
    if isinstance(cell, np.datetime64):
        cell = cell.astype("datetime64[us]").item()
    if isinstance(cell, str):
        parts = ISO.fullmatch(cell.strip())
        if not parts:
            raise ValueError
        year, month, day, hour, minute, second = (int(part or 0) for part in parts.group(1, 2, 3, 5, 6, 8))
        micro = int(f"{parts.group(10) or '':0<6}"[:6])
        cell = datetime.datetime(year, month, day, hour, minute, second, micro)
    if not isinstance(cell, datetime.datetime):
        cell = datetime.datetime(cell.year, cell.month, cell.day) if isinstance(cell, datetime.date) else None
    if cell is None:
        raise ValueError
    span = cell.replace(tzinfo=None) - datetime.datetime(1970, 1, 1)
    return (span // datetime.timedelta(microseconds=1)) / 86400e6


def _level(column, cells, first):
    """The place of each cell among the levels; behind them what training did not see, and what is missing."""
    levels = {level: place for place, level in enumerate(column["levels"])}
    known = len(levels)
    return np.array(
        [known + 1 if _is_missing(cell, MISSING) else levels.get(_text(cell), known) for cell in cells], int
    )


def _hash(column, cells, first):
    """The bucket of each cell by FNV-1a of its text in UTF-8; behind them what is missing."""
    count = column["buckets"]
    return np.array(
        [count if _is_missing(cell, MISSING) else _fnv1a(_text(cell)) % count for cell in cells], int
    )


def _fnv1a(text):
    value = 2166136261
    for byte in LONE.sub("\\ufffd", text).encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def _text(cell):
    """A cell as levels are written: 1.0 is 1."""
    if isinstance(cell, (float, np.floating)):
        value = float(cell) + 0.0  # -0.0 is 0
        return f"{value:.0f}" if value.is_integer() else repr(value)
    text = WHOLE.sub(r"\\1", str(cell).strip())
    return "0" if text == "-0" else text


def _words(column, cells, first):
    """Of each text the places of its words and their weights, which are of Euclidean length 1."""
    known = {word: place for place, word in enumerate(column["words"])}
    idf, size, found = np.array(column["idf"]), column["buckets"], []
    for cell in cells:
        counts = {}
        for word in _tokens(column, "" if _is_missing(cell, ("",)) else str(cell).lower()):
            if size:
                value = _fnv1a(word)
                place, sign = value % size, -1 if value >> 31 else 1
            else:
                place, sign = known.get(word), 1
            if place is not None:
                counts[place] = counts.get(place, 0) + sign
        places, weights = np.array([*counts], int), np.array([*counts.values()], float)
        weights = weights if size else weights * idf[places]
        found.append((places, weights / (np.sqrt((weights**2).sum()) or 1)))
    return found


def _tokens(column, text):
    if column["by"] == "words":
        return WORD.findall(text)
    text = SPACES.sub(" ", text)
    return [*text, *map("".join, zip(text, text[1:]))]


def _weigh(texts, rows):
    """The sums of rows by the weights of the words of each text, (B, @outputs@)."""
    return np.array([weights @ rows[places] for places, weights in texts])


def _fill(values, factor):
    return np.where(np.isnan(values), factor["fill"], values)


def _calendar(part):
    """A part of dates in days since 1970-01-01; within, a year begins in March and ends with a leap day."""

    def make(days, factor):
        days = _fill(days, factor)
        whole = np.floor(days)
        if part == "days":
            return days - factor["since"]
        if part == "hour":
            return np.floor((days - whole) * 24 + 1e-9)
        if part == "weekday":
            return (whole + 3) % 7 + 1
        era, day = np.divmod(whole + 719468, 146097)
        year = (day - day // 1460 + day // 36524 - day // 146096) // 365
        place = (5 * (day - (365 * year + year // 4 - year // 100)) + 2) // 153
        month = np.where(place < 10, place + 3, place - 9)
        return month if part == "month" else year + era * 400 + (month <= 2)

    return make


PLAIN = re.compile(r"[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?")
ISO = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"([T ]([0-9]{1,2}):([0-9]{2})(:([0-9]{2})(\\.([0-9]+))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
WHOLE = re.compile(r"^([+-]?(?:0|[1-9][0-9]*))\\.0+$")
WORD = re.compile(r"\\b\\w\\w+\\b")
LONE = re.compile("[\\ud800-\\udfff]")
SPACES = re.compile(r"\\s\\s+")
READERS = {
    "number": _read(_number, NO_NUMBER),
    "truth": _read(_truth, MISSING),
    "date": _read(_date, NO_NUMBER),
    "category": _level,
    "hash": _hash,
    "text": _words,
}
STEPS = {
    "add": lambda x, number: x + number,
    "times": lambda x, number: x * number,
    "power": lambda x, number: x**number,
    **{
        one.__name__: lambda x, _, one=one: one(x)
        for one in (np.log, np.log2, np.log10, np.log1p, np.exp, np.expm1, np.sqrt)
    },
    "abs": lambda x, _: np.abs(x),
}
FUNCTIONS = {
    "number": _fill,
    "missing": lambda values, factor: np.isnan(values).astype(float),
    **{part: _calendar(part) for part in ("days", "year", "month", "weekday", "hour")},
}
W = np.frombuffer(
    base64.b64decode(
        """
@W@
        """
    ),
    @dtype@,
).reshape(-1, @outputs@)
b = np.frombuffer(base64.b64decode("@b@"), @dtype_b@).astype(float)
'''
