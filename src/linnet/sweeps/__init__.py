"""Many models at once, compared, and the best trained again: `linnet.sweep`."""

from linnet.sweeps.result import SweepResult
from linnet.sweeps.run import sweep

__all__ = ["SweepResult", "sweep"]
