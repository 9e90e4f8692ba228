"""Softmax regression learns a few images by heart: what helps against it, and how much.

    python examples/overfitting.py [--quick] [--out FILE]

Five times over, 2,000 images of Fashion-MNIST are drawn; a fifth of them judges the strength of each remedy.
All strengths of all remedies are trained in one sweep a draw, early stopping and bagging in two more. The
10,000 test images only draw the curves: nothing is chosen by them. The figure has the mean over the draws,
its bars the standard error. It takes some four minutes on two cores, and with --quick, two short draws, a
tenth of that.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

import linnet
from linnet import Hyperparameters, split
from linnet.core.bank import Bank
from linnet.core.functional import log_softmax
from linnet.plot.save import save
from linnet.train.callbacks import State

IMAGES, HELD_OUT, BATCH, BAGS, EVERY = 2_000, 0.2, 100, 10, 4
REMEDIES: dict[str, list[dict[str, Any]]] = {
    "no remedy": [{}],
    "L2": [{"l2": strength} for strength in (0.001, 0.003, 0.01, 0.03)],
    "L1": [{"l1": strength} for strength in (0.003, 0.01, 0.03, 0.1)],
    "dropout": [{"dropout": strength} for strength in (0.1, 0.3, 0.5, 0.7)],
    "augmentation": [{"augment": how} for how in ("shift:1", "flip", "shift:1+flip", "noise:0.3")],
}
COLOURS = ["#000000", "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"]
"""Okabe and Ito's palette, safe for colour-blind readers."""

Curves = dict[str, Tensor]
"""A remedy to its test loss and accuracy every few epochs, (2, points)."""


class OnTest(linnet.Callback):
    """Scores the models on the test images every few epochs; all together when they are the bags of one.

    Args:
        test: the images.
        is_ensemble: whether the models' probabilities are averaged.
    """

    def __init__(self, test: linnet.Dataset, is_ensemble: bool = False) -> None:
        self.X, self.y, self.scale = test.X.float(), test.y, test.scale
        self.is_ensemble = is_ensemble
        self.scores: list[Tensor] = []  # every few epochs loss and accuracy, (2, M)

    def epoch_end(self, state: State) -> None:
        if not state.epoch % EVERY:
            self._score(state)

    def end(self, state: State) -> None:
        if state.epoch % EVERY:  # where it ended has no point yet
            self._score(state)

    def _score(self, state: State) -> None:
        assert isinstance(state.model, Bank)  # of all models
        log_p = log_softmax(state.model.scores(self.X, self.scale), -2)  # (M, K, n)
        if self.is_ensemble:
            log_p = log_p.exp().mean(0, keepdim=True).log()
        loss = -log_p[:, self.y, torch.arange(len(self.y))].mean(1)
        accuracy = (log_p.argmax(1) == self.y).float().mean(1)
        self.scores.append(torch.stack([loss, accuracy]))


def one_draw(images: linnet.Dataset, test: linnet.Dataset, seed: int, epochs: int) -> Curves:
    """The curves of every remedy, at the strength that the held-out images like best."""
    options: dict[str, Any] = {"epochs": epochs, "batch_size": BATCH, "seed": seed, "show": False}
    plain = Hyperparameters(lr=0.003, optimizer="adam", seed=seed)
    named = [
        (name, replace(plain, **hyperparameters))
        for name, several in REMEDIES.items()
        for hyperparameters in several
    ]
    following = OnTest(test)
    result = linnet.sweep(
        images,
        settings=[hyperparameters for _, hyperparameters in named],
        validation=HELD_OUT,
        callbacks=[following],
        **options,
    )
    judged = result.outcome.curves["validation_loss"][-1]
    scores = torch.stack(following.scores, 1)  # (2, points, M)
    curves = {}
    for name in REMEDIES:
        members = [m for m, (owner, _) in enumerate(named) if owner == name]
        curves[name] = scores[:, :, min(members, key=lambda m: float(judged[m]))]
    following = OnTest(test)
    linnet.sweep(images, settings=[plain], validation=HELD_OUT, patience=5, callbacks=[following], **options)
    stopped = torch.stack(following.scores, 1)[:, :, 0]
    flat = stopped[:, -1:].expand(-1, epochs // EVERY - stopped.shape[1])  # its weights stay the best
    curves["early stopping"] = torch.cat([stopped, flat], 1)
    following = OnTest(test, is_ensemble=True)
    linnet.sweep(images, settings=[plain], bags=BAGS, callbacks=[following], **options)
    curves[f"bagging ({BAGS})"] = torch.stack(following.scores, 1)[:, :, 0]
    return curves


def figure(draws: Sequence[Curves]) -> Figure:
    """Test loss and accuracy by the epoch, a line a remedy."""
    picture = Figure(figsize=(10, 4.4), layout="constrained")
    for place, (axes, words) in enumerate(zip(picture.subplots(1, 2), ("loss", "accuracy"), strict=True)):
        for number, (name, colour) in enumerate(zip(draws[0], COLOURS, strict=True)):
            values = torch.stack([draw[name][place] for draw in draws]).double().numpy()
            mean, error = values.mean(0), values.std(0, ddof=1) / np.sqrt(len(draws))
            epochs = EVERY * np.arange(1, len(mean) + 1)
            axes.plot(epochs, mean, color=colour, label=name)
            at = slice(number % 7, None, 7)  # bars beside each other, not over each other
            axes.errorbar(epochs[at], mean[at], error[at], fmt="none", color=colour, capsize=2)
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"test {words}")
        axes.grid(alpha=0.35)
    picture.axes[1].legend(loc="lower right")
    picture.suptitle(f"Softmax regression on {IMAGES:,} images, {len(draws)} draws, ± standard error")
    return picture


def report(draws: Sequence[Curves]) -> str:
    """A line a remedy: its test loss and accuracy in the end."""
    lines = [f"{'':<16}{'test loss':>20}{'test accuracy':>20}"]
    for name in draws[0]:
        last = torch.stack([draw[name][:, -1] for draw in draws]).double()  # (draws, 2)
        mean, error = last.mean(0), last.std(0) / len(draws) ** 0.5
        said = [f"{m:.4f} ± {e:.4f}" for m, e in zip(mean.tolist(), error.tolist(), strict=True)]
        lines.append(f"{name:<16}{said[0]:>20}{said[1]:>20}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Over-fitting on few images, and seven ways with it.")
    parser.add_argument("--quick", action="store_true", help="two draws of forty epochs")
    parser.add_argument("--out", type=Path, default=Path("overfitting.svg"), help="the figure")
    asked = parser.parse_args()
    train, test = linnet.load("fashion_mnist")
    assert test is not None, "Fashion-MNIST has a test set"
    draws, epochs = (2, 40) if asked.quick else (5, 200)
    curves = []
    for seed in range(draws):
        images = split(train, IMAGES / len(train), seed)[1]
        curves.append(one_draw(images, test, seed, epochs))
        print(f"draw {seed + 1} of {draws} done", flush=True)
    print(report(curves))
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    save(figure(curves), asked.out)
    print(f"the curves are in {asked.out}")


if __name__ == "__main__":
    main()
