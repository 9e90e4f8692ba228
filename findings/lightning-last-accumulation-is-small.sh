#!/usr/bin/env bash
# Tool: lightning 2.6.6, Trainer(accumulate_grad_batches=4) when batches are not a multiple of 4
# Expected: The step at the end of an epoch averages the batches that it holds.
# Instead: Every batch is divided by 4, also where the last step holds one batch alone: that
#   step is a quarter of what its rows ask, in each epoch. With 5 batches a fifth of the rows
#   weigh a quarter.
# Right value: each batch has gradient 1, and so has any mean of batches.
# Seen:
#   gradients of the steps, 5 batches an epoch: [1.0, 0.25, 1.0, 0.25]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    lightning==2.6.6 torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import logging
import lightning
import torch
from torch.utils.data import DataLoader, TensorDataset

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

class Model(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.weight, self.seen = torch.nn.Parameter(torch.zeros(1)), []
    def training_step(self, batch, index):
        return self.weight.sum()  # gradient 1
    def on_before_optimizer_step(self, optimizer):
        self.seen.append(self.weight.grad.item())
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

model = Model()
quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
trainer = lightning.Trainer(max_epochs=2, accelerator="cpu", accumulate_grad_batches=4, **quiet)
trainer.fit(model, DataLoader(TensorDataset(torch.zeros(10, 1)), batch_size=2))
print("gradients of the steps, 5 batches an epoch:", model.seen)
assert model.seen == [1.0, 0.25, 1.0, 0.25]
PY
