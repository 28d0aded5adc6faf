"""What a detector with a `Model` in it can be asked, with the habits of scikit-learn and PyOD."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import NotFittedError
from oddflow.core.verdicts import Threshold, Verdict
from oddflow.detect.intake import to_matrix
from oddflow.detect.model import Model


class AnswersByModel:
    """Answers from what `fit` leaves behind: `model_` and its `operating_point_`."""

    model_: Model
    operating_point_: Threshold

    def score_samples(self, X: Any) -> NDArray[np.float64]:  # noqa: ANN401, N803
        """Oddness of each record, shape (n,); higher is odder.

        Raises:
            NotFittedError: `fit` was not called.
            SchemaMismatch: other features than `fit` saw.
        """
        model = self._fitted()
        return model.score_samples(to_matrix(X, model.encoder.schema))

    def decision_function(self, X: Any) -> NDArray[np.float64]:  # noqa: ANN401, N803
        """Score less threshold, shape (n,): positive for an anomaly."""
        return self.score_samples(X) - self.threshold_

    def predict(self, X: Any) -> NDArray[np.int64]:  # noqa: ANN401, N803
        """1 for an anomaly, 0 for normal, shape (n,)."""
        return (self.decision_function(X) > 0).astype(np.int64)

    def p_values(self, X: Any) -> NDArray[np.float64]:  # noqa: ANN401, N803
        """Share of normal traffic at least as odd as each record, shape (n,)."""
        return self._fitted().calibration.p_values(self.score_samples(X))

    def explain(self, X: Any, *, n_causes: int = 5) -> list[Verdict]:  # noqa: ANN401, N803
        """An explained verdict on each record, flagged or not."""
        model = self._fitted()
        records = to_matrix(X, model.encoder.schema)
        return model.explain(
            records, np.arange(len(records)), self.operating_point_, n_causes=n_causes
        )

    @property
    def threshold_(self) -> float:
        """Score above which a record is flagged."""
        self._fitted()
        return self.operating_point_.value

    def _fitted(self) -> Model:
        if not hasattr(self, "model_"):
            raise NotFittedError(f"this {type(self).__name__} has learnt nothing; call fit() first")
        return self.model_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")
