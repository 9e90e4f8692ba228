"""A callback of your own: stop as soon as the training loss is good enough.

python examples/custom_callback.py
"""

from __future__ import annotations

import linnet
from linnet.train.callbacks import State


class StopBelow(linnet.Callback):
    """Stop when an epoch's training loss falls below a level."""

    level = 0.3

    def epoch_end(self, state: State) -> None:
        if state.history.last["train_loss"] < self.level:
            state.stop(f"the training loss is below {self.level}")


def main() -> None:
    train, test = linnet.load("digits")
    run = linnet.fit(train, test=test, epochs=200, batch_size=64, lr=0.1, callbacks=[StopBelow()], show=False)
    print(f"stopped after {len(run.history.records)} epochs: {run.history.last}")


if __name__ == "__main__":
    main()
