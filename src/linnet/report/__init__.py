"""One HTML page of a run, a sweep, a solve, or of several runs side by side.

    from linnet import report

    report.write("runs/first")                                  # runs/first/report.html
    report.write("runs/first", "第一次.html", language="zh")
    report.compare(["runs/first", "runs/second"], "both.html")

A page is one file that asks for nothing when it is opened. `blocks` are what it is made of, as plain values;
`asked`, `quality`, `views`, `sweep`, `solved` and `again` make them of a `Subject`; `pages` orders them;
and `page` alone turns them into markup, escaping every text.
"""

from linnet.report.comparison import compare
from linnet.report.write import NAME, write

__all__ = ["NAME", "compare", "write"]
