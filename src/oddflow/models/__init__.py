"""The networks, one a file, and the one training loop. Keras is imported here and nowhere else."""
