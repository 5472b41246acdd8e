"""A page as a browser would take it."""

from __future__ import annotations

import base64
import gzip
import json
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "input", "br", "img", "link"}


class Parsed(HTMLParser):
    """What a browser would make of the page: elements, text outside scripts, and what was left open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.scripts: dict[str, str] = {}
        self.script = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.script = dict(attrs).get("id") or f"script{len(self.tags)}"

    def handle_startendtag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[self.script] = data
        elif not self.open or self.open[-1] != "style":
            self.text.append(data)

    def unpacked(self, name: str) -> str:
        """A script that the page holds compressed."""
        return gzip.decompress(base64.b64decode(self.scripts[name])).decode()

    @property
    def data(self) -> dict[str, Any]:
        """The figures and controls of the page."""
        return json.loads(self.unpacked("report-data"))
