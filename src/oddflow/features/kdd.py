"""The 41 features of KDD from connections, of a log, a capture or a stream alike."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from oddflow.core.conn import STATES
from oddflow.core.connection import N_CONTENT, Connections
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

N_WINDOW = 19
ICMP_HEADER_BYTES = 8
"""KDD counts the header of an ICMP message: an echo request without payload has 8 bytes there."""
_KNOWN_HOSTS = 1 << 16
_SF = FLAGS.index("SF")


def kdd_features(
    connections: Connections, windows: Windows, *, schema: FeatureSchema = KDD41
) -> FeatureMatrix:
    """The features of connections, in their order.

    A stream may be cut into blocks anywhere: with the same `windows` the features are the same.
    Durations are in whole seconds, as in KDD; bytes that are not known count as 0.

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
    content = _content(connections, schema)
    proto = connections.names["proto"].names()
    if not kdd_rows(connections).all():
        raise InputError(
            "expected TCP, UDP and ICMP connections, received others; leave them out with "
            "`connections.take(kdd_rows(connections))`"
        )
    hosts = connections.names["resp_h"]
    is_v6 = np.array([":" in level for level in hosts.levels], dtype=np.bool_)[hosts.codes]
    services = service_codes(proto, connections.orig_p, connections.resp_p, is_v6)
    flags = _flags(connections, proto)
    entries = np.empty((len(connections), len(Entry)), dtype=np.int64)
    entries[:, Entry.HOST] = _hashes(hosts)
    entries[:, Entry.SERVICE] = services
    entries[:, Entry.HAS_SYN_ERROR] = SYN_ERRORS[flags]
    entries[:, Entry.HAS_REJ_ERROR] = REJ_ERRORS[flags]
    entries[:, Entry.PORT] = connections.orig_p
    window_features = np.empty((len(connections), N_WINDOW))
    step_all(windows, entries, connections.end_s, window_features)
    numeric = np.hstack([_basic(connections, proto), content, window_features])
    everything = FeatureMatrix(
        KDD41,
        numeric,
        (
            Categories(np.searchsorted(PROTOCOLS, proto.astype(str)).astype(np.int32), PROTOCOLS),
            Categories(services, SERVICES),
            Categories(flags, FLAGS),
        ),
    )
    return everything if schema.profile == KDD41.profile else everything.select(schema)


def kdd_rows(connections: Connections) -> NDArray[np.bool_]:
    """True for the connections that KDD has: those of TCP, UDP and ICMP, shape (n,)."""
    proto = connections.names["proto"]
    return np.isin(proto.levels, PROTOCOLS)[proto.codes]


def _content(connections: Connections, schema: FeatureSchema) -> NDArray[np.float64]:
    if connections.content is not None:
        return np.nan_to_num(connections.content)
    if schema.profile == KDD41.profile and len(connections):
        raise InputError(
            "profile kdd41 has 13 features of the content of connections, and this source has no "
            "payload; give a capture, or a model of profile traffic28"
        )
    return np.zeros((len(connections), N_CONTENT))


def _flags(connections: Connections, proto: NDArray[np.object_]) -> NDArray[np.int32]:
    """Place in `FLAGS`; KDD has SF for all but TCP."""
    state = connections.names["conn_state"]
    places = {name: place for place, name in enumerate(STATES)}
    of_level = np.array([FLAG_CODES[places.get(level, 0)] for level in state.levels])
    return np.where(proto == "tcp", of_level[state.codes], _SF).astype(np.int32)


def _basic(connections: Connections, proto: NDArray[np.object_]) -> NDArray[np.float64]:
    """duration, src_bytes, dst_bytes, land, wrong_fragment and urgent, shape (n, 6)."""
    header = np.where(proto == "icmp", ICMP_HEADER_BYTES, 0)
    orig_h, resp_h = (connections.names[name].names() for name in ("orig_h", "resp_h"))
    counts = {name: np.maximum(column, 0) for name, column in connections.counts.items()}
    is_land = (orig_h == resp_h) & (connections.orig_p == connections.resp_p) & (proto != "icmp")
    return np.column_stack(
        [
            np.floor(np.maximum(np.nan_to_num(connections.duration_s), 0)),
            counts["orig_bytes"] + np.where(counts["orig_pkts"] > 0, header, 0),
            counts["resp_bytes"] + np.where(counts["resp_pkts"] > 0, header, 0),
            is_land,
            counts["wrong_fragment"],
            counts["urgent"],
        ]
    ).astype(np.float64)


def _hashes(hosts: Categories) -> NDArray[np.int64]:
    """A number for each host that is the same in every block, shape (n,)."""
    return np.array([_hash(level) for level in hosts.levels], dtype=np.int64)[hosts.codes]


@lru_cache(maxsize=_KNOWN_HOSTS)
def _hash(host: str) -> int:
    digest = hashlib.blake2b(host.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
