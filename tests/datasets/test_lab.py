"""The recordings that come with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lab.attacks.catalog import ATTACKS

from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.kdd41 import KDD41
from oddflow.datasets import lab as module
from oddflow.datasets.lab import FAMILIES, RECORDINGS, load_lab, load_lab_times

MIN_NORMALS = 20_000
MIN_OF_EACH = 90


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_has_normals_of_many_services_and_enough_of_each_attack(name: str) -> None:
    corpus = load_lab(name)
    assert len(corpus) == RECORDINGS[name][1]
    assert corpus.features.schema.sha256 == KDD41.sha256
    normals = corpus.normals()
    assert len(normals) >= MIN_NORMALS
    services, counts = np.unique(normals.column("service"), return_counts=True)
    assert (counts >= 100).sum() >= 6, dict(zip(services, counts, strict=True))
    kinds, counts = np.unique(corpus.labels.attack, return_counts=True)
    assert len(kinds) > 20
    assert counts.min() >= MIN_OF_EACH
    assert set(corpus.labels.family) == {"normal", *FAMILIES}


def test_the_families_have_the_attacks_of_the_lab() -> None:
    assert sorted(kind for kinds in FAMILIES.values() for kind in kinds) == sorted(ATTACKS)
    found = set(load_lab("first").labels.attack) | set(load_lab("second").labels.attack)
    assert found == {"normal", *ATTACKS}


@pytest.mark.parametrize("name", RECORDINGS)
def test_times_are_those_of_the_same_connections(name: str) -> None:
    times = load_lab_times(name)
    assert len(times) == RECORDINGS[name][1]
    assert times.start_s.min() == 0
    assert 300 < times.known_s.max() < 900
    loaded = load_lab(name).times
    assert loaded is not None
    assert (loaded.known_s == times.known_s).all()


@pytest.mark.parametrize("name", RECORDINGS)
def test_connections_are_known_as_the_table_of_connections_gives_them_out(name: str) -> None:
    """In the order of the rows, after their end: UDP after a minute of silence, TCP 5 s after its
    end, ICMP messages at once."""
    corpus, times = load_lab(name), load_lab_times(name)
    assert (np.diff(times.known_s) >= 0).all()
    ended_s = module._table(name)["end_s"].to_numpy()
    whole_s = np.floor(ended_s - times.start_s + 1e-9)
    assert (whole_s == corpus.features.column("duration")).mean() > 0.9999
    waited_s = times.known_s - ended_s
    protocol, flag = (corpus.features.column(name) for name in ("protocol_type", "flag"))
    before_the_end = times.known_s < times.known_s.max() - 70
    assert np.median(waited_s[(protocol == "udp") & before_the_end]) == pytest.approx(60, abs=0.01)
    assert np.median(waited_s[np.isin(flag, ["REJ", "S0"])]) == pytest.approx(5, abs=0.01)
    assert waited_s[protocol == "icmp"].max() == 0
    assert waited_s[protocol == "udp"].max() < 62
    assert times.known_s.max() == ended_s.max()


@pytest.mark.parametrize("name", RECORDINGS)
def test_answers_to_the_ping_sweep_are_the_sweeps(name: str) -> None:
    """Every kind of attack has machines, and each of them answered an echo and a timestamp."""
    corpus = load_lab(name)
    protocol, service = (corpus.features.column(name) for name in ("protocol_type", "service"))
    assert corpus.times is not None
    sweep = corpus.labels.attack == "ping_sweep"
    assert not corpus.defects
    assert 540 < sweep.sum() < 550
    began_s, ended_s = corpus.times.start_s[sweep][[0, -1]]
    within = (began_s <= corpus.times.start_s) & (corpus.times.start_s <= ended_s)
    replies = (protocol == "icmp") & np.isin(service, ["ecr_i", "other"]) & within
    assert set(corpus.labels.attack[replies]) <= {"normal", "ping_sweep"}
    without_icmp = {
        kind for kind in ATTACKS if "icmp" not in set(protocol[corpus.labels.attack == kind])
    }
    assert {"sqlmap", "http_flood", "beacon", "mail_bomb"} <= without_icmp


@pytest.mark.parametrize("name", RECORDINGS)
def test_hosts_are_there_and_each_attack_has_some_of_its_own(name: str) -> None:
    corpus = load_lab(name)
    context, labels = corpus.features.context, corpus.labels
    assert context is not None
    assert (np.diff(np.unique([context.originator, context.responder])) == 1).all()
    assert context.originator[0] == 0, "numbers tell the order of appearance and nothing else"
    normal = ~labels.is_attack
    assert 20 < len(np.unique(context.originator[normal])) < 40, "clients and servers"
    for kind in set(labels.attack) - {"normal", "ping_sweep"}:
        ends = np.stack([context.originator, context.responder])[:, labels.attack == kind]
        own = np.setdiff1d(ends, np.stack([context.originator, context.responder])[:, normal])
        assert len(own), f"{kind}: an attack is a connection of an address of its own"


def test_no_recording_of_another_name_is_invented() -> None:
    with pytest.raises(InputError, match="first or second"):
        load_lab("third")


def test_an_altered_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "first.parquet").write_bytes(b"PAR1 another file")
    monkeypatch.setattr(module, "files", lambda _package: tmp_path)
    with pytest.raises(MalformedInput, match="install it again"):
        load_lab("first")
