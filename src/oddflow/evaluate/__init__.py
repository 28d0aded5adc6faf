"""From scores and labels to numbers and pictures. Never imports a model."""
