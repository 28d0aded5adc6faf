"""One recording, from an empty folder to a capture with its labels and its manifest."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from lab.accounts import in_house, write_accounts
from lab.addresses import NORMAL, plan_addresses
from lab.attacks.attack import Attack
from lab.capture import capturing
from lab.labels import write_labels
from lab.manifest import write_manifest
from lab.network import Network, lab_network
from lab.processes import run
from lab.scene import Scene, make_scene, write_belongings
from lab.schedule import Schedule, Size, make_schedule, roles_of
from lab.services import SERVERS, SERVICES
from lab.tools import require_tools

log = logging.getLogger("lab")
CHECKOUT = Path(__file__).parents[1]
READY_S = 20.0
"""All servers listen after so long, or the recording fails."""
LEAD_S = 4.0
"""Time for all actors to start before the first command."""
PATIENCE_S = 30.0
"""Actors that have not ended so long after the last moment of the schedule are ended."""


def record(folder: Path, seed: int, attacks: Sequence[Attack], size: Size) -> None:
    """Write `capture.pcap`, `labels.json`, `manifest.json` and the tools' logs to a new folder.

    Raises:
        RuntimeError: a tool is missing, a server does not start, or the machine does not let us
            (root is needed). The folder keeps what was written until then.
        FileExistsError: the folder holds a recording already.
    """
    require_tools()
    logs = folder.resolve() / "logs"
    logs.mkdir(parents=True)
    plan = plan_addresses(seed, roles_of(attacks, size))
    write_labels(plan, folder / "labels.json")
    with tempfile.TemporaryDirectory(prefix="oddflow-lab-") as belongings:
        Path(belongings).chmod(0o755)  # servers read it as users of their own
        scene = make_scene(seed, plan, Path(belongings))
        write_belongings(scene)
        schedule = make_schedule(scene, attacks, size)
        log.info("seed %d: %.0f s in %s", seed, schedule.lasts_s, plan.network)
        with lab_network(plan) as network:
            _serve(network, scene, attacks, logs)
            with capturing(network, folder / "capture.pcap", logs / "tcpdump.log") as capture:
                start_s = time.time() + LEAD_S
                actors = _play(network, scene, schedule, logs, start_s)
                _wait(actors, start_s + schedule.lasts_s + PATIENCE_S)
    log.info("seed %d: %d packets; counting", seed, capture.n_captured)
    write_manifest(folder, scene, schedule, capture, start_s)


def _serve(network: Network, scene: Scene, attacks: Sequence[Attack], logs: Path) -> None:
    """Start all servers, and wait until each of them listens."""
    servers = dict(SERVERS)
    for attack in attacks:
        servers.update({helper: service for helper, service in attack.helpers.items() if service})
    for name, service in servers.items():
        folder = scene.folder / "servers" / name
        folder.mkdir(parents=True)
        write_accounts(scene, folder)
        argv = SERVICES[service].prepare(scene, folder, scene.address(name))
        network.start(name, in_house(folder, argv), log=logs / f"{name}.log")
    deadline_s = time.monotonic() + READY_S
    for name, service in servers.items():
        while not _listens(network, name, SERVICES[service].port):
            if time.monotonic() > deadline_s:
                said = (logs / f"{name}.log").read_text()[-500:]
                raise RuntimeError(f"{name}: expected it to listen by now, received {said!r}")
            time.sleep(0.1)


def _listens(network: Network, name: str, port: int) -> bool:
    """True if something in the namespace listens at a port; nothing is sent."""
    return f":{port} " in run([*network.inside(name), "ss", "-Hltun"])


def _play(
    network: Network, scene: Scene, schedule: Schedule, logs: Path, start_s: float
) -> list[subprocess.Popen[bytes]]:
    """Have each script run inside its actor's namespace, from a moment on."""
    environment = {"PYTHONPATH": str(CHECKOUT), "HOME": str(scene.folder)}
    actors = []
    for name, script in schedule.scripts.items():
        path = scene.folder / f"{name}.json"
        script.save(path)
        argv = (sys.executable, "-m", "lab.actor", str(path), str(logs / f"{name}.json"))
        is_attack = scene.plan.roles[name].kind != NORMAL
        output = logs / f"{name}.log" if is_attack else Path(os.devnull)
        command = (*argv, f"{start_s:.3f}")
        actors.append(
            network.start(name, command, log=output, environment=environment, folder=scene.folder)
        )
    return actors


def _wait(actors: Sequence[subprocess.Popen[bytes]], end_s: float) -> None:
    """Until all have ended or time is over; what is left is ended with its namespace."""
    while any(actor.poll() is None for actor in actors) and time.time() < end_s:
        time.sleep(0.2)
