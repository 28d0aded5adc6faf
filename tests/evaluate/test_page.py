"""What keeps a page harmless, and the checks of it."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from oddflow.evaluate.page import render_page
from tests.evaluate.pages import HOSTILE, Page, assert_asks_for_nothing, assert_no_id_twice


def test_the_head_is_shared_escaped_and_forbids_requests() -> None:
    head = render_page("page_head.html.j2", {"title": HOSTILE})
    assert HOSTILE in Page(head).text
    policy = next(
        value for name, value in Page(head).attributes if name == "content" and ";" in value
    )
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert_asks_for_nothing(head)


def test_what_a_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="title"):
        render_page("page_head.html.j2", {})


@pytest.mark.parametrize(
    "broken",
    [
        "<script>1</script>",
        "<p onclick='x'></p>",
        "<a href='https://example.org'>x</a>",
        "<img src='http://example.org/a.png'>",
        "<style>@import 'x';</style>",
        "<style>p { background: url(http://example.org) }</style>",
    ],
)
def test_the_check_of_requests_sees_one(broken: str) -> None:
    with pytest.raises(AssertionError):
        assert_asks_for_nothing(broken)


@pytest.mark.parametrize("broken", ["<p id='a'></p><p id='a'></p>", "<a href='#gone'>x</a>"])
def test_the_check_of_ids_sees_a_broken_one(broken: str) -> None:
    with pytest.raises(AssertionError):
        assert_no_id_twice(broken)


def test_the_parser_sees_a_tag_that_does_not_close() -> None:
    with pytest.raises(AssertionError):
        Page("<p><b></p>")
