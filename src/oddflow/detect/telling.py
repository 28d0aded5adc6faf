"""Explanations of records, put together from all that a model knows of normal traffic."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.matrix import FeatureMatrix
from oddflow.core.verdicts import Cause, Counterfactual, Explanation
from oddflow.detect.aspects import aspect_of
from oddflow.detect.counterfactual import Replacements, Search
from oddflow.detect.explain import Explainer
from oddflow.detect.runtime import RecordScorer
from oddflow.detect.sentence import sentence
from oddflow.detect.similar_normals import Company, rounded
from oddflow.detect.step_errors import StepErrors

Array = NDArray[np.float32]


def explained(
    explainer: Explainer,
    scorer: RecordScorer,
    records: FeatureMatrix,
    *,
    threshold: float,
    n_causes: int = 5,
    steps: StepErrors | None = None,
) -> list[Explanation]:
    """What is odd about each record, and what would have made it pass.

    Args:
        explainer: of the model.
        scorer: of encoded records.
        records: to explain; some hundred at once, to bound memory.
        threshold: of the score.
        n_causes: features named, at most.
        steps: where the error lies in the sequence that the network reads; None if unknown.
    """
    if len(records) == 0:
        return []
    encoded = explainer.encoder.transform(records)
    findings = _findings(explainer, scorer, encoded, threshold)
    n, known = len(records), explainer.known
    similar = [None] * n if known is None else known.most_similar(encoded, explainer.mean)
    places = [()] * n if steps is None else steps.step_shares(encoded)
    columns = [records.column(code.feature.name) for code in explainer.encoder.codes]
    explanations = []
    for row, (attack, place) in enumerate(zip(similar, places, strict=True)):
        named = findings.named(row, n_causes)
        causes = tuple(
            findings.cause(row, feature, observed=_plain(columns[feature][row]))
            for feature in named
        )
        counterfactual = findings.counterfactual(row, causes, threshold)
        text = sentence(causes, counterfactual)
        explanations.append(Explanation(causes, text, counterfactual, attack, place))
    return explanations


class _Findings(NamedTuple):
    """What was found out about n records.

    shares (n, features); expected (n, columns), encoded; change, see `Search`; differs (n,
    features), True where the change alters a feature; distance (n,), to the record that values
    were taken from, in what was kept; company: normal records like them.
    """

    explainer: Explainer
    shares: NDArray[np.float64]
    expected: Array
    change: Replacements
    differs: NDArray[np.bool_]
    distance: NDArray[np.float32]
    company: Company

    def named(self, row: int, n_causes: int) -> list[int]:
        """Features to name, the largest share first.

        Where the change is of no more features than are asked for they are all named; the rest are
        those of the largest share. Of aspects the first feature of each is named for certain.
        """
        order = [
            i
            for i in np.argsort(-self.shares[row], kind="stable").tolist()
            if self.shares[row, i] > 0
        ]
        changed = [i for i in order if self.differs[row, i]]
        first: dict[str, int] = {}
        for i in changed:
            first.setdefault(aspect_of(self._name(i)), i)
        wanted = dict.fromkeys([*(changed if len(changed) <= n_causes else first.values()), *order])
        chosen = set(list(wanted)[:n_causes])
        return [i for i in order if i in chosen]

    def cause(self, row: int, feature: int, *, observed: float | str) -> Cause:
        """One of them."""
        code = self.explainer.encoder.codes[feature]
        normal = code.decode(self.expected[row, self.explainer.encoder.slices[code.feature.name]])
        return Cause(
            feature=code.feature.name,
            share=float(self.shares[row, feature]),
            observed=observed,
            expected=normal if isinstance(normal, str) else rounded(normal),
            usual=self.company.usual(row, code),
        )

    def counterfactual(
        self, row: int, causes: tuple[Cause, ...], threshold: float
    ) -> Counterfactual | None:
        """What would have made it pass; None if it does, or no change brings its score down."""
        features = tuple(self._name(i) for i in np.flatnonzero(self.differs[row]).tolist())
        if not features:
            return None
        donor = self.explainer.reference[self.change.donor[row]]
        encoder = self.explainer.encoder
        asked = {cause.feature for cause in causes}
        values = {
            code.feature.name: code.decode(donor[encoder.slices[code.feature.name]])
            for code in encoder.codes
            if code.feature.name in asked
        }
        return Counterfactual(
            features=features,
            aspects=tuple(dict.fromkeys(aspect_of(name) for name in features)),
            score=float(self.change.score[row]),
            passes=bool(self.change.score[row] <= threshold),
            distance=float(self.distance[row]),
            normal=tuple((k, v if isinstance(v, str) else rounded(v)) for k, v in values.items()),
        )

    def _name(self, feature: int) -> str:
        return self.explainer.encoder.codes[feature].feature.name


def _findings(
    explainer: Explainer, scorer: RecordScorer, encoded: Array, threshold: float
) -> _Findings:
    credit, expected = explainer.credit(scorer, encoded)
    search = Search(scorer, explainer.encoder, explainer.reference, threshold)
    change = search.smallest(encoded, credit)
    donors = explainer.reference[change.donor]
    differs = change.replaced & (encoded != donors)
    starts = [columns.start for columns in explainer.encoder.slices.values()]
    tiny = np.finfo(np.float64).tiny
    return _Findings(
        explainer=explainer,
        shares=credit / np.maximum(credit.sum(axis=1, keepdims=True), tiny),
        expected=np.where(change.replaced, donors, expected),
        change=change,
        differs=np.logical_or.reduceat(differs, starts, axis=1),
        distance=np.abs(encoded - donors).sum(axis=1, where=~change.replaced),
        company=Company.of(explainer.encoder, explainer.reference, encoded, ~change.replaced),
    )


def _plain(value: Any) -> float | str:  # noqa: ANN401 - an element of a column
    return value if isinstance(value, str) else float(value)
