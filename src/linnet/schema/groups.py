"""Columns that look like what rows belong to, such as patients, whose rows a split had better not part."""

from __future__ import annotations

import re

from linnet.i18n import say
from linnet.schema.category import as_text
from linnet.schema.cells import is_missing
from linnet.schema.columns import Column, Number
from linnet.schema.counted import CountedColumn, weights_of
from linnet.schema.one_hot import OneHot

BELONGING = re.compile(
    r"(patient|user|subject|customer|client|session|person|participant|household|family|student|account|member"
    r"|病人|患者|病患|用户|客户|顾客|会话|受试者|被试|学生|家庭|会员)s?(id|nr|no|num|number|code|key|name|编号|号|序号)?",
    re.IGNORECASE,
)
"""Names, of letters alone, that what rows belong to has."""

FEW_ROWS = 5
"""Rows a value, on average, up to which a column of names looks like groups, whatever it is called."""

SEVERAL = 10
"""Values from which on it does."""


def looks_grouped(counted: CountedColumn, column: Column) -> str:
    """What to say of a column that looks like groups; empty where it does not.

    Args:
        counted: its cells; numbers that some stand for look like nothing.
        column: how it was read.
    """
    if counted.numbering is not None or not isinstance(column, OneHot | Number):
        return ""
    is_known = ~is_missing(counted.cells)
    known, rows = counted.cells[is_known], int(weights_of(counted.cells, counted.counts)[is_known].sum())
    is_named = BELONGING.fullmatch(re.sub(r"[\W_]", "", column.name)) is not None
    if not len(known) or not (is_named or isinstance(column, OneHot)):
        return ""
    values = len(set(as_text(known).tolist()))
    is_few = isinstance(column, OneHot) and values >= SEVERAL and rows <= FEW_ROWS * values
    if not 2 < values < rows or not (is_named or is_few):
        return ""
    return say("schema.note.groups", "en", name=column.name, values=f"{values:,}", rows=f"{rows:,}")
