"""A page as its reader sees it: what its markup holds, and the words in it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

KNOWN = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "p", "nav", "a",
    "section", "dl", "div", "dt", "dd", "small", "table", "thead", "tbody", "tr", "th", "td", "span", "img",
    "figure", "figcaption", "pre", "code",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "id", "class", "href", "aria-label", "src", "alt",
    "style", "scope", "tabindex", "data-figure",
}  # fmt: skip
ASKS_NOTHING = ("#", "data:image/svg+xml;base64,", "data:image/png;base64,")


class Seen(HTMLParser):
    """The tags, attributes, texts by section, and code of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.markup = path.read_text("utf-8")
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.sources: list[str] = []
        self.sections: dict[str, str] = {}
        self.codes: list[str] = []
        self.text = self.policy = ""
        self._section, self._is_code, self._is_style = "", False, False
        self.feed(self.markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.attributes |= set(given)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        if tag == "section":
            self._section = given["id"] or ""
            self.sections[self._section] = ""
        if tag == "code":
            self.codes.append("")
        self._is_code, self._is_style = tag == "code", tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._is_code = self._is_style = False

    def handle_data(self, data: str) -> None:
        if self._is_style:
            return
        self.text += data
        if self._is_code:
            self.codes[-1] += data
        if self._section:
            self.sections[self._section] += data

    @property
    def is_safe(self) -> bool:
        """Whether it holds only tags and attributes of the template's, and asks for nothing."""
        asks = [source for source in self.sources if not source.startswith(ASKS_NOTHING)]
        return self.tags <= KNOWN and self.attributes <= ATTRIBUTES and not asks
