"""`own_sets`: what an HDF5 file holds itself, without torch."""

from __future__ import annotations

from typing import Any

from linnet.data.formats.array_names import is_known
from linnet.errors import FormatError


def own_sets(opened: Any, h5py: Any, name: str) -> dict[str, Any]:
    """The data sets of known names at the root of an open file, by their names in lower case.

    Only such as the file holds itself: one that was sent by somebody could name any other file of this
    machine, and the answer would tell what is in it.

    Raises:
        FormatError: one stands elsewhere.
    """
    found = dict[str, Any]()
    for key in filter(lambda key: is_known(key.lower()), opened):
        one = own(opened, h5py, key)
        is_set = isinstance(one, h5py.Dataset)
        if one is None or (is_set and (one.external or one.is_virtual)):
            raise FormatError(
                f"{name}: {key} is a link, or its numbers stand in other files: write them into this one, as "
                "h5py's create_dataset(name, data=…) does"
            )
        if is_set:
            found[key.lower()] = one
    return found


def own(opened: Any, h5py: Any, key: str) -> Any:
    """What has a name in an open file; None where that is a link, which is not followed."""
    return opened[key] if isinstance(opened.get(key, getlink=True), h5py.HardLink) else None
