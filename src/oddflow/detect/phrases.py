"""How a value of one of KDD's features is said to people, and how what is normal beside it.

Two templates a feature, `{}` for the value: the first for what was observed, the second for what is
usual. Rates are said as `all`, `none` or percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Phrase(NamedTuple):
    """Templates of one feature.

    observed, usual: for a value; is_rate: said as a share of all; yes, no: for a flag, said in
    place of 1 and 0.
    """

    observed: str
    usual: str
    is_rate: bool = False
    yes: str = ""
    no: str = ""


def _rate(text: str) -> Phrase:
    return Phrase(text, text, is_rate=True)


def _count(unit: str) -> Phrase:
    return Phrase(f"{{}} {unit}", f"{{}} {unit}")


def _flag(yes: str, no: str) -> Phrase:
    return Phrase("{}", "{}", yes=yes, no=no)


PHRASES: Mapping[str, Phrase] = MappingProxyType(
    {
        "duration": Phrase("lasted {} s", "{} s"),
        "protocol_type": Phrase("protocol {}", "{}"),
        "service": Phrase("service {}", "{}"),
        "flag": Phrase("ended as {}", "{}"),
        "src_bytes": Phrase("{} bytes sent", "{} sent"),
        "dst_bytes": Phrase("{} bytes received", "{} received"),
        "land": _flag("the same address and port at both ends", "different ends"),
        "wrong_fragment": _count("wrong fragments"),
        "urgent": _count("urgent packets"),
        "hot": _count("hot indicators"),
        "num_failed_logins": _count("failed logins"),
        "logged_in": _flag("logged in", "not logged in"),
        "num_compromised": _count("compromised conditions"),
        "root_shell": _flag("a root shell", "no root shell"),
        "su_attempted": _count("attempts at su root"),
        "num_root": _count("accesses as root"),
        "num_file_creations": _count("files created"),
        "num_shells": _count("shell prompts"),
        "num_access_files": _count("operations on access control files"),
        "num_outbound_cmds": _count("outbound ftp commands"),
        "is_host_login": _flag("login of the host list", "no login of the host list"),
        "is_guest_login": _flag("logged in as guest", "no guest login"),
        "count": Phrase("{} connections to the same host in 2 s", "{}"),
        "srv_count": Phrase("{} connections to the same service in 2 s", "{}"),
        "serror_rate": _rate("{} unanswered"),
        "srv_serror_rate": _rate("{} to the service unanswered"),
        "rerror_rate": _rate("{} rejected"),
        "srv_rerror_rate": _rate("{} to the service rejected"),
        "same_srv_rate": _rate("{} to the same service"),
        "diff_srv_rate": _rate("{} to other services"),
        "srv_diff_host_rate": _rate("{} to the service at other hosts"),
        "dst_host_count": Phrase("{} of the last connections to the same host", "{}"),
        "dst_host_srv_count": Phrase("{} of the last connections to the same service of it", "{}"),
        "dst_host_same_srv_rate": _rate("{} of the host's last to the same service"),
        "dst_host_diff_srv_rate": _rate("{} of the host's last to other services"),
        "dst_host_same_src_port_rate": _rate("{} of the host's last from the same port"),
        "dst_host_srv_diff_host_rate": _rate("{} of the service's last from other hosts"),
        "dst_host_serror_rate": _rate("{} of the host's last unanswered"),
        "dst_host_srv_serror_rate": _rate("{} of the service's last unanswered"),
        "dst_host_rerror_rate": _rate("{} of the host's last rejected"),
        "dst_host_srv_rerror_rate": _rate("{} of the service's last rejected"),
    }
)
"""By the names of `oddflow.core.kdd41`."""

ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        "OTH": "not seen from its beginning",
        "REJ": "rejected",
        "RSTO": "reset by the originator",
        "RSTOS0": "reset by the originator before any answer",
        "RSTR": "reset by the responder",
        "S0": "unanswered",
        "S1": "never closed",
        "S2": "closed by the originator alone",
        "S3": "closed by the responder alone",
        "SF": "completed",
        "SH": "half open, closed by the originator",
    }
)
"""What the values of `flag` mean."""
