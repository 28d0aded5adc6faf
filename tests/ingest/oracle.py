"""What Zeek itself wrote about captures, beside what we make of them."""

from __future__ import annotations

import csv
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from oddflow.core.connection import Connection
from oddflow.ingest.pcap import FlowSettings, read_pcap

RENAMED = {"src_ip": "orig_h", "src_port": "orig_p", "dst_ip": "resp_h", "dst_port": "resp_p"}
ENDS = ("orig_h", "orig_p", "resp_h", "resp_p", "proto")
Ends = tuple[str, ...]


class Pair(NamedTuple):
    """A connection in Zeek's log, and ours of the same ends, or None."""

    trace: str
    command: str
    zeek: dict[str, str]
    ours: Connection | None

    @property
    def has_same_state(self) -> bool:
        return self.ours is not None and self.ours.conn_state == self.zeek["conn_state"]

    @property
    def has_same_bytes(self) -> bool:
        """Where Zeek says how many there were: it does not of a single packet."""
        return self.ours is not None and all(
            self.zeek[name] == "-" or int(self.zeek[name]) == getattr(self.ours, name)
            for name in ("orig_bytes", "resp_bytes")
        )


def unpack(corpora: Path, into: Path) -> None:
    """The captures and the logs."""
    for archive in ("hostile/captures.tar.xz", "zeek-oracle/conn-logs.tar.xz"):
        with tarfile.open(corpora / archive) as tar:
            tar.extractall(into, filter="data")


def pairs(corpora: Path, unpacked: Path) -> Iterator[Pair]:
    """Every connection of TCP, UDP or ICMP of a log that names its ends."""
    with (corpora / "zeek-oracle/pairs.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            ours = defaultdict(list)
            for one in connections(unpacked / row["trace"]):
                ours[tuple(str(getattr(one, name)) for name in ENDS)].append(one)
            for zeek in log_rows(unpacked / row["conn_log"]):
                if set(ENDS) <= set(zeek) and zeek["proto"] in ("tcp", "udp", "icmp"):
                    same = ours[tuple(zeek[name] for name in ENDS)]
                    found = same.pop(0) if same else None
                    yield Pair(row["trace"], row["zeek_command"], zeek, found)


def connections(path: Path) -> list[Connection]:
    settings = FlowSettings(splits_icmp=False)
    return [one for captured in read_pcap(path, settings) for one in captured.connections]


def log_rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a log with Zeek's header, or of some of its columns with their names above them."""
    names: list[str] | None = None
    for line in path.read_text(errors="replace").splitlines():
        if line.startswith("#fields"):
            names = [plain(name) for name in line.split("\t")[1:]]
        elif line and not line.startswith("#"):
            if names is None:
                names = [plain(name) for name in line.split("\t")]
            else:
                yield dict(zip(names, line.split("\t"), strict=False))


def plain(name: str) -> str:
    name = name.removeprefix("id.")
    return RENAMED.get(name, name)
