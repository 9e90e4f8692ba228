"""Options as frozen dataclasses, to and from TOML and JSON, without torch.

`Knobs` holds the hyperparameters, which may differ between the models of a sweep; `Recipe` those and all else
that trains one model; `Job` the whole of `linnet train`: data, recipe, and where to leave the run. A field of
a recipe that is None takes the book's value for the task at hand, which `Recipe.resolved` fills in.
"""

from linnet.config.augmentation import Augmentation
from linnet.config.knobs import BOUNDS, KNOBS, KNOBS_HELP, OPTIMIZERS, SCHEDULES, Bounds, Knobs, check_option
from linnet.config.recipe import Job, Recipe, ResolvedRecipe, as_dict, job_from, read, to_toml

__all__ = [
    "BOUNDS", "KNOBS", "KNOBS_HELP",
    "OPTIMIZERS",
    "SCHEDULES",
    "Augmentation",
    "Bounds",
    "Job",
    "Knobs",
    "Recipe",
    "ResolvedRecipe",
    "as_dict",
    "check_option",
    "job_from",
    "read",
    "to_toml",
]  # fmt: skip
