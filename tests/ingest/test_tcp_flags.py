"""States told from flags, held against those that Zeek told from the packets in their order."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from oddflow.core.conn import STATES
from oddflow.ingest.tcp_flags import ACK, FIN, RST, SYN, tcp_state, tcp_states

SENT = {"s": SYN, "h": SYN | ACK, "a": ACK, "d": ACK, "f": FIN | ACK, "r": RST}
"""Flags that a letter of Zeek's history stands for."""


def flags_of(history: str) -> tuple[int, int]:
    """Flags of originator and responder."""
    orig = resp = 0
    for letter in history:
        if letter.isupper():
            orig |= SENT.get(letter.lower(), 0)
        else:
            resp |= SENT.get(letter, 0)
    return orig, resp


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ("S", "S0"),
        ("Sr", "REJ"),
        ("SR", "RSTOS0"),
        ("ShR", "RSTO"),
        ("ShAdr", "RSTR"),
        ("hr", "RSTRH"),
        ("ShADad", "S1"),
        ("ShADadF", "S2"),
        ("ShADadf", "S3"),
        ("ShADadFf", "SF"),
        ("ShADadFfR", "SF"),
        ("SF", "SH"),
        ("hf", "SHR"),
        ("DadA", "OTH"),
        ("R", "OTH"),
        ("", "OTH"),
    ],
)
def test_states_by_hand(history: str, state: str) -> None:
    assert tcp_state(*flags_of(history)) == state


def test_the_table_says_the_same_as_the_function() -> None:
    orig, resp = (side.ravel() for side in np.meshgrid(np.arange(256), np.arange(256)))
    told = [STATES[code] for code in tcp_states(orig, resp)]
    assert told == [tcp_state(int(o), int(r)) for o, r in zip(orig, resp, strict=True)]


def histories(corpora: Path) -> Iterator[tuple[str, str]]:
    """History and state of every TCP connection in the logs of Zeek that are at hand."""
    rita = corpora / "zeek/rita_missing_host__conn.2024-04-20.log.gz"
    iot = corpora / "iot-23/CTU-IoT-Malware-Capture-34-1.conn.log.labeled.xz"
    for text in (gzip.decompress(rita.read_bytes()), lzma.decompress(iot.read_bytes())):
        columns: list[str] = []
        for line in text.decode().splitlines():
            values = line.split("\t")
            if values[0] == "#fields":
                columns = values[1:]
            elif not line.startswith("#"):
                row = dict(zip(columns, values, strict=True))
                if row["proto"] == "tcp":
                    yield row["history"], row["conn_state"]


def check_agreement(
    told: Callable[[int, int], str], seen: list[tuple[str, str]], share: float
) -> None:
    n_same = sum(told(*flags_of(history)) == state for history, state in seen)
    assert n_same >= share * len(seen), f"{n_same:,} of {len(seen):,}"


@pytest.mark.data
def test_zeek_says_the_same_of_999_in_1000(corpora: Path) -> None:
    seen = [*histories(corpora)]
    assert len(seen) > 40_000
    check_agreement(tcp_state, seen, 0.999)
    with pytest.raises(AssertionError):
        check_agreement(lambda orig, resp: tcp_state(resp, orig), seen, 0.999)
    with pytest.raises(AssertionError):
        check_agreement(lambda orig, resp: tcp_state(orig & ~RST, resp), seen, 0.999)
