"""The forms in which dates are written, each with its pattern."""

from __future__ import annotations

import re
from functools import cache

ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")

MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
SHORT = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

TIMES = (
    ("", ""),
    (r" \d{1,2}:\d{2}", " %H:%M"),
    (r" \d{1,2}:\d{2}:\d{2}", " %H:%M:%S"),
    (r" \d{1,2}:\d{2} [AP]M", " %I:%M %p"),
    (r" \d{1,2}:\d{2}[AP]M", " %I:%M%p"),
    (r" \d{1,2}:\d{2}:\d{2} [AP]M", " %I:%M:%S %p"),
    (r" \d{1,2}:\d{2}:\d{2}[AP]M", " %I:%M:%S%p"),
)
"""What may stand behind a date: the time of day."""

DAYS = (
    (r"\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d"),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", "%Y.%m.%d"),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y"),
    (r"\d{4}年\d{1,2}月\d{1,2}日", "%Y年%m月%d日"),
    (rf"\d{{1,2}} {SHORT} \d{{4}}", "%d %b %Y"),
    (rf"\d{{1,2}}-{SHORT}-\d{{4}}", "%d-%b-%Y"),
    (rf"{SHORT} \d{{1,2}}, \d{{4}}", "%b %d, %Y"),
    (rf"\d{{1,2}} {MONTH} \d{{4}}", "%d %B %Y"),
    (rf"{MONTH} \d{{1,2}}, \d{{4}}", "%B %d, %Y"),
)

EITHER = r"(\d{1,2})([/-])(\d{1,2})[/-](\d{4})"
"""A date that begins with a day or a month."""

SHORT_YEAR = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{2})( .*)?")
"""A date whose year, or which of its parts, has two digits."""

ZONE = re.compile(r"(Z|[+-][0-9]{2}:?[0-9]{2})$")
"""The end of a time that tells its zone."""

Forms = tuple[tuple[re.Pattern[str], str], ...]


@cache
def clear_forms() -> Forms:
    """Forms of dates that can be read in one way, and the pattern of each."""
    forms = ((day + time, pattern + of_day) for day, pattern in DAYS for time, of_day in TIMES)
    return ((ISO, "ISO8601"), *((re.compile(form, re.IGNORECASE), pattern) for form, pattern in forms))


@cache
def unclear_forms() -> Forms:
    """Forms of dates that begin with a day or a month, and the pattern of the time behind each."""
    return tuple((re.compile(EITHER + time, re.IGNORECASE), of_day) for time, of_day in TIMES)
