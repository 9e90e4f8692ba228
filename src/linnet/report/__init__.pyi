"""The public names and where each is, for type checkers and for `lazy_loader`."""

from .comparison import compare_runs as compare_runs
from .write import NAME as NAME
from .write import write_report as write_report

__all__ = ["NAME", "compare_runs", "write_report"]
