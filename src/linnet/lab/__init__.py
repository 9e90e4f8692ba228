"""`linnet lab`: linear neural networks on a web page, to see and to try.

`app` puts the parts together; `guard` lets only this page in; `state` is what requests share; each tab has
routes of its own, and an ES module of the same name in `static/tabs`.
"""
