"""The 41 features of KDD from connections, of a log, a capture or a stream alike."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from oddflow.core.conn import STATES
from oddflow.core.connection import Connections
from oddflow.core.context import Context
from oddflow.core.errors import InputError
from oddflow.core.kdd41 import FLAGS, KDD41, PROTOCOLS, TRAFFIC28
from oddflow.core.matrix import Categories, FeatureMatrix
from oddflow.core.schema import FeatureSchema
from oddflow.features.kdd_names import (
    FLAG_CODES,
    REJ_ERRORS,
    SERVICES,
    SYN_ERRORS,
    service_codes,
)
from oddflow.features.kdd_windows import Entry, Windows, step_all

PROFILES = {schema.profile: schema for schema in (KDD41, TRAFFIC28)}
"""Name -> schema of what `kdd_features` gives."""

N_BASIC, N_WINDOW = 6, 19
_ICMP, _TCP = PROTOCOLS.index("icmp"), PROTOCOLS.index("tcp")
ICMP_HEADER_BYTES = 8
"""KDD counts the header of an ICMP message: an echo request without payload has 8 bytes there."""
_KNOWN_HOSTS = 1 << 16
_SF = FLAGS.index("SF")


def kdd_features(
    connections: Connections, windows: Windows, *, schema: FeatureSchema = KDD41
) -> FeatureMatrix:
    """The features of connections, in their order.

    A stream may be cut into blocks anywhere: with the same `windows` the features are the same.
    Durations are in whole seconds, as in KDD; bytes that are not known count as 0. The context has
    the same number for a host in every block.

    Args:
        connections: TCP, UDP and ICMP; of other protocols `kdd_rows` tells those to leave out.
        windows: what came before, changed in place.
        schema: `KDD41`, or `TRAFFIC28` for sources without payload.

    Raises:
        InputError: an unknown schema, a connection of another protocol, or no payload was read
            and the schema has features of content.
    """
    if schema.profile not in PROFILES:
        raise InputError(
            f"expected profile {' or '.join(PROFILES)}, received {schema.profile!r}; other "
            "profiles are made by their own readers"
        )
    if not kdd_rows(connections).all():
        raise InputError(
            "expected TCP, UDP and ICMP connections, received others; leave them out with "
            "`connections.take(kdd_rows(connections))`"
        )
    proto = _protocols(connections)
    is_tcp = proto == _TCP
    orig, resp = (_hashes(connections.names[name]) for name in ("orig_h", "resp_h"))
    services = service_codes(
        proto, connections.orig_p, connections.resp_p, _is_v6(connections.names["resp_h"])
    )
    flags = np.where(is_tcp, _flags(connections.names["conn_state"]), _SF).astype(np.int32)
    numeric = np.empty((len(connections), len(schema.numeric)))
    numeric[:, :N_BASIC] = _basic(connections, proto == _ICMP, orig == resp)
    if schema.profile == KDD41.profile:
        numeric[:, N_BASIC:-N_WINDOW] = _content(connections)
    entries = np.empty((len(connections), len(Entry)), dtype=np.int64)
    entries[:, Entry.HOST] = resp
    entries[:, Entry.SERVICE] = services
    entries[:, Entry.HAS_SYN_ERROR] = SYN_ERRORS[flags]
    entries[:, Entry.HAS_REJ_ERROR] = REJ_ERRORS[flags]
    entries[:, Entry.PORT] = connections.orig_p
    step_all(windows, entries, connections.end_s, numeric[:, -N_WINDOW:])
    return FeatureMatrix(
        schema,
        numeric,
        (
            Categories(proto, PROTOCOLS),
            Categories(services, SERVICES),
            Categories(flags, FLAGS),
        ),
        Context(orig, resp, connections.start_s),
    )


def kdd_rows(connections: Connections) -> NDArray[np.bool_]:
    """True for the connections that KDD has: those of TCP, UDP and ICMP, shape (n,)."""
    proto = connections.names["proto"]
    return np.isin(proto.levels, PROTOCOLS)[proto.codes]


def _protocols(connections: Connections) -> NDArray[np.int32]:
    """Place in `PROTOCOLS` of each connection's protocol, -1 for others."""
    column = connections.names["proto"]
    places = {name: place for place, name in enumerate(PROTOCOLS)}
    of_level = np.array([places.get(level, -1) for level in column.levels], dtype=np.int32)
    return of_level[column.codes]


def _is_v6(hosts: Categories) -> NDArray[np.bool_]:
    return np.array([":" in level for level in hosts.levels], dtype=np.bool_)[hosts.codes]


def _content(connections: Connections) -> NDArray[np.float64] | float:
    if connections.content is not None:
        return np.nan_to_num(connections.content)
    if len(connections):
        raise InputError(
            "profile kdd41 has 13 features of the content of connections, and this source has no "
            "payload; give a capture, or a model of profile traffic28"
        )
    return 0.0


def _flags(states: Categories) -> NDArray[np.int32]:
    """Place in `FLAGS` of each state."""
    places = {name: place for place, name in enumerate(STATES)}
    of_level = np.array(
        [FLAG_CODES[places.get(level, places["OTH"])] for level in states.levels], dtype=np.int32
    )
    return of_level[states.codes]


def _basic(
    connections: Connections, is_icmp: NDArray[np.bool_], is_same_host: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """duration, src_bytes, dst_bytes, land, wrong_fragment and urgent, shape (n, 6)."""
    counts = {name: np.maximum(column, 0) for name, column in connections.counts.items()}
    basic = np.empty((len(connections), N_BASIC))
    basic[:, 0] = np.floor(np.maximum(np.nan_to_num(connections.duration_s), 0))
    for i, end in enumerate(("orig", "resp"), start=1):
        has_header = is_icmp & (counts[f"{end}_pkts"] > 0)
        basic[:, i] = counts[f"{end}_bytes"] + ICMP_HEADER_BYTES * has_header
    basic[:, 3] = is_same_host & (connections.orig_p == connections.resp_p) & ~is_icmp
    basic[:, 4], basic[:, 5] = counts["wrong_fragment"], counts["urgent"]
    return basic


def _hashes(hosts: Categories) -> NDArray[np.int64]:
    """A number for each host that is the same in every block, shape (n,)."""
    return np.array([_hash(level) for level in hosts.levels], dtype=np.int64)[hosts.codes]


@lru_cache(maxsize=_KNOWN_HOSTS)
def _hash(host: str) -> int:
    digest = hashlib.blake2b(host.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
