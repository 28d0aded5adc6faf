"""Protocols whose test records come from another recording, another network or other devices.

`lab`             train on the normals of one recording of the lab, test on another.
`nsl-kdd-to-lab`  train on the normals of KDDTrain+, without what takes payload, test on a recording
                  of the lab; and on the same with thresholds of the other recording's normals.
`iot-23-malware`  train on the recordings of clean devices, test on those of infected ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oddflow.core.kdd41 import TRAFFIC28
from oddflow.core.matrix import LabelledMatrix
from oddflow.evaluate.protocols import Protocol, official, together


def two_recordings(train: LabelledMatrix, test: LabelledMatrix) -> Protocol:
    """Train on the normals of one recording of the lab, test on another."""
    note = (
        f"Trained on the normal connections of the {train.name} alone, tested on the {test.name}: "
        "other addresses and another schedule, the same services and tools. Real traffic differs "
        "more from day to day."
    )
    return replace(official(train, [test]), name="lab", notes=(note,))


def other_network(train: LabelledMatrix, local: LabelledMatrix, test: LabelledMatrix) -> Protocol:
    """Train on the normals of one network, test on another, in the features of `traffic28`.

    There are two test sets of the same records. In the first, thresholds are those of training; in
    the second they are read from the normals of `local`, as somebody would who has a model of
    elsewhere and some traffic of their own.

    Raises:
        SchemaMismatch: features of `traffic28` are missing.
    """
    train, local, test = (
        replace(corpus, features=corpus.features.select(TRAFFIC28))
        for corpus in (train, local, test)
    )
    recalibrated = f"{test.name}; thresholds of the {local.name}"
    whole = official(train, [test])
    note = (
        f"Trained on the normal records of {train.name} alone, in the {len(TRAFFIC28.names)} "
        f"features that take no payload; tested on the {test.name}, another network 25 years "
        f"later. {recalibrated!r} is the same test with every threshold read from the normal "
        f"connections of the {local.name}; nothing is trained on those."
    )
    return replace(
        whole,
        name="nsl-kdd-to-lab",
        test_sets={**whole.test_sets, recalibrated: test},
        notes=(note,),
        thresholds_from={recalibrated: local.normals()},
    )


def clean_to_infected(
    clean: Sequence[LabelledMatrix], infected: Sequence[LabelledMatrix]
) -> Protocol:
    """Train on recordings of clean devices, test on each of an infected one and on all of those.

    Raises:
        InputError: no clean device, or no infected one.
    """
    train = together(f"{len(clean)} clean devices", clean)
    tests = [*infected, together(f"{len(infected)} infected devices", infected)]
    names = ", ".join(corpus.name for corpus in clean)
    note = (
        f"Trained on the {len(train.normals()):,} normal connections of {names}, devices that do "
        "few things and do them over and over; tested on other devices, whose normal connections "
        "are as new to the detector as their attacks are."
    )
    return replace(official(train, tests), name="iot-23-malware", notes=(note,))
