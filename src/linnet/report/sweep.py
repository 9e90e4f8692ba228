"""The parts of a page of a search: its options, the table of settings, and how sure the choice is."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linnet.config import SweepRequest, TuneRequest, as_dict
from linnet.config.requests import read_request
from linnet.errors import ChecksumError, FormatError
from linnet.evaluate.selection import Margin
from linnet.folders import RUN, SWEEP, TUNE, State, read
from linnet.i18n import Language, show_figure
from linnet.model.run import Run
from linnet.report.blocks import Block, Facts, Picture, Table, Text, value
from linnet.report.subject import Localized
from linnet.report.views import to_svg, to_themed_svg

if TYPE_CHECKING:
    import pandas as pd

SUMMARIES = (SWEEP, TUNE)

NESTED = ("verb", "grid", "settings", "space")
"""Options that are told otherwise than the rest."""

CURVES = "curves.csv"
SHOWN = 30
"""Settings that are listed; table.csv has all."""
DRAWN = 2
"""Settings from which on a figure of them says anything."""


def is_sweep(folder: Path) -> bool:
    """True if a folder is of a sweep or a tune."""
    return any((folder / name).is_file() for name in SUMMARIES)


@dataclass(eq=False)
class Swept(Localized):
    """A sweep's or a tune's folder.

    Args:
        folder: with table.csv and sweep.json or tune.json.
        language: "en" or "zh".

    Raises:
        ChecksumError, FormatError: the summary was changed, is something else, or has no request of a search.
    """

    folder: Path
    language: Language
    request: SweepRequest | TuneRequest = field(init=False)

    def __post_init__(self) -> None:
        # first of all, as an earlier linnet called more than the request otherwise
        self.request = self._read_request()

    @cached_property
    def state(self) -> State:
        """Its files.

        Raises:
            ChecksumError, FormatError: the summary was changed, or is something else.
        """
        return read(self.folder, next(name for name in SUMMARIES if (self.folder / name).is_file()))

    @property
    def summary(self) -> dict[str, Any]:
        """The values of its JSON file."""
        return self.state.values

    def _read_request(self) -> SweepRequest | TuneRequest:
        path = self.folder / self.state.name
        request = read_request(self.summary, path)
        if not isinstance(request, SweepRequest | TuneRequest):
            raise FormatError(f"{path} is damaged: its request is of no search")
        return request

    def best(self) -> Run | None:
        """The best setting trained again; None where that has not been done.

        Raises:
            ChecksumError: the folder's best model is of another search.
        """
        place = self.folder / "best"
        if not (place / RUN).is_file():
            return None
        run, chosen = Run.load(place), self.summary["best"]
        ours = {} if run.fitted is None else as_dict(run.fitted)
        is_ours = all(ours.get(name) == number for name, number in chosen.items())
        if not is_ours or run.dataset_checksum != self.summary["dataset_checksum"]:
            raise ChecksumError(
                f"{place} does not belong to {self.state.name}: it is the best model of another search; "
                "take the folder from a backup, or search again"
            )
        return run

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a setting, the best first."""
        import pandas as pd

        found = pd.read_csv(io.BytesIO(self.state.read("table.csv")))
        mixed = [n for n in found.columns if n not in ("status",) and found[n].dtype.kind not in "biuf"]
        return found.assign(**{name: [_read_number(text) for text in found[name]] for name in mixed})

    @property
    def hyperparameters(self) -> list[str]:
        """The hyperparameters that were varied."""
        names = [str(name) for name in self.table.columns]
        return names[: names.index("train_loss")]

    @property
    def margin(self) -> Margin:
        """The lead of the best setting."""
        known = {name: self.summary["margin"].get(name) for name in ("difference", "error", "p")}
        return Margin(**{name: math.nan if number is None else number for name, number in known.items()})


def options(of: Swept) -> list[Block]:
    """The grid or space that was searched, and the options that all settings share."""
    given = as_dict(of.request)
    given |= given.pop("sweep", {})  # how a study trains its settings
    rows = [(name, _format_values(found)) for name, found in (given.get("space") or given["grid"]).items()]
    if "settings" in given:
        rows.append((of.say("report.settings"), f"{len(given['settings'])}"))
    rest = [(name, _format_values(found)) for name, found in given.items() if name not in NESTED]
    return [Facts(tuple([*rows, *rest]), len(rows))]


