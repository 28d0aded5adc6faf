"""The protocols of `evaluate` by name: what each reads, and how it parts that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from oddflow.cli.console import Output
from oddflow.cli.records import load_corpus
from oddflow.core.errors import InputError

if TYPE_CHECKING:
    from oddflow.core.matrix import LabelledMatrix
    from oddflow.evaluate.protocols import Protocol

Make = Callable[[Path | None, Output], "Protocol"]
"""The folder given by `--data`, and where progress is shown -> the protocol with its records."""

TEST_FILES = ("KDDTest+", "KDDTest-21")
CLEAN_DEVICES = ("4-1", "5-1")
INFECTED_DEVICES = ("8-1", "20-1", "34-1")
"""Recordings of IoT-23 by their numbers."""


def load_protocol(name: str, data: Path | None, out: Output) -> Protocol:
    """The protocol of that name with its records, downloaded with a bar if need be.

    Raises:
        InputError: there is none of that name.
        DataUnavailable: its records are neither on disk nor downloadable.
    """
    if name not in PROTOCOLS:
        raise InputError(f"--protocol must be one of {', '.join(PROTOCOLS)}, received {name!r}")
    return PROTOCOLS[name](data, out)


def _official(data: Path | None, out: Output) -> Protocol:
    from oddflow.evaluate.protocols import official

    train = load_corpus("KDDTrain+", data, out)
    return official(train, [load_corpus(test, data, out) for test in TEST_FILES])


def _online(data: Path | None, out: Output) -> Protocol:
    from oddflow.evaluate.online import online

    return online(load_corpus("KDDTrain+", data, out), load_corpus(TEST_FILES[0], data, out))


def _random_split(data: Path | None, out: Output) -> Protocol:
    from oddflow.evaluate.protocols import random_split

    return random_split(load_corpus("KDDTrain+", data, out))


def _lab(_data: Path | None, _out: Output) -> Protocol:
    from oddflow.datasets.lab import load_lab
    from oddflow.evaluate.transfers import two_recordings

    return two_recordings(load_lab("first"), load_lab("second"))


def _nsl_kdd_to_lab(data: Path | None, out: Output) -> Protocol:
    from oddflow.datasets.lab import load_lab
    from oddflow.evaluate.transfers import other_network

    train = load_corpus("KDDTrain+", data, out)
    return other_network(train, load_lab("first"), load_lab("second"))


def _iot_23_malware(data: Path | None, out: Output) -> Protocol:
    from oddflow.evaluate.transfers import clean_to_infected

    clean, infected = (
        [_iot23(number, data, out) for number in numbers]
        for numbers in (CLEAN_DEVICES, INFECTED_DEVICES)
    )
    return clean_to_infected(clean, infected)


def _iot23(number: str, data: Path | None, out: Output) -> LabelledMatrix:
    from oddflow.datasets.iot23 import load_iot23

    with out.download() as on_progress:
        return load_iot23(number, data_dir=data, on_progress=on_progress)


PROTOCOLS: dict[str, Make] = {
    "official": _official,
    "online": _online,
    "random-split": _random_split,
    "lab": _lab,
    "nsl-kdd-to-lab": _nsl_kdd_to_lab,
    "iot-23-malware": _iot_23_malware,
}
"""docs/evaluate.md says what each is."""
