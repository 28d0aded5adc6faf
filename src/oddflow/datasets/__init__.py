"""Public corpora: one file a corpus, and the catalog of their files."""
