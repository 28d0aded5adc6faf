"""Who has which address. Every actor has one of its own, so that an address is a label.

An attack owns all addresses that only it uses: the attacker's, those that it forges, those of
helpers such as the server that a beacon calls, and those of victims that nobody else talks to
(`land` carries no address but its victim's).
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

NORMAL = "normal"
"""The kind of whoever is no part of an attack."""
N_FORGED = 120
"""Addresses of a recording that forged packets may bear; nobody has them."""


@dataclass(frozen=True, slots=True)
class Role:
    """A part to be given an address.

    Attributes:
        actor: a name of its own, such as "web1" or "nmap_syn".
        kind: the attack that it belongs to, or `NORMAL`.
        has_host: False for an address that nobody has.
    """

    actor: str
    kind: str = NORMAL
    has_host: bool = True


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """The addresses of a recording.

    Attributes:
        network: where all actors with a host are.
        roles: all roles by name of the actor.
        addresses: the address of each of them.
    """

    network: IPv4Network
    roles: dict[str, Role]
    addresses: dict[str, str]

    @property
    def broadcast(self) -> str:
        """The address that means everybody."""
        return str(self.network.broadcast_address)

    @property
    def hosts(self) -> list[str]:
        """Actors that get a namespace, in order."""
        return [name for name, role in self.roles.items() if role.has_host]

    @property
    def gone(self) -> list[str]:
        """Addresses of machines that are switched off, though others still ask for them."""
        return self.forged(NORMAL)

    def forged(self, kind: str) -> list[str]:
        """Addresses of a kind that nobody has, though packets bear them."""
        return [
            self.addresses[name]
            for name, role in self.roles.items()
            if role.kind == kind and not role.has_host
        ]


def forged_roles(kind: str) -> list[Role]:
    """Roles for the addresses that an attack forges."""
    return [Role(f"{kind}_forged{i:03d}", kind, has_host=False) for i in range(N_FORGED)]


def mac_of(address: str) -> str:
    """The Ethernet address of the actor that has an IP address; the same whenever it is asked."""
    return "02:4f:" + ":".join(f"{byte:02x}" for byte in IPv4Address(address).packed)


def plan_addresses(seed: int, roles: Iterable[Role]) -> AddressPlan:
    """Give each role an address at random, so that no address tells what its owner does.

    Actors share a private network of 254 hosts, those without a host as well unless they are
    forged: forged addresses lie in another network, so that answers to them have nowhere to go.

    Raises:
        ValueError: two roles of one name, or more roles than addresses.
    """
    by_name: dict[str, Role] = {}
    for role in roles:
        if role.actor in by_name:
            raise ValueError(f"expected one role for each actor, received two for {role.actor!r}")
        by_name[role.actor] = role
    rng = random.Random(f"addresses {seed}")
    inside, outside = _network(rng, seed), _network(rng, seed + 1)
    free = {False: _shuffled(inside, rng), True: _shuffled(outside, rng)}
    addresses = {}
    for name, role in by_name.items():
        pool = free[not role.has_host and role.kind != NORMAL]
        if not pool:
            raise ValueError(f"expected at most 254 actors of a sort, received more: {name!r}")
        addresses[name] = pool.pop()
    return AddressPlan(inside, by_name, addresses)


def _network(rng: random.Random, choice: int) -> IPv4Network:
    """A private network of 256 addresses; neighbouring choices lie in different blocks."""
    octet = rng.randrange(256)
    blocks = (
        f"10.{rng.randrange(1, 255)}.{octet}.0/24",
        f"172.{rng.randrange(16, 32)}.{octet}.0/24",
        f"192.168.{octet}.0/24",
    )
    return IPv4Network(blocks[choice % len(blocks)])


def _shuffled(network: IPv4Network, rng: random.Random) -> list[str]:
    addresses = [str(address) for address in network.hosts()]
    rng.shuffle(addresses)
    return addresses
