"""Two recordings of the lab: connections of real services, clients and attack tools, with labels.

They are the only data that come with the package: the 41 features of every connection, no packet
and no address. What to know before using them:

- `make lab` makes such recordings anew (docs/lab.md). `first` is to train on and `second` to test
  on: other addresses, another schedule, the same services and tools. Real traffic of the same
  network on another day would differ more.
- A label is an address: whatever an attacker's machine sends or is sent is an attack, its ARP and
  its name lookups too. One correction is made here: the ping sweep asks every address in use, and
  what other attackers' machines answer it (two ICMP messages each, 96 in all) would count as their
  own attack, so that whoever finds the sweep would seem to have found all kinds. These are labelled
  as the sweep's and counted in `defects`.
- Attacks hit the servers that everybody uses, so that the windows of normal connections just after
  a flood hold traces of it.
- There is no delay on the wire: scans and floods take seconds where they would take minutes.
- Services of twenty years ago (telnet, ftp) stand beside today's, so that the content features of
  KDD have something to say; half of all normal connections are HTTP.
- Of the end of a connection the files know whole seconds alone. When it was known, so that an alert
  could be given, follows from the order of the rows, see `load_lab_times`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources import files
from io import BytesIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, Labels, Times

RECORDINGS: Mapping[str, tuple[str, int]] = {
    "first": ("5b1a084ae348a8e6c7d69c8e161dbe15464ae168a5b5cd96a4dad5fa9e2eb493", 59_999),
    "second": ("5567619e891010b201e3831607e43518137cf7cb2695a5f13107701c82299c4d", 60_083),
}
"""Name -> sha256 of its file, and number of connections."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "scan": (
        *("nmap_syn", "nmap_connect", "nmap_fin", "nmap_xmas", "nmap_null", "nmap_ack"),
        *("nmap_udp", "nmap_version", "nmap_os", "ping_sweep", "masscan", "slow_scan"),
    ),
    "flood": (
        *("syn_flood", "udp_flood", "icmp_flood", "neptune", "land", "teardrop"),
        *("ping_of_death", "smurf", "dns_reflection", "http_flood"),
    ),
    "guessing": (
        *("hydra_ssh", "hydra_ftp", "hydra_telnet", "hydra_http"),
        *("ncrack_ssh", "ncrack_ftp", "ncrack_telnet"),
    ),
    "web": ("slow_headers", "slow_body", "slow_read", "sqlmap", "web_enumeration"),
    "channel": (
        *("dns_tunnel", "dns_exfiltration", "beacon", "exfiltration", "arp_spoof"),
        *("mail_bomb", "redis_harvest", "telnet_intruder"),
    ),
}
"""Family -> kinds of attack."""

ANSWERS = "answers to the ping sweep, by address those of another attack"
"""Key in `LabelledMatrix.defects`: rows whose label is set right."""

_NORMAL, _SWEEP = "normal", "ping_sweep"
_ANSWERS = ("ecr_i", "other")
_WAITS_S = {"icmp": 0.0, "tcp": 5.0, "udp": 60.0}
_FAMILY_OF = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}
_FAMILY_OF[_NORMAL] = _NORMAL


def load_lab(name: str = "first") -> LabelledMatrix:
    """The connections of a recording, in the order in which they were known, with their times.

    Raises:
        InputError: an unknown name.
        MalformedInput: the file that came with the package was altered.
    """
    table = _table(name)
    kinds = table["kind"].to_numpy().astype(object)
    answers = _answers_to_sweep(table)
    kinds[answers] = _SWEEP
    families = np.array([_FAMILY_OF[kind] for kind in kinds], dtype=object)
    features = FeatureMatrix.from_columns(
        KDD41, {feature: table[feature].to_numpy() for feature in KDD41.names}
    )
    return LabelledMatrix(
        f"lab, {name} recording",
        features,
        Labels(kinds, families),
        {ANSWERS: int(answers.sum())},
        _times(table),
    )


def load_lab_times(name: str = "first") -> Times:
    """When each of the same connections began and was known, seconds since the first began.

    A connection is known when the table of connections gives it out, as `oddflow watch` would: an
    ICMP message at once, TCP 5 s after it is closed or unanswered, UDP 60 s after its last
    datagram. The files do not hold that moment; it is put together from what they hold. Rows stand
    in the order in which they were given out, so each was known no sooner than any before it had
    ended, and no later than the next ICMP message came; between these two, its own end and wait
    count. Ends are start and whole seconds of duration, which leaves an error of up to 2 s.

    Raises:
        InputError, MalformedInput: as `load_lab`.
    """
    return _times(_table(name))


def _times(table: pl.DataFrame) -> Times:
    protocol, start_s = table["protocol_type"], table["start_s"].to_numpy()
    ended_s = start_s + table["duration"].to_numpy()
    earliest_s = np.maximum.accumulate(ended_s)
    messages_s = np.where(protocol.to_numpy() == "icmp", start_s, ended_s.max())
    latest_s = np.minimum.accumulate(messages_s[::-1])[::-1]
    given_s = ended_s + protocol.replace_strict(_WAITS_S, return_dtype=pl.Float64).to_numpy()
    return Times(start_s, np.maximum.accumulate(np.clip(given_s, earliest_s, latest_s)))


def _answers_to_sweep(table: pl.DataFrame) -> NDArray[np.bool_]:
    """True for what other attackers' machines answer the ping sweep, shape (n,).

    Echo replies and timestamp replies of their addresses in the time of the sweep. In both captures
    of these recordings, where addresses can be read, they are those answers and nothing else.
    """
    kind, start_s = pl.col("kind"), pl.col("start_s")
    sweep_s = table.filter(kind == _SWEEP)["start_s"]
    return (
        table.select(
            (pl.col("protocol_type") == "icmp")
            & pl.col("service").is_in(_ANSWERS)
            & ~kind.is_in((_NORMAL, _SWEEP))
            & start_s.is_between(sweep_s.min(), sweep_s.max())
        )
        .to_series()
        .to_numpy()
    )


def _table(name: str) -> pl.DataFrame:
    if name not in RECORDINGS:
        known = " or ".join(RECORDINGS)
        raise InputError(f"expected a recording of the lab, {known}, received {name!r}")
    sha256, _ = RECORDINGS[name]
    path = files("oddflow.datasets") / "recordings" / f"{name}.parquet"
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise MalformedInput(
            str(path), f"expected content of sha256 {sha256}, received {found}; install it again"
        )
    return pl.read_parquet(BytesIO(content))
