"""How a TCP connection ended, told from the flags that each side sent over its whole life.

Suricata and IPFIX log the flags of a side or-ed together, without their order; Zeek's `conn_state`
is told with it. On 48,506 connections of Zeek whose history shows the flags, 99.9 % get the state
that Zeek gave them (`tests/ingest/test_tcp_flags.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.core.conn import STATES

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

_N_BITS = 5
_MASK = (1 << _N_BITS) - 1


def tcp_state(orig: int, resp: int) -> str:
    """The `conn_state` of a connection.

    After Zeek's `scripts/base/protocols/conn/main.zeek`, where the order of events decides: here
    two FINs outweigh a RST, and a RST of the responder one of the originator.

    Args:
        orig: flags that the originator sent, or-ed.
        resp: flags that the responder sent; 0 if it sent nothing.
    """
    orig_began, resp_began = orig & SYN, resp & SYN
    if orig & FIN and resp & FIN:
        return "SF"
    if resp & RST:
        return _answer_reset(orig_began, resp_began)
    if orig & RST:
        return _reset(orig_began, resp_began)
    if orig & FIN:
        return "S2" if resp_began else "SH"
    if resp & FIN:
        return "S3" if orig_began else "SHR"
    if orig_began and resp_began:
        return "S1"
    return "S0" if orig_began and not orig & ACK and not resp & _MASK else "OTH"


def _reset(orig_began: int, resp_began: int) -> str:
    if resp_began:
        return "RSTO"
    return "RSTOS0" if orig_began else "OTH"


def _answer_reset(orig_began: int, resp_began: int) -> str:
    if not orig_began:
        return "RSTRH"
    return "RSTR" if resp_began else "REJ"


def tcp_states(orig: NDArray[np.int64], resp: NDArray[np.int64]) -> NDArray[np.int32]:
    """The same for many, as indices into `oddflow.core.conn.STATES`, shape (n,)."""
    states: NDArray[np.int32] = _TABLE[(orig & _MASK) | (resp & _MASK) << _N_BITS]
    return states


_TABLE = np.array(
    [STATES.index(tcp_state(pair & _MASK, pair >> _N_BITS)) for pair in range(1 << 2 * _N_BITS)],
    dtype=np.int32,
)
