"""One HTML page of a run, a sweep, a solve, or of several runs side by side.

    import linnet

    linnet.write_report("runs/first")  # runs/first/report.html
    linnet.write_report("runs/first", "第一次.html", language="zh")
    linnet.compare_runs(["runs/first", "runs/second"], "both.html")

A page is one file that asks for nothing when it is opened. `blocks` are what it is made of, as plain values;
`asked`, `quality`, `views`, `sweep`, `solved` and `again` make them of a `Subject`; `pages` orders them;
and `page` alone turns them into markup, escaping every text.
"""

from linnet.report.comparison import compare_runs
from linnet.report.write import NAME, write_report

__all__ = ["NAME", "compare_runs", "write_report"]
