"""Lines from a unix socket and datagrams from a UDP socket, both ours and both removed."""

from __future__ import annotations

import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oddflow.core.errors import InputError
from oddflow.ingest.source import MAX_LINE_BYTES
from oddflow.ingest.suricata import eve_parser
from oddflow.ingest.udp_socket import MAX_AT_ONCE, udp_socket
from oddflow.ingest.unix_socket import MAX_WRITERS, MODE, LineSocket, Written, line_socket
from tests.ingest.logs import FLOW, jsonl, reads_in_pieces, records


@contextmanager
def writer_into(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as writer:
        writer.connect(str(path))
        yield writer


def all_lines(listening: LineSocket, n_rounds: int = 20) -> list[Written]:
    return [one for _ in range(n_rounds) for one in listening.lines(wait_s=0.01)]


def text_of(come: list[Written]) -> bytes:
    return b"".join(one.lines.data for one in come)


def test_lines_of_writers_come_whole(tmp_path: Path) -> None:
    path = tmp_path / "eve.sock"
    with line_socket(path) as listening, writer_into(path) as one, writer_into(path) as two:
        assert listening.lines(wait_s=0) == []
        one.sendall(b"one\nhal")
        two.sendall(b"two\n")
        assert sorted(text_of(all_lines(listening)).split()) == [b"one", b"two"]
        one.sendall(b"f\nrest")
        assert text_of(all_lines(listening)) == b"half\n"
        one.close()
        assert text_of(all_lines(listening)) == b"rest\n"


def test_each_writer_has_a_number_and_its_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "eve.sock"
    with line_socket(path) as listening:
        seen: list[Written] = []
        for text in (b"one\n", b"two\nrest", b""):
            with writer_into(path) as writer:
                writer.sendall(text)
            seen += all_lines(listening)
        with writer_into(path) as one, writer_into(path) as two:
            one.sendall(b"1\n")
            two.sendall(b"2\n")
            seen += all_lines(listening)
            one.sendall(b"11\n")
            seen += all_lines(listening)
    texts = {one.writer: text_of([w for w in seen if w.writer == one.writer]) for one in seen}
    assert texts == {0: b"one\n", 1: b"two\nrest\n", 2: b"", 3: b"1\n11\n", 4: b"2\n"}
    assert [one.writer for one in seen if one.is_last] == [0, 1, 2]


def test_a_line_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "eve.sock"
    with line_socket(path) as listening, writer_into(path) as writer:
        come: list[Written] = []
        for _ in range(10):
            writer.sendall(b"x" * (MAX_LINE_BYTES // 2))
            come += all_lines(listening, 3)
        writer.sendall(b"\nok\n")
        come += all_lines(listening)
    assert text_of(come) == b"ok\n"
    assert sum(one.lines.n_too_long for one in come) == 1


def test_events_of_suricata_come_through(tmp_path: Path) -> None:
    path = tmp_path / "eve.sock"
    with line_socket(path) as listening, writer_into(path) as writer:
        writer.sendall(jsonl([FLOW] * 3))
        pieces = [one.lines.data for one in all_lines(listening)]
    assert len(records(reads_in_pieces(eve_parser(), None, pieces))) == 3


def test_too_many_writers_wait(tmp_path: Path) -> None:
    path = tmp_path / "eve.sock"
    with line_socket(path) as listening:
        writers = [
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(MAX_WRITERS + 1)
        ]
        for number, writer in enumerate(writers):
            writer.connect(str(path))
            writer.sendall(f"{number}\n".encode())
        assert len(text_of(all_lines(listening, 60)).split()) == MAX_WRITERS
        writers[0].close()
        assert text_of(all_lines(listening)) == f"{MAX_WRITERS}\n".encode()
        for writer in writers:
            writer.close()


def test_the_socket_is_ours_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "eve.sock"
    with line_socket(path):
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == MODE
    assert not path.exists()


def test_another_in_its_place_stays(tmp_path: Path) -> None:
    path = tmp_path / "eve.sock"
    with line_socket(path):
        path.rename(tmp_path / "moved")
        path.write_text("another")
    assert path.read_text() == "another"


def test_what_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "eve.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as killed:
        killed.bind(str(path))
    with line_socket(path) as listening, writer_into(path) as writer:
        writer.sendall(b"ok\n")
        assert text_of(all_lines(listening)) == b"ok\n"


def test_a_socket_in_use_stays(tmp_path: Path) -> None:
    path = tmp_path / "eve.sock"
    with (
        line_socket(path),
        pytest.raises(InputError, match="received one in use"),
        line_socket(path),
    ):
        pass
    with line_socket(path):
        assert path.exists()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_no_socket_stays(tmp_path: Path, kind: str) -> None:
    path, target = tmp_path / "eve.sock", tmp_path / "kept"
    target.write_text("kept")
    if kind == "file":
        path.write_text("kept")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(target)
    with pytest.raises(InputError, match="it is left as it is"), line_socket(path):
        pass
    assert path.exists()
    assert target.read_text() == "kept"


@pytest.mark.parametrize("name", ["missing/eve.sock", "x" * 200, "a\0b"])
def test_where_no_socket_can_be_is_named(tmp_path: Path, name: str) -> None:
    with (
        pytest.raises(InputError, match="expected a place for a socket"),
        line_socket(tmp_path / name),
    ):
        pass


def can_bind(family: socket.AddressFamily, host: str) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as bound:
            bound.bind((host, 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_datagrams_come_with_their_sender(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not can_bind(family, host):
        pytest.skip("this machine has no IPv6")
    with udp_socket(host, 0) as listening, socket.socket(family, socket.SOCK_DGRAM) as sender:
        assert listening.datagrams(wait_s=0) == []
        for size in (0, 10, 9000):
            sender.sendto(b"x" * size, (host, listening.port))
        come = [d for _ in range(5) for d in listening.datagrams(wait_s=0.05)]
    assert [(len(d.data), d.sender) for d in come] == [(0, host), (10, host), (9000, host)]


def test_datagrams_taken_at_once_are_bounded() -> None:
    with (
        udp_socket("127.0.0.1", 0) as listening,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        for _ in range(MAX_AT_ONCE + 5):
            sender.sendto(b"x", ("127.0.0.1", listening.port))
        assert len(listening.datagrams(wait_s=1)) <= MAX_AT_ONCE
        assert 0 < len(listening.datagrams(wait_s=1)) <= 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of dropped datagrams")
def test_datagrams_that_the_kernel_had_no_room_for_are_counted() -> None:
    n = 20_000
    with (
        udp_socket("127.0.0.1", 0) as listening,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        for _ in range(n):
            sender.sendto(b"x" * 1000, ("127.0.0.1", listening.port))
        n_read = 0
        while come := listening.datagrams(wait_s=0):
            n_read += len(come)
        assert 0 < n_read < n
        sender.sendto(b"x", ("127.0.0.1", listening.port))  # brings the count with it
        assert len(listening.datagrams(wait_s=1)) == 1
        assert listening.n_dropped == n - n_read


@pytest.mark.parametrize(
    ("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 70_000), ("no host", 0)]
)
def test_what_cannot_be_bound_is_named(host: str, port: int) -> None:
    with pytest.raises(InputError, match="expected a free port"), udp_socket(host, port):
        pass


def test_a_port_in_use_is_named() -> None:
    with (
        udp_socket("127.0.0.1", 0) as one,
        pytest.raises(InputError, match="expected a free port"),
        udp_socket("127.0.0.1", one.port),
    ):
        pass
