"""The parts of a data set that stays in its files, as one `Whole`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from linnet.data.dataset import Dataset
from linnet.data.split import Whole
from linnet.data.streamed import StreamedFeatures
from linnet.data.streams.row_files import RowFile
from linnet.data.streams.rows import StreamedRows


def whole_of_parts(files: Mapping[str, Sequence[RowFile]], y: Any, name: str, **others: Any) -> Whole:
    """The rows of all files, in order, and which of them are of which part.

    Args:
        files: of "train", "validation" and "test", as far as they are there, in this order.
        y: the targets of all rows.
        name: what to call them.
        **others: as `Dataset` takes them.
    """
    several = [file for part in files.values() for file in part]
    features: Any = StreamedFeatures(StreamedRows(several))
    rows = Dataset(features, y, name, **{"source": name, **others})
    if len(files) == 1:
        return Whole(rows)
    counts = [sum(sum(file.sections) for file in part) for part in files.values()]
    own = np.repeat(list(files), counts)
    return Whole(rows, own == "test", own == "validation")
