"""All kinds of attack that the lab records."""

from __future__ import annotations

from lab.attacks.attack import Attack
from lab.attacks.channels import CHANNELS
from lab.attacks.floods import FLOODS
from lab.attacks.guessing import GUESSING
from lab.attacks.scans import SCANS
from lab.attacks.web import WEB_ATTACKS

ATTACKS: dict[str, Attack] = {
    attack.kind: attack for attack in (*SCANS, *FLOODS, *GUESSING, *WEB_ATTACKS, *CHANNELS)
}
"""Every attack by its kind."""
