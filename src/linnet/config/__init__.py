"""Options as frozen dataclasses, to and from TOML and JSON, without torch.

`Hyperparameters` may differ between the models of a sweep; `Recipe` holds them and all else that trains one
model; `Job` is the whole of `linnet train`: data, recipe, and where to leave the run. A field of a recipe
that is None takes the book's value for the task at hand, which `Recipe.resolved` fills in. A `FitRequest` and
its kin (`requests`) are what a folder keeps.
"""

from linnet.config.augmentation import Augmentation
from linnet.config.hyperparameters import (
    BOUNDS,
    HYPERPARAMETERS,
    HYPERPARAMETERS_HELP,
    OPTIMIZERS,
    SCHEDULES,
    Bounds,
    Hyperparameters,
    check_option,
)
from linnet.config.recipe import Job, Recipe, job_from, read, to_toml
from linnet.config.requests import FitRequest, SearchRecipe, SolveRequest, SweepRequest, TuneRequest, as_dict
from linnet.config.table import TableChoices, TableOptions

__all__ = [
    "BOUNDS",
    "HYPERPARAMETERS",
    "HYPERPARAMETERS_HELP",
    "OPTIMIZERS",
    "SCHEDULES",
    "Augmentation",
    "Bounds",
    "FitRequest",
    "Hyperparameters",
    "Job",
    "Recipe",
    "SearchRecipe",
    "SolveRequest",
    "SweepRequest",
    "TableChoices",
    "TableOptions",
    "TuneRequest",
    "as_dict",
    "check_option",
    "job_from",
    "read",
    "to_toml",
]  # fmt: skip
