"""Arrays that are mapped into memory, of which rows are read when they are wanted: .npy and IDX files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from linnet.data.formats import idx
from linnet.data.formats.array_files import pair_files
from linnet.data.formats.array_targets import Code
from linnet.data.formats.idx_folder import number_labels, part_files, read_part
from linnet.data.formats.picture_files import Say
from linnet.data.formats.pixels import PIXEL
from linnet.data.formats.stored_arrays import map_npy, read_npy
from linnet.data.formats.stream_parts import whole_of_parts
from linnet.data.split import Whole
from linnet.data.streams.mapped_arrays import MappedArray, stored_dtype
from linnet.errors import FormatError

BYTE = np.dtype(np.uint8)


def map_array_files(
    path: Path,
    name: str,
    *,
    known: tuple[str, ...] | None = None,
    say: Say = lambda text: None,
    color: bool | None = None,
) -> Whole:
    """The rows whose features are in a .npy file, and whose labels, which are held, in another beside it.

    The arguments are those of `array_files.read_array_files`.

    Raises:
        FormatError: as there; or an array is stored by columns, so that no row of it lies in one place.
    """
    files, labels = pair_files(path, say)
    arrays = {part: map_npy(one) for part, one in files.items()}
    types = {part: stored_dtype(array.dtype) for part, array in arrays.items()}
    for part, own in types.items():
        if (own == BYTE) != (types["train"] == BYTE):
            raise FormatError(
                f"{files['train']} holds {types['train']} and {files[part]} {own}: as only bytes are brought "
                "to 0…1, save both as one type"
            )
    dtype = np.result_type(*types.values())
    rows = {
        part: MappedArray(files[part], array, dtype, color=color, is_known=known is not None)
        for part, array in arrays.items()
    }
    first = rows["train"]
    written = {part: read_npy(one) for part, one in labels.items()}
    code = Code.of(list(written.values()), None, known, f"{name}: {labels['train'].name}")
    y = {part: code.read(own, str(labels[part])) for part, own in written.items()}
    for part, own in rows.items():
        if sum(own.sections) != len(y[part]):
            raise FormatError(
                f"{own.path} has {sum(own.sections):,} rows but {labels[part]} has {len(y[part]):,}"
            )
        if own.columns.features != first.columns.features or own.image_shape != first.image_shape:
            raise FormatError(f"the rows of {own.path} are not of the same shape as those of {first.path}")
    return whole_of_parts(
        {part: [own] for part, own in rows.items()}, np.concatenate(list(y.values())), name,
        classes=code.names, image_shape=first.image_shape, scale=1 / PIXEL if dtype == BYTE else 1.0,
        columns=() if first.image_shape else tuple(f"x{k}" for k in range(first.columns.features)),
    )  # fmt: skip


def map_idx_folder(folder: Path, name: str, known: tuple[str, ...] | None = None) -> Whole:
    """The pictures of four IDX files, whose labels are held; see `idx_folder.read_idx_folder`.

    Raises:
        FormatError: as there; or the pictures are packed.
    """
    paths = part_files(folder)
    for pictures, _ in paths:
        if idx.is_packed(pictures):
            raise FormatError(
                f"{pictures} is packed, and a stream maps files as they are: unpack it by gunzip --keep "
                f"{pictures}, or load the data without --stream (stream=)"
            )
    images, labels = zip(*(read_part(*each, is_mapped=True) for each in paths), strict=True)
    y, classes = number_labels(folder, images, labels, name, known)
    files = {
        part: [MappedArray(pictures, own, BYTE, color=None, is_known=False)]
        for part, (pictures, _), own in zip(("train", "test"), paths, images, strict=True)
    }
    return whole_of_parts(
        files, np.concatenate(y), name, classes=classes, image_shape=images[0].shape[1:], scale=1 / PIXEL
    )
