"""Which family an attack of KDD Cup 99 or NSL-KDD belongs to.

The families of the training attacks are those of the task's own list (`training_attack_types`);
the attacks that occur in the test data alone are not on that list, and papers differ on two of
them: `httptunnel` is counted as R2L or U2R, and `worm` as R2L or DoS. Here both are R2L, as in most
published tables. A result for a family is only comparable with one from the same table.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.matrix import Labels

FAMILIES = {
    "normal": ("normal",),
    "dos": (
        *("back", "land", "neptune", "pod", "smurf", "teardrop"),
        *("apache2", "mailbomb", "processtable", "udpstorm"),
    ),
    "probe": ("ipsweep", "nmap", "portsweep", "satan", "mscan", "saint"),
    "r2l": (
        *("ftp_write", "guess_passwd", "imap", "multihop", "phf", "spy", "warezclient"),
        *("warezmaster", "httptunnel", "named", "sendmail", "snmpgetattack", "snmpguess"),
        *("worm", "xlock", "xsnoop"),
    ),
    "u2r": (*("buffer_overflow", "loadmodule", "perl", "rootkit", "ps", "sqlattack", "xterm"),),
}
"""Family -> attacks: denial of service, probing, remote to local, and user to root."""

_FAMILY_OF = {attack: family for family, attacks in FAMILIES.items() for attack in attacks}


def family_of(attack: str) -> str:
    """The family of an attack.

    >>> family_of("neptune"), family_of("httptunnel"), family_of("normal")
    ('dos', 'r2l', 'normal')

    Raises:
        InputError: an attack of no known family.
    """
    family = _FAMILY_OF.get(attack)
    if family is None:
        close = get_close_matches(attack, _FAMILY_OF, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise InputError(
            f"expected the label of a record to be one of the {len(_FAMILY_OF)} names of KDD99 and "
            f"NSL-KDD, received {attack!r}{hint}"
        )
    return family


def families_where_known(attacks: NDArray[np.object_]) -> NDArray[np.object_]:
    """The family of each attack; one of no known family is a family of its own.

    >>> families_where_known(np.array(["normal", "satan", "our scanner"], dtype=object)).tolist()
    ['normal', 'probe', 'our scanner']
    """
    return np.array([_FAMILY_OF.get(attack, attack) for attack in attacks], dtype=object)


def labels_of(attacks: Iterable[str]) -> Labels:
    """Labels of records from the names of their attacks, `normal` for none.

    Raises:
        InputError: an attack of no known family.
    """
    names: NDArray[np.object_] = np.array(list(attacks), dtype=object)
    families = {name: family_of(name) for name in set(names)}
    return Labels(names, np.array([*map(families.__getitem__, names)], dtype=object))
