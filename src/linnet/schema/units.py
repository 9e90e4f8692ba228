"""Units and signs about the numbers of a column: which unit all cells have, and what stands for what."""

from __future__ import annotations

import re

from linnet.errors import FormatError
from linnet.schema.coded import Cells
from linnet.schema.named_rows import name_row

CURRENCIES = "$€£¥₹₩"
SIGNS = (*"%‰°", *CURRENCIES)

UNITS = """
    kg g mg µg ug t lb lbs oz km m cm mm µm nm mi ft in yd h hr hrs min s sec ms d day days week weeks
    month months yr yrs year years °C °F K k M B GB MB KB TB kB L l ml mL dL cl gal W kW MW kWh Wh V mV
    A mA J kJ cal kcal N Pa kPa hPa bar psi mmHg Hz kHz MHz GHz mph kph km/h m/s m² m³ km² cm² cm³ m2
    m3 ha sqft sqm ppm bp bps px dB rpm USD EUR GBP JPY CNY RMB CHF INR
    元 万 亿 万元 亿元 公斤 千克 克 斤 吨 米 厘米 毫米 公里 千米 里 平方米 平米 ㎡ 升 毫升
    岁 年 月 天 日 小时 分钟 秒 度
"""
KNOWN = frozenset((*SIGNS, *UNITS.split()))
"""Units that are told from the letters of a code."""

UNIT = rf"(?:[{''.join(SIGNS)}][CF]?|㎡|[^\W\d_]{{1,6}}(?:/[^\W\d_]{{1,3}})?[²³23]?)"
NUMBER = r"(?:[0-9][0-9.,\s'\u2019]*[0-9]|[0-9]\.?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
BEFORE = rf"[{''.join(SIGNS)}]|USD|EUR|GBP|JPY|CNY|RMB|CHF|INR"
WITH_UNIT = re.compile(
    rf"[+-]?\s*(?P<before>{BEFORE})?\s*[+-]?(?P<number>{NUMBER})(?P<space>\s*)(?P<after>{UNIT})?"
)
"""A number with a unit behind it, or a currency before it."""

FEET = re.compile(r"[0-9]+ ?['\u2019\u2032] ?[0-9.]+ ?(?:\"|''|\u2033)?")
IN_PARENTHESES = re.compile(r"\((.*)\)")

SIZES = frozenset("kKMBGT")
"""Letters for thousands, millions and more, which stand close behind a number."""

INDIAN = r"^[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]+)?$"
"""A number with commas between hundreds of thousands, as in India."""

PLAIN_SIGNS = str.maketrans({
    **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
    "\u2212": "-", "－": "-", "＋": "+", "．": ".", "，": ",", "％": "%", "￥": "¥", "＄": "$", "（": "(",
    "）": ")",
})  # fmt: skip
"""Digits and signs of full width, and the minus of typesetters."""


def plain_signs(texts: Cells) -> Cells:
    """Texts with digits and signs as ASCII has them, without space around them."""
    texts = texts.str.strip()
    return texts if texts.str.isascii().all() else texts.str.translate(PLAIN_SIGNS)


def negate(texts: Cells) -> Cells:
    """Texts in which a number in parentheses, as accounts write what is owed, has a minus instead."""
    return texts.str.replace(rf"^{IN_PARENTHESES.pattern}$", r"-\1", regex=True)


def take_unit(texts: Cells, unit: str) -> Cells:
    """Texts without one unit at an end at which it may stand; empty where they lack it."""
    unit_form = re.escape(unit)
    rest = texts.str.extract(rf"^(.*?)\s*{unit_form}$")[0].fillna("")
    if not re.fullmatch(BEFORE, unit):
        return rest
    parts = texts.str.extract(rf"^([+-]?)\s*{unit_form}\s*(.*)$").fillna("")
    return rest.where(rest != "", parts[0] + parts[1])


def find_unit(texts: Cells) -> str | None:
    """The unit that all numbers have; empty where none has one, None where they differ or are no numbers.

    Letters close behind a number are a unit only if they are known as one, as they could be a code's.
    """
    found = _units(texts)
    if found is None:
        return "" if not texts.str.contains(f"[{''.join(SIGNS)}]", regex=True).any() else None
    units = set(found["unit"])
    if len(units) > 1:
        return None
    (unit,) = units
    has_space = bool((found["space"] != "").all())
    return unit if not unit or _is_known(unit) or has_space else None


def _is_known(unit: str) -> bool:
    """Whether letters close behind a number are a unit; one capital is a code's, such as a seat's."""
    return unit in KNOWN and not re.fullmatch("[A-Z]", unit)


def _units(texts: Cells) -> Cells | None:
    """The unit of each number, and the space before it; None where a text is no number."""
    parts = texts.str.extract(f"^{WITH_UNIT.pattern}$")
    parts = parts.assign(**{name: parts[name].fillna("") for name in parts.columns})
    if (parts["number"] == "").any() or ((parts["before"] != "") & (parts["after"] != "")).any():
        return None
    return parts.assign(unit=parts["before"] + parts["after"])


def check_units(cells: Cells, name: str) -> None:
    """Refuse numbers in several units, which no single column can hold.

    Args:
        cells: the different cells of a column that have a value, with the numbers of their rows.
        name: of it.

    Raises:
        FormatError: naming the units, some rows and the flag.
    """
    texts = plain_signs(cells.astype(str))
    otherwise = f"Bring them to one, or say --category {name} (category= in Python) or --ignore {name}"
    if len(texts) and texts.str.fullmatch(FEET).all():
        at = texts.index[0]
        raise FormatError(
            f"the column {name} has lengths in feet and inches, such as {texts.loc[at]} in {name_row(at)}. "
            f"{otherwise}"
        )
    found = _units(texts) if len(texts) else None
    if found is None:
        return
    indian, decimals = (found["number"].str.contains(form, regex=True) for form in (INDIAN, r"[0-9]\.[0-9]"))
    if indian.any() and found["number"].str.fullmatch(r"[0-9]+(,[0-9]{2,3})*(\.[0-9]+)?").all():
        at = indian.idxmax()
        raise FormatError(
            f"the column {name} has commas as in India, such as {texts.loc[at]!r} in {name_row(at)}. Leave "
            f"them out, or say --category {name} (category= in Python) or --ignore {name}"
        )
    sizes = set(found["unit"]) - {""}
    is_size = decimals.any() or (len(sizes) > 1 and sizes & {"k", "M"})
    if sizes and sizes <= SIZES and is_size:
        shown = ", ".join(f"{texts.loc[at]!r} in {name_row(at)}" for at in texts.index[:3])
        raise FormatError(
            f"the column {name} has numbers that are shortened: {shown}. Write them in full, or say "
            f"--category {name} (category= in Python) or --ignore {name}"
        )
    if found["unit"].nunique() < 2:
        return
    if not all(unit == "" or _is_known(unit) for unit in found["unit"].unique()):
        return
    firsts = found["unit"].drop_duplicates().index[:4]
    shown = ", ".join(f"{texts.loc[at]!r} in {name_row(at)}" for at in firsts)
    raise FormatError(f"the column {name} has numbers in several units: {shown}. {otherwise}")
