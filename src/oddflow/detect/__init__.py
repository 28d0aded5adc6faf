"""From a network to a verdict: residual, score, p-value, decision, explanation, artifact."""
