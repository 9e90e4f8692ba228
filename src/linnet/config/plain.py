"""Recipes and jobs as plain values: TOML, JSON, dictionaries."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import tomli_w

from linnet import folders
from linnet.config.recipe import Job, Recipe, ResolvedRecipe
from linnet.errors import DataNotFoundError, FormatError, UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def as_dict(config: Recipe | ResolvedRecipe) -> dict[str, Any]:
    """The fields that are set, as plain JSON and TOML values."""
    values = dataclasses.asdict(config).items()
    return {
        key: str(value) if isinstance(value, Path) else value for key, value in values if value is not None
    }


def job_from(values: dict[str, Any], source: str = "config") -> Job:
    """A job from plain values.

    Raises:
        UsageError: an unknown key, or a value of the wrong type; the message names `source`.
    """
    values = {"data" if key == "dataset" else key: value for key, value in values.items()}
    known = {field.name: field for field in dataclasses.fields(Job)}
    if unknown := sorted(set(values) - set(known)):
        raise UsageError(f"{source}: unknown key {', '.join(unknown)}: the keys are {', '.join(known)}")
    paths = ("data_dir", "sample_weight", "out")
    try:
        fixed: dict[str, Any] = {key: Path(v) if key in paths else v for key, v in values.items()}
        return Job(**fixed)
    except TypeError as error:
        raise UsageError(f"{source}: {error}") from error


def read(path: Path) -> dict[str, Any]:
    """The keys of a TOML or JSON file (a run's run.json counts: its "asked" is taken).

    Raises:
        DataNotFoundError: no such file.
        FormatError: it is not what its suffix says.
        ChecksumError: it is a run.json that was changed.
    """
    if not path.is_file():
        raise DataNotFoundError(f"no config file at {path}")
    if path.name == folders.RUN:
        return folders.read(path.parent).values["asked"]
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise FormatError(
            f"{path} is not valid {path.suffix.lstrip('.').upper() or 'TOML'}: {error}"
        ) from error
    if not isinstance(values, dict):
        raise FormatError(f"{path} must hold a table of keys, not {type(values).__name__}")
    return values


def to_toml(config: Recipe | ResolvedRecipe) -> str:
    """The fields that are set as TOML, which `read` takes back."""
    return tomli_w.dumps(as_dict(config))
