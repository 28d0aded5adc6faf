"""The schedule is decided by the seed, bounded in time and packets, and stays in the lab."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from lab.addresses import AddressPlan
from lab.attacks.attack import Attack
from lab.attacks.catalog import ATTACKS
from lab.attacks.channels import TUNNEL_END
from lab.clients.catalog import VISITS
from lab.forge import MAX_PACKETS
from lab.schedule import N_LANES, Schedule, Size, client_names, make_schedule
from lab.script import Command, Script, load_script
from lab.services import SERVICES

from tests.lab.scenes import TINY, scene_of

SMALL = Size(n_connections=3_000)
ALL = list(ATTACKS.values())
FLOODS = ("syn_flood", "udp_flood", "icmp_flood", "neptune", "land", "teardrop", "smurf")
EVERYBODY = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")


def schedule_of(seed: int) -> Schedule:
    return make_schedule(scene_of(seed, SMALL), ALL, SMALL)


def check_bounds(schedule: Schedule, attacks: list[Attack], size: Size) -> None:
    """Assert that everything begins and ends when it may, and not too much is done at once."""
    assert schedule.lasts_s < 480, "a recording takes longer than eight minutes"
    spans = []
    for attack in attacks:
        begin_s = schedule.begins_s[attack.kind]
        spans.append((begin_s, begin_s + attack.lasts_s))
        assert begin_s >= size.quiet_s, f"{attack.kind} begins in the quiet time"
        for actor in set(attack.actors) & set(schedule.scripts):
            script = schedule.scripts[actor]
            assert script.end_s <= spans[-1][1] + 1e-6, f"{actor} may last too long"
            assert all(command.at_s >= begin_s for command in script.commands), f"{actor} is early"
    for begin_s, _ in spans:
        n_at_once = sum(first <= begin_s < last for first, last in spans)
        assert n_at_once <= N_LANES, f"{n_at_once} attacks at once"
    for actor, script in schedule.scripts.items():
        assert 0 < script.max_packets <= 400_000, f"{actor} may send too much"
        assert script.end_s <= schedule.lasts_s, f"{actor} ends after the recording"
        assert all(command.timeout_s <= 90 for command in script.commands), f"{actor} may hang"


def check_stays(schedule: Schedule, plan: AddressPlan) -> None:
    """Assert that commands name addresses of the lab alone."""
    known = {*plan.addresses.values(), plan.broadcast, TUNNEL_END}
    known.add(str(plan.network.network_address))
    for actor, script in schedule.scripts.items():
        for command in script.commands:
            strange = set(EVERYBODY.findall(" ".join(command.argv))) - known
            assert not strange, f"{actor} reaches for {strange}: {command.argv}"


@pytest.fixture(scope="module")
def schedule() -> Schedule:
    return schedule_of(1)


def test_a_schedule_follows_from_its_seed(schedule: Schedule) -> None:
    assert schedule == schedule_of(1)
    other = schedule_of(2)
    assert other.begins_s != schedule.begins_s
    for actor in ("client00", "nmap_syn", "neptune", "beacon"):
        assert other.scripts[actor] != schedule.scripts[actor]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_schedule_is_bounded_and_stays_in_the_lab(seed: int) -> None:
    schedule = schedule_of(seed)
    check_bounds(schedule, ALL, SMALL)
    check_stays(schedule, scene_of(seed, SMALL).plan)


def test_a_broken_schedule_is_noticed(schedule: Schedule) -> None:
    kind = "beacon"

    def with_script(**changes: object) -> Schedule:
        script = replace(schedule.scripts[kind], **changes)  # type: ignore[arg-type]
        return replace(schedule, scripts={**schedule.scripts, kind: script})

    early = replace(schedule, begins_s={**schedule.begins_s, kind: 1.0})
    crowded = replace(schedule, begins_s=dict.fromkeys(schedule.begins_s, 100.0))
    hanging = Command(400.0, ("sleep", "9"), 900.0, kind)
    for broken, message in (
        (early, "quiet time"),
        (crowded, "is early|too long|at once"),
        (with_script(max_packets=10**9), "may send too much"),
        (with_script(end_s=10_000.0), "too long"),
        (with_script(commands=(hanging,)), "may hang"),
    ):
        with pytest.raises(AssertionError, match=message):
            check_bounds(broken, ALL, SMALL)
    away = Command(200.0, ("curl", "http://192.0.2.77/"), 5.0, kind)
    with pytest.raises(AssertionError, match=r"reaches for \{'192\.0\.2\.77'\}"):
        check_stays(with_script(commands=(away,)), scene_of(1, SMALL).plan)


def test_there_are_enough_kinds_of_attack() -> None:
    assert len(ATTACKS) >= 20
    assert {attack.kind for attack in ALL} == set(ATTACKS)


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.kind)
def test_an_attack_acts_by_its_own_actors(attack: Attack, schedule: Schedule) -> None:
    acting = set(attack.actors) & set(schedule.scripts)
    assert attack.kind in acting
    for actor in acting:
        assert {command.label for command in schedule.scripts[actor].commands} == {attack.kind}
    assert set(attack.helpers.values()) - {""} <= set(SERVICES)
    assert {role.kind for role in attack.roles} == {attack.kind}


@pytest.mark.parametrize("kind", ["nmap_syn", "neptune", "beacon", "hydra_ssh", "telnet_intruder"])
def test_attacks_differ_by_the_seed_alone(kind: str) -> None:
    scene = scene_of(1, SMALL)
    first, again, other = (
        make_schedule(replace(scene, seed=seed), [ATTACKS[kind]], TINY) for seed in (1, 1, 2)
    )
    assert first.scripts[kind] == again.scripts[kind]
    texts = [[c.argv for c in schedule.scripts[kind].commands] for schedule in (first, other)]
    assert texts[0] != texts[1]


@pytest.mark.parametrize("kind", FLOODS)
def test_floods_are_bounded(kind: str) -> None:
    assert ATTACKS[kind].max_packets <= 2 * (MAX_PACKETS + 100)


def test_clients_make_as_many_connections_as_asked(schedule: Schedule) -> None:
    commands = [c for name in client_names(SMALL) for c in schedule.scripts[name].commands]
    expected = sum(command.n_connections for command in commands)
    assert SMALL.n_connections <= expected < SMALL.n_connections + 200
    assert {command.label for command in commands} == {make.__name__ for make in VISITS}
    assert all(schedule.scripts[name].commands for name in client_names(SMALL))


def test_only_the_visits_asked_for_are_made() -> None:
    schedule = make_schedule(scene_of(1, TINY), [], TINY)
    labels = {c.label for script in schedule.scripts.values() for c in script.commands}
    assert labels == {"web_form"}


def test_a_script_is_read_as_it_was_written(tmp_path: Path, schedule: Schedule) -> None:
    script = schedule.scripts["dns_tunnel"]
    script.save(tmp_path / "script.json")
    assert load_script(tmp_path / "script.json") == script
    assert isinstance(script, Script)


def test_no_address_is_public(schedule: Schedule) -> None:
    texts = [" ".join(c.argv) for s in schedule.scripts.values() for c in s.commands]
    found = {address for text in texts for address in EVERYBODY.findall(text)}
    assert len(found) > 20
    assert not any(ip_address(address).is_global for address in found)
