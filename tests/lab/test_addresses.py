"""Every actor has an address of its own, and nobody's address tells what it does."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from lab.addresses import NORMAL, AddressPlan, Role, forged_roles, mac_of, plan_addresses
from lab.labels import Labels, labels_of, read_labels, write_labels

from tests.lab.scenes import scene_of

ROLES = [Role("web1"), Role("client00"), Role("gone", has_host=False), Role("flood", "flood")]


def check_addresses(plan: AddressPlan) -> None:
    """Assert that addresses are distinct, and in the network exactly if they are not forged."""
    assert len(set(plan.addresses.values())) == len(plan.roles), "two actors share an address"
    for name, role in plan.roles.items():
        is_forged = role.kind != NORMAL and not role.has_host
        is_inside = ip_address(plan.addresses[name]) in plan.network
        assert is_inside != is_forged, f"{name}: {plan.addresses[name]} in {plan.network}"


def test_a_plan_follows_from_its_seed() -> None:
    assert plan_addresses(1, ROLES) == plan_addresses(1, ROLES)
    assert plan_addresses(1, ROLES) != plan_addresses(2, ROLES)


@pytest.mark.parametrize("seed", range(20))
def test_addresses_are_distinct_and_private(seed: int) -> None:
    plan = scene_of(seed).plan
    check_addresses(plan)
    assert all(ip_address(address).is_private for address in plan.addresses.values())


def test_neighbouring_seeds_have_different_networks() -> None:
    for seed in range(50):
        assert plan_addresses(seed, ROLES).network != plan_addresses(seed + 1, ROLES).network


def test_a_broken_plan_is_noticed() -> None:
    plan = plan_addresses(1, ROLES + forged_roles("flood"))
    shared = replace(plan, addresses={**plan.addresses, "web1": plan.addresses["flood"]})
    with pytest.raises(AssertionError, match="share an address"):
        check_addresses(shared)
    outside = replace(plan, addresses={**plan.addresses, "web1": "8.8.8.8"})
    with pytest.raises(AssertionError, match=r"web1: 8\.8\.8\.8"):
        check_addresses(outside)


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(ValueError, match="received two for 'web1'"):
        plan_addresses(1, [Role("web1"), Role("web1", "flood")])
    with pytest.raises(ValueError, match="at most 254"):
        plan_addresses(1, [Role(f"client{i}") for i in range(255)])


def test_wire_addresses_are_distinct_and_locally_administered() -> None:
    macs = {mac_of(address) for address in scene_of(1).plan.addresses.values()}
    assert len(macs) == len(scene_of(1).plan.addresses)
    assert all(mac.startswith("02:") and len(mac) == 17 for mac in macs)


def test_a_connection_is_an_attack_if_either_end_is() -> None:
    labels = Labels({"a": NORMAL, "b": "flood", "c": "scan"})
    assert labels.of("a", "a") == NORMAL
    assert labels.of("a", "b") == labels.of("b", "a") == "flood"
    assert labels.of("b", "c") == "flood"
    assert labels.of("unknown", "a") == NORMAL


def test_labels_are_read_as_they_were_written(tmp_path: Path) -> None:
    plan = scene_of(1).plan
    write_labels(plan, tmp_path / "labels.json")
    assert read_labels(tmp_path / "labels.json") == labels_of(plan)
