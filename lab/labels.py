"""Labels by address: what an address belongs to does not depend on time or on who else acts.

A connection is an attack if either of its ends is one's; if both are, it is that of the originator.
The ping sweep alone asks the machines of other attacks too: what they answer it is the sweep's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from lab.addresses import NORMAL, AddressPlan

Label = dict[str, str | bool]
SWEEP = "ping_sweep"
"""The attack that asks every address in use."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The kind of each address of a recording."""

    kinds: dict[str, str]

    def of(self, orig: str, resp: str) -> str:
        """The kind of a connection between two addresses: an attack's, or `NORMAL`."""
        begun, asked = self.kinds.get(orig, NORMAL), self.kinds.get(resp, NORMAL)
        return asked if begun == NORMAL or asked == SWEEP else begun


def labels_of(plan: AddressPlan) -> Labels:
    """The labels that follow from a plan of addresses."""
    return Labels({plan.addresses[name]: role.kind for name, role in plan.roles.items()})


def write_labels(plan: AddressPlan, path: Path) -> None:
    """Write `{address: {"actor", "kind", "is_attack"}}`."""
    table: dict[str, Label] = {
        plan.addresses[name]: {"actor": name, "kind": role.kind, "is_attack": role.kind != NORMAL}
        for name, role in plan.roles.items()
    }
    path.write_text(json.dumps(table, indent=1) + "\n")


def read_labels(path: Path) -> Labels:
    """Read what `write_labels` wrote."""
    table = json.loads(path.read_text())
    return Labels({address: entry["kind"] for address, entry in table.items()})
