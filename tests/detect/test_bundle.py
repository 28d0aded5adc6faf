import contextlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oddflow.core.errors import ArtifactError, InputError
from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.bundle import Bundle, load_model, save_model
from oddflow.detect.manifest import FORMAT, PARTS, Manifest, part_of

CHECKED = [name for name in PARTS if name != "model.keras"]
"""Parts that loading reads; the network is read only to train on or to compare with."""


@pytest.fixture
def copy(small_model_dir: Path, tmp_path: Path) -> Path:
    """A model directory to spoil."""
    return Path(shutil.copytree(small_model_dir, tmp_path / "model"))


def reseal(folder: Path, **contents: bytes) -> None:
    """Replace parts (dots in names as __) and make the manifest agree, as an attacker would."""
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
    parts = dict(manifest.parts)
    for key, data in contents.items():
        name = key.replace("__", ".")
        (folder / name).write_bytes(data)
        parts[name] = part_of(data)
    sealed = msgspec.structs.replace(manifest, parts=parts).sealed()
    (folder / "manifest.json").write_bytes(sealed.to_bytes())


def test_a_model_comes_back_to_the_last_bit(
    small_detector: LSTMAutoencoderDetector, small_bundle: Bundle, toy: LabelledMatrix
) -> None:
    model = small_bundle.model
    assert (model.score_samples(toy.features) == small_detector.score_samples(toy.features)).all()
    assert (model.p_values(toy.features) == small_detector.p_values(toy.features)).all()
    threshold = model.calibration.threshold(small_detector.target_fpr)
    assert threshold == small_detector.operating_point_
    some = toy.features.take(toy.labels.is_attack).take(slice(0, 20))
    ours = small_detector.explain(some)
    assert model.explain(some, np.arange(20), threshold) == ours


def test_the_manifest_says_where_the_model_came_from(
    small_bundle: Bundle, toy: LabelledMatrix
) -> None:
    manifest = small_bundle.manifest
    assert manifest.format == FORMAT
    assert manifest.training.source == "toy traffic"
    assert manifest.training.fingerprint == toy.normals().fingerprint()
    assert manifest.training.n_records == len(toy.normals())
    assert manifest.training.settings["encoder_widths"] == [12, 5]
    assert manifest.metrics["auroc"] == 0.5
    assert set(manifest.parts) == set(PARTS)
    assert {"keras", "jax", "onnxruntime", "python"} <= set(manifest.libraries)


SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "altered": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "cut": lambda data: data[: len(data) // 2],
    "larger": lambda data: data + b" ",
}


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_part_is_refused_by_name(copy: Path, name: str, how: str) -> None:
    (copy / name).write_bytes(SPOILT[how]((copy / name).read_bytes()))
    with pytest.raises(ArtifactError, match=rf"{name.replace('.', '[.]')} (was|is) {how}"):
        load_model(copy)


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_network_is_refused_when_it_is_read(copy: Path, how: str) -> None:
    (copy / "model.keras").write_bytes(SPOILT[how]((copy / "model.keras").read_bytes()))
    with pytest.raises(ArtifactError, match=r"model[.]keras"):
        load_model(copy).keras_bytes()


@pytest.mark.parametrize("name", [*CHECKED, "manifest.json"])
def test_a_missing_part_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ArtifactError, match=f"{name} cannot be read"):
        load_model(copy)


def test_a_newer_format_is_refused(copy: Path) -> None:
    facts = json.loads((copy / "manifest.json").read_bytes())
    (copy / "manifest.json").write_text(json.dumps({**facts, "format": FORMAT + 1}))
    with pytest.raises(ArtifactError, match=f"format {FORMAT + 1}, this oddflow reads up to"):
        load_model(copy)


