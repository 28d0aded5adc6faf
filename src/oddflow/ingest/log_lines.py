"""Lines of a log that nobody said the kind of: Zeek's or Suricata's, told by the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oddflow.ingest.reading import Read
from oddflow.ingest.suricata import eve_parser
from oddflow.ingest.zeek import parse_zeek
from oddflow.ingest.zeek_tsv import Header

_ZEEK_NAMES = (b'"id.orig_h"', b'"conn_state"')
_parse_eve = eve_parser()


@dataclass(frozen=True, slots=True)
class LogState:
    """What is known: whether the log is Suricata's, None before its first line; and a header."""

    is_eve: bool | None = None
    header: Header = Header()  # noqa: RUF009 - frozen


def is_eve_line(line: bytes) -> bool:
    """True for an event of Suricata, False for a line of a Zeek log."""
    return line.lstrip().startswith(b"{") and not any(name in line for name in _ZEEK_NAMES)


def parse_log(state: LogState, data: bytes) -> tuple[LogState, Sequence[Read]]:
    """The connections in some more complete lines, a `Parser`."""
    is_eve = state.is_eve
    if is_eve is None:
        if not data.strip():
            return state, ()
        is_eve = is_eve_line(data.lstrip().split(b"\n", 1)[0])
    if is_eve:
        return LogState(is_eve), _parse_eve(None, data)[1]
    header, reads = parse_zeek(state.header, data)
    return LogState(is_eve, header), reads