def choice(of: Swept, tested: float | None) -> list[Block]:
    """The selected setting, and whether its margin is statistically significant.

    Args:
        of: the sweep.
        tested: the refitted model's figure of the same kind on the test rows; None without.
    """
    table, metric = of.table, str(of.summary["metric"])
    best, error = float(table[metric].iloc[0]), float(table[f"{metric}_se"].iloc[0])
    words, n = of.name_figure(metric), len(table)
    sentences = [
        of.say("report.choice.best", n=n, metric=words, best=show_figure(metric, best)),
        _describe_lead(of),
    ]
    sentences += [_describe_edge(of, edge) for edge in of.summary.get("edges", [])]
    if missing := of.summary.get("unjudged", []):
        sentences.append(of.say("report.choice.unjudged", names=", ".join(missing)))
    if not math.isnan(error):
        sign = -1 if metric.endswith("loss") else 1
        scores = table[metric].to_numpy(float)
        near = int((sign * scores >= sign * best - error).sum())
        sentences.append(of.say("report.choice.standard_error", error=f"{error:.2g}", near=near, n=n))
    if n > 1:
        sentences.append(of.say("report.choice.biased"))
    if tested is not None:
        sentences.append(of.say("report.choice.tested", tested=show_figure(metric, tested)))
    return [Text(sentence) for sentence in sentences]


def table(of: Swept) -> list[Block]:
    """The settings, the best first."""
    metric = str(of.summary["metric"])
    filled = of.table.dropna(axis="columns", how="all").columns  # one fold has no standard errors
    names = [name for name in filled if not name.endswith("_se") or name == f"{metric}_se"]
    heads = [str(n) if n in of.hyperparameters else _name_column(of, str(n)) for n in names]
    rows = [
        (str(place), *(_format_cell(row[name]) for name in names))
        for place, row in enumerate(of.table.head(SHOWN).to_dict("records"), 1)
    ]
    blocks: list[Block] = [Table(("", *heads), tuple(rows), (0,))]
    if len(of.table) > SHOWN:
        n = len(of.table)
        blocks.append(of.note("report.more_settings", shown=SHOWN, n=f"{n:,}", left=f"{n - SHOWN:,}"))
    return blocks


def figures(of: Swept) -> list[Block]:
    """The scores by the hyperparameters, over the epochs, and against training."""
    import pandas as pd

    from linnet.plot.sweeps import epochs_figure, generalisation_figure, name_settings, sweep_figure

    blocks: list[Block] = []
    metric = str(of.summary["metric"])
    if of.hyperparameters and len(of.table) >= DRAWN:
        picture = sweep_figure(of.table, of.hyperparameters, metric, "", of.language)
        uri = to_themed_svg(picture) if len(of.hyperparameters) == 1 else to_svg(picture)
        blocks.append(Picture(uri, of.say("report.sweep_scores"), 560))
    if CURVES in of.state.digests:
        found = pd.read_csv(io.BytesIO(of.state.read(CURVES)))
        curves = [found[number].to_numpy(float) for number in found]
        picture = epochs_figure(curves, name_settings(of.table, of.hyperparameters), metric, "", of.language)
        blocks.append(Picture(to_themed_svg(picture), of.say("report.epoch_scores"), 560))
    if len(of.table) >= DRAWN:
        uri = to_themed_svg(generalisation_figure(of.table, "", of.language))
        blocks.append(Picture(uri, of.say("report.validation_by_training"), 460))
    return blocks or [of.missing("report.no_sweep_figure")]


def _describe_lead(of: Swept) -> str:
    margin = of.margin
    if math.isnan(margin.difference):
        return of.say("report.choice.only")
    values = {"lead": f"{abs(margin.difference):.4g}", "error": f"{margin.error:.2g}", "p": f"{margin.p:.2g}"}
    if math.isnan(margin.p):
        said = "report.choice.noise_unknown"
    elif margin.is_noise:
        said = "report.choice.within_noise"
    else:
        said = "report.choice.beyond_noise"
    return of.say(said, **values)


def _describe_edge(of: Swept, edge: dict[str, Any]) -> str:
    kind = "range" if edge["is_range"] else "edge"
    return of.say(
        f"report.choice.{kind}_{edge['widen']}", name=edge["hyperparameter"], value=f"{edge['value']:g}"
    )


def _format_values(found: Any) -> str:
    if isinstance(found, list):
        from linnet.plot.sweeps import shorten

        return ", ".join(shorten(one) for one in found) or "none"
    if isinstance(found, dict):
        return "; ".join(
            f"{kind.replace('_', '-')} {low:g} … {high:g}" for kind, (low, high) in found.items()
        )
    return value(found)


def _name_column(of: Swept, name: str) -> str:
    return of.say("report.standard_error") if name.endswith("_se") else of.name_figure(name)


def _read_number(text: Any) -> Any:
    """A number where a column holds words beside numbers, such as "none"."""
    try:
        return float(text)
    except ValueError:
        return text


def _format_cell(found: Any) -> str:
    if isinstance(found, bool):
        return value(found)
    if isinstance(found, float):
        return "–" if found != found else f"{found:.4g}"
    return str(found)
