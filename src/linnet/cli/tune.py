"""`linnet tune`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from linnet.cli.console import report_missing_fonts
from linnet.cli.search import Hyperparameters, SearchOptions, exit_interrupted, run_or_exit
from linnet.errors import UsageError


def tune(
    hyperparameters: Annotated[Hyperparameters | None, Parameter(name="*")] = None,
    options: Annotated[SearchOptions | None, Parameter(name="*")] = None,
    *,
    trials: int = 100,
    batch: int = 20,
    storage: str | None = None,
    study: str | None = None,
    batch_size: int | None = None,
) -> None:
    """Search for good settings with Optuna, a batch of models in each pass over the data.

    A hyperparameter takes a range whose logarithm is searched (--lr 0.001..1), an even range
    (--momentum 0.5:0.99), several values (--optimizer sgd,adam), or one. The best setting is chosen on rows
    kept from training, trained again on all training rows, and scored once on the test set.

    Examples

        linnet tune --lr 0.001..1 --l2 1e-6..1e-2 --optimizer sgd,adam --trials 100 --batch 20

        linnet tune --lr 0.01..1 --momentum 0.5:0.99 --optimizer nesterov --folds 5

        linnet tune --lr 0.001..1 --l2 1e-6..1e-2 --storage study.log

    Parameters
    ----------
    hyperparameters
        What is searched.
    options
        How.
    trials
        Settings to try.
    batch
        Of which so many are trained at once.
    storage
        A file that keeps the study: the same command again goes on with it.
    study
        The study's name in that file; the data set's when not given.
    batch_size
        Rows a minibatch.
    """
    from linnet.config import TuneRequest
    from linnet.folders import default_folder, new_folder

    options = options or SearchOptions()
    space = options.space(hyperparameters)
    if not set(space) - {"seed"}:
        raise UsageError("say what to search, such as --lr 0.001..1 --optimizer sgd,adam")
    request = TuneRequest(
        space=space, trials=trials, batch=batch, study=study, sweep=options.request(batch_size=batch_size)
    )
    folder = new_folder(options.out or default_folder("tune"))
    folder.mkdir(parents=True, exist_ok=True)  # what cannot be written shows now
    splits = options.load(space)
    from linnet.runs.tune import tune_request  # which loads torch: what is refused never waits for it

    with report_missing_fonts():
        result = run_or_exit("no batch was done", lambda: tune_request(
            splits, request, storage=storage, out=folder, is_catalog=True, **options.watch,
        ))  # fmt: skip
    if result.is_interrupted:
        exit_interrupted(f" after {len(result.configurations)} settings, which are in {folder}")
    done = len(result.study.get_trials(deepcopy=False))
    options.close(result, folder, splits.test, f"the settings are in {folder}", trials=done)
