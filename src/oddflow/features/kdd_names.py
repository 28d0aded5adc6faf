"""Ports and states of connections in the words of KDD: its 70 services and 11 flags.

KDD never published its map. What its data show is followed: UDP has five services and always the
flag SF, as ICMP has, whose service is the type of the message; `ftp_data` is a port 20 on either
side; of ports without a name those of the system (below 1024) are `private`, as SNMP's is, and the
others `other`. The ports of the names are IANA's, or those that stood in /etc/services in 1998.
`harvest` and `pm_dump`, whose ports are not known, are never given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.core.conn import STATES
from oddflow.core.kdd41 import FLAGS, PROTOCOLS

_TCP_PORTS: dict[str, tuple[int, ...]] = {
    "rje": (5, 77),
    "echo": (7,),
    "discard": (9,),
    "systat": (11,),
    "daytime": (13,),
    "netstat": (15,),
    "ftp_data": (20,),
    "ftp": (21,),
    "ssh": (22,),
    "telnet": (23,),
    "smtp": (25,),
    "time": (37,),
    "name": (42,),
    "whois": (43,),
    "domain": (53,),
    "mtp": (57,),
    "gopher": (70,),
    "remote_job": (71, 72, 73, 74),
    "finger": (79,),
    "http": (80,),
    "ctf": (84,),
    "link": (87, 245),
    "supdup": (95,),
    "hostnames": (101,),
    "iso_tsap": (102,),
    "csnet_ns": (105,),
    "pop_2": (109,),
    "pop_3": (110,),
    "sunrpc": (111,),
    "auth": (113,),
    "uucp_path": (117,),
    "nntp": (119,),
    "netbios_ns": (137,),
    "netbios_dgm": (138,),
    "netbios_ssn": (139,),
    "imap4": (143,),
    "sql_net": (150,),
    "vmnet": (175,),
    "bgp": (179,),
    "IRC": (194, *range(6660, 6670)),
    "Z39_50": (210,),
    "ldap": (389,),
    "nnsp": (433,),
    "http_443": (443,),
    "exec": (512,),
    "login": (513,),
    "shell": (514,),
    "printer": (515,),
    "efs": (520,),
    "courier": (530,),
    "uucp": (540,),
    "klogin": (543,),
    "kshell": (544,),
    "http_2784": (2784,),
    "aol": (5190, 5191, 5192, 5193),
    "X11": tuple(range(6000, 6064)),
    "http_8001": (8001,),
}
_UDP_PORTS: dict[str, tuple[int, ...]] = {"domain_u": (53,), "tftp_u": (69,), "ntp_u": (123,)}
_ICMP_TYPES: dict[str, tuple[int, ...]] = {
    "ecr_i": (0,),
    "urp_i": (3,),
    "red_i": (5,),
    "eco_i": (8,),
    "tim_i": (11,),
}
_V6_TYPES: dict[str, tuple[int, ...]] = {
    "urp_i": (1,),
    "tim_i": (3,),
    "eco_i": (128,),
    "ecr_i": (129,),
    "red_i": (137,),
}
_PRIVATE, _OTHER = "private", "other"

SERVICES: tuple[str, ...] = tuple(
    sorted(
        {*_TCP_PORTS, *_UDP_PORTS, *_ICMP_TYPES, "urh_i", "harvest", "pm_dump", _PRIVATE, _OTHER}
    )
)
"""KDD's 70 names, as they occur in NSL-KDD."""

_CODE = {name: code for code, name in enumerate(SERVICES)}
_UNREACHABLE = 3
_IS_HOST = np.isin(np.arange(9), [0, 1, 6, 7])
"""Codes of unreachable networks and hosts; all others are of ports and protocols."""
_N_PORTS = 1 << 16


def _by_number(names: dict[str, tuple[int, ...]], *, splits_rest: bool) -> NDArray[np.int32]:
    """Code of the service of each number; the rest is `private` or `other`."""
    codes = np.full(_N_PORTS, _CODE[_OTHER], dtype=np.int32)
    if splits_rest:
        codes[:1024] = _CODE[_PRIVATE]
    for name, numbers in names.items():
        codes[list(numbers)] = _CODE[name]
    return codes


_OF_TCP = _by_number(_TCP_PORTS, splits_rest=True)
_OF_UDP = _by_number(_UDP_PORTS, splits_rest=True)
_OF_ICMP = _by_number(_ICMP_TYPES, splits_rest=False)
_OF_ICMPV6 = _by_number(_V6_TYPES, splits_rest=False)


def service_codes(
    proto: NDArray[np.int32],
    orig_p: NDArray[np.int32],
    resp_p: NDArray[np.int32],
    is_v6: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Place in `SERVICES` of each connection's service.

    Args:
        proto: place in `PROTOCOLS`, anything else for others, shape (n,), as all of these.
        orig_p: port of the originator, or type of an ICMP message.
        resp_p: port of the responder, or code of an ICMP message.
        is_v6: the addresses are IPv6, where ICMP has other types.
    """
    orig, resp = orig_p & (_N_PORTS - 1), resp_p & (_N_PORTS - 1)
    of_tcp = np.where(orig == 20, _CODE["ftp_data"], _OF_TCP[resp])
    of_icmp = np.where(is_v6, _OF_ICMPV6[orig], _OF_ICMP[orig])
    is_host = (orig == _UNREACHABLE) & (resp < len(_IS_HOST)) & ~is_v6
    of_icmp[is_host & _IS_HOST[np.minimum(resp, len(_IS_HOST) - 1)]] = _CODE["urh_i"]
    codes = np.full(len(proto), _CODE[_OTHER], dtype=np.int32)
    for name, of_proto in (("tcp", of_tcp), ("udp", _OF_UDP[resp]), ("icmp", of_icmp)):
        np.copyto(codes, of_proto, where=proto == PROTOCOLS.index(name), casting="same_kind")
    return codes


_FLAG_OF_STATE = {state: state if state in FLAGS else "OTH" for state in STATES} | {
    "RSTRH": "RSTR",
    "SHR": "SH",
}
FLAG_CODES = np.array([FLAGS.index(_FLAG_OF_STATE[state]) for state in STATES], dtype=np.int32)
"""Place in `FLAGS` of each of `STATES`: KDD has no RSTRH and no SHR."""

SYN_ERRORS = np.isin(FLAGS, ["S0", "S1", "S2", "S3", "SH"])
"""Which of `FLAGS` the rates of SYN errors count: those that have 1.0 there if `count` is 1."""
REJ_ERRORS = np.isin(FLAGS, ["REJ", "RSTO", "RSTOS0", "RSTR"])
"""Which the rates of REJ errors count, found in the same way."""
