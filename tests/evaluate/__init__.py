"""Tests of `oddflow.evaluate`; a package, so that type checkers tell its conftest from others."""
