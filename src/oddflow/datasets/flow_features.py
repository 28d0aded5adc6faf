"""The 77 features that CICFlowMeter writes for a flow: order, groups, units and meaning.

Names are those of CICIDS2017 (`Total Fwd Packets`). Later versions of the tool shorten them (`Tot
Fwd Pkts`) and keep their order, so that another corpus gives its own 77 names for the same table.
Meanings follow the tool's list of features and its source; "forward" is the direction of the first
packet that the tool saw, as a rule from originator to responder. The tool adds the first packet
twice to the sum behind `Packet Length Mean` and `Average Packet Size`.

Three flags are ours: where the tool had nothing to measure, it wrote infinity or -1, which are no
amounts. The number is then 0 and the flag 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from oddflow.core.schema import Feature, FeatureSchema, Kind


class Role(StrEnum):
    """What stands in a column, and so what can be wrong with it."""

    CODE = "code"
    """A whole number that is a name: a port or a protocol."""
    TIME = "time"
    """A time, below 0 where packets were captured in another order than they were sent."""
    SIZE = "size"
    """Bytes, packets or other things that are counted, below 0 where the tool overflowed."""
    RATE = "rate"
    """Something per second of the flow, without a value where the flow lasted no time."""
    WINDOW = "window"
    """A TCP window, -1 where there was none."""


class FlowColumn(NamedTuple):
    """One column of a flow table.

    Attributes:
        feature: what it becomes.
        role: what stands in it.
        flag: name of the feature that says that it has no value; "" if it always has one.
    """

    feature: Feature
    role: Role
    flag: str


RATES_UNSET = "Flow Rates Unset"
"""Flag of the two flow rates, which have a value together or not at all."""

_VOLUME, _LENGTHS, _RATES, _GAPS = "volume", "packet lengths", "rates", "inter-arrival times"
_FLAGS, _HEADERS, _IDLE = "flags", "headers and windows", "active and idle"
_CODE, _TIME, _SIZE, _RATE, _WINDOW = Role.CODE, Role.TIME, Role.SIZE, Role.RATE, Role.WINDOW

# group: name, role, unit, meaning
_TABLE = (
    (
        _VOLUME,
        (
            ("Destination Port", _CODE, "", "port at the responder"),
            ("Flow Duration", _TIME, "us", "from the first packet to the last, 120 s at most"),
            ("Total Fwd Packets", _SIZE, "packets", "packets sent forward"),
            ("Total Backward Packets", _SIZE, "packets", "packets sent back"),
            ("Total Length of Fwd Packets", _SIZE, "bytes", "payload sent forward"),
            ("Total Length of Bwd Packets", _SIZE, "bytes", "payload sent back"),
        ),
    ),
    (
        _LENGTHS,
        (
            ("Fwd Packet Length Max", _SIZE, "bytes", "longest payload of a packet forward"),
            ("Fwd Packet Length Min", _SIZE, "bytes", "shortest payload of a packet forward"),
            ("Fwd Packet Length Mean", _SIZE, "bytes", "mean payload of the packets forward"),
            ("Fwd Packet Length Std", _SIZE, "bytes", "its standard deviation"),
            ("Bwd Packet Length Max", _SIZE, "bytes", "longest payload of a packet back"),
            ("Bwd Packet Length Min", _SIZE, "bytes", "shortest payload of a packet back"),
            ("Bwd Packet Length Mean", _SIZE, "bytes", "mean payload of the packets back"),
            ("Bwd Packet Length Std", _SIZE, "bytes", "its standard deviation"),
        ),
    ),
    (
        _RATES,
        (
            ("Flow Bytes/s", _RATE, "bytes/s", "payload of both directions per second"),
            ("Flow Packets/s", _RATE, "packets/s", "packets of both directions per second"),
        ),
    ),
    (
        _GAPS,
        (
            ("Flow IAT Mean", _TIME, "us", "mean gap between packets of either direction"),
            ("Flow IAT Std", _TIME, "us", "its standard deviation"),
            ("Flow IAT Max", _TIME, "us", "longest gap between packets of either direction"),
            ("Flow IAT Min", _TIME, "us", "shortest gap between packets of either direction"),
            ("Fwd IAT Total", _TIME, "us", "from the first packet forward to the last"),
            ("Fwd IAT Mean", _TIME, "us", "mean gap between packets forward"),
            ("Fwd IAT Std", _TIME, "us", "its standard deviation"),
            ("Fwd IAT Max", _TIME, "us", "longest gap between packets forward"),
            ("Fwd IAT Min", _TIME, "us", "shortest gap between packets forward"),
            ("Bwd IAT Total", _TIME, "us", "from the first packet back to the last"),
            ("Bwd IAT Mean", _TIME, "us", "mean gap between packets back"),
            ("Bwd IAT Std", _TIME, "us", "its standard deviation"),
            ("Bwd IAT Max", _TIME, "us", "longest gap between packets back"),
            ("Bwd IAT Min", _TIME, "us", "shortest gap between packets back"),
        ),
    ),
    (
        _FLAGS,
        (
            ("Fwd PSH Flags", _SIZE, "", "packets forward with PSH"),
            ("Bwd PSH Flags", _SIZE, "", "packets back with PSH"),
            ("Fwd URG Flags", _SIZE, "", "packets forward with URG"),
            ("Bwd URG Flags", _SIZE, "", "packets back with URG"),
        ),
    ),
    (
        _HEADERS,
        (
            ("Fwd Header Length", _SIZE, "bytes", "headers of all packets forward"),
            ("Bwd Header Length", _SIZE, "bytes", "headers of all packets back"),
        ),
    ),
    (
        _RATES,
        (
            ("Fwd Packets/s", _SIZE, "packets/s", "packets forward per second, 0 without duration"),
            ("Bwd Packets/s", _SIZE, "packets/s", "packets back per second, 0 without duration"),
        ),
    ),
    (
        _LENGTHS,
        (
            ("Min Packet Length", _SIZE, "bytes", "shortest payload of either direction"),
            ("Max Packet Length", _SIZE, "bytes", "longest payload of either direction"),
            ("Packet Length Mean", _SIZE, "bytes", "mean payload of either direction"),
            ("Packet Length Std", _SIZE, "bytes", "its standard deviation"),
            ("Packet Length Variance", _SIZE, "bytes^2", "its variance"),
        ),
    ),
    (
        _FLAGS,
        (
            ("FIN Flag Count", _SIZE, "", "packets with FIN"),
            ("SYN Flag Count", _SIZE, "", "packets with SYN"),
            ("RST Flag Count", _SIZE, "", "packets with RST"),
            ("PSH Flag Count", _SIZE, "", "packets with PSH"),
            ("ACK Flag Count", _SIZE, "", "packets with ACK"),
            ("URG Flag Count", _SIZE, "", "packets with URG"),
            ("CWE Flag Count", _SIZE, "", "packets with CWR, which the tool misspells"),
            ("ECE Flag Count", _SIZE, "", "packets with ECE"),
        ),
    ),
    (
        _VOLUME,
        (("Down/Up Ratio", _SIZE, "", "packets back per packet forward, rounded down"),),
    ),
    (
        _LENGTHS,
        (
            ("Average Packet Size", _SIZE, "bytes", "the same, divided by one packet less"),
            ("Avg Fwd Segment Size", _SIZE, "bytes", "the same as Fwd Packet Length Mean"),
            ("Avg Bwd Segment Size", _SIZE, "bytes", "the same as Bwd Packet Length Mean"),
        ),
    ),
    (
        _VOLUME,
        (
            ("Fwd Avg Bytes/Bulk", _SIZE, "bytes", "payload per bulk transfer forward"),
            ("Fwd Avg Packets/Bulk", _SIZE, "packets", "packets per bulk transfer forward"),
            ("Fwd Avg Bulk Rate", _SIZE, "bytes/s", "payload per second of bulk transfer forward"),
            ("Bwd Avg Bytes/Bulk", _SIZE, "bytes", "payload per bulk transfer back"),
            ("Bwd Avg Packets/Bulk", _SIZE, "packets", "packets per bulk transfer back"),
            ("Bwd Avg Bulk Rate", _SIZE, "bytes/s", "payload per second of bulk transfer back"),
            ("Subflow Fwd Packets", _SIZE, "packets", "packets forward per subflow"),
            ("Subflow Fwd Bytes", _SIZE, "bytes", "payload forward per subflow"),
            ("Subflow Bwd Packets", _SIZE, "packets", "packets back per subflow"),
            ("Subflow Bwd Bytes", _SIZE, "bytes", "payload back per subflow"),
        ),
    ),
    (
        _HEADERS,
        (
            ("Init_Win_bytes_forward", _WINDOW, "bytes", "TCP window in the first packet forward"),
            ("Init_Win_bytes_backward", _WINDOW, "bytes", "TCP window in the first packet back"),
            ("act_data_pkt_fwd", _SIZE, "packets", "packets forward that carry payload"),
            ("min_seg_size_forward", _SIZE, "bytes", "shortest header of a packet forward"),
        ),
    ),
    (
        _IDLE,
        (
            ("Active Mean", _TIME, "us", "mean time between two idle spells (of over 5 s)"),
            ("Active Std", _TIME, "us", "its standard deviation"),
            ("Active Max", _TIME, "us", "longest time between two idle spells"),
            ("Active Min", _TIME, "us", "shortest time between two idle spells"),
            ("Idle Mean", _TIME, "us", "mean length of the idle spells"),
            ("Idle Std", _TIME, "us", "its standard deviation"),
            ("Idle Max", _TIME, "us", "longest idle spell"),
            ("Idle Min", _TIME, "us", "shortest idle spell"),
        ),
    ),
)

NAMES = tuple(row[0] for _, rows in _TABLE for row in rows)
"""The 77 features in the order in which the tool writes them, under their names of 2017."""


def flow_columns(names: Sequence[str] = NAMES) -> tuple[FlowColumn, ...]:
    """The 77 columns in the order of `NAMES`, each under the name given in its place."""
    rows = [(group, *row) for group, rows in _TABLE for row in rows]
    return tuple(
        FlowColumn(
            Feature(
                name=name,
                kind=Kind.CATEGORY if role is Role.CODE else Kind.COUNT,
                group=group,
                unit=unit,
                meaning=meaning,
            ),
            role,
            _flag(name, role),
        )
        for name, (group, _, role, unit, meaning) in zip(names, rows, strict=True)
    )


def _flag(name: str, role: Role) -> str:
    if role is Role.RATE:
        return RATES_UNSET
    return f"{name} Unset" if role is Role.WINDOW else ""


def flow_schema(profile: str, columns: Iterable[FlowColumn]) -> FeatureSchema:
    """The features of the columns, and after them the flags of those that may lack a value."""
    columns = tuple(columns)
    groups = {column.flag: column.feature.group for column in columns if column.flag}
    flags = (
        Feature(
            name=name,
            kind=Kind.FLAG,
            group=group,
            meaning="1 if the tool had nothing to measure and the value is 0 for that reason",
        )
        for name, group in groups.items()
    )
    return FeatureSchema(profile, (*(column.feature for column in columns), *flags))
