"""A tiny recording with real tools: it is labelled, goes nowhere, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab.addresses import NORMAL, Role, plan_addresses
from lab.labels import read_labels
from lab.network import NAMESPACES, PREFIX, Network, lab_network, remove_leftovers
from lab.pcap import ends_of, read_packets
from lab.processes import processes_inside, run
from lab.record import record
from lab.tools import missing_packages

from tests.lab.running import is_running
from tests.lab.scenes import TINY, short

ROLES = [Role("web1"), Role("client00"), Role("gone", has_host=False)]
CHECKOUT = Path(__file__).parents[2]
PATIENCE_S = 20.0


def why_not() -> str:
    """Why namespaces cannot be made here, or nothing."""
    if os.geteuid() != 0:
        return "the lab needs root, to make network namespaces"
    try:
        run(["unshare", "--net", "true"])
        run(["ip", "-V"])
    except RuntimeError as error:
        return f"this machine makes no network namespaces: {error}"
    return ""


REASON = why_not()
needs_namespaces = pytest.mark.skipif(bool(REASON), reason=REASON or "it can run")
needs_tools = pytest.mark.skipif(
    bool(missing_packages()), reason=f"not installed: {', '.join(missing_packages())}"
)


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder for temporary ones, which the users of the servers can enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def left_by(pid: int) -> list[Path]:
    """Namespaces of a recorder."""
    return list(NAMESPACES.glob(f"{PREFIX}{pid}-*"))


def wait_for(is_so: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s, f"{what}: not within {PATIENCE_S} s"
        time.sleep(0.05)


def check_stays_inside(network: Network, name: str) -> None:
    """Assert that a namespace has one route, to its neighbours, and no wire but its own."""
    routes = network.routes(name)
    assert [route.split()[0] for route in routes] == [str(network.plan.network)], routes
    with pytest.raises(RuntimeError, match="unreachable"):
        run([*network.inside(name), "ip", "route", "get", "192.0.2.1"])
    wires = run([*network.inside(name), "ip", "-o", "link"]).splitlines()
    assert [re.split(r"[:@ ]+", line)[1] for line in wires] == ["lo", "eth0"]


@needs_namespaces
def test_actors_reach_each_other_and_nobody_else() -> None:
    own_wires = run(["ip", "-o", "link"])
    plan = plan_addresses(3, ROLES)
    with lab_network(plan) as network:
        for name in plan.hosts:
            check_stays_inside(network, name)
        assert network.routes("switch") == []
        assert run(["ip", "-o", "link"]) == own_wires
        ping = ("ping", "-c", "1", "-W", "2", plan.addresses["web1"])
        assert " 0% packet loss" in run([*network.inside("client00"), *ping])
        with pytest.raises(RuntimeError, match="expected success"):
            run([*network.inside("client00"), "ping", "-c", "1", "-W", "1", plan.gone[0]])
    assert left_by(os.getpid()) == []


@needs_namespaces
def test_an_actor_bears_its_own_name_and_the_machine_keeps_its_own(tmp_path: Path) -> None:
    before = run(["hostname"])
    with lab_network(plan_addresses(3, ROLES)) as network:
        network.start("web1", ["hostname"], log=tmp_path / "log").wait(PATIENCE_S)
    assert (tmp_path / "log").read_text().strip() == "web1" != before.strip()
    assert run(["hostname"]) == before


@needs_namespaces
def test_a_way_out_would_be_noticed() -> None:
    plan = plan_addresses(3, ROLES)
    with lab_network(plan) as network:
        at = ["ip", "-n", network.namespace("client00")]
        run([*at, "route", "add", "default", "via", plan.addresses["web1"]])
        with pytest.raises(AssertionError, match="default via"):
            check_stays_inside(network, "client00")
        run([*at, "route", "del", "default"])
        run([*at, "link", "add", "eth1", "type", "veth", "peer", "name", "eth2"])
        with pytest.raises(AssertionError, match="eth1"):
            check_stays_inside(network, "client00")


@needs_namespaces
def test_what_fails_inside_leaves_nothing(tmp_path: Path) -> None:
    sleepers = []

    def fail() -> None:
        with lab_network(plan_addresses(3, ROLES)) as network:
            sleepers.append(network.start("web1", ["sleep", "600"], log=tmp_path / "log"))
            wait_for(lambda: sleepers[0].pid in processes_inside(network.files), "a sleeper")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert sleepers[0].returncode == -signal.SIGKILL
    assert left_by(os.getpid()) == []


@pytest.fixture
def heeded() -> Iterator[None]:
    """SIGINT is not ignored by what is started, as it is by what a shell starts with `&`."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@needs_namespaces
@needs_tools
@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_recorder_leaves_nothing(
    tmp_path: Path, readable: Path, by: signal.Signals
) -> None:
    argv = [sys.executable, "-m", "lab", str(tmp_path), "--seeds", "7", "--connections", "200"]
    recorder = subprocess.Popen(
        [*argv, "--attacks", "nmap_syn"],
        cwd=CHECKOUT,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(readable)},
    )
    try:
        wait_for(lambda: _plays(tmp_path), "the attacker starts")
        started = processes_inside(left_by(recorder.pid))
        assert len(started) > 10, "servers, clients and the attacker"
    finally:
        recorder.send_signal(by)
        recorder.wait(PATIENCE_S)
    if by == signal.SIGKILL:
        assert left_by(recorder.pid), "nobody could have removed them"
        remove_leftovers()
    assert left_by(recorder.pid) == []
    assert not any(is_running(pid) for pid in started)


def _plays(folder: Path) -> bool:
    """True when the attacker's process has been started."""
    return (folder / "rec1" / "logs" / "nmap_syn.log").exists()


@pytest.mark.slow
@needs_namespaces
@needs_tools
def test_a_tiny_recording_is_labelled_by_address(tmp_path: Path) -> None:
    record(tmp_path / "tiny", 3, [short("nmap_syn", 5.0), short("land", 3.0)], TINY)
    assert left_by(os.getpid()) == []
    manifest = json.loads((tmp_path / "tiny" / "manifest.json").read_text())
    kinds = manifest["kinds"]
    assert kinds[NORMAL]["n_connections"] >= 35
    assert kinds["nmap_syn"]["n_connections"] >= 100
    assert kinds["land"]["n_packets"] >= 50
    assert manifest["n_dropped"] == 0
    assert sum(kind["n_packets"] for kind in kinds.values()) == manifest["n_packets"]
    labels = read_labels(tmp_path / "tiny" / "labels.json")
    found = set()
    for packet in read_packets(tmp_path / "tiny" / "capture.pcap"):
        ends = ends_of(packet.frame)
        if ends is not None:
            n_bytes = int.from_bytes(packet.frame[16:18], "big")
            assert len(packet.frame) >= 14 + n_bytes, "a packet that is not whole"
            found.add(labels.of(ends.source, ends.target))
            assert ends.source in labels.kinds, f"nobody has {ends.source}"
            assert ends.target in labels.kinds, f"nobody has {ends.target}"
    assert found == {NORMAL, "nmap_syn", "land"}
