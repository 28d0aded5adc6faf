"""`oddflow evaluate --protocol online`: the frozen model and those that learn on, side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from oddflow.core.matrix import LabelledMatrix
from tests.cli.running import Run, refused
from tests.cli.test_evaluate import check_shape

SYSTEMS = {"lstm_autoencoder", "lstm_autoencoder_online", "lstm_autoencoder_online_eager"}

pytestmark = pytest.mark.usefixtures("toy_nsl_kdd")


def test_frozen_and_adaptive_share_a_table(run: Run, small_model_dir: Path) -> None:
    ran = run("evaluate", "--protocol", "online", "--model", small_model_dir, "-q", "--json")
    told = ran.json()
    check_shape(told, protocol="online", seeds=[0], test_sets={"KDDTest+"}, systems=SYSTEMS)
    systems = told["test_sets"]["KDDTest+"]["systems"]
    frozen, guarded = systems["lstm_autoencoder"], systems["lstm_autoencoder_online"]
    assert guarded["recall"] == frozen["recall"], "no alert is silenced"
    assert guarded["fpr"] == frozen["fpr"]
    assert "before the adaptive" in told["notes"][0]


def test_one_training_serves_all_three(run: Run, tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text('{"encoder_widths": [8, 4], "decoder_widths": [8, 8], "epochs": 2}')
    options = ("--protocol", "online", "--settings", settings, "--block", 1, "-q", "--json")
    systems = run("evaluate", *options).json()["test_sets"]["KDDTest+"]["systems"]
    assert set(systems) == SYSTEMS
    assert systems["lstm_autoencoder"]["fpr"] == systems["lstm_autoencoder_online"]["fpr"]


def test_a_block_is_for_this_protocol_alone(run: Run, toy: LabelledMatrix) -> None:
    del toy
    refused(run("evaluate", "--block", 5, "-q"), "--block is for --protocol online")
    assert run("evaluate", "--protocol", "online", "--block", 0).code == 2
