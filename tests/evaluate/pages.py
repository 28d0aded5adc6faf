"""A page of HTML, read back with a parser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

HOSTILE = "<script>alert('x')</script><img src=http://evil.example/a onerror=alert(1)>{{ 7 * 7 }}"
VOID = {"meta", "link", "img", "br", "input", "hr"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; refuses tags that do not close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_asks_for_nothing(html: str) -> None:
    """No script, and nothing that a browser would fetch."""
    page = Page(html)
    assert not {"script", "link", "iframe", "object", "embed", "img", "base"} & set(page.tags)
    for name, value in page.attributes:
        assert not name.startswith("on")
        if name in {"src", "href", "xlink:href", "action", "srcset"}:
            assert value.startswith(("#", "data:image/png")), (name, value)
    assert "@import" not in html
    assert not re.search(r"url\((?!['\"]?#)", html)


def assert_no_id_twice(html: str) -> None:
    """And every link within the page has its target."""
    page = Page(html)
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {value[1:] for name, value in page.attributes if name == "href" and value[0] == "#"}
    assert targets <= set(ids)
