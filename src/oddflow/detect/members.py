"""The members of an ensemble: what each looks at, and how it is learnt from normal records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.detect.forest import IsolationForest
from oddflow.detect.graph import Graph, add_autoencoder
from oddflow.detect.heads import Head, Neighbours, Parts, SquaredError, Whitened
from oddflow.features.windows import StepLayout
from oddflow.models.weights import AutoencoderWeights

Array = NDArray[np.float32]

OF_NETWORKS = ("residual", "latent", "error")
"""Members that there is one of for each network: the residual scaled by its covariance, the
distance of the code to codes of normal records, and the mean squared error."""
OF_RECORDS = ("record", "neighbours", "isolation_forest")
"""Members that need no network: the record scaled by its covariance (Mahalanobis distance), its
distance to normal records, and an isolation forest."""
KINDS = (*OF_NETWORKS, *OF_RECORDS)


class MemberSettings(NamedTuple):
    """Constants of the members; docs/quality.md has the validation behind those that matter.

    ridge: added to eigenvalues of covariances, in squared encoded units; n_neighbors: whose
    distances are averaged; n_references: training records that neighbours are looked for among;
    n_codes: the same of codes; n_trees: of the isolation forest.
    """

    ridge: float = 1e-3
    n_neighbors: int = 5
    n_references: int = 10_000
    n_codes: int = 2_000
    n_trees: int = 200


class Member(NamedTuple):
    """One witness.

    name: such as `residual_2`; weight: of its surprisal; head: its score; network: number of the
    network whose residual and code it looks at.
    """

    name: str
    weight: float
    head: Head
    network: int = 0


class Seen(NamedTuple):
    """Normal records as members learn from them.

    fit: encoded records that networks were trained on; held_out: what each network says of records
    that it was not trained on; codes: what each says of some that it was, shape (m, latent).
    """

    fit: Array
    held_out: Sequence[Parts[Array]]
    codes: Sequence[Array]


def require_kinds(kinds: Sequence[str]) -> None:
    """Raise InputError unless the kinds are known, and there is one, none of them twice."""
    if not kinds or set(kinds) - set(KINDS) or len(set(kinds)) < len(kinds):
        raise InputError(
            f"members must be different ones of {', '.join(KINDS)}, received "
            f"{', '.join(kinds) or 'none'}"
        )


def fit_members(
    kinds: Sequence[str], seen: Seen, settings: MemberSettings, *, seed: int
) -> list[Member]:
    """Learn members of the given kinds; each kind has the weight 1, divided among the networks.

    Raises:
        InputError: an unknown kind, or one given twice.
    """
    require_kinds(kinds)
    n_networks = len(seen.held_out)
    members = []
    for kind in kinds:
        if kind in OF_RECORDS:
            members.append(Member(kind, 1.0, _of_records(kind, seen.fit, settings, seed)))
            continue
        for i in range(n_networks):
            head = _of_network(kind, seen.held_out[i], seen.codes[i], settings)
            name = f"{kind}_{i + 1}" if n_networks > 1 else kind
            members.append(Member(name, 1 / n_networks, head, i))
    return members


def member_graph(
    layout: StepLayout, networks: Sequence[AutoencoderWeights], members: Sequence[Member]
) -> Graph:
    """The networks and the members' scores; values `residual` (n, columns) and `score_0`, ..."""
    graph = Graph()
    parts = []
    for i, weights in enumerate(networks):
        residual, code = add_autoencoder(graph, "encoded", layout, weights, suffix=f"_{i}")
        parts.append(Parts("encoded", residual, code))
    total = parts[0].residual
    for part in parts[1:]:
        total = graph.op("Add", total, part.residual)
    graph.op("Mul", total, graph.constant(np.float32(1 / len(parts))), output="residual")
    for i, member in enumerate(members):
        graph.op("Identity", member.head.add_to(graph, parts[member.network]), output=f"score_{i}")
    return graph


def _of_network(kind: str, held_out: Parts[Array], codes: Array, settings: MemberSettings) -> Head:
    match kind:
        case "residual":
            return Whitened.fit(("residual",), held_out, cap=np.inf, ridge=settings.ridge)
        case "latent":
            return Neighbours(codes, min(settings.n_neighbors, len(codes)))
        case _:
            return SquaredError(held_out.residual.shape[1])


def _of_records(kind: str, fit: Array, settings: MemberSettings, seed: int) -> Head:
    match kind:
        case "record":
            parts = Parts(fit, fit, fit)
            return Whitened.fit(("encoded",), parts, cap=np.inf, ridge=settings.ridge)
        case "neighbours":
            rows = np.random.default_rng(seed).permutation(len(fit))[: settings.n_references]
            reference = fit[np.sort(rows)]
            return Neighbours(reference, min(settings.n_neighbors, len(rows)), "encoded")
        case _:
            return IsolationForest.fit(fit, n_trees=settings.n_trees, seed=seed)
