"""What `oddflow demo` is about: NSL-KDD, or the lab's recordings where that is not at hand."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from oddflow.cli.console import Output
from oddflow.cli.protocols import load_protocol
from oddflow.core.errors import DataUnavailable

if TYPE_CHECKING:
    from oddflow.evaluate.protocols import Protocol

EXAMPLE_CAPTURE = Path("examples", "lab.pcap")
"""Stands in the repository and not in the package, so that it may be missing."""


class Corpus(StrEnum):
    """What may be demonstrated on."""

    NSL_KDD = "nsl-kdd"
    LAB = "lab"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Subject:
    """What a demonstration trains and tests on.

    Attributes:
        protocol: the records.
        target_fpr: share of normal traffic that the model may flag.
        next_try: arguments that follow `oddflow detect MODEL`.
    """

    protocol: Protocol
    target_fpr: float
    next_try: str


def choose(corpus: Corpus | None, data: Path | None, out: Output) -> Subject:
    """The corpus that is asked for; if none is, NSL-KDD, or the lab with a note that says why.

    Raises:
        InputError: a folder of data that is none, or a file in it that is not the published one.
        DataUnavailable: NSL-KDD was asked for by name and is not to be had.
    """
    if corpus is Corpus.LAB:
        out.note("1 of 3: reading the two recordings of the lab")
        return _lab(data, out)
    out.note("1 of 3: reading NSL-KDD")
    try:
        return _nsl_kdd(data, out)
    except DataUnavailable as error:
        if corpus is Corpus.NSL_KDD:
            raise
        why = str(error).splitlines()[0].rstrip(".")
        out.note(
            f"NSL-KDD is not at hand ({why}); using the two recordings of the lab that come with "
            f"oddflow. `--corpus {Corpus.NSL_KDD}` says how to get it."
        )
        return _lab(data, out)


def next_command(subject: Subject, model: Path) -> str:
    """A command that puts the trained model to use."""
    program = "oddflow" if shutil.which("oddflow") else sys.argv[0]
    return f"{program} detect {model} {subject.next_try}"


def _nsl_kdd(data: Path | None, out: Output) -> Subject:
    return Subject(
        protocol=load_protocol("official", data, out),
        target_fpr=0.05,
        next_try="FILE --fpr 0.01",
    )


def _lab(data: Path | None, out: Output) -> Subject:
    return Subject(
        protocol=load_protocol("lab", data, out),
        target_fpr=0.01,
        next_try=str(EXAMPLE_CAPTURE) if EXAMPLE_CAPTURE.exists() else "FILE",
    )
