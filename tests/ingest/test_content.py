"""Content features of sessions that are written down here, whole and in pieces."""

from __future__ import annotations

from pathlib import Path

import pytest

from oddflow.core.kdd41 import KDD41
from oddflow.ingest.content import MAX_BYTES
from oddflow.ingest.content_rules import RULES, Group
from oddflow.ingest.pcap import read_pcap
from tests.ingest.frames import CLIENT, SERVER, Timed, ethernet, ipv4, pcap, tcp

NAMES = [feature.name for feature in KDD41.features if feature.group == "content"]
Said = list[tuple[str, bytes]]
"""Who says what: "o" for the originator, "r" for the responder."""


def session(said: Said, port: int, *, cut: int = 10**9, twice: bool = False) -> list[Timed]:
    """A connection in which it is said, in segments of at most `cut` bytes."""
    at = {"o": 11, "r": 71}
    frames = [segment("o", "S", 10, 0, b"", port), segment("r", "SA", 70, 11, b"", port)]
    for who, text in said:
        for first in range(0, len(text), cut):
            piece = text[first : first + cut]
            other = at["r" if who == "o" else "o"]
            frames += [segment(who, "PA", at[who], other, piece, port)] * (2 if twice else 1)
            at[who] += len(piece)
    return [Timed(100 + i / 100, frame) for i, frame in enumerate(frames)]


def segment(who: str, flags: str, seq: int, ack: int, payload: bytes, port: int) -> bytes:
    src, dst = (CLIENT, SERVER) if who == "o" else (SERVER, CLIENT)
    sport, dport = (40000, port) if who == "o" else (port, 40000)
    part = tcp(flags, payload, sport=sport, dport=dport, seq=seq, ack=ack)
    return ethernet(ipv4(part, 6, src=src, dst=dst))


def content(packets: list[Timed], tmp_path: Path) -> dict[str, float]:
    """The features that are not 0."""
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    (one,) = [one for captured in read_pcap(path) for one in captured.connections]
    assert one.content is not None
    return {name: value for name, value in zip(NAMES, one.content, strict=True) if value}


FTP: Said = [
    ("r", b"220 ready\r\n"),
    ("o", b"USER anonymous\r\n"),
    ("r", b"331 mail?\r\n"),
    ("o", b"PASS a@b\r\n"),
    ("r", b"230 Welcome\r\n"),
    ("o", b"RETR x\r\n"),
    ("o", b"STOR y\r\n"),
]
TELNET: Said = [
    ("r", b"login: "),
    ("o", b"bob\r\n"),
    ("r", b"Login incorrect\r\nlogin: "),
    ("o", b"bob\r\n"),
    ("r", b"Last login: today\r\n$ "),
    ("o", b"cat /etc/passwd\r\n"),
    ("r", b"Permission denied\r\n$ "),
    ("o", b"su root\r\n"),
    ("r", b"\r\n# "),
    ("o", b"touch /tmp/a\r\n/bin/sh\r\n"),
]
CASES: list[tuple[Said, int, dict[str, float]]] = [
    (FTP, 21, {"hot": 1, "logged_in": 1, "num_file_creations": 1, "is_guest_login": 1}),
    ([("r", b"220 x\r\n"), ("o", b"USER a\r\n"), ("r", b"530 no\r\n")], 21,
     {"num_failed_logins": 1}),
    (TELNET, 23, {
        "hot": 1, "num_failed_logins": 1, "logged_in": 1, "num_compromised": 1, "root_shell": 1,
        "su_attempted": 1, "num_root": 2, "num_file_creations": 1, "num_shells": 1,
        "num_access_files": 1,
    }),
    ([("o", b"GET / HTTP/1.1\r\n\r\n"), ("r", b"HTTP/1.1 200 OK\r\n\r\n")], 80, {"logged_in": 1}),
    ([("o", b"GET /../../etc/passwd HTTP/1.1\r\n\r\n"), ("r", b"HTTP/1.1 404\r\n\r\n")], 80,
     {"hot": 3, "logged_in": 1, "num_access_files": 1}),
    ([("o", b"GET " + b"/" * 33 + b" HTTP/1.1\r\n\r\n"), ("r", b"HTTP/1.1 400\r\n\r\n")], 80,
     {"hot": 2, "logged_in": 1, "num_compromised": 2}),
    ([("o", b"GET / HTTP/1.1\r\n\r\n")], 80, {}),
    ([("o", b"\x16\x03\x01/etc/passwd"), ("r", b"\x16\x03\x03")], 443, {"logged_in": 1}),
    ([("r", b"+OK hello\r\n"), ("o", b"USER a\r\nPASS b\r\n"), ("r", b"-ERR no\r\n")], 110,
     {"num_failed_logins": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "port", "expected"), CASES)
@pytest.mark.parametrize("cut", [10**9, 7, 1])
def test_what_is_said_in_one_piece_or_in_many(
    said: Said, port: int, expected: dict[str, float], cut: int, tmp_path: Path
) -> None:
    assert content(session(said, port, cut=cut), tmp_path) == expected


def test_what_is_sent_twice_counts_once(tmp_path: Path) -> None:
    whole = content(session(TELNET, 23), tmp_path)
    assert content(session(TELNET, 23, cut=5, twice=True), tmp_path) == whole


def test_no_more_is_read_than_is_promised(tmp_path: Path) -> None:
    padding = b"x" * 1000 + b"\r\n"
    said: Said = [("o", padding)] * (MAX_BYTES // len(padding) + 1) + [("o", b"/etc/shadow")]
    assert content(session(said, 23), tmp_path) == {}
    assert content(session([*said[:3], said[-1]], 23), tmp_path) != {}


def test_every_rule_is_found_in_its_own_direction_alone(tmp_path: Path) -> None:
    ports = {Group.FTP: 21, Group.LOGIN: 23, Group.SMTP: 25, Group.HTTP: 80, Group.MAILBOX: 110}
    for rule in RULES[:-2]:
        who, other = ("o", "r") if rule.by_orig else ("r", "o")
        name = NAMES[rule.feature]
        said = rule.word.strip(b"\n").upper() + b"\r\n"
        for group, port in ports.items():
            is_found = name in content(session([(who, said)], port), tmp_path)
            assert is_found == (group in rule.groups), (rule, group)
        assert name not in content(session([(other, said)], ports[rule.groups[0]]), tmp_path), rule