def test_an_altered_manifest_is_refused(copy: Path) -> None:
    facts = json.loads((copy / "manifest.json").read_bytes())
    facts["target_fpr"] = 0.5
    (copy / "manifest.json").write_text(json.dumps(facts))
    with pytest.raises(ArtifactError, match=r"manifest\.json: altered"):
        load_model(copy)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format": "1"}',
        b'{"format": 1}',
        b"[" * 100_000,
        b'{"format": 1e999}',
        b"\xff\xfe",
        b'{"format": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_manifest_is_refused(copy: Path, content: bytes) -> None:
    (copy / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        load_model(copy)


def hostile_arrays(copy: Path, **replaced: np.ndarray) -> bytes:
    arrays = safetensors.numpy.load((copy / "arrays.safetensors").read_bytes())
    return bytes(safetensors.numpy.save({**arrays, **replaced}))


@pytest.mark.parametrize(
    "replaced",
    [
        {"calibration": np.array([np.nan])},
        {"calibration": np.empty(0)},
        {"calibration": np.zeros((2, 2))},
        {"explain_mean": np.zeros(3, np.float32)},
        {"explain_precision": np.zeros((3, 3), np.float32)},
        {"explain_reference": np.zeros((5, 2), np.float32)},
        {"explain_reference": np.zeros((0, 53), np.float32)},
    ],
    ids=str,
)
def test_consistent_but_hostile_arrays_are_refused(
    copy: Path, replaced: dict[str, np.ndarray]
) -> None:
    reseal(copy, arrays__safetensors=hostile_arrays(copy, **replaced))
    with pytest.raises(ArtifactError):
        load_model(copy)


def hostile_encoders(data: bytes) -> dict[str, bytes]:
    def changed(**code: object) -> bytes:
        facts = json.loads(data)
        facts["codes"][0].update(code)
        return json.dumps(facts).encode()

    whole = json.loads(data)
    return {
        "empty": b"{}",
        "list": b"[]",
        "not json": b"{",
        "deep": b"[" * 100_000,
        "no codes": json.dumps({**whole, "codes": []}).encode(),
        "a code missing": json.dumps({**whole, "codes": whole["codes"][1:]}).encode(),
        "a code twice": json.dumps({**whole, "codes": whole["codes"] * 2}).encode(),
        "unknown feature": changed(name="shoe_size"),
        "scale 0": changed(scale=0),
        "scale negative": changed(scale=-1),
        "scale of text": changed(scale="wide"),
        "mean of text": changed(mean=[]),
        "infinite": data.replace(b'"scale":', b'"scale":1e999,"was":', 1),
        "number as category": changed(levels=["a"]),
        "null": b"null",
    }


@pytest.mark.parametrize("kind", hostile_encoders(b'{"codes":[{}]}'))
def test_consistent_but_hostile_encoders_are_refused(copy: Path, kind: str) -> None:
    hostile = hostile_encoders((copy / "encoder.json").read_bytes())[kind]
    reseal(copy, encoder__json=hostile)
    with pytest.raises(ArtifactError):
        load_model(copy)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["encoder.json", "scorer.onnx", "arrays.safetensors"]),
    st.integers(0, 1 << 20),
    st.binary(min_size=1, max_size=12),
)
def test_mutated_parts_under_a_right_hash_load_or_are_refused(
    small_model_dir: Path, tmp_path: Path, name: str, position: int, patch: bytes
) -> None:
    folder = tmp_path / "mutated"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(small_model_dir, folder)
    data = (folder / name).read_bytes()
    position %= len(data)
    reseal(
        folder,
        **{name.replace(".", "__"): data[:position] + patch + data[position + len(patch) :]},
    )
    with contextlib.suppress(ArtifactError):
        load_model(folder)


def save(bundle: Bundle, path: Path, *, overwrite: bool = False) -> None:
    save_model(
        path,
        bundle.manifest,
        bundle.model,
        scorer=bundle.scorer_bytes(),
        keras=b"k",
        card="card",
        overwrite=overwrite,
    )


def test_nothing_is_replaced_unless_asked_and_nothing_foreign_ever(
    small_bundle: Bundle, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "model"
    save(small_bundle, path)
    with pytest.raises(InputError, match="exists"):
        save(small_bundle, path)
    save(small_bundle, path, overwrite=True)
    load_model(path)
    foreign = tmp_path / "photos"
    foreign.mkdir()
    (foreign / "cat.jpg").write_bytes(b"meow")
    for overwrite in (False, True):
        with pytest.raises(InputError, match="not an oddflow model"):
            save(small_bundle, foreign, overwrite=overwrite)
    assert (foreign / "cat.jpg").read_bytes() == b"meow"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new", "photos"]
    assert [p.name for p in path.parent.iterdir()] == ["model"]


def test_a_failing_write_leaves_nothing_and_keeps_the_old(
    small_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model"
    save(small_bundle, path)
    before = (path / "manifest.json").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(small_bundle, path, overwrite=True)
    assert (path / "manifest.json").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
