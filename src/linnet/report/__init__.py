"""One HTML page of a run, a sweep, a solve, or of several runs side by side.

    import linnet

    linnet.write_report("runs/first")  # runs/first/report.html
    linnet.write_report("runs/first", "first.zh.html", language="zh")
    linnet.compare_runs(["runs/first", "runs/second"], "both.html")

A page is one file that asks for nothing when it is opened. `blocks` are what it is made of, as plain
values, and the markup that they become, every text escaped; `provenance`, `quality`, `coefficients`, `views`,
`estimates` and `sweep` make them of a `Subject`; `pages` orders them.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
