"""Arrays in files of their own: features in X.npy, or a sparse matrix in X.npz, with their labels beside."""

from __future__ import annotations

from pathlib import Path

from linnet.data.formats.array_names import PAIRS, ArrayName, split_name
from linnet.data.formats.arrays import whole_of
from linnet.data.formats.picture_files import Say
from linnet.data.formats.stored_arrays import is_sparse_matrix, read_npy, read_stored
from linnet.data.split import Whole
from linnet.errors import FormatError

FEATURES = {features for features, _ in PAIRS}
OTHERS = ("validation", "test")


def read_array_files(
    path: Path,
    name: str,
    *,
    known: tuple[str, ...] | None = None,
    say: Say = lambda text: None,
    color: bool | None = None,
) -> Whole:
    """The rows whose features are in a file, and whose labels are in another beside it.

    The labels of X.npy are in y.npy, those of x_train.npy in y_train.npy, of train_images.npy in
    train_labels.npy, and of any NAME.npy in NAME_labels.npy or NAME_y.npy. With x_train.npy or x.npy its
    x_val.npy and x_test.npy are read, where they are there.

    Args:
        path: of the features: an array, or a sparse matrix.
        name: what to call the data.
        known: as `arrays.read_arrays` takes it.
        say: is told which files were read.
        color: whether features are images in colour.

    Raises:
        FormatError: there are no labels, several files could be they, or a file is none of these.
    """
    files, labels = pair_files(path, say)
    names = {part: "" if part == "train" else f"_{part}" for part in files}
    arrays = {f"x{names[part]}": read_stored(one) for part, one in files.items()}
    arrays |= {f"y{names[part]}": read_npy(one) for part, one in labels.items()}
    return whole_of(arrays, name, known=known, color=color)


def pair_files(path: Path, say: Say = lambda text: None) -> tuple[dict[str, Path], dict[str, Path]]:
    """The files of features by parts, those to train on first, and those of their labels.

    Args:
        path: of the features to train on.
        say: is told which files were found.

    Raises:
        FormatError: there are no labels, or several files could be they.
    """
    part, role = split_name(path.stem)
    files = {"train": path}
    if part in ("", "train"):
        others = {split_name(one.stem): one for one in sorted(path.parent.glob(f"*{path.suffix}"))}
        for name in OTHERS:
            if (found := others.get(ArrayName(name, role))) is not None:
                files[name] = found
    labels = {part: find_labels(one) for part, one in files.items()}
    pairs = (f"{one.name} with {labels[part].name}" for part, one in files.items())
    say(f"features and labels: {', '.join(pairs)}")
    return files, labels


def find_features(folder: Path) -> Path | None:
    """The file with the features to train on in a folder of such files; None where there is none.

    Raises:
        FormatError: several could be it.
    """
    there = [one for one in sorted(folder.iterdir()) if _is_one_array(one)]
    names = {one: split_name(one.stem) for one in there}
    found = [one for one, name in names.items() if name.role in FEATURES and name.part in ("", "train")]
    found = found or [one for one in there if _has_labels(one)]
    if len(found) > 1:
        several = ", ".join(one.name for one in found)
        raise FormatError(f"{folder} has {several}: which are the features to train on? Give the path of one")
    return next(iter(found), None)


def _is_one_array(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix == ".npy" or (suffix == ".npz" and is_sparse_matrix(path))


def _has_labels(path: Path) -> bool:
    try:
        return find_labels(path) is not None
    except FormatError:
        return False


def find_labels(path: Path) -> Path:
    """The file with the labels of a file of features.

    Raises:
        FormatError: there is none, or several could be it.
    """
    stem, role = path.stem.lower(), split_name(path.stem).role
    wanted = [stem.replace(role, targets) for features, targets in PAIRS if features == role]
    wanted += [f"{stem}_labels", f"{stem}_y"]
    files = sorted(one for one in path.parent.iterdir() if one.suffix.lower() == ".npy" and one != path)
    found = [one for one in files if one.stem.lower() in wanted]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(one.name for one in found)
        raise FormatError(f"the labels of {path.name} could be in {several}: move one away")
    expected = " or ".join(f"{one}.npy" for one in dict.fromkeys(wanted))
    raise FormatError(
        f"{path.name} holds features and no labels, and none are beside it: save them as {expected}, or both "
        "in one file by numpy.savez('rows.npz', X=X, y=y)"
    )
