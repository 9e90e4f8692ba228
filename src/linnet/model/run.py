"""`Run`: what came out of a training, and the folder it can be kept in."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from linnet import files, folders
from linnet.config.requests import FitRequest, SolveRequest, read_model_request, to_json
from linnet.core.bank import Bank
from linnet.core.calibration import Calibration
from linnet.core.conformal import PredictionRules
from linnet.core.losses import Loss, by_name
from linnet.data.arguments import dataset_of
from linnet.data.coerce import features_of
from linnet.data.dataset import Dataset, LinearTruth
from linnet.data.origin import Origin, read_record, record_of
from linnet.data.sparse import SparseFeatures
from linnet.device import versions
from linnet.errors import FormatError, ShapeError, UsageError
from linnet.model import model_file
from linnet.model.card import Card, check_columns
from linnet.model.history import History, Record
from linnet.model.modules import module_scores
from linnet.model.optimum import Optimum
from linnet.model.predictor import MODEL
from linnet.schema.cells import Frame
from linnet.schema.describe import describe

FORMAT = "linnet.model/1"
HISTORY = "history.jsonl"


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
        if isinstance(self.model, Bank):
            self.model = self.model.contiguous()

    @property
    def bank(self) -> Bank:
        """The model as a bank.

        Raises:
            UsageError: the run trained a module.
        """
        if not isinstance(self.model, Bank):
            raise UsageError("this run trained a module of yours, which is in run.model, not a bank")
        return self.model

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
        return not isinstance(self.model, Bank)

    @property
    def module(self) -> nn.Module:
        """The given module, or the book's Flatten and Linear, of rows (B, D) or images (B, *image_shape)."""
        return self.model.to_module() if isinstance(self.model, Bank) else self.model

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
        if not isinstance(X, Tensor) or X.is_complex() or X.layout is not torch.strided:
            X, columns = features_of(X)
            if columns and X.shape[1:] == (len(self.card.columns),):
                check_columns(self.card.columns, columns, "X")
        if isinstance(X, SparseFeatures):
            return torch.cat([self.scores(part) for part in X.split(len(X))])
        if isinstance(self.model, nn.Module):
            return module_scores(self.model, X, self.card)
        if X.ndim != 2 or X.shape[1] != self.model.features:
            raise ShapeError(f"expected rows of {self.model.features} features, got shape {tuple(X.shape)}")
        return self.model.scores(X.to(self.model.W), self.card.scale)[0].T.contiguous()

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
        return dataclasses.replace(self, card=self.card.calibrated(calibration))

    def with_rules(self, rules: PredictionRules | None) -> Run:
        """The same run with other rules for the rows that it answers; see `Card.with_rules`."""
        return dataclasses.replace(self, card=self.card.with_rules(rules, self.bank.outputs))

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
        metadata = {"format": FORMAT, "models": str(self.bank.models), "card": self.card.to_json()}
        return model_file.dumps({"W": self.bank.W, "b": self.bank.b}, metadata)

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
        folders.write(folder, self._summary(), contents)
        self.folder = folder
        return folder

    def _summary(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "request": self.request and to_json(self.request),
            "optimum": self.optimum and dataclasses.asdict(self.optimum),
            "final": self.history.last,
            "baseline": dict(self.baseline),
            "seconds": round(self.seconds, 6),
            "epochs_done": len(self.history),
            "dataset": self.card.dataset,
            "table": self.card.schema and describe(self.card.schema),
            "dataset_checksum": self.dataset_checksum,
            "origin": record_of(self.origin, self.dataset_checksum),
            "finished": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "versions": versions(),
        }

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
        tensors, metadata = model_file.loads(state.read(MODEL), folder / MODEL)
        summary = state.values
        try:
            history = History.from_jsonl(state.read(HISTORY).decode())
            bank = Bank.of(tensors["W"], tensors["b"], int(metadata["models"]))
            request, optimum = read_model_request(summary, folder / folders.RUN), summary["optimum"]
            return cls(
                bank, history, summary["status"], Card.from_json(metadata["card"]),
                request, None if optimum is None else Optimum.from_json(optimum),
                summary["dataset_checksum"], summary["seconds"], folder, origin=read_record(summary),
                baseline=summary.get("baseline", {}),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"{folder} does not hold a whole run: {error!r}") from error

    def check_fits(self, dataset: Dataset) -> None:
        """Refuse a data set that the model was not made for.

        Raises:
            UsageError, ShapeError: it is no data set, or its features, outputs or classes differ.
        """
        dataset = dataset_of(dataset, "this")
        ours = (self.bank.features, self.bank.outputs, self.card.classes)
        theirs = (dataset.features, dataset.outputs, dataset.classes)
        if ours != theirs:
            raise ShapeError(
                f"the model takes {ours[0]} features to {ours[1]} outputs {list(ours[2])}, but "
                f"{dataset.name} has {theirs[0]} and {theirs[1]} {list(theirs[2])}"
            )
        check_columns(self.card.columns, dataset.columns, dataset.name)

    @property
    def loss(self) -> Loss:
        """The loss it was trained by."""
        return by_name(self.card.loss, self.card.huber, self.card.slope)
