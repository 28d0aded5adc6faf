"""What an attacker can change of his own connections, and who decides everything else.

Of the features of KDD he has in hand what he sends himself: how much, how slowly, from which ports,
how many connections at a time, and what else he sends between them. He never has in hand what the
victim answers, nor what the attack is for: a scan must still reach its ports, a flood must stay a
flood. `CONTROLS` says so feature by feature, `NEEDS` attack by attack;
`oddflow.evaluate.evasion` makes the moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from oddflow.core.schema import FeatureSchema


class Hand(StrEnum):
    """Who decides the value of a feature."""

    ATTACKER = "attacker"
    """He sends it."""
    PACE = "attacker, by his pace"
    """It follows from how many connections he makes, when, and which others between them."""
    ATTACK = "the attack"
    """Another value would be another attack."""
    VICTIM = "victim"
    """It is in what the victim answers."""


class Control(NamedTuple):
    """Who decides a feature, and why it may change no further than it may."""

    hand: Hand
    reason: str


_SESSION = Control(Hand.VICTIM, "counted in what the victim's programs answer and let him do")
_ERRORS = Control(
    Hand.PACE,
    "each error is the victim's answer and stays; answered connections beside it lower the share",
)
_COUNTS = Control(Hand.PACE, "fewer of his connections fall into a window if he waits longer")
_SHARES = Control(Hand.PACE, "share of counts that he paces; a count of 1 has shares of 0 or 1")

CONTROLS: Mapping[str, Control] = {
    "duration": Control(
        Hand.ATTACKER, "he may hold an answered TCP connection open longer, never end it earlier"
    ),
    "protocol_type": Control(Hand.ATTACK, "the hole that is used is in one protocol"),
    "service": Control(Hand.ATTACK, "the hole is in one service, and a scan must reach its ports"),
    "flag": Control(Hand.VICTIM, "an unanswered SYN stays S0, a refused one REJ"),
    "src_bytes": Control(
        Hand.ATTACKER, "he may pad what he sends; less would not do what the attack does"
    ),
    "dst_bytes": Control(Hand.VICTIM, "the answer"),
    "land": Control(Hand.ATTACK, "equal addresses are the attack"),
    "wrong_fragment": Control(Hand.ATTACK, "wrong fragments are sent by attacks made of them"),
    "urgent": Control(Hand.ATTACKER, "he need not set the flag in his own packets"),
    "hot": _SESSION,
    "num_failed_logins": _SESSION,
    "logged_in": _SESSION,
    "num_compromised": _SESSION,
    "root_shell": _SESSION,
    "su_attempted": _SESSION,
    "num_root": _SESSION,
    "num_file_creations": _SESSION,
    "num_shells": _SESSION,
    "num_access_files": _SESSION,
    "num_outbound_cmds": _SESSION,
    "is_host_login": _SESSION,
    "is_guest_login": _SESSION,
    "count": _COUNTS,
    "srv_count": _COUNTS,
    "serror_rate": _ERRORS,
    "srv_serror_rate": _ERRORS,
    "rerror_rate": _ERRORS,
    "srv_rerror_rate": _ERRORS,
    "same_srv_rate": _SHARES,
    "diff_srv_rate": _SHARES,
    "srv_diff_host_rate": _SHARES,
    "dst_host_count": Control(
        Hand.PACE, "connections to other hosts push his out of the last 255, at the price of each"
    ),
    "dst_host_srv_count": Control(Hand.PACE, "as dst_host_count"),
    "dst_host_same_srv_rate": _SHARES,
    "dst_host_diff_srv_rate": _SHARES,
    "dst_host_same_src_port_rate": Control(
        Hand.ATTACKER, "he chooses his source ports, and may take a fresh one each time"
    ),
    "dst_host_srv_diff_host_rate": _SHARES,
    "dst_host_serror_rate": _ERRORS,
    "dst_host_srv_serror_rate": _ERRORS,
    "dst_host_rerror_rate": _ERRORS,
    "dst_host_srv_rerror_rate": _ERRORS,
}
"""Feature of the profiles kdd41 and traffic28 -> who decides it. Where the attacker does, he does
so in the direction named alone."""

RATE = frozenset(
    (
        *("neptune", "smurf", "mailbomb", "apache2", "processtable", "udpstorm", "back"),
        *("syn_flood", "udp_flood", "icmp_flood", "dns_reflection", "http_flood", "mail_bomb"),
        *("slow_headers", "slow_body", "slow_read"),
    )
)
"""Attacks of NSL-KDD and of the lab whose effect is their rate: they may neither be paced nor be
thinned out by connections elsewhere, or they would be no attack."""

SYN_ERROR_FLAGS = ("S0", "S1", "S2", "S3", "SH")
REJ_ERROR_FLAGS = ("REJ", "RSTO", "RSTOS0", "RSTR")
"""As the windows of KDD count them, see `oddflow.features.kdd_names`."""
ANSWERED_FLAGS = ("SF", "S1", "S2", "S3", "RSTO", "RSTR")
"""TCP connections in which the victim accepted and bytes of the attacker arrived."""


def is_known(schema: FeatureSchema) -> bool:
    """True if the attacker's hand is known for every feature."""
    return set(schema.names) <= set(CONTROLS) and "dst_host_count" in schema.names
