"""`Predictor`: a finished model in numpy alone, for where torch is not wanted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linnet import folders
from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.model import signature
from linnet.model.card import Card

if TYPE_CHECKING:
    from linnet.schema.rows import RowEncoder

MODEL = "model.safetensors"


@dataclass(frozen=True, eq=False)
class Predictor:
    """One model: `scores = scale · X W^T + b`, and what its card makes of them.

    Its readable reference is `Run.probabilities`; a test holds the two equal.

    Args:
        W: weights, (K, D), float32 or float64.
        b: biases, (K,).
        card: what the scores mean.
        checksum: SHA-256 of the model file; empty when it did not come from one.
    """

    W: NDArray[np.floating]
    b: NDArray[np.floating]
    card: Card
    checksum: str = ""

    @classmethod
    def open(cls, folder: Path) -> Predictor:
        """The model in a run's folder, which need not hold more than the model's file.

        Raises:
            DataNotFoundError: there is no model.
            ChecksumError, FormatError: it is damaged, is not run.json's, or is something else.
        """
        path = folder / MODEL
        if not (folder / folders.RUN).is_file():
            return cls.read(path)
        return cls.loads(folders.read(folder).read(MODEL), path)

    @classmethod
    def read(cls, path: Path) -> Predictor:
        """The model in a run's model.safetensors.

        Raises:
            DataNotFoundError: there is no such file.
            ChecksumError, FormatError: it is damaged, or is something else.
        """
        if not path.is_file():
            raise DataNotFoundError(f"no model file at {path}")
        return cls.loads(path.read_bytes(), path)

    @classmethod
    def loads(cls, content: bytes, path: Path | str) -> Predictor:
        """The model in a model file's bytes.

        Raises:
            ChecksumError, FormatError: they are damaged, or are something else.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        metadata, checksum = signature.verify(content, path)
        try:
            tensors = load(content)
            card, models = Card.from_json(metadata["card"]), int(metadata["models"])
            W, b = tensors["W"], tensors["b"]
        except (KeyError, TypeError, ValueError, SafetensorError) as error:
            raise FormatError(f"{path} does not hold a model: {error!r}") from error
        if W.ndim != 2 or b.shape != W.shape[:1] or (card.classes and len(card.classes) * models != len(W)):
            raise FormatError(f"{path} does not hold a model: W is {W.shape}, b {b.shape}, {models} models")
        if models != 1:
            raise UsageError(f"{path} holds {models} models; save the one that is wanted")
        return cls(W, b, card, checksum)

    @property
    def features(self) -> int:
        """D."""
        return self.W.shape[1]

    @property
    def outputs(self) -> int:
        """K."""
        return len(self.W)

    @cached_property
    def encoder(self) -> RowEncoder:
        """What encodes raw rows of the table that the model was trained on; made when it is first wanted.

        Raises:
            UsageError: it was not trained on a table.
        """
        from linnet.schema.rows import RowEncoder

        if self.card.schema is None:
            raise UsageError(f"the model of {self.card.dataset} was not trained on a table")
        return RowEncoder(self.card.schema)

    @cached_property
    def _weights(self) -> NDArray[np.floating]:
        """The scaled weights as the product takes them quickest, (D, K)."""
        return np.ascontiguousarray((self.W.astype(np.float64) * self.card.scale).T.astype(self.W.dtype))

    def scores(self, X: Any) -> NDArray[np.floating]:
        """The scores of stored rows (B, D), an array or a sparse matrix of scipy, (B, K)."""
        return X.astype(self.W.dtype, copy=False) @ self._weights + self.b

    def answers(self, X: Any) -> NDArray[np.floating]:
        """What is asked of the model: class probabilities, or a regression's predictions, (B, K)."""
        return answers_of(self.scores(X), self.card)


def logits_of(scores: NDArray[np.floating], card: Card) -> NDArray[np.floating]:
    """What the class probabilities of scores (B, K) are the softmax of, calibrated if the card says so."""
    logits = -np.logaddexp(0, -scores) if card.kind == "logistic" else scores  # log σ(o)
    if card.calibration is None:
        return logits
    scale, shift = (np.asarray(v, scores.dtype) for v in (card.calibration.scale, card.calibration.shift))
    return logits * scale + shift


def answers_of(scores: NDArray[np.floating], card: Card) -> NDArray[np.floating]:
    """What a card makes of scores (B, K): probabilities as `Loss.probabilities`, or the scores themselves."""
    if card.kind == "regression":
        return np.exp(scores) if card.link == "log" else scores
    logits = logits_of(scores, card)
    # The ufuncs' own `reduce`: for one row the methods around them cost as much as the work.
    powers = np.subtract(logits, np.maximum.reduce(logits, axis=1, keepdims=True))
    np.exp(powers, out=powers)
    powers /= np.add.reduce(powers, axis=1, keepdims=True)
    return powers
