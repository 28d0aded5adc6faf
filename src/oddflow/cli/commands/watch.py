"""`oddflow watch`: alerts on what happens now: at an interface, in a log, or of an exporter."""

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

    from oddflow.cli.delivery import Delivery
    from oddflow.cli.recordings import Tally
    from oddflow.ingest.recording import Portion

NAME = "watch"
NEEDS_ARGUMENTS = True
EXAMPLE = (
    "Examples: `oddflow watch model -i eth0 -o eve.json`, "
    "`oddflow watch model --follow /opt/zeek/logs/current/conn.log`, "
    "`oddflow watch model --socket /run/oddflow.sock --format ecs`, "
    "`oddflow watch model --netflow 0.0.0.0:2055 --syslog tcp://siem.example:514`"
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
    netflow: Annotated[
        str | None,
        typer.Option(
            "--netflow",
            metavar="HOST:PORT",
            help="An address of this machine to which exporters send NetFlow v5, v9 or IPFIX.",
        ),
    ] = None,
    promiscuous: Annotated[
        bool, typer.Option("--promiscuous", help="Also packets that are for other machines.")
    ] = False,
    ring_mib: Annotated[
        int,
        typer.Option(
            "--ring-mib",
            min=2,
            max=4096,
            help="Memory for packets of an interface that wait to be looked at.",
        ),
    ] = 128,
    form: options.AlertForm = None,
    syslog: options.Syslog = None,
    fpr: options.Fpr = None,
    fdr: Annotated[
        float | None,
        typer.Option("--fdr", help="Refused: it takes a whole batch, see `oddflow detect --fdr`."),
    ] = None,
    alerts_per_day: options.AlertsPerDay = None,
    records_per_day: options.RecordsPerDay = None,
    causes: options.Causes = 5,
    threads: options.Threads = None,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=0, help="Stop after so long; else when interrupted."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="To append to; if not given stdout, or nothing with --syslog.",
        ),
    ] = None,
    quiet: options.Quiet = False,
    json: Annotated[
        bool, typer.Option("--json", help="The closing summary as JSON too, on stderr.")
    ] = False,
) -> None:
    """Write an alert for each odd connection as soon as it has ended or was logged.

    Give exactly one of `--interface`, `--follow`, `--socket` and `--netflow`. Listening to an
    interface needs the capability CAP_NET_RAW and nothing else. A log that is not there yet is
    waited for.
    """
    from oddflow.cli.delivery import Delivery
    from oddflow.cli.recordings import Tally, alerts
    from oddflow.cli.sequences import load_any_model
    from oddflow.cli.stopping import until_stopped
    from oddflow.cli.watching import warm_up_scoring
    from oddflow.ingest.live import warm_up

    if fdr is not None:
        raise InputError(
            "--fdr looks at a whole batch before it flags anything, and what is watched has no "
            "end; use --fpr or --alerts-per-day here, or `oddflow detect --fdr` on a finished file"
        )
    if sum(source is not None for source in (interface, follow, socket, netflow)) != 1:
        raise InputError(
            "give exactly one of --interface, --follow, --socket and --netflow to watch"
        )
    address = None if netflow is None else options.address_of(netflow)
    receiver = None if syslog is None else options.syslog_destination(syslog)
    out = Output(quiet=quiet)
    bundle = load_any_model(model, threads=options.n_threads(threads))
    rate = options.target_fpr(
        fpr, alerts_per_day, records_per_day, default=bundle.manifest.target_fpr
    )
    threshold = bundle.model.calibration.threshold(rate)
    tally = Tally()
    out.note("compiling what is needed")
    warm_up_scoring(bundle, threshold)
    if interface is not None:
        warm_up()
    delivery = Delivery(output, form, receiver, out.note)
    try:
        with until_stopped(seconds) as is_over, delivery:
            portions = _source(
                *(interface, follow, socket, address, is_over),
                is_promiscuous=promiscuous,
                ring_mib=ring_mib,
            )
            for alert in alerts(portions, bundle, threshold, tally, n_causes=causes):
                delivery.give(alert)
    except BaseException:
        if tally.n_units:
            _sum_up(tally, delivery, rate, out, as_json=json)
        raise
    _sum_up(tally, delivery, rate, out, as_json=json)
    if delivery.n_lost:
        raise typer.Exit(1)


def _sum_up(tally: Tally, delivery: Delivery, rate: float, out: Output, *, as_json: bool) -> None:
    """Say what was read, and what became of the alerts."""
    import msgspec

    if as_json:
        summary = {**delivery.to_json(), "target_fpr": rate, **tally.to_json()}
        sys.stderr.write(msgspec.json.encode(summary).decode() + "\n")
    else:
        out.note(f"{delivery.n_alerts:,} alerts on {tally}")
    delivery.warn()


def _source(
    interface: str | None,
    log: Path | None,
    socket: Path | None,
    address: tuple[str, int] | None,
    is_over: Callable[[], bool],
    *,
    is_promiscuous: bool,
    ring_mib: int,
) -> Iterator[Portion]:
    """The one that was given."""
    from oddflow.cli.watching import from_exporters, from_interface, from_log, from_socket

    if interface is not None:
        return from_interface(interface, is_over, is_promiscuous=is_promiscuous, n_blocks=ring_mib)
    if log is not None:
        return from_log(log, is_over)
    if socket is not None:
        return from_socket(socket, is_over)
    assert address is not None  # noqa: S101 - one of the four was given
    return from_exporters(*address, is_over)
