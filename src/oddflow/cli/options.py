"""Options that several commands share, with one wording each."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oddflow.core.errors import InputError

if TYPE_CHECKING:
    from oddflow.alerts.destination import Destination

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder with the corpora; searched before $ODDFLOW_DATA and the cache.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks.")]
Json = Annotated[bool, typer.Option("--json", help="The result as one JSON object on stdout.")]
ModelDir = Annotated[Path, typer.Argument(metavar="MODEL", help="A model directory.")]
Records = Annotated[
    str,
    typer.Argument(
        metavar="FILE|NAME",
        help="KDD rows, with or without labels, .gz and .xz too; or an NSL-KDD file by name.",
    ),
]
Recording = Annotated[
    Path,
    typer.Argument(
        metavar="RECORDING",
        help="A capture (pcap, pcapng), a conn.log of Zeek or a folder of them, eve.json of "
        "Suricata, or NetFlow messages; plain or packed.",
    ),
]
NormalRecords = Annotated[
    str,
    typer.Option(
        "--records",
        metavar="FILE|NAME",
        help="A capture or log of normal traffic; or KDD rows, an NSL-KDD file by name, or "
        "lab-first for the recording that comes with oddflow, less labelled attacks.",
    ),
]


class Profile(StrEnum):
    """Sets of features."""

    KDD41 = "kdd41"
    TRAFFIC28 = "traffic28"


ProfileName = Annotated[
    Profile | None,
    typer.Option(
        "--profile",
        help="Features: kdd41, or traffic28 without the content of connections. If not given, "
        "kdd41 for KDD rows and captures, traffic28 for logs.",
    ),
]


class Form(StrEnum):
    """How alerts are written."""

    EVE = "eve"
    ECS = "ecs"
    OCSF = "ocsf"
    NOTICE = "notice"
    CEF = "cef"
    CSV = "csv"


AlertForm = Annotated[
    Form | None,
    typer.Option(
        "--format", help="Of alerts on connections; if not given eve, and cef by --syslog."
    ),
]
Syslog = Annotated[
    str | None,
    typer.Option(
        "--syslog",
        metavar="HOST:PORT",
        help="Send alerts to a syslog receiver by UDP; or tcp://HOST:PORT, or unix:///dev/log.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option("--threads", min=1, help="Cores that score; all of them if not given."),
]
Causes = Annotated[int, typer.Option("--causes", min=1, max=41, help="Features named, at most.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same model.")]
Fpr = Annotated[
    float | None,
    typer.Option(
        "--fpr",
        metavar="RATE",
        help="Share of normal traffic that may be flagged, such as 0.01.",
    ),
]
Fdr = Annotated[
    float | None,
    typer.Option(
        "--fdr",
        metavar="RATE",
        help="Instead of --fpr: share of what is flagged that may be normal, on average over "
        "batches (Benjamini and Hochberg). Reads the input twice.",
    ),
]
AlertsPerDay = Annotated[
    float | None,
    typer.Option(
        "--alerts-per-day",
        metavar="N",
        help="The same as a budget: false alarms a day. Needs --records-per-day.",
    ),
]
RecordsPerDay = Annotated[
    float | None,
    typer.Option("--records-per-day", metavar="N", help="Connections that the network has a day."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a model that is there.")]


def n_threads(threads: int | None) -> int:
    """As many as were asked for, else as there are cores."""
    if threads is not None:
        return threads
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def syslog_destination(text: str) -> Destination:
    """The receiver that `--syslog` names; by UDP if it does not say how.

    >>> str(syslog_destination("192.0.2.1:1514")), str(syslog_destination("tcp://siem"))
    ('udp://192.0.2.1:1514', 'tcp://siem:514')

    Raises:
        InputError: it names none.
    """
    from oddflow.alerts.destination import Destination

    return Destination.parse(text if "://" in text else f"udp://{text}")


def address_of(text: str) -> tuple[str, int]:
    """An address of this machine and a port.

    >>> address_of("0.0.0.0:2055"), address_of("[::]:4739")
    (('0.0.0.0', 2055), ('::', 4739))

    Raises:
        InputError: it is none.
    """
    host, _, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not host or not (port.isascii() and port.isdecimal() and int(port) < 1 << 16):
        raise InputError(
            f"{text!r}: expected HOST:PORT with an address of this machine and a port, such as "
            "0.0.0.0:2055 or [::]:4739, received something else"
        )
    return host, int(port)


def target_fpr(
    fpr: float | None,
    alerts_per_day: float | None,
    records_per_day: float | None,
    *,
    default: float,
) -> float:
    """The false-positive rate that three options ask for.

    >>> target_fpr(None, 50, 1_000_000, default=0.05), target_fpr(None, None, None, default=0.05)
    (5e-05, 0.05)

    Raises:
        InputError: the options contradict each other.
    """
    if alerts_per_day is None and records_per_day is None:
        return default if fpr is None else fpr
    if fpr is not None:
        raise InputError("give either --fpr or --alerts-per-day with --records-per-day, not both")
    if alerts_per_day is None or records_per_day is None:
        raise InputError(
            "--alerts-per-day and --records-per-day go together: 50 alerts in 1,000,000 "
            "connections is a rate, 50 alerts alone is none"
        )
    from oddflow.detect.calibrate import budget_to_fpr

    return budget_to_fpr(alerts_per_day, records_per_day)
