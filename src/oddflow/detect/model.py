"""A trained model in use: records in, scores, p-values, decisions and explanations out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.core.opinions import Opinion
from oddflow.core.verdicts import Threshold, Verdict
from oddflow.detect.calibrate import Calibration
from oddflow.detect.ensemble_scorer import EnsembleScorer
from oddflow.detect.explain import Explainer
from oddflow.detect.known_attacks import KnownAttacks
from oddflow.detect.runtime import RecordScorer
from oddflow.detect.step_errors import StepErrors, step_errors
from oddflow.detect.telling import explained
from oddflow.features.encode import Encoder

EXPLAINED_AT_ONCE = 512
"""Flagged records explained together, to bound memory."""


@dataclass(frozen=True, eq=False)
class Model:
    """Everything that scoring needs, and nothing that training needs.

    Attributes:
        encoder: records to numbers.
        scorer: numbers to scores.
        calibration: scores of held-out normals.
        explainer: what is normal.
    """

    encoder: Encoder
    scorer: RecordScorer
    calibration: Calibration
    explainer: Explainer

    @cached_property
    def steps(self) -> StepErrors | None:
        """Where in its sequence the scorer makes an error; None if it cannot say."""
        return step_errors(self.scorer, self.encoder, self.explainer.reference)

    def knowing(self, labelled: LabelledMatrix, *, seed: int) -> Model:
        """The same model, which also says what known attack an odd record is most like.

        Scores and thresholds are the same.

        Args:
            labelled: records with the features of the model; those that are attacks are kept, some
                of each.
            seed: of the choice.
        """
        known = KnownAttacks.fit(self.encoder, labelled, seed=seed)
        return replace(self, explainer=replace(self.explainer, known=known))

    def score_samples(self, records: FeatureMatrix) -> NDArray[np.float64]:
        """Oddness of each record, shape (n,).

        Raises:
            SchemaMismatch: other features than the model was trained on.
        """
        return self.scorer.scores(self.encoder.transform(records))

    def p_values(self, records: FeatureMatrix) -> NDArray[np.float64]:
        """Share of normal traffic at least as odd as each record, shape (n,)."""
        return self.calibration.p_values(self.score_samples(records))

    def detect(
        self, records: FeatureMatrix, threshold: Threshold, *, n_causes: int = 5
    ) -> Iterator[Verdict]:
        """Explained verdicts on the records above the threshold, in their order."""
        scores = self.score_samples(records)
        flagged = np.flatnonzero(threshold.flags(scores))
        for start in range(0, len(flagged), EXPLAINED_AT_ONCE):
            yield from self._verdicts(
                records, scores, flagged[start : start + EXPLAINED_AT_ONCE], threshold, n_causes
            )

    def explain(
        self,
        records: FeatureMatrix,
        rows: NDArray[np.intp],
        threshold: Threshold,
        *,
        n_causes: int = 5,
    ) -> list[Verdict]:
        """Explained verdicts on chosen records, flagged or not."""
        return list(self._verdicts(records, self.score_samples(records), rows, threshold, n_causes))

    def _verdicts(
        self,
        records: FeatureMatrix,
        scores: NDArray[np.float64],
        rows: NDArray[np.intp],
        threshold: Threshold,
        n_causes: int,
    ) -> Iterator[Verdict]:
        p_values = self.calibration.p_values(scores[rows])
        chosen = records.take(rows)
        explanations = explained(
            self.explainer,
            self.scorer,
            chosen,
            threshold=threshold.value,
            n_causes=n_causes,
            steps=self.steps,
        )
        opinions = self._opinions(chosen, threshold)
        for row, p_value, explanation, members in zip(
            rows, p_values, explanations, opinions, strict=True
        ):
            yield Verdict(
                row=int(row),
                score=float(scores[row]),
                p_value=float(p_value),
                threshold=threshold.value,
                explanation=explanation,
                members=members,
            )

    def _opinions(self, records: FeatureMatrix, threshold: Threshold) -> list[tuple[Opinion, ...]]:
        """What each member says of each record; nothing for a single detector."""
        if not isinstance(self.scorer, EnsembleScorer):
            return [()] * len(records)
        return self.scorer.opinions(self.encoder.transform(records), threshold.target_fpr)
