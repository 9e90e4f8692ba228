"""Many models at once, compared, and the best trained again: `linnet.sweep`, `linnet.find_lr`."""

from linnet.sweeps.finder import RateCurve, find_lr
from linnet.sweeps.result import SweepResult
from linnet.sweeps.run import metric_name, sweep

__all__ = ["RateCurve", "SweepResult", "find_lr", "metric_name", "sweep"]
