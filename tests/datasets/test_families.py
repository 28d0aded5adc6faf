"""Every attack has one family, and names that nobody knows are refused."""

from __future__ import annotations

import pytest

from oddflow.core.errors import InputError
from oddflow.datasets.families import FAMILIES, family_of, labels_of


def test_the_table_holds_forty_labels_once_each() -> None:
    attacks = [attack for members in FAMILIES.values() for attack in members]
    assert len(attacks) == len(set(attacks)) == 40
    assert list(FAMILIES) == ["normal", "dos", "probe", "r2l", "u2r"]
    assert [len(members) for members in FAMILIES.values()] == [1, 10, 6, 16, 7]


# `training_attack_types` of the KDD Cup 99 task, as published
TRAINING_ATTACK_TYPES = """\
back dos|buffer_overflow u2r|ftp_write r2l|guess_passwd r2l|imap r2l|ipsweep probe|land dos|
loadmodule u2r|multihop r2l|neptune dos|nmap probe|perl u2r|phf r2l|pod dos|portsweep probe|
rootkit u2r|satan probe|smurf dos|spy r2l|teardrop dos|warezclient r2l|warezmaster r2l"""


@pytest.mark.parametrize("entry", TRAINING_ATTACK_TYPES.replace("\n", "").split("|"))
def test_training_attacks_are_as_the_task_lists_them(entry: str) -> None:
    attack, family = entry.split()
    assert family_of(attack) == family


def test_disputed_attacks_are_where_the_docstring_says() -> None:
    assert family_of("httptunnel") == family_of("worm") == "r2l"


def test_unknown_attacks_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="received 'neptun'; did you mean 'neptune'"):
        family_of("neptun")
    with pytest.raises(InputError, match=r"received 'qqqq'$"):
        labels_of(["normal", "qqqq"])


def test_labels_keep_the_order() -> None:
    labels = labels_of(["worm", "normal", "saint", "worm"])
    assert labels.attack.tolist() == ["worm", "normal", "saint", "worm"]
    assert labels.family.tolist() == ["r2l", "normal", "probe", "r2l"]
    assert labels.is_attack.tolist() == [True, False, True, True]
    assert len(labels_of([])) == 0
