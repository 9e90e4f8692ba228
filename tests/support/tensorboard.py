"""The figures that TensorBoard's own reader finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass
class Seen:
    """What a tracker has of a run."""

    figures: dict[str, list[tuple[int, float]]]
    recipe: dict[str, str]
    status: str


def read_tensorboard(folder: Path) -> Seen:
    """The figures by the reader that TensorBoard itself has."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData  # type: ignore[attr-defined]

    events = EventAccumulator(str(folder), purge_orphaned_data=True)
    events.Reload()
    figures = {
        name: [(event.step, event.value) for event in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }
    data = HParamsPluginData.FromString(
        events.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    )
    recipe = {
        name: str(getattr(value, value.WhichOneof("kind")))
        for name, value in data.session_start_info.hparams.items()
    }
    status = events.Tensors("status/text_summary")[-1].tensor_proto.string_val[0].decode()
    return Seen(figures, recipe, status)
