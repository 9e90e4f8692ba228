"""`Run`: what came out of a training, and the folder it can be kept in."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from linnet import files, folders
from linnet.config.requests import FitRequest, SolveRequest, read_model_request
from linnet.core.calibration import Calibration
from linnet.core.conformal import PredictionRules
from linnet.core.losses import Loss, by_name
from linnet.core.parameters import Parameters
from linnet.data.coerce import features_of
from linnet.data.dataset import Dataset, LinearTruth
from linnet.data.features import ReadFeatures
from linnet.data.origin import Origin, read_record
from linnet.data.row_fields import to_array
from linnet.errors import FormatError, ShapeError, UsageError
from linnet.lazy import held, is_tensor, lazy_fields, torch
from linnet.model import model_file
from linnet.model.card import Card, check_columns
from linnet.model.history import History, Record
from linnet.model.optimum import Optimum
from linnet.model.predictor import MODEL, Predictor
from linnet.model.run_record import check_fits, summary_of
from linnet.schema.cells import Frame

if TYPE_CHECKING:
    from torch import Tensor, nn

    from linnet.core.bank import Bank

FORMAT = "linnet.model/1"
HISTORY = "history.jsonl"


@lazy_fields(Parameters, Parameters.to_bank, "model")
@dataclass(eq=False)
class Run:
    """What came out of a training. What it gives out is contiguous, so that any library can save it.

    Args:
        model: the trained bank, which is taken as `Bank.contiguous` gives it, or the module that was given.
        history: a record an epoch.
        status: "completed", "interrupted", or "stopped: …".
        card: what the model needs beside its parameters.
        request: what was asked for, with nothing left open; None of a model that no verb made.
        optimum: how the solver ended; None of what was trained.
        dataset_checksum: SHA-256 of the training rows.
        seconds: of training and measuring.
        folder: where it was left; None when nowhere.
        truth: the parameters behind synthetic data.
        origin: where the training rows came from; None of rows in memory.
        baseline: what answers that know no features come to, and on which `part`; empty where unknown.
    """

    model: Bank | nn.Module
    history: History
    status: str
    card: Card
    request: FitRequest | SolveRequest | None = None
    optimum: Optimum | None = None
    dataset_checksum: str = ""
    seconds: float = 0.0
    folder: Path | None = None
    truth: LinearTruth | None = None
    origin: Origin | None = None
    baseline: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(held(self, "model"), Parameters) and not self.is_module:
            self.model = self.bank.contiguous()

    @property
    def bank(self) -> Bank:
        """The model as a bank.

        Raises:
            UsageError: the run trained a module.
        """
        from linnet.core.bank import Bank

        if not isinstance(self.model, Bank):
            raise UsageError("this run trained a module of yours, which is in run.model, not a bank")
        return self.model

    @property
    def _parameters(self) -> Parameters | Bank:
        """The linear model as it is kept: as arrays until somebody wants the bank."""
        kept = held(self, "model")
        return kept if isinstance(kept, Parameters) else self.bank

    @property
    def predictor(self) -> Predictor:
        """The model in numpy alone, of several the first; of a bank in memory that it shares.

        Raises:
            UsageError: the run trained a module.
        """
        kept = self._parameters
        W, b = (to_array(one)[: kept.outputs] for one in (kept.W, kept.b))
        return Predictor(W, b, self.card)

    @property
    def fitted(self) -> FitRequest | None:
        """The request of a training; None where the run is no training."""
        return self.request if isinstance(self.request, FitRequest) else None

    @property
    def solved(self) -> SolveRequest | None:
        """The request of a solve; None where the run is none."""
        return self.request if isinstance(self.request, SolveRequest) else None

    @property
    def has_intercept(self) -> bool:
        """Whether there is a bias: always, but of a solve that left it out."""
        return self.solved is None or self.solved.intercept

    @property
    def kept(self) -> Record:
        """The record of the epoch whose weights the model has: the best where training stopped early."""
        return self.history.kept(None if self.fitted is None else self.fitted.patience)

    @property
    def is_module(self) -> bool:
        """Whether the run trained a module that was given, and not a linear model of linnet's."""
        kept = held(self, "model")
        return not isinstance(kept, Parameters) and isinstance(kept, torch.nn.Module)

    @property
    def module(self) -> nn.Module:
        """The given module, or the book's Flatten and Linear, of rows (B, D) or images (B, *image_shape)."""
        return self.model if self.is_module else self.bank.to_module()  # type: ignore[return-value]

    def scores(self, X: Tensor) -> Tensor:
        """The scores (logits, or of a regression what the link makes of its means) of stored rows, (B, K).

        Args:
            X: rows as the data set stores them, (B, D), before scaling: a tensor, an array, or a frame.

        Raises:
            UsageError: they are no rows of numbers.
            ShapeError: the rows have another number of features, or a frame has other columns.
        """
        if isinstance(X, Dataset):
            raise UsageError(f"give the rows of {X.name} alone, as its X")
        if not is_tensor(X) or X.is_complex() or X.layout is not torch.strided:
            X, columns = features_of(X)
            if columns and X.shape[1:] == (len(self.card.columns),):
                check_columns(self.card.columns, columns, "X")
        if isinstance(X, ReadFeatures):
            return torch.cat([self.scores(part) for part in X.split(len(X))])
        X = torch.as_tensor(X)
        if self.is_module:
            from linnet.model.modules import module_scores

            return module_scores(self.module, X, self.card)
        bank = self.bank
        if X.ndim != 2 or X.shape[1] != bank.features:
            raise ShapeError(f"expected rows of {bank.features} features, got shape {tuple(X.shape)}")
        return bank.scores(X.to(bank.W), self.card.scale)[0].T.contiguous()

    def predict(self, rows: Any, *, keep: Sequence[str] = ()) -> Frame:
        """The answers to raw rows in memory or in files; see `linnet.predict` for what these may be."""
        from linnet.model.answers import answer_all  # which reads files

        return answer_all(self, rows, keep=keep)

    def predictions(self, X: Tensor) -> Tensor:
        """The numbers that a regression predicts of stored rows, (B, K), by the inverse link of its scores.

        Raises:
            UsageError, ShapeError: the model is a classifier; the rows have another number of features.
        """
        if self.card.classes:
            raise UsageError("a classifier predicts classes: use probabilities")
        return self.scores(X).exp() if self.card.link == "log" else self.scores(X)

    def probabilities(self, X: Tensor) -> Tensor:
        """The class probabilities of stored rows, (B, K).

        Raises:
            UsageError, ShapeError: the model is a regression; the rows have another number of features.
        """
        return torch.softmax(self.logits(X), 1)

    def logits(self, X: Tensor) -> Tensor:
        """What the class probabilities of stored rows are the softmax of, (B, K), calibrated if the run is.

        Raises:
            UsageError, ShapeError: the model is a regression; the rows have another number of features.
        """
        if not self.card.classes:
            raise UsageError("a regression has no class probabilities: use scores")
        return self.logits_of(self.scores(X))

    def logits_of(self, scores: Tensor) -> Tensor:
        """The logits, (B, K), of scores of a classifier, (B, K)."""
        plain = self.loss.logits(scores.T).T.contiguous()
        return plain if self.card.calibration is None else self.card.calibration.apply(plain)

    def calibrated(self, calibration: Calibration | None) -> Run:
        """The same run with another calibration of its probabilities; None takes it away. Rules go with it.

        Raises:
            ShapeError: the calibration is for another number of classes.
        """
        return self._with_card(self.card.calibrated(calibration))

    def with_rules(self, rules: PredictionRules | None) -> Run:
        """The same run with other rules for the rows that it answers; see `Card.with_rules`."""
        return self._with_card(self.card.with_rules(rules, self.predictor.outputs))

    def _with_card(self, card: Card) -> Run:
        """The same run with another card; its model stays as it is kept."""
        made = copy.copy(self)
        made.card = card
        return made

    def save_model(self, folder: Path | str) -> None:
        """Write model.safetensors alone: the parameters and the card.

        Raises:
            UsageError: the run trained a module, or another program's model.safetensors is in the folder.
            ChecksumError, FormatError: the folder holds a run that is not whole.
            OSError: the file cannot be written.
        """
        files.check_replaceable(Path(folder) / MODEL, "give another folder")
        if (Path(folder) / folders.RUN).is_file():
            folders.amend(folder, {MODEL: self.model_bytes()})
        else:
            files.write(Path(folder) / MODEL, self.model_bytes())

    def model_bytes(self) -> bytes:
        """What model.safetensors holds, which is nothing of a module."""
        kept = self._parameters
        metadata = {"format": FORMAT, "models": str(kept.models), "card": self.card.to_json()}
        return model_file.dumps({"W": kept.W, "b": kept.b}, metadata)

    def save(self, folder: Path | str, others: Mapping[str, bytes | str] | None = None) -> Path:
        """Write run.json, history.jsonl and model.safetensors, all of them or none.

        Args:
            folder: is made if it is not there.
            others: further files that belong to the run, such as figures, by name.

        Raises:
            UsageError: the run trained a module (save its state_dict yourself), or the folder has files of
                these names that linnet did not make.
            OSError: the folder cannot be written.
        """
        folder = Path(folder)
        files.check_folder(folder, (HISTORY,), (folders.RUN, MODEL))
        for name in (folders.RUN, MODEL):
            files.check_replaceable(folder / name, "give another folder")
        contents = {**(others or {}), HISTORY: self.history.to_jsonl(), MODEL: self.model_bytes()}
        folders.write(folder, summary_of(self), contents)
        self.folder = folder
        return folder

    @classmethod
    def load(cls, folder: Path | str) -> Run:
        """Read a run's folder.

        Raises:
            DataNotFoundError: there is no run in it.
            ChecksumError, FormatError: a file has changed, is of another state, or not what it should be.
        """
        folder = Path(folder)
        folders.check_is_run(folder)
        state = folders.read(folder)
        tensors, metadata = model_file.loads_arrays(state.read(MODEL), folder / MODEL)
        summary = state.values
        try:
            history = History.from_jsonl(state.read(HISTORY).decode())
            model = Parameters(tensors["W"], tensors["b"], int(metadata["models"]))
            request, optimum = read_model_request(summary, folder / folders.RUN), summary["optimum"]
            return cls(
                cast(Any, model), history, summary["status"], Card.from_json(metadata["card"]),
                request, None if optimum is None else Optimum.from_json(optimum),
                summary["dataset_checksum"], summary["seconds"], folder, origin=read_record(summary),
                baseline=summary.get("baseline", {}),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"{folder} does not hold a whole run: {error!r}") from error

    def check_fits(self, dataset: Dataset) -> None:
        """Refuse a data set that the model was not made for, as `linnet.model.run_record.check_fits` does."""
        check_fits(self, dataset)

    @property
    def loss(self) -> Loss:
        """The loss it was trained by."""
        return by_name(self.card.loss, self.card.huber, self.card.slope)
