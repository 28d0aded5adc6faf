"""`oddflow watch --netflow`: datagrams of exporters give the alerts that a file of them gives."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import Run, refused
from tests.cli.watched import calm_model, meanwhile
from tests.ingest import exports
from tests.ingest.exports import DST_PORT, FIRST, FLAGS, OCTETS, PACKETS, SRC_PORT

LOOPBACK = "127.0.0.1"
PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, small_settings: Path) -> Callable[[Run], Path]:
    folder = tmp_path_factory.mktemp("netflow")
    return lambda run: calm_model(run, folder, small_settings)


def flows(n: int) -> list[dict[int, int]]:
    """Some short ones, and some that send much to an odd port."""
    return [
        {
            SRC_PORT: 30_000 + i,
            DST_PORT: 31_337 if i % 5 == 4 else 80,
            FLAGS: 0x02 if i % 5 == 4 else 0x1B,
            PACKETS: 10,
            OCTETS: 1000 + i,
            FIRST: exports.UPTIME_MS - 3000,
        }
        for i in range(n)
    ]


MESSAGES = {
    "v5": [exports.v5(flows(20)[at : at + 4]) for at in range(0, 20, 4)],
    "v9": [exports.v9_flows(flows(20)[at : at + 4]) for at in range(0, 20, 4)],
    "ipfix": [exports.ipfix_flows(flows(20)[at : at + 4]) for at in range(0, 20, 4)],
}


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((LOOPBACK, 0))
        return int(free.getsockname()[1])


def is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as visitor:
        try:
            visitor.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def sending(port: int, sent: list[bytes]) -> Callable[[], None]:
    """Sends datagrams as soon as somebody has bound the port."""

    def send() -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not is_taken(port) and time.monotonic() < end_s:
            time.sleep(0.05)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter:
            for message in sent:
                exporter.sendto(message, (LOOPBACK, port))
                time.sleep(0.01)

    return send


@pytest.mark.parametrize("version", sorted(MESSAGES))
def test_datagrams_give_the_alerts_of_a_file(
    run: Run, model: Callable[[Run], Path], tmp_path: Path, version: str
) -> None:
    path, port = tmp_path / "flows", free_port()
    path.write_bytes(b"".join(MESSAGES[version]))
    how = ("--fpr", 0.2)
    expected = run("detect", model(run), path, "-q", *how).lines()
    assert expected
    with meanwhile(sending(port, MESSAGES[version])):
        ran = run(
            *("watch", model(run), "--netflow", f"{LOOPBACK}:{port}", *how),
            *("--seconds", 2, "--json"),
        )
    summary = json.loads(ran.err.strip().splitlines()[-1])
    assert summary["n_connections"] == 20
    assert summary["skipped"] == {}
    assert ran.lines() == expected


def test_what_is_no_flow_is_counted(run: Run, model: Callable[[Run], Path]) -> None:
    port = free_port()
    data = exports.a_set(256, exports.record(exports.IPFIX_FIELDS, {}))
    come = [b"nothing", exports.ipfix([data]), *MESSAGES["ipfix"]]
    with meanwhile(sending(port, come)):
        ran = run(
            *("watch", model(run), "--netflow", f"{LOOPBACK}:{port}"),
            *("--seconds", 2, "--json"),
        )
    summary = json.loads(ran.err.strip().splitlines()[-1])
    assert summary["n_connections"] == 20
    assert summary["skipped"] == {"no NetFlow": 1, "no template yet": 1}


def test_without_the_extra_it_is_said_at_once(
    run: Run, model: Callable[[Run], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = model(run)
    monkeypatch.setitem(sys.modules, "netflume.parse", None)
    ran = run("watch", trained, "--netflow", f"{LOOPBACK}:{free_port()}", "-q", "--seconds", 9)
    refused(ran, "pip install 'oddflow[netflow]'", code=4)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("2055", "expected HOST:PORT"),
        ("::1:2055", "expected HOST:PORT"),
        ("127.0.0.1:flow", "expected HOST:PORT"),
        ("127.0.0.1:70000", "expected HOST:PORT"),
        ("192.0.2.1:2055", "expected a free port of this machine"),
    ],
)
def test_what_is_no_address_of_ours_is_refused(
    run: Run, model: Callable[[Run], Path], place: str, said: str
) -> None:
    refused(run("watch", model(run), "--netflow", place, "-q", "--seconds", 1), said)
