"""Downloads against a real server on loopback: the right bytes arrive, or nothing stays behind."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from oddflow.core.errors import DataUnavailable
from oddflow.datasets import download
from oddflow.datasets.catalog import CorpusFile, cache_folder, read_verified
from oddflow.datasets.download import obtain
from oddflow.datasets.nsl_kdd import FILES

pytestmark = pytest.mark.usefixtures("no_corpora")
CONTENT = bytes((i * 7 + (i >> 8)) & 0xFF for i in range(300_000))
WRONG = CONTENT[:-1] + b"!"
PACKED = gzip.compress(CONTENT)
DAMAGED = PACKED[:-6] + bytes(6)
BOMB = gzip.compress(CONTENT + bytes(64 << 20))
REDIRECTS = {"/moved": "/good", "/to-file": "file:///etc/hostname", "/to-ftp": "ftp://127.0.0.1/x"}


class Handler(BaseHTTPRequestHandler):
    released = threading.Event()

    def do_GET(self) -> None:
        if self.path in REDIRECTS:
            self.send_response(302)
            self.send_header("Location", REDIRECTS[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body, announced = self._answer()
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        if announced is not None:
            self.send_header("Content-Length", str(announced))
        self.end_headers()
        n_dripped = 8 if self.path == "/drips" else 0
        for i in range(n_dripped):
            self.wfile.write(body[i : i + 1])
            self.wfile.flush()
            self.released.wait(0.01)
        self.wfile.write(body[n_dripped:])
        if self.path == "/silent":
            self.wfile.flush()
            self.released.wait(10)

    def _answer(self) -> tuple[bytes | None, int | None]:
        size = len(CONTENT)
        return {
            "/good": (CONTENT, size),
            "/good-unannounced": (CONTENT, None),
            "/wrong": (WRONG, size),
            "/cut": (CONTENT[:100_000], size),
            "/short": (CONTENT[:100_000], 100_000),
            "/empty": (b"", 0),
            "/long": (CONTENT + b"more", size + 4),
            "/endless": (CONTENT * 20, None),
            "/silent": (CONTENT[:1000], size),
            "/file.gz": (PACKED, len(PACKED)),
            "/other-wrapper": (gzip.compress(CONTENT, 1, mtime=9), None),
            "/file.xz": (lzma.compress(CONTENT), None),
            "/drips": (PACKED, len(PACKED)),
            "/cut.gz": (PACKED[:1000], len(PACKED)),
            "/damaged.gz": (DAMAGED, len(PACKED)),
            "/wrong.gz": (gzip.compress(WRONG), None),
            "/bomb.gz": (BOMB, len(BOMB)),
            "/file.zip": (b"PK\x03\x04" + CONTENT, None),
        }.get(self.path, (None, None))

    def log_message(self, *args: object) -> None:
        """Say nothing on the terminal."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Handler.released.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        Handler.released.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wanted(*urls: str) -> CorpusFile:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return replace(FILES[0], sha256=digest, n_bytes=len(CONTENT), urls=urls)


def files_in_cache() -> list[str]:
    return [path.name for path in cache_folder().rglob("*") if path.is_file()]


GOOD_PAGES = ["/good", "/good-unannounced", "/moved", "/file.gz", "/other-wrapper", "/file.xz"]


@pytest.mark.parametrize("page", [*GOOD_PAGES, "/drips"])
def test_a_good_file_arrives_with_progress(server: str, page: str) -> None:
    seen: list[tuple[int, int]] = []
    file = wanted(server + page)
    path = obtain(file, on_progress=lambda done, total: seen.append((done, total)))
    assert path == cache_folder() / "nsl-kdd" / "KDDTrain+.txt"
    assert read_verified(path, file) == CONTENT
    assert files_in_cache() == ["KDDTrain+.txt"]
    assert len(seen) > 1
    assert seen == sorted(set(seen))
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_what_is_here_is_not_downloaded(tmp_path: Path, closed_port: int) -> None:
    here = tmp_path / "KDDTrain+.txt"
    here.write_bytes(CONTENT)
    assert obtain(wanted(f"http://127.0.0.1:{closed_port}/x"), data_dir=tmp_path) == here


