"""`linnet lab`: linear neural networks on a web page, to see and to try.

`app` puts the parts together; `guard` lets only this page in; `room` is what requests share; each tab has a
router of its own, and an ES module of the same name in `static/tabs`.
"""
