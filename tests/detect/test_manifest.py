"""The manifest is readable, complete, and shows every change."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddflow.core.errors import ArtifactError
from oddflow.detect.manifest import FORMAT, PARTS, Manifest, Training, part_of

MANIFEST = Manifest(
    format=FORMAT,
    oddflow="0.1.0",
    detector="lstm_autoencoder",
    created="2026-01-01T00:00:00+00:00",
    profile="kdd41",
    schema_sha256="0" * 64,
    steps="groups",
    target_fpr=0.05,
    training=Training(
        source="toy",
        n_records=3,
        fingerprint="1" * 64,
        seed=0,
        settings={"epochs": 3, "encoder_widths": [4, 2]},
        n_epochs=3,
        best_epoch=2,
        seconds=0.5,
    ),
    libraries={"numpy": "2.0"},
    metrics={"auroc": 0.5},
    classes=("normal", "neptune"),
    parts={name: part_of(name.encode()) for name in PARTS},
).sealed()


def facts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(MANIFEST.to_bytes())
    return found


def test_it_comes_back_as_it_was() -> None:
    assert Manifest.from_bytes(MANIFEST.to_bytes()) == MANIFEST
    assert MANIFEST.to_bytes().startswith(b'{\n  "format": 3,')


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "1"),
        ("format", None),
        ("format", 1.5),
        ("target_fpr", "0.05"),
        ("training", []),
        ("parts", []),
        ("parts", {"scorer.onnx": {"sha256": 1, "bytes": 1}}),
        ("parts", {"scorer.onnx": {"sha256": "0", "bytes": 1e400}}),
        ("metrics", {"auroc": "high"}),
        ("libraries", {"numpy": 2}),
    ],
)
def test_values_of_another_type_are_refused(key: str, value: object) -> None:
    data = json.dumps({**facts(), key: value}).encode()
    with pytest.raises(ArtifactError, match=r"manifest\.json: not an oddflow manifest"):
        Manifest.from_bytes(data)


@pytest.mark.parametrize("key", [name for name in facts() if name != "sha256"])
def test_every_fact_is_needed_and_sealed(key: str) -> None:
    without = facts()
    value = without.pop(key)
    younger = key in {"classes", "members"}  # formats 1 and 2 had none, so their lack is no error
    missing = "altered" if younger else "not an oddflow manifest"
    with pytest.raises(ArtifactError, match=missing):
        Manifest.from_bytes(json.dumps(without).encode())
    changed = {**without, key: _other(value)}
    with pytest.raises(ArtifactError, match="altered since it was written"):
        Manifest.from_bytes(json.dumps(changed).encode())


def _other(value: Any) -> Any:  # noqa: ANN401 - of whatever type came
    """Another value of the same type."""
    match value:
        case {"sha256": sha256, "bytes": size}:
            return {"sha256": sha256, "bytes": size + 1}
        case dict():
            key = next(iter(value))
            return {**value, key: _other(value[key])}
        case list():
            return value[:-1] if value else [{"name": "residual", "weight": 1.0}]
        case str():
            return value + "x"
        case int():
            return value - 1
        case float():
            return value / 2
    raise AssertionError(value)


@pytest.mark.parametrize("size", [-1, 0, 10**30])
def test_a_size_that_no_file_has_is_no_other_error(size: int) -> None:
    parts = {**facts()["parts"], "scorer.onnx": {"sha256": "0", "bytes": size}}
    with pytest.raises(ArtifactError, match=r"manifest\.json: "):
        Manifest.from_bytes(json.dumps({**facts(), "parts": parts}).encode())


def first_format() -> dict[str, Any]:
    """The same facts as a reader of format 1 wrote them, before there were classes."""
    older = {**facts(), "format": 1, "sha256": ""}
    del older["classes"]
    return sealed(older)


def sealed(changed: dict[str, Any]) -> dict[str, Any]:
    """The facts with the hash that belongs to them, taken without help of the reader."""
    bare = {**changed, "sha256": ""}
    canonical = json.dumps(bare, sort_keys=True, separators=(",", ":")).encode()
    return {**bare, "sha256": hashlib.sha256(canonical).hexdigest()}


def test_format_1_is_read_and_knows_no_classes() -> None:
    read = Manifest.from_bytes(json.dumps(first_format()).encode())
    assert (read.format, read.classes) == (1, ())
    altered = {**first_format(), "target_fpr": 0.5}
    with pytest.raises(ArtifactError, match="altered since it was written"):
        Manifest.from_bytes(json.dumps(altered).encode())
    with pytest.raises(ArtifactError, match="altered since it was written"):
        Manifest.from_bytes(json.dumps({**first_format(), "classes": ["normal", "a"]}).encode())


def test_the_hash_is_that_of_sorted_json() -> None:
    assert sealed(facts()) == facts()


def test_one_part_too_few_is_named() -> None:
    parts = {name: part for name, part in MANIFEST.parts.items() if name != "scorer.onnx"}
    short = msgspec.structs.replace(MANIFEST, parts=parts).sealed()
    with pytest.raises(ArtifactError, match=r"names no scorer\.onnx"):
        Manifest.from_bytes(short.to_bytes())


def test_the_order_of_keys_is_no_change() -> None:
    backwards = json.dumps(dict(reversed(facts().items()))).encode()
    assert Manifest.from_bytes(backwards) == MANIFEST


@given(st.integers(FORMAT + 1, 2**63 - 1))
def test_a_newer_format_is_named_whatever_else_it_holds(version: int) -> None:
    with pytest.raises(ArtifactError, match=f"has format {version}, .* update oddflow"):
        Manifest.from_bytes(json.dumps({"format": version, "new": [1]}).encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_in_one_way(data: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"^manifest\.json: "):
        Manifest.from_bytes(data)


@given(st.integers(0, len(MANIFEST.to_bytes()) - 1), st.binary(min_size=1, max_size=4))
def test_a_changed_byte_is_seen_unless_it_changes_no_fact(position: int, patch: bytes) -> None:
    data = MANIFEST.to_bytes()
    changed = data[:position] + patch + data[position + len(patch) :]
    try:
        read = Manifest.from_bytes(changed)
    except ArtifactError:
        return
    assert read == MANIFEST


def test_a_field_that_nobody_wrote_is_refused(small_model_dir: Path) -> None:
    facts = json.loads((small_model_dir / "manifest.json").read_bytes())
    with pytest.raises(ArtifactError, match="unknown field"):
        Manifest.from_bytes(json.dumps({**facts, "surprise": 1}).encode())
