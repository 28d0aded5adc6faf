"""The 42 features of UNSW-NB15's training and testing set: names, order, units and meaning.

Names and order are those of the files; groups are those of the publishers' paper (Moustafa and
Slay, MilCIS 2015) and meanings follow its list of features. Two things differ from the list: it
has `proto` in a group of addresses and ports, which these files do not hold, so that it is "basic"
here; and it does not have `rate` at all.
"""

from __future__ import annotations

from oddflow.core.schema import Feature, FeatureSchema, Kind

_BASIC, _CONTENT, _TIME, _GENERAL, _LAST_100 = (
    "basic",
    "content",
    "time",
    "general purpose",
    "last 100 connections",
)
_COUNT, _FLAG, _NUMBER, _CATEGORY = Kind.COUNT, Kind.FLAG, Kind.NUMBER, Kind.CATEGORY

# name, kind, group, unit, meaning
_ROWS = (
    ("dur", _COUNT, _BASIC, "s", "length of the connection"),
    ("proto", _CATEGORY, _BASIC, "", "protocol above IP, in Argus's names, or arp"),
    ("service", _CATEGORY, _BASIC, "", "service that was recognised, `-` for none of 12"),
    ("state", _CATEGORY, _BASIC, "", "state of the connection, in Argus's names"),
    ("spkts", _COUNT, _BASIC, "packets", "packets from source to destination"),
    ("dpkts", _COUNT, _BASIC, "packets", "packets from destination to source"),
    ("sbytes", _COUNT, _BASIC, "bytes", "bytes from source to destination"),
    ("dbytes", _COUNT, _BASIC, "bytes", "bytes from destination to source"),
    ("rate", _COUNT, _BASIC, "packets/s", "packets of both directions but the first, per `dur`"),
    ("sttl", _NUMBER, _BASIC, "hops", "time to live in packets of the source"),
    ("dttl", _NUMBER, _BASIC, "hops", "time to live in packets of the destination"),
    ("sload", _COUNT, _BASIC, "bit/s", "bits a second from source to destination"),
    ("dload", _COUNT, _BASIC, "bit/s", "bits a second from destination to source"),
    ("sloss", _COUNT, _BASIC, "packets", "packets of the source, retransmitted or dropped"),
    ("dloss", _COUNT, _BASIC, "packets", "packets of the destination, retransmitted or dropped"),
    ("sinpkt", _COUNT, _TIME, "ms", "time between packets of the source"),
    ("dinpkt", _COUNT, _TIME, "ms", "time between packets of the destination"),
    ("sjit", _COUNT, _TIME, "ms", "jitter of the source"),
    ("djit", _COUNT, _TIME, "ms", "jitter of the destination"),
    ("swin", _NUMBER, _CONTENT, "", "TCP window that the source advertises, 0 or 255 as a rule"),
    ("stcpb", _NUMBER, _CONTENT, "", "first TCP sequence number of the source"),
    ("dtcpb", _NUMBER, _CONTENT, "", "first TCP sequence number of the destination"),
    ("dwin", _NUMBER, _CONTENT, "", "TCP window that the destination advertises"),
    ("tcprtt", _COUNT, _TIME, "s", "TCP handshake, the sum of `synack` and `ackdat`"),
    ("synack", _COUNT, _TIME, "s", "from SYN to SYN_ACK"),
    ("ackdat", _COUNT, _TIME, "s", "from SYN_ACK to ACK"),
    ("smean", _COUNT, _CONTENT, "bytes", "mean size of the packets of the source"),
    ("dmean", _COUNT, _CONTENT, "bytes", "mean size of the packets of the destination"),
    ("trans_depth", _COUNT, _CONTENT, "", "depth of HTTP requests in the connection"),
    ("response_body_len", _COUNT, _CONTENT, "bytes", "content that the HTTP server sent, unpacked"),
    ("ct_srv_src", _COUNT, _LAST_100, "", "of the last 100: same service and source address"),
    ("ct_state_ttl", _COUNT, _GENERAL, "", "class, 0 to 6, of `state` with ranges of both TTLs"),
    ("ct_dst_ltm", _COUNT, _LAST_100, "", "of the last 100: same destination address"),
    ("ct_src_dport_ltm", _COUNT, _LAST_100, "", "the same source address and destination port"),
    ("ct_dst_sport_ltm", _COUNT, _LAST_100, "", "the same destination address and source port"),
    ("ct_dst_src_ltm", _COUNT, _LAST_100, "", "the same source and destination address"),
    ("is_ftp_login", _COUNT, _GENERAL, "", "1 if logged in to ftp (2 and more occur in the data)"),
    ("ct_ftp_cmd", _COUNT, _GENERAL, "", "number of flows with a command in the ftp session"),
    ("ct_flw_http_mthd", _COUNT, _GENERAL, "", "number of flows with an HTTP method such as GET"),
    ("ct_src_ltm", _COUNT, _LAST_100, "", "of the last 100: same source address"),
    ("ct_srv_dst", _COUNT, _LAST_100, "", "same service and destination address"),
    ("is_sm_ips_ports", _FLAG, _GENERAL, "", "1 if both ends have the same address and port"),
)

UNSW_NB15 = FeatureSchema(
    "unsw-nb15",
    tuple(
        Feature(name=name, kind=kind, group=group, unit=unit, meaning=meaning)
        for name, kind, group, unit, meaning in _ROWS
    ),
)
"""Profile `unsw-nb15`. Names are open vocabularies: the two files do not hold the same ones."""
