"""`oddflow watch`: alerts on what happens now, at an interface or in a growing log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oddflow.cli import options
from oddflow.cli.console import Output
from oddflow.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from oddflow.ingest.recording import Portion

NAME = "watch"
NEEDS_ARGUMENTS = True
EXAMPLE = (
    "Examples: `oddflow watch model -i eth0 -o eve.json`, "
    "`oddflow watch model --follow /opt/zeek/logs/current/conn.log`, "
    "`oddflow watch model --socket /run/oddflow.sock --format ecs`"
)


def run(
    model: options.ModelDir,
    interface: Annotated[
        str | None,
        typer.Option("--interface", "-i", metavar="NAME", help="A network interface to listen to."),
    ] = None,
    follow: Annotated[
        Path | None,
        typer.Option(
            "--follow",
            metavar="FILE",
            help="A conn.log of Zeek or eve.json of Suricata, to be read as it grows and rotates.",
        ),
    ] = None,
    socket: Annotated[
        Path | None,
        typer.Option(
            "--socket",
            metavar="FILE",
            help="A unix socket to make, into which Suricata writes its events.",
        ),
    ] = None,
    promiscuous: Annotated[
        bool, typer.Option("--promiscuous", help="Also packets that are for other machines.")
    ] = False,
    form: options.AlertForm = None,
    fpr: options.Fpr = None,
    alerts_per_day: options.AlertsPerDay = None,
    records_per_day: options.RecordsPerDay = None,
    causes: options.Causes = 5,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=0, help="Stop after so long; else when interrupted."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="To append to; stdout if not given."),
    ] = None,
    quiet: options.Quiet = False,
    json: Annotated[
        bool, typer.Option("--json", help="The closing summary as JSON too, on stderr.")
    ] = False,
) -> None:
    """Write an alert for each odd connection as soon as it has ended or was logged.

    Give exactly one of `--interface`, `--follow` and `--socket`. Listening to an interface needs
    the capability CAP_NET_RAW and nothing else. A log that is not there yet is waited for.
    """
    import msgspec

    from oddflow.alerts.formats import FORMATS
    from oddflow.cli.recordings import Tally, alerts
    from oddflow.cli.sink import appending_sink
    from oddflow.cli.stopping import until_stopped
    from oddflow.detect.bundle import load_model
    from oddflow.ingest.live import warm_up

    if sum(source is not None for source in (interface, follow, socket)) != 1:
        raise InputError("give exactly one of --interface, --follow and --socket to watch")
    out = Output(quiet=quiet)
    bundle = load_model(model)
    rate = options.target_fpr(
        fpr, alerts_per_day, records_per_day, default=bundle.manifest.target_fpr
    )
    threshold = bundle.model.calibration.threshold(rate)
    tally, n_alerts, writer = Tally(), 0, FORMATS[form or options.Form.EVE]
    if interface is not None:
        out.note("compiling what listening needs")
        warm_up()
    with until_stopped(seconds) as is_over, appending_sink(output, writer.header()) as write:
        portions = _source(interface, follow, socket, is_over, is_promiscuous=promiscuous)
        for alert in alerts(portions, bundle, threshold, tally, n_causes=causes):
            write(writer.line(alert))
            n_alerts += 1
    if json:
        summary = {"n_alerts": n_alerts, "target_fpr": rate, **tally.to_json()}
        sys.stderr.write(msgspec.json.encode(summary).decode() + "\n")
    else:
        out.note(f"{n_alerts:,} alerts on {tally}")


def _source(
    interface: str | None,
    log: Path | None,
    socket: Path | None,
    is_over: Callable[[], bool],
    *,
    is_promiscuous: bool,
) -> Iterator[Portion]:
    """The one that was given."""
    from oddflow.cli.watching import from_interface, from_log, from_socket

    if interface is not None:
        return from_interface(interface, is_over, is_promiscuous=is_promiscuous)
    if log is not None:
        return from_log(log, is_over)
    assert socket is not None  # noqa: S101 - one of the three was given
    return from_socket(socket, is_over)
