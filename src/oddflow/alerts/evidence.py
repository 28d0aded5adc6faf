"""What the features of a connection are evidence of: plain conditions on KDD's features.

Thresholds are our choice, from what the features mean; nothing is learnt from labels. A feature
that is not there (`traffic28` has no content) is evidence of nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

Features = Mapping[str, float | str]
"""Values of one record by the names of `oddflow.core.kdd41`, in original units."""

LOGIN_SERVICES = frozenset(
    {"ftp", "imap4", "klogin", "kshell", "login", "pop_2", "pop_3", "shell", "ssh", "telnet"}
)
"""Services of KDD that ask for a password at once."""

UNNAMED_SERVICES = frozenset({"other", "private"})
"""What KDD calls ports that have no name of their own: many ports, one service."""

BUSY_SERVICES = frozenset({"domain_u", "ntp_u"})
"""Services of KDD that get hundreds of datagrams within 2 s on a working day."""

MANY_AT_ONCE = 10
"""Connections within 2 s from which on shares of them say something."""
MANY_LATELY = 30
"""The same among the last 100 or more."""
MOST = 0.5
NEARLY_ALL = 0.8
FLOOD = 100
"""Connections to one host within 2 s that no client needs and then leaves unfinished."""
HUGE = 200
"""Connections to one host within 2 s that few services get when all is well."""
SHORT_S = 10.0
"""An attempt to log in is over by then."""


def _number(features: Features, name: str) -> float:
    """A feature's value; 0, which is evidence of nothing, where it is not there."""
    value = features.get(name, 0.0)
    return 0.0 if isinstance(value, str) else value


def scans_ports_now(features: Features) -> bool:
    """Many services of one host within 2 s."""
    many = _number(features, "count") >= MANY_AT_ONCE
    return many and _number(features, "diff_srv_rate") >= MOST


def scans_closed_ports_now(features: Features) -> bool:
    """The same, and most connections were refused or not answered."""
    errors = _number(features, "serror_rate") + _number(features, "rerror_rate")
    return scans_ports_now(features) and errors >= MOST


def scans_ports_slowly(features: Features) -> bool:
    """Many services of one host lately, most of them refused or not answered."""
    many = _number(features, "dst_host_count") >= MANY_LATELY
    errors = _number(features, "dst_host_serror_rate") + _number(features, "dst_host_rerror_rate")
    return many and _number(features, "dst_host_diff_srv_rate") >= MOST and errors >= MOST


def scans_hosts(features: Features) -> bool:
    """One service of many hosts within 2 s, mostly refused or not answered."""
    many = _number(features, "srv_count") >= MANY_AT_ONCE
    errors = _number(features, "srv_serror_rate") + _number(features, "srv_rerror_rate")
    return many and _number(features, "srv_diff_host_rate") >= MOST and errors >= MOST


def floods_with_syn(features: Features) -> bool:
    """Very many connections within 2 s, not one to each service, that are never completed.

    At ports without a name a scan of a host that does not answer looks the same.
    """
    many = _number(features, "count") >= FLOOD
    is_scan = _number(features, "diff_srv_rate") >= MOST
    return many and not is_scan and _number(features, "serror_rate") >= NEARLY_ALL


def floods_name_with_syn(features: Features) -> bool:
    """The same at a service that has a name, and so one port."""
    service = features.get("service", "other")
    return service not in UNNAMED_SERVICES and floods_with_syn(features)


def floods_service(features: Features) -> bool:
    """A huge number of TCP connections to one service, completed or refused."""
    is_tcp = features.get("protocol_type") == "tcp"
    return is_tcp and _overruns(features) and _number(features, "serror_rate") < NEARLY_ALL


def floods_with_icmp(features: Features) -> bool:
    """A huge number of ICMP datagrams of one kind to one host."""
    return features.get("protocol_type") == "icmp" and _overruns(features)


def floods_with_udp(features: Features) -> bool:
    """A huge number of UDP datagrams to one service, other than those that live by them."""
    is_busy = features.get("service") in BUSY_SERVICES
    return features.get("protocol_type") == "udp" and not is_busy and _overruns(features)


def _overruns(features: Features) -> bool:
    many = _number(features, "count") >= HUGE
    return many and _number(features, "same_srv_rate") >= NEARLY_ALL


def fails_to_log_in(features: Features) -> bool:
    """A failed login within the connection; it may be a typing error."""
    return _number(features, "num_failed_logins") > 0


def fails_to_log_in_again(features: Features) -> bool:
    """Three failed logins within one connection, where many servers hang up."""
    return _number(features, "num_failed_logins") >= 3


def knocks_at_login(features: Features) -> bool:
    """Many short, completed connections to one service that asks for a password."""
    is_login = features.get("service") in LOGIN_SERVICES and features.get("flag") != "S0"
    is_short = _number(features, "duration") <= SHORT_S
    many = _number(features, "dst_host_srv_count") >= MANY_LATELY
    at_once = _number(features, "srv_count") >= MANY_AT_ONCE
    answered = _number(features, "srv_serror_rate") < MOST
    return is_login and is_short and many and at_once and answered
