"""Detectors of sequences as model directories: the same scores after loading, or a refusal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from oddflow.core.errors import ArtifactError, InputError, NotFittedError
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.bundle import load_model
from oddflow.detect.sequence import MemoryKind, SequenceDetector
from oddflow.detect.sequence_artifact import save_sequence_detector
from oddflow.detect.sequence_bundle import load_sequence_model
from oddflow.detect.sequence_reasons import INTERVAL
from tests.detect.alternating import hosts_in_turn
from tests.detect.test_bundle import reseal

SMALL: dict[str, Any] = {
    "length": 4,
    "encoder_widths": (5, 2),
    "decoder_widths": (5,),
    "epochs": 1,
    "target_fpr": 0.05,
}
Arrays = dict[str, Any]


@pytest.fixture(scope="module")
def records() -> FeatureMatrix:
    return hosts_in_turn(600)[0]


@pytest.fixture(scope="module")
def detectors(records: FeatureMatrix) -> dict[MemoryKind, SequenceDetector]:
    kinds = (MemoryKind.WINDOW, MemoryKind.STATE)
    return {kind: SequenceDetector(memory=kind, **SMALL).fit(records) for kind in kinds}


@pytest.fixture(scope="module")
def folders(
    detectors: dict[MemoryKind, SequenceDetector], tmp_path_factory: pytest.TempPathFactory
) -> dict[MemoryKind, Path]:
    root = tmp_path_factory.mktemp("sequences")
    for kind, detector in detectors.items():
        save_sequence_detector(detector, root / kind, source="hosts in turn")
    return {kind: root / kind for kind in detectors}


KINDS = (MemoryKind.WINDOW, MemoryKind.STATE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_model_scores_the_same_bits(
    kind: MemoryKind,
    detectors: dict[MemoryKind, SequenceDetector],
    folders: dict[MemoryKind, Path],
    records: FeatureMatrix,
) -> None:
    expected = detectors[kind].score_samples(records)
    for threads in (1, 2):
        bundle = load_sequence_model(folders[kind], threads=threads)
        assert (bundle.model.score_samples(records) == expected).all()
    assert bundle.manifest.steps == "hosts"
    assert bundle.manifest.training.n_records == len(records)
    assert "hosts in turn" in (folders[kind] / "MODEL_CARD.md").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_on_blocks_are_those_on_all_at_once(
    kind: MemoryKind, folders: dict[MemoryKind, Path], records: FeatureMatrix
) -> None:
    model = load_sequence_model(folders[kind]).model
    threshold = model.calibration.threshold(0.05)
    whole = list(model.start().detect(records, threshold))
    stream, found = model.start(), []
    for start in range(0, len(records), 70):
        block = records.take(slice(start, start + 70))
        found += [(start + v.row, v.score, v) for v in stream.detect(block, threshold)]
    assert [one[:2] for one in found] == [(v.row, v.score) for v in whole]
    for (_, _, block_verdict), verdict in zip(found, whole, strict=True):
        pairs = zip(block_verdict.explanation.causes, verdict.explanation.causes, strict=True)
        for first, second in pairs:
            assert first.feature == second.feature
            assert first.share == pytest.approx(second.share, abs=1e-6)
    scores = model.score_samples(records)
    assert [v.row for v in whole] == np.flatnonzero(scores > threshold.value).tolist()
    for verdict in whole:
        shares = [cause.share for cause in verdict.explanation.causes]
        assert shares == sorted(shares, reverse=True)
        assert 0 < sum(shares) < 1.0001
    assert not list(model.start().detect(records.take(slice(0, 0)), threshold))


def test_what_is_odd_leads_the_causes(
    folders: dict[MemoryKind, Path], records: FeatureMatrix
) -> None:
    model = load_sequence_model(folders[MemoryKind.STATE]).model
    threshold = model.calibration.threshold(0.05)
    numeric = records.numeric.copy()
    numeric[300, 2] = 40.0
    spoilt = FeatureMatrix(records.schema, numeric, records.categorical, records.context)
    (verdict,) = [v for v in model.start().detect(spoilt, threshold) if v.row == 300]
    cause = verdict.explanation.causes[0]
    assert (cause.feature, cause.observed) == (records.schema.names[2], 40.0)
    assert cause.share > 0.9
    assert records.context is not None
    late = records.context.start_s + np.where(np.arange(len(records)) >= 300, 1e7, 0)
    waited = FeatureMatrix(
        records.schema,
        records.numeric,
        records.categorical,
        type(records.context)(records.context.originator, records.context.responder, late),
    )
    causes = [v.explanation.causes[0] for v in model.start().detect(waited, threshold)]
    (own,) = {cause.observed for cause in causes if cause.feature == INTERVAL and cause.share > 0.9}
    assert own == pytest.approx(1e7, rel=1e-4)


@pytest.mark.parametrize("part", ["scorer.onnx", "encoder.json", "arrays.safetensors"])
def test_a_damaged_part_is_named(
    part: str, folders: dict[MemoryKind, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(folders[MemoryKind.STATE], tmp_path / "model"))
    data = bytearray((folder / part).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / part).write_bytes(data)
    with pytest.raises(ArtifactError, match=f"{part} was altered"):
        load_sequence_model(folder)
    (folder / part).write_bytes(data[:-3])
    with pytest.raises(ArtifactError, match=f"{part} is cut"):
        load_sequence_model(folder)


def _drop(arrays: Arrays) -> None:
    del arrays["interval"]


def _no_scale(arrays: Arrays) -> None:
    arrays["interval"] = np.array([0.0, 0.0])


def _not_finite(arrays: Arrays) -> None:
    arrays["now_whitening"] = arrays["now_whitening"] * np.float32("nan")


def _other_width(arrays: Arrays) -> None:
    for end in ("now", "history"):
        arrays[f"{end}_mean"] = arrays[f"{end}_mean"][:-1]
        arrays[f"{end}_whitening"] = arrays[f"{end}_whitening"][:-1, :-1].copy()


def _three_numbers(arrays: Arrays) -> None:
    arrays["interval"] = np.zeros(3)


@pytest.mark.parametrize("change", [_drop, _no_scale, _not_finite, _other_width, _three_numbers])
def test_arrays_that_fit_nothing_are_refused_though_every_hash_is_right(
    change: Callable[[Arrays], None], folders: dict[MemoryKind, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(folders[MemoryKind.STATE], tmp_path / "model"))
    arrays = safetensors.numpy.load((folder / "arrays.safetensors").read_bytes())
    change(arrays)
    reseal(folder, arrays__safetensors=safetensors.numpy.save(arrays))
    with pytest.raises(ArtifactError):
        load_sequence_model(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [("length", 0), ("length", 10**9), ("length", "4"), ("memory", "means"), ("memory", "window")],
)
def test_settings_that_fit_nothing_are_refused(
    name: str, value: object, folders: dict[MemoryKind, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(folders[MemoryKind.STATE], tmp_path / "model"))
    facts = json.loads((folder / "manifest.json").read_bytes())
    facts["training"]["settings"][name] = value
    (folder / "manifest.json").write_text(json.dumps(facts))
    reseal(folder)
    with pytest.raises(ArtifactError):
        load_sequence_model(folder)


def test_graphs_of_the_other_memory_are_refused(
    folders: dict[MemoryKind, Path], tmp_path: Path
) -> None:
    for kind, other in (KINDS, KINDS[::-1]):
        folder = Path(shutil.copytree(folders[kind], tmp_path / kind))
        reseal(folder, scorer__onnx=(folders[other] / "scorer.onnx").read_bytes())
        with pytest.raises(ArtifactError, match=r"scorer|graph"):
            load_sequence_model(folder)


def test_each_kind_of_model_is_told_from_the_other(
    folders: dict[MemoryKind, Path], detectors: dict[MemoryKind, SequenceDetector], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="expected a model of single records"):
        load_model(folders[MemoryKind.STATE])
    with pytest.raises(InputError, match="--overwrite"):
        save_sequence_detector(
            detectors[MemoryKind.STATE], folders[MemoryKind.STATE], source="again"
        )
    with pytest.raises(NotFittedError):
        save_sequence_detector(SequenceDetector(), tmp_path / "model", source="nothing")
