"""`check_percents`: numbers without the sign of percent that the rows to train on have are not guessed at."""

from __future__ import annotations

from linnet.errors import FormatError
from linnet.schema.cells import Frame
from linnet.schema.columns import Number
from linnet.schema.schema import Schema

PERCENT = "%"


def check_percents(frame: Frame, schema: Schema) -> None:
    """Refuse columns of numbers where training had percents: it cannot be told whether 0.12 is 12 %.

    Args:
        frame: cells, (N, columns); a target may be among them.
        schema: of the rows to train on.

    Raises:
        FormatError: naming the column and its first numbers.
    """
    columns = [(one.name, one.style) for one in schema.columns if isinstance(one, Number)]
    for name, style in [*columns, (schema.target.name, schema.target.style)]:
        if style.unit != PERCENT or name not in frame.columns or frame[name].dtype.kind not in "iuf":
            continue
        known = frame[name].dropna()
        if len(known):
            first = ", ".join(f"{number:g}" for number in known.iloc[:3])
            raise FormatError(
                f"the column {name} holds numbers ({first}) without the sign of percent that those to train "
                "on have: is 0.12 there 12% or 0.12%? Write both alike"
            )
