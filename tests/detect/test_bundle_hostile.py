"""Model directories made to deceive: every hash is right, and yet nothing but ArtifactError comes.

What loads all the same must then score, or be refused by a record, like any model.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oddflow.core.errors import ArtifactError, InputError, OddflowError
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.detect.bundle import Bundle, load_model, save_model
from oddflow.detect.folder import refuse_to_replace
from oddflow.detect.manifest import PARTS
from tests.detect.test_bundle import reseal, save

Facts = dict[str, Any]


@pytest.fixture
def copy(small_model_dir: Path, tmp_path: Path) -> Path:
    """A model directory to spoil."""
    return Path(shutil.copytree(small_model_dir, tmp_path / "model"))


@pytest.fixture(scope="module")
def some(toy: LabelledMatrix) -> FeatureMatrix:
    return toy.features.take(slice(0, 20))


def _as_number(facts: Facts) -> None:
    """A category that claims to be a number, made up for by a wider category."""
    codes = {code["name"]: code for code in facts["codes"]}
    codes["service"]["levels"] += ["x"] * len(codes["protocol_type"].pop("levels"))
    codes["protocol_type"].update(mean=0.0, scale=1.0)


def _as_category(facts: Facts) -> None:
    facts["codes"][0] = {"name": facts["codes"][0]["name"], "levels": []}


def _swap(facts: Facts) -> None:
    facts["codes"][0], facts["codes"][-1] = facts["codes"][-1], facts["codes"][0]


def _many_levels(facts: Facts) -> None:
    code = next(code for code in facts["codes"] if code["name"] == "service")
    code["levels"] = [f"l{i}" for i in range(1_000_000)]


def _nan_scale(facts: Facts) -> None:
    facts["codes"][0]["scale"] = "nan"


def _other_schema(facts: Facts) -> None:
    facts["schema"]["features"][0]["kind"] = "rate"


def _unhashable_name(facts: Facts) -> None:
    facts["schema"]["features"][0]["name"] = ["duration"]


@pytest.mark.parametrize(
    "change",
    [
        _as_number,
        _as_category,
        _swap,
        _many_levels,
        _nan_scale,
        _other_schema,
        _unhashable_name,
    ],
)
def test_an_encoder_of_the_right_width_and_wrong_meaning(
    copy: Path, change: Callable[[Facts], None]
) -> None:
    facts = json.loads((copy / "encoder.json").read_bytes())
    change(facts)
    reseal(copy, encoder__json=json.dumps(facts).encode())
    with pytest.raises(ArtifactError):
        load_model(copy)


def _arrays(copy: Path) -> dict[str, np.ndarray]:
    loaded: dict[str, np.ndarray] = safetensors.numpy.load(
        (copy / "arrays.safetensors").read_bytes()
    )
    return loaded


@pytest.mark.parametrize("name", ["explain_mean", "explain_precision", "explain_reference"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda a: a * np.float32(np.nan), id="NaN"),
        pytest.param(lambda a: a + np.float32(np.inf), id="infinite"),
        pytest.param(lambda a: a.astype(np.float64), id="double"),
        pytest.param(lambda a: a.astype(np.float16), id="half"),
        pytest.param(lambda a: a.astype(np.int32), id="integers"),
        pytest.param(lambda a: a > 0, id="truth values"),
        pytest.param(lambda a: a[:0], id="no rows"),
        pytest.param(lambda a: a.ravel()[0], id="one number"),
    ],
)
def test_arrays_of_the_right_names_and_wrong_values(
    copy: Path, name: str, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    arrays = _arrays(copy)
    arrays[name] = np.ascontiguousarray(change(arrays[name]))
    reseal(copy, arrays__safetensors=safetensors.numpy.save(arrays))
    with pytest.raises(ArtifactError):
        load_model(copy)


@pytest.mark.parametrize("name", ["calibration", "explain_mean"])
def test_an_array_too_few(copy: Path, name: str) -> None:
    arrays = _arrays(copy)
    del arrays[name]
    reseal(copy, arrays__safetensors=safetensors.numpy.save(arrays))
    with pytest.raises(ArtifactError, match=name):
        load_model(copy)


def test_a_header_that_claims_more_than_there_is(copy: Path) -> None:
    claim = b'{"calibration":{"dtype":"F64","shape":[1000000000000],"data_offsets":[0,8]}}'
    for content in (
        (1 << 60).to_bytes(8, "little") + b"{}",
        len(claim).to_bytes(8, "little") + claim + bytes(8),
    ):
        reseal(copy, arrays__safetensors=content)
        with pytest.raises(ArtifactError):
            load_model(copy)


def _graph(copy: Path, change: Callable[[Any], None]) -> bytes:
    model = onnx.load_from_string((copy / "scorer.onnx").read_bytes())
    change(model)
    serialized: bytes = model.SerializeToString()
    return serialized


def _output_is_a_constant(model: Any) -> None:  # noqa: ANN401 - a protobuf
    """The last node, which gives the score, becomes one number whatever comes in."""
    node = model.graph.node[-1]
    assert list(node.output) == ["score"]
    value = onnx.numpy_helper.from_array(np.zeros(1, np.float32), "one")
    model.graph.initializer.append(value)
    node.input[:] = ["one"]


def _unknown_operator(model: Any) -> None:  # noqa: ANN401
    model.graph.node[-1].op_type = "Backdoor"


def _other_domain(model: Any) -> None:  # noqa: ANN401
    model.graph.node[-1].domain = "com.example"


def _other_input(model: Any) -> None:  # noqa: ANN401
    model.graph.input[0].name = "x"


def _no_nodes(model: Any) -> None:  # noqa: ANN401
    del model.graph.node[:]


@pytest.mark.parametrize(
    "change",
    [_output_is_a_constant, _unknown_operator, _other_domain, _other_input, _no_nodes],
)
def test_a_graph_that_does_something_else(copy: Path, change: Callable[[Any], None]) -> None:
    reseal(copy, scorer__onnx=_graph(copy, change))
    with pytest.raises(ArtifactError):
        load_model(copy)


@pytest.mark.parametrize("name", [name for name in PARTS if name != "model.keras"])
@given(content=st.binary(max_size=300))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_in_place_of_a_part(
    small_model_dir: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    folder = fresh(small_model_dir, tmp_path)
    reseal(folder, **{name.replace(".", "__"): content})
    if name == "MODEL_CARD.md":
        load_model(folder)
    else:
        with pytest.raises(ArtifactError):
            load_model(folder)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["encoder.json", "scorer.onnx", "arrays.safetensors"]),
    position=st.integers(0, 1 << 20),
    patch=st.binary(min_size=1, max_size=8),
)
def test_what_loads_though_a_part_was_changed_scores_or_refuses(
    small_model_dir: Path,
    tmp_path: Path,
    some: FeatureMatrix,
    name: str,
    position: int,
    patch: bytes,
) -> None:
    folder = fresh(small_model_dir, tmp_path)
    data = (folder / name).read_bytes()
    position %= len(data)
    changed = data[:position] + patch + data[position + len(patch) :]
    reseal(folder, **{name.replace(".", "__"): changed})
    try:
        model = load_model(folder).model
        scores = model.score_samples(some)
    except OddflowError:
        return
    assert scores.shape == (20,)


def fresh(source: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "mutated"
    shutil.rmtree(folder, ignore_errors=True)
    return Path(shutil.copytree(source, folder))


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "files",
    [
        ("index.html",),
        ("manifest.json",),
        ("manifest.json", "icon.png"),
        ("manifest.json", "scorer.onnx", "notes.txt"),
    ],
    ids="+".join,
)
def test_a_folder_of_somebody_else_is_never_replaced(
    small_bundle: Bundle, tmp_path: Path, files: tuple[str, ...], *, overwrite: bool
) -> None:
    """A web application has a manifest.json too."""
    foreign = tmp_path / "app"
    foreign.mkdir()
    for name in files:
        (foreign / name).write_text("{}")
    with pytest.raises(InputError, match="is not an oddflow model"):
        save(small_bundle, foreign, overwrite=overwrite)
    assert sorted(path.name for path in foreign.iterdir()) == sorted(files)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_in_the_way_is_never_replaced(tmp_path: Path, *, overwrite: bool) -> None:
    path = tmp_path / "model"
    path.write_text("a file")
    with pytest.raises(InputError, match="is not an oddflow model"):
        refuse_to_replace(path, overwrite=overwrite)


def test_a_damaged_model_may_be_replaced(copy: Path, small_bundle: Bundle) -> None:
    (copy / "manifest.json").write_bytes(b"damaged")
    (copy / "scorer.onnx").unlink()
    save(small_bundle, copy, overwrite=True)
    load_model(copy)


def test_the_old_model_stays_if_the_new_one_cannot_take_its_place(
    copy: Path, small_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    rename = Path.rename

    def failing(source: Path, target: Path) -> Path:
        if target == copy and (source / "MODEL_CARD.md").read_text() == "card":
            raise OSError(28, "No space left on device")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="No space"):
        save(small_bundle, copy, overwrite=True)
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before
    assert [path.name for path in copy.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("n_written", range(1, 7))
def test_an_interruption_at_any_file_leaves_nothing(
    small_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_written: int
) -> None:
    calls = iter(range(1, 10))

    def interrupted(_: int) -> None:
        if next(calls) == n_written:
            raise KeyboardInterrupt

    monkeypatch.setattr("oddflow.detect.folder.os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_model(
            tmp_path / "model",
            small_bundle.manifest,
            small_bundle.model,
            scorer=b"s",
            keras=b"k",
            card="c",
        )
    assert list(tmp_path.iterdir()) == []
