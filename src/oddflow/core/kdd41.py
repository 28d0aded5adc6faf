"""The 41 features of KDD Cup 99 and NSL-KDD: names, order, units and meaning.

Names and order follow the `kddcup.names` file of the KDD Cup 99 task; meanings follow its task
description and Lee and Stolfo, "A Framework for Constructing Features and Models for Intrusion
Detection Systems" (ACM TISSEC 3(4), 2000). The four groups are theirs as well.
"""

from __future__ import annotations

from oddflow.core.schema import Feature, FeatureSchema, Kind

PROTOCOLS = ("icmp", "tcp", "udp")
"""Transport protocols that KDD knows."""

FLAGS = ("OTH", "REJ", "RSTO", "RSTOS0", "RSTR", "S0", "S1", "S2", "S3", "SF", "SH")
"""How a connection ended, in the vocabulary of Bro, now Zeek (`conn_state`)."""

_COUNT, _RATE, _FLAG, _CATEGORY = Kind.COUNT, Kind.RATE, Kind.FLAG, Kind.CATEGORY

# name, kind, unit, meaning
_BASIC = (
    ("duration", _COUNT, "s", "length of the connection"),
    ("protocol_type", _CATEGORY, "", "transport protocol"),
    ("service", _CATEGORY, "", "service at the responder, in KDD's 70 names"),
    ("flag", _CATEGORY, "", "how the connection ended"),
    ("src_bytes", _COUNT, "bytes", "payload from originator to responder"),
    ("dst_bytes", _COUNT, "bytes", "payload from responder to originator"),
    ("land", _FLAG, "", "1 if both ends have the same address and port"),
    ("wrong_fragment", _COUNT, "", "number of wrong fragments"),
    ("urgent", _COUNT, "", "number of urgent packets"),
)
_CONTENT = (
    ("hot", _COUNT, "", "number of hot indicators, such as entering a system directory"),
    ("num_failed_logins", _COUNT, "", "number of failed login attempts"),
    ("logged_in", _FLAG, "", "1 if successfully logged in"),
    ("num_compromised", _COUNT, "", "number of compromised conditions"),
    ("root_shell", _FLAG, "", "1 if a root shell was obtained"),
    ("su_attempted", _COUNT, "", "1 if `su root` was attempted (2 occurs in the data)"),
    ("num_root", _COUNT, "", "number of accesses as root"),
    ("num_file_creations", _COUNT, "", "number of file creations"),
    ("num_shells", _COUNT, "", "number of shell prompts"),
    ("num_access_files", _COUNT, "", "number of operations on access control files"),
    ("num_outbound_cmds", _COUNT, "", "number of outbound commands in an ftp session"),
    ("is_host_login", _FLAG, "", "1 if the login belongs to the host list"),
    ("is_guest_login", _FLAG, "", "1 if the login is a guest login"),
)
_TIME = (
    ("count", _COUNT, "", "connections to the same host in the past 2 s"),
    ("srv_count", _COUNT, "", "connections to the same service in the past 2 s"),
    ("serror_rate", _RATE, "", "share of `count` with SYN errors"),
    ("srv_serror_rate", _RATE, "", "share of `srv_count` with SYN errors"),
    ("rerror_rate", _RATE, "", "share of `count` with REJ errors"),
    ("srv_rerror_rate", _RATE, "", "share of `srv_count` with REJ errors"),
    ("same_srv_rate", _RATE, "", "share of `count` to the same service"),
    ("diff_srv_rate", _RATE, "", "share of `count` to different services"),
    ("srv_diff_host_rate", _RATE, "", "share of `srv_count` to different hosts"),
)
_HOST = (
    ("dst_host_count", _COUNT, "", "connections to the same host among the last 100 or more"),
    ("dst_host_srv_count", _COUNT, "", "the same, to the same service as well"),
    ("dst_host_same_srv_rate", _RATE, "", "share of `dst_host_count` to the same service"),
    ("dst_host_diff_srv_rate", _RATE, "", "share of `dst_host_count` to different services"),
    ("dst_host_same_src_port_rate", _RATE, "", "share of those from the same source port"),
    ("dst_host_srv_diff_host_rate", _RATE, "", "share of those from different source hosts"),
    ("dst_host_serror_rate", _RATE, "", "share of `dst_host_count` with SYN errors"),
    ("dst_host_srv_serror_rate", _RATE, "", "share of `dst_host_srv_count` with SYN errors"),
    ("dst_host_rerror_rate", _RATE, "", "share of `dst_host_count` with REJ errors"),
    ("dst_host_srv_rerror_rate", _RATE, "", "share of `dst_host_srv_count` with REJ errors"),
)
_LEVELS = {"protocol_type": PROTOCOLS, "flag": FLAGS}

KDD41 = FeatureSchema(
    "kdd41",
    tuple(
        Feature(
            name=name,
            kind=kind,
            group=group,
            unit=unit,
            meaning=meaning,
            levels=_LEVELS.get(name, ()),
        )
        for group, rows in (
            ("basic", _BASIC),
            ("content", _CONTENT),
            ("time window", _TIME),
            ("host window", _HOST),
        )
        for name, kind, unit, meaning in rows
    ),
)
"""Profile `kdd41`. `service` is an open vocabulary: KDD99 itself holds values of no list."""

TRAFFIC28 = FeatureSchema(
    "traffic28", tuple(feature for feature in KDD41.features if feature.group != "content")
)
"""Profile `traffic28`: what a sensor can compute that does not read the content of connections."""