def test_the_second_use_comes_from_the_cache(server: str, closed_port: int) -> None:
    first = obtain(wanted(f"{server}/good"))
    assert obtain(wanted(f"http://127.0.0.1:{closed_port}/x")) == first


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("/wrong", "expected sha256 [0-9a-f]{64}, received [0-9a-f]{64}"),
        ("/cut", "expected 300,000 bytes, received 100,000"),
        ("/short", "expected 300,000 bytes, received 100,000"),
        ("/empty", "expected 300,000 bytes, received 0"),
        ("/long", "expected 300,000 bytes, received more"),
        ("/endless", "expected 300,000 bytes, received more"),
        ("/missing", "404"),
        ("/to-file", "not allowed"),
        ("/to-ftp", "unknown url type: ftp"),
        ("/silent", "timed out"),
        ("/cut.gz", "expected a whole archive, received a damaged one"),
        ("/damaged.gz", "expected a whole archive, received a damaged one"),
        ("/wrong.gz", "expected sha256 [0-9a-f]{64}, received [0-9a-f]{64}"),
        ("/bomb.gz", "expected 300,000 bytes, received more"),
        ("/file.zip", "received a zip archive"),
    ],
)
def test_a_bad_answer_leaves_nothing(
    server: str, page: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page == "/silent":
        monkeypatch.setattr(download, "TIMEOUT_S", 0.2)
    with pytest.raises(DataUnavailable, match=f"{server}{page}: .*{reason}"):
        obtain(wanted(server + page))
    assert files_in_cache() == []


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A source that takes questions and answers none, as behind a firewall that drops packets."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A source whose name is looked up for ever, as where the name server is out of reach."""
    over = threading.Event()

    def look_up(*_address: object, **_hints: object) -> list[object]:
        over.wait(10)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield "http://oddflow.invalid"
    over.set()


@pytest.mark.parametrize("source", ["mute", "no_names"])
def test_a_source_that_does_not_answer_is_given_up_soon(
    request: pytest.FixtureRequest, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ANSWER_S", 0.2)
    base = request.getfixturevalue(source)
    start_s = time.monotonic()
    with pytest.raises(DataUnavailable) as caught:
        obtain(wanted(f"{base}/one", f"{base}/two"))
    assert time.monotonic() - start_s < 5
    assert str(caught.value).count("no answer within 0.2 s") == 2
    assert files_in_cache() == []


@pytest.mark.parametrize("page", ["/wrong", "/cut", "/missing"])
def test_the_next_source_is_tried(server: str, page: str) -> None:
    file = wanted(server + page, f"{server}/good")
    assert read_verified(obtain(file), file) == CONTENT


def test_no_network_says_what_to_do(
    tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    given, named = tmp_path / "given", tmp_path / "named"
    given.mkdir()
    named.mkdir()
    monkeypatch.setenv("ODDFLOW_DATA", str(named))
    urls = [f"http://127.0.0.1:{closed_port}/{name}" for name in ("one", "two")]
    with pytest.raises(DataUnavailable) as caught:
        obtain(wanted(*urls), data_dir=given)
    message = str(caught.value)
    for part in (
        "KDDTrain+.txt",
        *urls,
        given,
        named,
        cache_folder(),
        "--data DIR",
        "$ODDFLOW_DATA",
    ):
        assert str(part) in message
    assert message.count("refused") == 2
    assert files_in_cache() == []


def test_what_is_given_out_by_hand_alone_says_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailable) as caught:
        obtain(wanted(), data_dir=tmp_path)
    message = str(caught.value)
    assert "by hand alone" in message
    assert "Tried" not in message
    homepage = re.escape(FILES[0].corpus.homepage)
    assert re.search(rf"Get it from {homepage} .*--data DIR or in \$ODDFLOW_DATA", message)
    for part in ("KDDTrain+.txt", "sub-folder nsl-kdd", tmp_path, cache_folder()):
        assert str(part) in message


def test_a_local_file_is_no_source(tmp_path: Path) -> None:
    local = tmp_path / "elsewhere"
    local.write_bytes(CONTENT)
    with pytest.raises(DataUnavailable, match="unknown url type: file"):
        obtain(wanted(local.as_uri()))


def test_a_cache_that_cannot_be_written_is_named(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_bytes(b"a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    with pytest.raises(DataUnavailable, match=r"Not a directory.*blocked"):
        obtain(wanted(f"{server}/good"))


def test_an_interrupted_download_leaves_nothing(server: str) -> None:
    def interrupt(done: int, total: int) -> None:
        assert files_in_cache() != []  # it was under way
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        obtain(wanted(f"{server}/good"), on_progress=interrupt)
    assert files_in_cache() == []
