"""Scenes and attacks for the tests: nothing runs, nothing is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lab.addresses import plan_addresses
from lab.attacks.attack import Attack
from lab.attacks.catalog import ATTACKS
from lab.scene import Scene, make_scene
from lab.schedule import Size, roles_of

TINY = Size(n_connections=40, n_clients=3, quiet_s=2.0, gap_s=1.0, min_s=8.0, visits=("web_form",))


def scene_of(seed: int, size: Size | None = None) -> Scene:
    """All attacks and servers, in a folder that is not there."""
    plan = plan_addresses(seed, roles_of(list(ATTACKS.values()), size or Size()))
    return make_scene(seed, plan, Path("belongings"))


def short(kind: str, lasts_s: float) -> Attack:
    """An attack that is ended sooner."""
    return replace(ATTACKS[kind], lasts_s=lasts_s)
