"""Flow records out of messages of NetFlow v5, v9 and IPFIX, by the library `netflume`.

What the library may be given by anyone who can reach the socket is bounded here: templates in
number and in fields, and so the work that a datagram makes, which grows with its length alone.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from oddflow.core.errors import MissingExtra
from oddflow.ingest.netflow_messages import IPFIX, V5, V9
from oddflow.ingest.netflow_unread import VARIABLE, Fields, has_unread
from oddflow.ingest.reading import OTHER_KIND

NOT_NETFLOW = "no NetFlow"
CUT_SHORT = "message cut short"
"""A message that ended early; the records before its end were read."""
UNREAD = "part of a message that cannot be read"
"""Counted once for a message, since nothing tells how many records are lost."""
NO_TEMPLATE = "no template yet"
"""A set of records whose template has not come, or was refused."""

MAX_TEMPLATES = 1024
MAX_FIELDS = 256
"""Of a template."""
MIN_FLOW_BYTES, MIN_OPTION_BYTES = 8, 4
"""Of a record: no flow is without two addresses. A record costs 9 us, however short it is."""

DAMAGE = (struct.error, ArithmeticError, LookupError, TypeError, ValueError)
"""What the library might raise on hostile bytes."""


class Flows(NamedTuple):
    """What a message holds.

    Attributes:
        header: version, `unix_secs` of the export and `sys_uptime`, as `netflume` has them.
        records: one mapping a flow, with the names of `netflume.IE`.
        skipped: what is no flow, by reason.
    """

    header: Mapping[str, Any]
    records: list[dict[str, Any]]
    skipped: dict[str, int]


class Templates:
    """How exporters lay out their records; the least recently used is forgotten.

    It takes the place of `netflume.TemplateStore` and keeps out templates that are made to cost
    time: with more than `MAX_FIELDS`, or whose records may be shorter than they have fields, or
    shorter than `MIN_FLOW_BYTES`.
    """

    def __init__(self, max_templates: int = MAX_TEMPLATES) -> None:
        """Start without any."""
        self._max_templates = max_templates
        self._kept: OrderedDict[tuple[str, int, int], tuple[Fields, bool]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def put(
        self, exporter: str, domain: int, tid: int, fields: Fields, options: bool = False
    ) -> bool:
        """Keep a template; True if it is new or has changed."""
        key = (exporter, domain, tid)
        if is_costly(fields, options):
            self._kept.pop(key, None)
            return False
        is_new = self._kept.get(key) != (fields, options)
        self._kept[key] = (fields, options)
        self._kept.move_to_end(key)
        while len(self._kept) > self._max_templates:
            self._kept.popitem(last=False)
        return is_new

    def get(self, exporter: str, domain: int, tid: int) -> tuple[Fields | None, bool]:
        """The fields of a template, and whether its records are about the exporter."""
        key = (exporter, domain, tid)
        if key not in self._kept:
            return None, False
        self._kept.move_to_end(key)
        return self._kept[key]


def is_costly(fields: Fields, options: bool) -> bool:
    """True for a template that nobody needs, and that makes much work of few bytes."""
    lengths = [1 if length == VARIABLE else length for _, _, length in fields]
    least_bytes = MIN_OPTION_BYTES if options else MIN_FLOW_BYTES
    return len(fields) > MAX_FIELDS or not all(lengths) or sum(lengths) < least_bytes


class _Asked:
    """The templates that a message asks for, in its order."""

    def __init__(self, templates: Templates) -> None:
        self.put = templates.put
        self.fields: list[Fields | None] = []
        self._templates = templates

    def get(self, exporter: str, domain: int, tid: int) -> tuple[Fields | None, bool]:
        fields, is_options = self._templates.get(exporter, domain, tid)
        self.fields.append(fields)
        return fields, is_options


def flows_of(message: bytes, exporter: str, templates: Templates) -> Flows:
    """The flows of one message.

    Args:
        message: a datagram.
        exporter: who sent it; templates are his.
        templates: what he said before; this adds to it.

    Raises:
        MissingExtra: `netflume` is not installed.
    """
    parse_v5, parse_v9_or_ipfix = library()
    version = int.from_bytes(message[:2], "big")
    stats: Counter[str] = Counter()
    asked = _Asked(templates)
    try:
        if version == V5:
            header, records, options = parse_v5(message, exporter, stats)
        elif version in (V9, IPFIX):
            header, records, options = parse_v9_or_ipfix(message, exporter, asked, stats)
        else:
            header, records, options = None, [], []
    except DAMAGE:
        header, records, options = None, [], []
    if header is None:
        return Flows({}, [], {NOT_NETFLOW: 1})
    skipped = {
        OTHER_KIND: len(options),
        CUT_SHORT: stats["truncated"],
        NO_TEMPLATE: stats["deferred"],
        UNREAD: int(has_unread(message, asked.fields)),
    }
    return Flows(header, records, skipped)


def library() -> tuple[Any, Any]:
    """What reads messages of v5, and of v9 or IPFIX.

    Raises:
        MissingExtra: `netflume` is not installed.
    """
    try:
        from netflume.parse import parse_v5, parse_v9_or_ipfix
    except ImportError as error:
        raise MissingExtra(
            purpose="reading NetFlow", package="netflume", extra="netflow"
        ) from error
    return parse_v5, parse_v9_or_ipfix
