"""A server of files that writes no log."""

from __future__ import annotations

from http.server import SimpleHTTPRequestHandler


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass
