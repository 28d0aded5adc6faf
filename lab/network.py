"""Namespaces, wires and a bridge for the time of one recording.

A namespace for each actor, a wire from each to a bridge that has a namespace of its own. The
machine's own network is never touched: no wire leads there and no namespace has a default route.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab.addresses import NORMAL, AddressPlan, mac_of
from lab.processes import end_all_inside, run, start

PREFIX = "oddflow-lab-"
"""Begins the names of all namespaces; the id of the recorder and the actor follow."""
NAMESPACES = Path("/run/netns")
HOST_NAME = ("unshare", "--uts", "sh", "-c", 'hostname "$1" && shift && exec "$@"', "sh")
"""Put before a name and a command, runs the command on a machine of that name."""
SWITCH, BRIDGE, WIRE = "switch", "br0", "eth0"

EVERY_HOST = (
    "net.ipv6.conf.all.disable_ipv6=1",
    "net.ipv6.conf.default.disable_ipv6=1",
)
EVERY_ACTOR = ("net.ipv4.icmp_ratelimit=0",)
"""Else a UDP scan waits a second for every answer."""
EVERY_BYSTANDER = ("net.ipv4.icmp_echo_ignore_broadcasts=0",)
"""Who is no part of an attack answers everybody's echo requests, as hosts did in smurf's days."""
OFFLOADS_OFF = ("tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off")
"""A wire carries packets of at most 1,514 bytes with right checksums, as a real one does."""


@dataclass(frozen=True, slots=True)
class Network:
    """The namespaces of a recording that is under way."""

    token: str
    plan: AddressPlan
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The bridge's and all actors', without the token."""
        return [SWITCH, *self.plan.hosts]

    @property
    def files(self) -> list[Path]:
        """What stands for each namespace in the file system while it exists."""
        return [NAMESPACES / self.namespace(name) for name in self.names]

    def namespace(self, name: str) -> str:
        """The full name of the namespace of an actor or of the bridge."""
        return f"{self.token}{name}"

    def inside(self, name: str) -> list[str]:
        """Put before a command, has it run in the namespace of an actor or of the bridge."""
        return ["ip", "netns", "exec", self.namespace(name)]

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        environment: dict[str, str] | None = None,
        folder: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program in a namespace, as `lab.processes.start` does; it ends with that.

        The machine has the actor's name there, and nothing is said of its own.
        """
        command = [*self.inside(name), *HOST_NAME, name.replace("_", "-"), *argv]
        process = start(command, log=log, environment=environment, folder=folder)
        self._started.append(process)
        return process

    def remove(self) -> None:
        """End all that runs in the namespaces, and remove them."""
        _remove(self.files)
        for process in self._started:
            process.wait()

    def routes(self, name: str) -> list[str]:
        """All routes of a namespace; one only: to its neighbours."""
        return run(["ip", "-n", self.namespace(name), "route"]).splitlines()


@contextmanager
def lab_network(plan: AddressPlan) -> Iterator[Network]:
    """Make the network; whatever happens, end what runs in it and remove it.

    Raises:
        RuntimeError: the machine does not let us (root and Linux network namespaces are needed).
    """
    if os.geteuid() != 0:
        raise RuntimeError(
            f"expected root, who may make network namespaces, received user {os.geteuid()}; "
            "run it as root"
        )
    remove_leftovers()
    network = Network(f"{PREFIX}{os.getpid()}-", plan)
    try:
        _create(network)
        yield network
    finally:
        with _undisturbed():
            network.remove()


def remove_leftovers() -> None:
    """Remove the namespaces of recorders that were killed and could not do so themselves."""
    left = []
    for file in NAMESPACES.glob(f"{PREFIX}*") if NAMESPACES.is_dir() else ():
        pid = file.name.removeprefix(PREFIX).split("-")[0]
        if not Path("/proc", pid).exists():
            left.append(file)
    _remove(left)


def _remove(files: list[Path]) -> None:
    present = [file for file in files if file.exists()]
    end_all_inside(present)
    for file in present:
        run(["ip", "netns", "del", file.name])


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C and TERM until the block is through."""
    signals = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _create(network: Network) -> None:
    for name in network.names:
        run(["ip", "netns", "add", network.namespace(name)])
    switch = network.namespace(SWITCH)
    _settings(network, SWITCH, EVERY_HOST)
    lines = [f"link add {BRIDGE} type bridge mcast_snooping 0", f"link set {BRIDGE} up"]
    for port, name in enumerate(network.plan.hosts):
        far_end = f"{WIRE} address {mac_of(network.plan.addresses[name])}"
        lines += [
            f"link add p{port} type veth peer name {far_end} netns {network.namespace(name)}",
            f"link set p{port} master {BRIDGE}",
            f"link set p{port} up",
        ]
    run(["ip", "-n", switch, "-batch", "-"], text="\n".join(lines))
    for name in network.plan.hosts:
        _furnish(network, name)


def _furnish(network: Network, name: str) -> None:
    """Give an actor its address; the only route that follows from it leads to its neighbours."""
    plan = network.plan
    lines = [
        "link set lo up",
        f"link set {WIRE} up",
        f"addr add {plan.addresses[name]}/{plan.network.prefixlen} brd + dev {WIRE}",
    ]
    lines += [f"neigh add {gone} lladdr {mac_of(gone)} dev {WIRE}" for gone in plan.gone]
    is_bystander = plan.roles[name].kind == NORMAL
    more = EVERY_BYSTANDER if is_bystander else ()
    _settings(network, name, (*EVERY_HOST, *EVERY_ACTOR, *more))
    run([*network.inside(name), "ethtool", "-K", WIRE, *OFFLOADS_OFF])
    run(["ip", "-n", network.namespace(name), "-batch", "-"], text="\n".join(lines))


def _settings(network: Network, name: str, settings: tuple[str, ...]) -> None:
    run([*network.inside(name), "sysctl", "-qw", *settings])
