"""Lines that ask a service of a table by the names of its columns: JSON and CSV for a shell, and Python."""

from __future__ import annotations

import csv
import io
import json
import shlex
from typing import Any

from linnet.schema.cells import NumberStyle
from linnet.schema.columns import Number
from linnet.schema.schema import Schema
from linnet.serve.schema import example_row

SHORT = 40
"""Columns of a row that is written out; one of more is fetched from /model."""

KEY = ' -H "x-api-key: $LINNET_API_KEY"'
"""What brings the API key."""


def of_table(schema: Schema, place: str, *, has_key: bool) -> list[str]:
    """Lines that are answered as they stand, of a row such as training had.

    Args:
        schema: of the model.
        place: where the service is, with a slash at the end.
        has_key: whether requests need an API key.
    """
    key, row = KEY if has_key else "", example_row(schema)
    there = f"{place}predict"
    if len(row) > SHORT:
        take = """import json, sys; print(json.dumps({"rows": [json.load(sys.stdin)["example"]]}))"""
        ask = f"curl{key} -H 'content-type: application/json' -d @- {there}"
        return [f"curl -s{key} {place}model |\n  python3 -c '{take}' |\n  {ask}"]
    body = shlex.quote(json.dumps({"rows": [row]}, ensure_ascii=False))
    lines = [f"curl{key} -H 'content-type: application/json' -d {body} {there}"]
    if all(one.style == NumberStyle() for one in schema.columns if isinstance(one, Number)):
        ask = f"curl{key} -H 'content-type: text/csv' --data-binary @- {there}"
        lines.append(f"printf '%s\\n' {shlex.quote(_csv(row))} |\n  {ask}")
    return [*lines, _python(row, there, has_key=has_key)]


def _csv(row: dict[str, Any]) -> str:
    """The names of the columns and the cells below them."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerows([list(row), list(row.values())])
    return made.getvalue().rstrip("\n")


def _python(row: dict[str, Any], there: str, *, has_key: bool) -> str:
    """Lines for Python without a package."""
    key = ', "x-api-key": os.environ["LINNET_API_KEY"]' if has_key else ""
    return (
        f"import json, {'os, ' * has_key}urllib.request\n"
        f"row = {row!r}\n"
        f'body = json.dumps({{"rows": [row]}}).encode()\n'
        f'headers = {{"content-type": "application/json"{key}}}\n'
        f"request = urllib.request.Request({there!r}, body, headers)\n"
        f"print(json.load(urllib.request.urlopen(request)))"
    )
