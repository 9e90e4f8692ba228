"""Missing fonts, said once."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator

from linnet.errors import MissingFontWarning


@contextlib.contextmanager
def told_of_fonts() -> Iterator[None]:
    """Say once that a font is missing, instead of a warning for each character and figure."""
    with warnings.catch_warnings(record=True) as found:
        warnings.filterwarnings("always", category=MissingFontWarning)
        warnings.filterwarnings("always", message="Glyph .* missing")
        yield
    for said in dict.fromkeys(
        str(one.message) for one in found if issubclass(one.category, MissingFontWarning)
    ):
        print(f"linnet: {said}", file=sys.stderr)
    for one in found:
        if not issubclass(one.category, MissingFontWarning) and "missing from font" not in str(one.message):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
