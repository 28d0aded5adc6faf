"""Values off the network, made safe to write: whatever they hold, an alert stays one line.

Addresses, services, histories and identifiers come from captures and from the logs of others. A
sender can put line ends, separators, control characters and text of any length in them.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import msgspec

MAX_TEXT = 4000
"""Longest text written, in characters; CEF allows no more in a custom string."""

CUT = "…"
"""Stands where the rest of a longer text was."""

_KNOWN_ADDRESSES = 1 << 14
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_S = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH).total_seconds()
_CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029"
_CONTROLS = re.compile(f"[{_CONTROL}]")
_ESCAPED = re.compile(rf"[{_CONTROL}\\]")


def plain(text: str, limit: int = MAX_TEXT) -> str:
    r"""At most `limit` characters, cut with an ellipsis; half of a surrogate pair becomes `?`.

    >>> plain("telnet"), plain("\ud800!"), plain("abcdef", 4)
    ('telnet', '?!', 'abc…')
    """
    cut = text if len(text) <= limit else text[: limit - len(CUT)] + CUT
    if cut.isascii():
        return cut
    return cut.encode("utf-8", "replace").decode("utf-8")


def spaced(text: str) -> str:
    """The same length, with a space for each control character and line separator."""
    return _CONTROLS.sub(" ", text)


def escaped(text: str) -> str:
    r"""Plain text as Zeek writes it: each byte of a control character, and `\`, as `\xNN`.

    >>> escaped("a\tb"), escaped("C:\\"), escaped("é")
    ('a\\x09b', 'C:\\x5c', 'é')
    """
    return _ESCAPED.sub(_hex, plain(text))


def json_line(fields: dict[str, Any]) -> bytes:
    """One line of JSON, in UTF-8.

    What is None, not a finite number or an empty object or list is left out at any depth: a field
    is absent where there is no value for it. Keys are ours and go as they are. Characters that JSON
    lets pass, and at which some readers split lines and some terminals obey, are escaped too.
    """
    line = msgspec.json.encode(_kept(fields) or {}).decode()
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", line).encode() + b"\n"


@lru_cache(maxsize=_KNOWN_ADDRESSES)
def address(text: str) -> IPv4Address | IPv6Address | None:
    """The IP address that a text is, or None. The zone of a link-local address is left out.

    >>> address("fe80::1%eth0"), address("server")
    (IPv6Address('fe80::1'), None)
    """
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a date, to the microsecond.

    A time that no calendar holds (a capture can say the year 500,000) becomes the nearest it holds
    within the years 1970 to 9999, and what is not a number 1970.

    >>> moment(1.5).isoformat(), moment(1e300).year
    ('1970-01-01T00:00:01.500000+00:00', 9999)
    """
    bounded_s = 0.0 if math.isnan(seconds) else min(max(seconds, 0.0), _LAST_S)
    return _EPOCH + timedelta(microseconds=round(bounded_s * 1e6))


def milliseconds(seconds: float) -> int:
    """The same in whole milliseconds since 1970."""
    return (moment(seconds) - _EPOCH) // timedelta(milliseconds=1)


def rfc3339(seconds: float) -> str:
    """The same as `2026-01-02T03:04:05.678901Z`."""
    return f"{moment(seconds):%Y-%m-%dT%H:%M:%S.%f}Z"


def _hex(match: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in match[0].encode())


def _kept(value: Any) -> Any:  # noqa: ANN401 - any value that JSON has
    """The same with safe texts; None for what is absent."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        items = ((key, _kept(item)) for key, item in value.items())
        return {key: item for key, item in items if item is not None} or None
    if isinstance(value, list):
        return [item for item in map(_kept, value) if item is not None] or None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
