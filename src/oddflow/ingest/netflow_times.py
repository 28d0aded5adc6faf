"""When a flow of NetFlow or IPFIX began and how long it lasted, of the many ways to say so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

_MS = 1e3
_UPTIME_WRAPS = 1 << 32
_LARGEST = 1 << 62
_ABSOLUTE = (
    ("flow_start_ms", "flow_end_ms", _MS),
    ("flow_start_s", "flow_end_s", 1.0),
    ("flow_start_us", "flow_end_us", 1.0),  # seconds, as netflume gives NTP's times
    ("flow_start_ns", "flow_end_ns", 1.0),
)
_FIRST, _LAST, _BOOT = "first_switched", "last_switched", "system_init_time_ms"


class FlowTimes(NamedTuple):
    """Times of a flow.

    Attributes:
        start_s: seconds since 1970; NaN where what is there is no time.
        duration_s: None where not known.
    """

    start_s: float
    duration_s: float | None


def flow_times(record: Mapping[str, Any], header: Mapping[str, Any]) -> FlowTimes:
    """Times of a record: absolute ones, else by the exporter's uptime, else that of the export.

    Args:
        record: as `netflume` has it.
        header: of its message.
    """
    for start, end, unit in _ABSOLUTE:
        if record.get(start):
            start_s = _seconds(record[start], unit)
            if not record.get(end):
                return FlowTimes(start_s, None)
            return FlowTimes(start_s, _seconds(record[end], unit) - start_s)
    first, last = record.get(_FIRST), record.get(_LAST)
    if isinstance(first, int):
        start_s = _by_uptime(first, record, header)
        if not isinstance(last, int):
            return FlowTimes(start_s, None)
        return FlowTimes(start_s, ((last - first) % _UPTIME_WRAPS) / _MS)
    return FlowTimes(_seconds(header.get("unix_secs"), 1.0), None)


def _by_uptime(first: int, record: Mapping[str, Any], header: Mapping[str, Any]) -> float:
    """Seconds since 1970 of milliseconds since the exporter started, whose counter wraps."""
    uptime: int | None = header.get("sys_uptime")
    if uptime is None:
        boot = record.get(_BOOT)
        return _seconds(boot + first if isinstance(boot, int) else None, _MS)
    before = (uptime - first) % _UPTIME_WRAPS
    if before >= _UPTIME_WRAPS // 2:  # a little after the export, by another clock
        before -= _UPTIME_WRAPS
    return _seconds(header.get("unix_secs"), 1.0) - before / _MS


def _seconds(value: object, unit: float) -> float:
    if isinstance(value, (int, float)) and 0 <= value <= _LARGEST:
        return value / unit
    return math.nan
