"""Captures made to break readers, and mutations of them: nothing raises, all is counted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from oddflow.core.connection import Connections
from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import FeatureSchema
from oddflow.features.kdd import kdd_features
from oddflow.features.kdd_windows import Windows
from oddflow.ingest import fields
from oddflow.ingest.pcap import DECODED, Captured, FlowSettings, read_pcap
from tests.ingest import hostile, originals
from tests.ingest.subjects import captures_check, warm_up
from tests.ingest.workers import Limits

N_MUTATIONS = 2000
"""The first ones of `python -m tests.ingest.fuzz`."""
SETTINGS = FlowSettings(capacity=512)


@pytest.mark.data
def test_no_capture_of_test_suites_breaks_the_reader(corpora: Path, tmp_path: Path) -> None:
    warm_up(tmp_path)
    path, n_captures = tmp_path / "capture", 0
    for name, content in originals.captures(corpora):
        path.write_bytes(content)
        start_s = time.process_time()
        assert hostile.check_capture(originals.unpacked(content), path, SETTINGS), name
        assert time.process_time() - start_s < Limits().seconds, name
        n_captures += 1
    assert n_captures == originals.N_CAPTURES


@pytest.mark.data
def test_no_mutation_of_them_does(corpora: Path, tmp_path: Path) -> None:
    captures = [content for _, content in originals.captures(corpora)]
    check = captures_check(captures, 0, tmp_path)
    outcomes = Counter(check(number) for number in range(N_MUTATIONS))
    assert outcomes["refused"] < N_MUTATIONS / 5


def loses_a_packet(path: Path, settings: FlowSettings) -> Iterator[Captured]:
    for captured in read_pcap(path, settings):
        packets = {why: max(0, n - 1) for why, n in captured.packets.items()}
        yield replace(captured, packets=packets)


def invents_a_packet(path: Path, settings: FlowSettings) -> Iterator[Captured]:
    yield from read_pcap(path, settings)
    yield Captured(next(read_pcap(path, settings)).connections, {DECODED: 1}, 0)


def raises(path: Path, settings: FlowSettings) -> Iterator[Captured]:
    for captured in read_pcap(path, settings):
        captured.packets["no packet like this"]
        yield captured


def refuses(path: Path, settings: FlowSettings) -> Iterator[Captured]:
    yield from read_pcap(path, settings)
    raise MalformedInput(path, "expected another one")


def counts_bytes_below_zero(path: Path, settings: FlowSettings) -> Iterator[Captured]:
    for captured in read_pcap(path, settings):
        captured.connections.counts["orig_bytes"][:] = -7
        yield captured


def forgets_connections(path: Path, settings: FlowSettings) -> Iterator[Captured]:
    for captured in read_pcap(path, settings):
        yield replace(captured, connections=captured.connections.take(slice(0, 0)))


@pytest.mark.parametrize(
    "broken",
    [
        loses_a_packet,
        invents_a_packet,
        raises,
        refuses,
        counts_bytes_below_zero,
        forgets_connections,
    ],
)
@pytest.mark.parametrize("number", [0, 1])
def test_broken_readers_are_noticed(
    broken: hostile.CaptureReader, number: int, tmp_path: Path
) -> None:
    path, content = tmp_path / "capture", originals.plain_captures()[number]
    path.write_bytes(content)
    assert hostile.check_capture(content, path, SETTINGS)
    with pytest.raises((AssertionError, KeyError, InputError)):
        hostile.check_capture(content, path, SETTINGS, read=broken)


def test_a_reader_that_takes_anything_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(originals.plain_captures()[0])
    with pytest.raises(AssertionError, match="what is no capture was read"):
        hostile.check_capture(b"GIF89a", path, SETTINGS)


def looks_behind(data: fields.Data, start: int, end: int, link: int, packet: fields.Data) -> int:
    packet[fields.Field.SRC_PORT] = int(data[end]) + link + start
    return fields.Reason.DECODED


def looks_before(data: fields.Data, start: int, end: int, link: int, packet: fields.Data) -> int:
    packet[fields.Field.SRC_PORT] = int(data[start - 1]) + link + end
    return fields.Reason.DECODED


@pytest.mark.parametrize("broken", [looks_behind, looks_before])
def test_decoders_that_look_beyond_a_frame_are_noticed(
    broken: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "capture"
    path.write_bytes(originals.plain_captures()[1])
    hostile.check_frames_alone(path)
    monkeypatch.setattr(hostile, "decode", broken)
    with pytest.raises((AssertionError, IndexError)):
        hostile.check_frames_alone(path)


def test_features_that_are_none_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, content = tmp_path / "capture", originals.plain_captures()[0]
    path.write_bytes(content)
    for value in (-1.0, 2.0):  # the last is none of a rate
        monkeypatch.setattr(hostile, "kdd_features", _features_of(value))
        with pytest.raises(AssertionError):
            hostile.check_capture(content, path, SETTINGS)


def _features_of(value: float) -> Callable[..., FeatureMatrix]:
    def features(
        connections: Connections, windows: Windows, *, schema: FeatureSchema
    ) -> FeatureMatrix:
        made = kdd_features(connections, windows, schema=schema)
        return replace(made, numeric=np.full_like(made.numeric, value))

    return features
