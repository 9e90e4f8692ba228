"""Refusals of what is said of data that are of another kind: of a table, of LIBSVM text, of pictures."""

from __future__ import annotations

from linnet.config.table import OF_OTHERS, TableOptions
from linnet.data.formats import svmlight
from linnet.data.formats.frames import is_table
from linnet.data.formats.svmlight_lines import is_svmlight
from linnet.data.formats.table_files import TableFiles
from linnet.errors import UsageError


def check_options(name: str, files: TableFiles | None, options: TableOptions) -> None:
    """Refuse what is said of other data than these.

    Args:
        name: of the data.
        files: the tables that it means; None where they are other data.
        options: what was said.

    Raises:
        UsageError: naming it.
    """
    if is_svmlight(name) or (files is not None and files.is_svmlight):
        refuse_color(options, f"{name} is LIBSVM text")
        svmlight.check_options(options, name)
        return
    if options.index_base is not None:
        raise UsageError(f"index_base is of LIBSVM text, and {name} is none")
    if is_table(name) or files is not None:
        refuse_color(options, f"{name} is a table")
        return
    given = (one for one in options.table if one not in OF_OTHERS)
    if said := next((one for one in given if one != "references"), None):
        raise UsageError(f"{said} is of a table, and {name} is none")


def refuse_color(options: TableOptions, what: str) -> None:
    """Refuse to keep the colours of data that are no pictures of one's own.

    Raises:
        UsageError: it was asked for.
    """
    if options.color is not None:
        raise UsageError(f"--color (color=) is of pictures of your own, and {what}")
