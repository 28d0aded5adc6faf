"""What a Zeek `conn.log` says about a connection, as features: the columns every such log has.

Names and meanings follow Zeek's documentation of `Conn::Info`. Addresses, the identifier, the time
and the originator's port are left out: they say who and when, not what. Where Zeek has no value it
writes `-`, which is not 0: such a number is 0 here and its flag 1; such a name is `-`.
"""

from __future__ import annotations

from oddflow.core.schema import Feature, FeatureSchema, Kind

UNSET = "-"
"""A category without a value."""

PROTOCOLS = ("icmp", "tcp", "udp", "unknown_transport")
"""Values of `proto`."""

STATES = (
    *("OTH", "REJ", "RSTO", "RSTOS0", "RSTR", "RSTRH", "S0", "S1", "S2", "S3", "SF"),
    *("SH", "SHR"),
)
"""Values of `conn_state`: how a connection began and ended."""

_COUNT, _FLAG, _CATEGORY = Kind.COUNT, Kind.FLAG, Kind.CATEGORY
_SERVICE, _STATE = "service", "state"
_ORIG, _RESP = "originator volume", "responder volume"

# name, kind, group, unit, meaning
_ROWS = (
    ("proto", _CATEGORY, _SERVICE, "", "transport protocol"),
    ("service", _CATEGORY, _SERVICE, "", "application protocol that Zeek recognised"),
    ("resp_p", _CATEGORY, _SERVICE, "", "port at the responder; the code of an ICMP message"),
    ("orig_bytes", _COUNT, _ORIG, "bytes", "payload that the originator sent"),
    ("orig_pkts", _COUNT, _ORIG, "packets", "packets that the originator sent"),
    ("orig_ip_bytes", _COUNT, _ORIG, "bytes", "the same with their IP headers and repetitions"),
    ("resp_bytes", _COUNT, _RESP, "bytes", "payload that the responder sent"),
    ("resp_pkts", _COUNT, _RESP, "packets", "packets that the responder sent"),
    ("resp_ip_bytes", _COUNT, _RESP, "bytes", "the same with their IP headers and repetitions"),
    ("bytes_unset", _FLAG, _STATE, "", "1 if the payloads are not known"),
    ("missed_bytes", _COUNT, _STATE, "bytes", "payload that Zeek did not see"),
    ("conn_state", _CATEGORY, _STATE, "", "how the connection began and ended"),
    ("history", _CATEGORY, _STATE, "", "its events in order, a letter each, capital for orig"),
    ("duration", _COUNT, _STATE, "s", "from the first packet to the last"),
    ("duration_unset", _FLAG, _STATE, "", "1 if the duration is not known"),
)
_LEVELS = {"proto": PROTOCOLS, "conn_state": STATES}

CONN = FeatureSchema(
    "conn",
    tuple(
        Feature(
            name=name,
            kind=kind,
            group=group,
            unit=unit,
            meaning=meaning,
            levels=_LEVELS.get(name, ()),
        )
        for name, kind, group, unit, meaning in _ROWS
    ),
)
"""Profile `conn`. Service, port and history are open vocabularies."""
