"""Features that say the same thing about a connection, together.

Of KDD's 41 features many are the same fact seen through another window: a flood that is refused
shows in the flag and in up to eight rates of errors. An analyst thinks of one fact, and replacing
one of the nine features leaves the other eight to tell. An aspect is such a set of features; each
feature belongs to one. What belongs together is our choice, from what the features mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from oddflow.core.schema import FeatureSchema

KDD_ASPECTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "how connections ended": (
            *("flag", "serror_rate", "srv_serror_rate", "rerror_rate", "srv_rerror_rate"),
            *("dst_host_serror_rate", "dst_host_srv_serror_rate"),
            *("dst_host_rerror_rate", "dst_host_srv_rerror_rate"),
        ),
        "how many connections": ("count", "srv_count", "dst_host_count", "dst_host_srv_count"),
        "to how many services": (
            *("same_srv_rate", "diff_srv_rate"),
            *("dst_host_same_srv_rate", "dst_host_diff_srv_rate"),
        ),
        "between which hosts and ports": (
            *("srv_diff_host_rate", "dst_host_same_src_port_rate"),
            "dst_host_srv_diff_host_rate",
        ),
        "service": ("protocol_type", "service"),
        "size and duration": ("duration", "src_bytes", "dst_bytes"),
        "login": ("num_failed_logins", "logged_in", "is_host_login", "is_guest_login"),
        "what was done after login": (
            *("hot", "num_compromised", "root_shell", "su_attempted", "num_root"),
            *("num_file_creations", "num_shells", "num_access_files", "num_outbound_cmds"),
        ),
        "malformed packets": ("land", "wrong_fragment", "urgent"),
    }
)
"""Aspect -> its features, by the names of `oddflow.core.kdd41`."""

_ASPECT_OF = {feature: aspect for aspect, names in KDD_ASPECTS.items() for feature in names}


def aspect_of(feature: str) -> str:
    """The aspect of a feature; a feature that KDD does not know is an aspect of its own.

    >>> aspect_of("serror_rate"), aspect_of("x3")
    ('how connections ended', 'x3')
    """
    return _ASPECT_OF.get(feature, feature)


def aspects(schema: FeatureSchema) -> tuple[str, ...]:
    """The aspects that the features of a schema have, in order of first appearance."""
    return tuple(dict.fromkeys(aspect_of(name) for name in schema.names))
