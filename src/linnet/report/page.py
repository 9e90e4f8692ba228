"""A page as HTML: one file that asks for nothing, holds no script, and escapes every text."""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from linnet.report.blocks import Page
from linnet.report.words import say

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def render(page: Page) -> str:
    """The page as HTML."""
    css = resources.files("linnet.report").joinpath("page.css").read_text(encoding="utf-8")
    contents = say("contents", page.language)
    return _template().render(page=page, css=Markup(css), policy=POLICY, contents=contents)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("linnet.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")
