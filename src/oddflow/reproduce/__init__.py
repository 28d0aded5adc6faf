"""The paper's tables: corpora, networks and protocols put together and run."""
