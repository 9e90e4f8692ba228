"""The parts that folders of pictures are named after (train, validation, test), and the pictures' classes."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from linnet.errors import FormatError

WORDS = {
    "train": ("train", "training", "训练", "訓練"),
    "validation": ("val", "valid", "validation", "dev", "development", "验证", "驗證", "校验", "开发"),
    "test": ("test", "testing", "eval", "evaluation", "测试", "測試", "评估"),
}
"""What folders of a part are called, in any case and width, with or without "set", "images", 集 and such."""

PARTS = {word: part for part, words in WORDS.items() for word in words}
FILLING = frozenset("set sets data dataset image images img imgs picture pictures split folder".split())  # noqa: SIM905
CHINESE_FILLING = re.compile("(数据集|資料集|数据|图片|图像|样本|集|用)+$")

MANY = 8
"""Folders that are named in a message, at most."""


@dataclass(frozen=True)
class Place:
    """Where a picture belongs.

    Args:
        part: "train", "validation", "test", or "" where no folder says so.
        folder: the folder that says it, as it is written.
        label: its class.
    """

    part: str
    folder: str
    label: str


def part_of(folder: str) -> str | None:
    """The part that a folder's name says, if it is one of `WORDS`."""
    plain = unicodedata.normalize("NFKC", folder).casefold().strip()
    if (word := CHINESE_FILLING.sub("", plain)) in PARTS:
        return PARTS[word]
    tokens = [token for token in re.findall(r"[^\W\d_]+", plain) if token not in FILLING]
    if len(tokens) != 1:
        return None
    return PARTS.get(tokens[0]) or PARTS.get(re.sub("(data)?(set)?$", "", tokens[0]))


def part_of_file(stem: str) -> str | None:
    """The part that a file's name says: one of `WORDS`, alone or as its first or last word."""
    if (part := part_of(stem)) is not None:
        return part
    plain = unicodedata.normalize("NFKC", stem).casefold()
    words = [word for word in re.findall(r"[^\W\d_]+", plain) if word not in FILLING | {"of"}]
    found = {PARTS[word] for word in (*words[:1], *words[-1:]) if word in PARTS}
    return found.pop() if len(found) == 1 else None


def place_pictures(paths: Sequence[str], name: str, *, is_whole: bool = False) -> list[Place]:
    """The part and class of each picture: its class is the folder it is in, its part one above.

    Folders in which all is (a zip's only folder) say nothing, unless nothing else does. Where each class has
    folders called train and test within, those are the parts.

    Args:
        paths: with slashes.
        name: of the data set, for messages.
        is_whole: whether nothing is to be learnt from them, so that no part and no class has to be there.

    Raises:
        FormatError: a picture is in no folder, or beside the parts; a part's name is unknown; a class is in
            another part but not in train.
    """
    folders = [_folders(path) for path in paths]
    if (found := _within_classes(folders)) is None:
        above = [(*names[:-1],) for names in folders]
        labels = [names[-1] for names in folders]
    else:
        above, labels = found
    depth = _depth(above)
    if depth is None:
        _check_no_classes_but_parts(labels, name)
        return [Place("", "", label) for label in labels]
    _check_known(above, depth, paths, name)
    made = [
        Place(part_of(names[depth]) or "", names[depth], k) for names, k in zip(above, labels, strict=True)
    ]
    if not is_whole:
        _check_parts(made, name)
    return made


def describe_parts(made: Sequence[Place], name: str) -> str:
    """What was read of which folder, in a sentence; "" where no folder is a part."""
    if not any(place.part for place in made):
        return ""
    counts = Counter((place.part, place.folder) for place in made)
    folders = {
        part: [f"{folder} ({n:,})" for (its, folder), n in sorted(counts.items()) if its == part]
        for part in WORDS
    }
    parts = [f"{part} {' + '.join(several)}" for part, several in folders.items() if several]
    classes = {part: {place.label for place in made if place.part == part} for part in WORDS}
    lacking = [
        f"; {part} has no {_list(classes['train'] - found)}"
        for part, found in classes.items()
        if found and classes["train"] - found
    ]
    return f"{PurePosixPath(name).name or name} read by its folders: {', '.join(parts)}{''.join(lacking)}"


def _folders(path: str) -> tuple[str, ...]:
    """A path's folders, an accent always being one character: zips of Macs have two."""
    names = PurePosixPath(unicodedata.normalize("NFC", path)).parts[:-1]
    if not names:
        raise FormatError(f"{path} is in no folder: put the pictures of each class into a folder of its name")
    return names


def _depth(above: Sequence[tuple[str, ...]]) -> int | None:
    """At which depth the parts are: the first with a part's name and another beside it; or the first."""
    levels = [{names[d] for names in above if len(names) > d} for d in range(max(map(len, above)))]
    known = [d for d, names in enumerate(levels) if any(map(part_of, names))]
    return next((d for d in known if len(levels[d]) > 1), known[0] if known else None)


def _within_classes(folders: Sequence[tuple[str, ...]]) -> tuple[list[tuple[str, ...]], list[str]] | None:
    """Parts and classes where the parts are within the classes: cats/train, cats/test, dogs/train."""
    last, parents = {names[-1] for names in folders}, {names[-2:-1] for names in folders}
    if len({part_of(one) for one in last} - {None}) < 2 or len(parents) < 2 or () in parents:
        return None
    if _depth([names[:-1] for names in folders]) is not None:  # train/test is a class called test
        return None
    return [names[-1:] for names in folders], [names[-2] for names in folders]


def _check_no_classes_but_parts(labels: Sequence[str], name: str) -> None:
    parts = {part_of(label) for label in labels}
    if len(parts) > 1 and None not in parts:
        raise FormatError(
            f"{name} has its pictures in {_list(labels)}, which are parts, not classes: put the "
            "pictures of each class into a folder of its name within, such as train/cats/1.png"
        )


def _check_known(above: Sequence[tuple[str, ...]], depth: int, paths: Sequence[str], name: str) -> None:
    found = {names[depth] for names in above if len(names) > depth}
    known = "; ".join(f"{part_of(one)} ({one})" for one in sorted(found) if part_of(one))
    mend = "Understood are " + "; ".join(f"{part}: {'|'.join(words)}" for part, words in WORDS.items())
    if unknown := [one for one in found if part_of(one) is None]:
        raise FormatError(
            f"{name} has {_list(unknown)} beside {known}, and which part that is cannot be told. {mend}"
        )
    if beside := [path for path, names in zip(paths, above, strict=True) if len(names) <= depth]:
        raise FormatError(
            f"{beside[0]} is beside the parts {known}, or in one of them without a folder of its class: "
            f"put it into one, such as train/cats/1.png. {mend}"
        )


def _check_parts(made: Sequence[Place], name: str) -> None:
    """Refuse parts that cannot be learnt from: none to train on, or classes that are not in it."""
    parts = {place.part for place in made}
    if len(parts) > 1 and "train" not in parts:
        raise FormatError(f"{name} has {_list(place.folder for place in made)} but no part to train on")
    if len(parts) == 1:
        return
    trained = {place.label for place in made if place.part == "train"}
    if strange := {place.label for place in made} - trained:
        where = next(place.folder for place in made if place.label in strange)
        raise FormatError(
            f"{name} has {_list(strange)} in {where} but not in the part to train on, whose classes are "
            f"{_list(trained)}: the folders of a class are called the same in all parts"
        )


def _list(names: Iterable[str]) -> str:
    several = sorted(set(names))
    more = f" and {len(several) - MANY} more" if len(several) > MANY else ""
    return ", ".join(several[:MANY]) + more
