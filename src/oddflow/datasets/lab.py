"""Two recordings of the lab: connections of real services, clients and attack tools, with labels.

They are the only data that come with the package: the 41 features of every connection, no packet
and no address. What to know before using them:

- `make lab` makes such recordings anew (docs/lab.md). `first` is to train on and `second` to test
  on: other addresses, another schedule, the same services and tools. Real traffic of the same
  network on another day would differ more.
- A label is an address: whatever an attacker's machine sends or is sent is an attack, its ARP and
  its name lookups too. What other attackers' machines answer the ping sweep, which asks every
  address in use, is the sweep's (two ICMP messages each, 96 in all).
- Attacks hit the servers that everybody uses, so that the windows of normal connections just after
  a flood hold traces of it.
- There is no delay on the wire: scans and floods take seconds where they would take minutes.
- Services of twenty years ago (telnet, ftp) stand beside today's, so that the content features of
  KDD have something to say; half of all normal connections are HTTP.
- Hosts are numbers in the order in which they first appear: who talks to whom is there (`context`
  of the features), who that was is not.
- When a connection was known, so that an alert could be given, follows from its end and from the
  order of the rows, see `load_lab_times`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from io import BytesIO

import numpy as np
import polars as pl

from oddflow.core.context import Context
from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, Labels, Times

RECORDINGS: Mapping[str, tuple[str, int]] = {
    "first": ("cd0b0edb281311709455d502fcda154a14c289b9c1af94670f8918267b8683a9", 59_999),
    "second": ("0c1d5bb6a7507a9691d2f8828c89bf5c6cc3f29e18206f9c6fc37533a1adcc61", 60_083),
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

_NORMAL = "normal"
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
    families = np.array([_FAMILY_OF[kind] for kind in kinds], dtype=object)
    features = FeatureMatrix.from_columns(
        KDD41, {feature: table[feature].to_numpy() for feature in KDD41.names}
    )
    orig, resp = (table[end].to_numpy().astype(np.int64) for end in ("orig", "resp"))
    context = Context(orig, resp, table["start_s"].to_numpy())
    return LabelledMatrix(
        f"lab, {name} recording",
        replace(features, context=context),
        Labels(kinds, families),
        times=_times(table),
    )


def load_lab_times(name: str = "first") -> Times:
    """When each of the same connections began and was known, seconds since the first began.

    A connection is known when the table of connections gives it out, as `oddflow watch` would: an
    ICMP message at once, TCP 5 s after it is closed or unanswered, UDP 60 s after its last
    datagram. The files do not hold that moment; it is put together from what they hold. Rows stand
    in the order in which they were given out, so each was known no sooner than any before it had
    ended, and no later than the next ICMP message came; between these two, its own end and wait
    count.

    Raises:
        InputError, MalformedInput: as `load_lab`.
    """
    return _times(_table(name))


def _times(table: pl.DataFrame) -> Times:
    protocol, start_s = table["protocol_type"], table["start_s"].to_numpy()
    ended_s = table["end_s"].to_numpy()
    earliest_s = np.maximum.accumulate(ended_s)
    messages_s = np.where(protocol.to_numpy() == "icmp", start_s, ended_s.max())
    latest_s = np.minimum.accumulate(messages_s[::-1])[::-1]
    given_s = ended_s + protocol.replace_strict(_WAITS_S, return_dtype=pl.Float64).to_numpy()
    return Times(start_s, np.maximum.accumulate(np.clip(given_s, earliest_s, latest_s)))


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
