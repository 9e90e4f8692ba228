"""Files of tables that are not read, each with how to write what is."""

from __future__ import annotations

from pathlib import PurePath

from linnet.errors import FormatError

IN_R = (
    'write it in R by write.csv(DATA, "{stem}.csv", row.names = FALSE), or by arrow::write_parquet(DATA, '
    '"{stem}.parquet")'
)
BY_PANDAS = 'nothing is run from a pickle: write it in Python by DATA.to_parquet("{stem}.parquet")'
LINES = (
    'expected JSON lines, a row each: DATA.to_json("{stem}.jsonl", orient="records", lines=True) in pandas'
)

FOREIGN = {
    **dict.fromkeys((".rds", ".rdata", ".rda"), IN_R),
    **dict.fromkeys((".pkl", ".pickle"), BY_PANDAS),
    ".json": LINES,
}
"""What to do with a file, by its suffix."""


def is_foreign(name: str) -> bool:
    """Whether a file's name is that of a table which is not read."""
    return PurePath(name).suffix.lower() in FOREIGN


def refuse_foreign(name: str) -> None:
    """Refuse such a file.

    Raises:
        FormatError: it is one, with how to write what is read.
    """
    if is_foreign(name):
        path = PurePath(name)
        advice = FOREIGN[path.suffix.lower()].format(stem=path.stem)
        raise FormatError(f"{name} is not read: {advice}")
