"""Which records train and which test, for each corpus and protocol that a table needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.matrix import LabelledMatrix, Labels
from oddflow.datasets.cicids2017 import load_cicids2017
from oddflow.datasets.insdn import load_insdn
from oddflow.datasets.iot23 import load_iot23
from oddflow.datasets.kddcup99 import load_kddcup99
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.datasets.unsw_nb15 import load_unsw_nb15
from oddflow.evaluate.protocols import Protocol, official, random_split, time_split, together

CICIDS2017_DAYS = (
    "Tuesday-WorkingHours.sampled",
    "Thursday-WorkingHours-Morning-WebAttacks.sampled",
    "Thursday-WorkingHours-Afternoon-Infilteration.sampled",
    "Friday-WorkingHours-Morning.sampled",
)
IOT23_SCENARIOS = (
    "CTU-Honeypot-Capture-4-1-labeled",
    "CTU-Honeypot-Capture-5-1-labeled",
    "CTU-Malware-Capture-8-1-labeled",
    "CTU-Malware-Capture-20-1-labeled",
    "CTU-IoT-Malware-Capture-34-1",
)


@lru_cache(maxsize=1)
def split_of(corpus: str, protocol: str, data_dir: Path | None) -> Protocol:
    """The records of a corpus, parted by a protocol. The last one asked for is kept.

    Raises:
        InputError: there is no such corpus, or no such protocol for it.
        DataUnavailable: the corpus is not on this machine.
    """
    make = SPLITS.get((corpus, protocol))
    if make is None:
        known = ", ".join(f"{name} ({way})" for name, way in SPLITS)
        raise InputError(f"expected one of {known}; received {corpus} ({protocol})")
    return make(data_dir)


def classes_of(labels: Labels, n_classes: int) -> NDArray[np.object_]:
    """The class of each record: normal or attack (2), its family (5), or its attack (23).

    Raises:
        InputError: another number.
    """
    match n_classes:
        case 2:
            return np.where(labels.is_attack, "attack", "normal").astype(object)
        case 5:
            return labels.family
        case 23:
            return labels.attack
    raise InputError(f"expected 2, 5 or 23 classes, received {n_classes}")


def _nsl_kdd_official(data_dir: Path | None) -> Protocol:
    tests = [load_nsl_kdd(name, data_dir=data_dir) for name in ("KDDTest+", "KDDTest-21")]
    return official(load_nsl_kdd("KDDTrain+", data_dir=data_dir), tests)


def _nsl_kdd_random(data_dir: Path | None) -> Protocol:
    return random_split(load_nsl_kdd("KDDTrain+", data_dir=data_dir))


def _kddcup99_official(data_dir: Path | None) -> Protocol:
    train = load_kddcup99("kddcup.data_10_percent", data_dir=data_dir)
    return official(train, [load_kddcup99("corrected", data_dir=data_dir)])


def _kddcup99_random(data_dir: Path | None) -> Protocol:
    return random_split(load_kddcup99("kddcup.data_10_percent", data_dir=data_dir))


def _unsw_nb15_random(data_dir: Path | None) -> Protocol:
    return random_split(load_unsw_nb15("UNSW_NB15_testing-set", data_dir=data_dir))


def _cicids2017_days(data_dir: Path | None) -> list[LabelledMatrix]:
    return [load_cicids2017(name, data_dir=data_dir) for name in CICIDS2017_DAYS]


def _cicids2017_random(data_dir: Path | None) -> Protocol:
    return random_split(together("CICIDS2017 samples", _cicids2017_days(data_dir)))


def _cicids2017_other_days(data_dir: Path | None) -> Protocol:
    tuesday, *others = _cicids2017_days(data_dir)
    return replace(official(tuesday, others), name="other-days")


def _iot23_time(data_dir: Path | None) -> Protocol:
    return time_split([load_iot23(name, data_dir=data_dir) for name in IOT23_SCENARIOS])


def _insdn_random(data_dir: Path | None) -> Protocol:
    return random_split(load_insdn(data_dir=data_dir))


SPLITS: dict[tuple[str, str], Callable[[Path | None], Protocol]] = {
    ("nsl-kdd", "random-split"): _nsl_kdd_random,
    ("nsl-kdd", "official"): _nsl_kdd_official,
    ("kddcup99", "random-split"): _kddcup99_random,
    ("kddcup99", "official"): _kddcup99_official,
    ("unsw-nb15", "random-split"): _unsw_nb15_random,
    ("cicids2017", "random-split"): _cicids2017_random,
    ("cicids2017", "other-days"): _cicids2017_other_days,
    ("iot-23", "time-split"): _iot23_time,
    ("insdn", "random-split"): _insdn_random,
}
"""(corpus, protocol) -> what makes the split."""
