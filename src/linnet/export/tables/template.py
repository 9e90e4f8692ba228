"""`fill_in`: sources of other languages, whose braces and percent signs stay as they are."""

from __future__ import annotations

import re


def fill_in(template: str, **values: object) -> str:
    """A template with each `@name@` replaced, in one pass, so that no value is taken for a name."""
    return re.sub(r"@(\w+)@", lambda found: str(values[found[1]]), template)
