"""All 41 features of a small capture, worked out by hand from KDD's published definitions.

The connections leave in this order: the echo request at once, those of TCP five seconds after they
were closed, refused or left without an answer, the first question of DNS after a minute of silence,
the second at the end. Time in the windows never goes back, so the first six are within two seconds.
"""

from __future__ import annotations

from pathlib import Path

from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import concatenate
from oddflow.features.kdd import kdd_features
from oddflow.features.kdd_windows import new_windows
from oddflow.ingest.pcap import read_pcap
from tests.ingest.frames import Timed, ethernet, icmp, ipv4, pcap, tcp, udp

B, C = "10.0.0.2", "10.0.0.3"
QUESTION = b"GET / HTTP/1.0\r\n\r\n"  # 18 bytes
ANSWER = b"HTTP/1.0 200 OK\r\n\r\nhello"  # 24 bytes


def from_client(payload: bytes, proto: int, dst: str = B) -> bytes:
    return ethernet(ipv4(payload, proto, dst=dst))


def to_client(payload: bytes, proto: int, src: str = B) -> bytes:
    return ethernet(ipv4(payload, proto, src=src, dst="10.0.0.1"))


def page() -> list[Timed]:
    """One page of a web server, from port 40001, closed by both sides."""

    def client(flags: str, seq: int, ack: int, payload: bytes = b"") -> bytes:
        return from_client(tcp(flags, payload, sport=40001, seq=seq, ack=ack), 6)

    def server(flags: str, seq: int, ack: int, payload: bytes = b"") -> bytes:
        return to_client(tcp(flags, payload, sport=80, dport=40001, seq=seq, ack=ack), 6)

    return [
        Timed(0.0, client("S", 10, 0)),
        Timed(0.1, server("SA", 70, 11)),
        Timed(0.2, client("A", 11, 71)),
        Timed(0.3, client("PA", 11, 71, QUESTION)),
        Timed(0.4, server("PA", 71, 29, ANSWER)),
        Timed(0.5, server("FA", 95, 29)),
        Timed(0.6, client("FA", 29, 96)),
        Timed(0.7, server("A", 96, 30)),
    ]


CAPTURE = [
    *page(),
    Timed(1.0, from_client(tcp("S", sport=40002, dport=22, seq=5), 6)),
    Timed(1.1, to_client(tcp("RA", sport=22, dport=40002, ack=6), 6)),
    Timed(1.2, from_client(tcp("S", sport=40003, dport=80, seq=5), 6)),
    Timed(1.3, from_client(udp(b"q" * 29, sport=40004), 17, C)),
    Timed(1.35, to_client(udp(b"a" * 45, sport=53, dport=40004), 17, C)),
    Timed(1.4, from_client(icmp(8, 0, b"p" * 56), 1)),
    Timed(1.5, ethernet(ipv4(tcp("S", sport=139, dport=139), 6, src=B, dst=B))),
    Timed(100.0, from_client(udp(b"q" * 29, sport=40005), 17, C)),
]
CONTENT = [0] * 13
LOGGED_IN = [0, 0, 1] + [0] * 10
ROWS = [
    # duration, protocol, service, flag, bytes, land, wrong_fragment, urgent; content;
    # count, srv_count, serror, srv_serror, rerror, srv_rerror, same_srv, diff_srv, srv_diff_host;
    # host: count, srv_count, same_srv, diff_srv, same_src_port, srv_diff_host, four error rates
    [0, "icmp", "eco_i", "SF", 64, 0, 0, 0, 0, *CONTENT,
     1, 1, 0, 0, 0, 0, 1, 0, 0,
     1, 1, 1, 0, 1, 0, 0, 0, 0, 0],
    [0, "tcp", "http", "SF", 18, 24, 0, 0, 0, *LOGGED_IN,
     2, 1, 0, 0, 0, 0, 0.5, 1, 0,
     2, 1, 0.5, 1, 0.5, 0, 0, 0, 0, 0],
    [0, "tcp", "ssh", "REJ", 0, 0, 0, 0, 0, *CONTENT,
     3, 1, 0, 0, 0.33, 1, 0.33, 1, 0,
     3, 1, 0.33, 1, 0.33, 0, 0, 0, 0.33, 1],
    [0, "tcp", "http", "S0", 0, 0, 0, 0, 0, *CONTENT,
     4, 2, 0.25, 0.5, 0.25, 0, 0.5, 0.75, 0,
     4, 2, 0.5, 0.75, 0.25, 0, 0.25, 0.5, 0.25, 0],
    [0, "tcp", "netbios_ssn", "S0", 0, 0, 1, 0, 0, *CONTENT,
     5, 1, 0.4, 1, 0.2, 0, 0.2, 0.8, 0,
     5, 1, 0.2, 0.8, 0.2, 0, 0.4, 1, 0.2, 0],
    [0, "udp", "domain_u", "SF", 29, 45, 0, 0, 0, *CONTENT,
     1, 1, 0, 0, 0, 0, 1, 0, 0,
     1, 1, 1, 0, 1, 0, 0, 0, 0, 0],
    [0, "udp", "domain_u", "SF", 29, 0, 0, 0, 0, *CONTENT,
     1, 1, 0, 0, 0, 0, 1, 0, 0,
     2, 2, 1, 0, 0.5, 0, 0, 0, 0, 0],
]  # fmt: skip


def test_every_feature_of_a_small_capture(tmp_path: Path) -> None:
    path = tmp_path / "small.pcap"
    path.write_bytes(pcap(CAPTURE))
    windows = new_windows()
    found = concatenate(
        [
            kdd_features(captured.connections, windows)
            for captured in read_pcap(path)
            if len(captured.connections)
        ]
    )
    rows = [[found.value(i, name) for name in KDD41.names] for i in range(len(found))]
    assert rows == ROWS
