"""What the columns of one corpus's flow tables are, and what each of them must hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from oddflow.core.errors import MalformedInput
from oddflow.core.schema import FeatureSchema
from oddflow.datasets.columns import Column
from oddflow.datasets.flow_features import FlowColumn, Role, flow_schema

BLANK_NAMES = "column names with blanks around them, trimmed"
"""Key in `LabelledMatrix.defects`."""
DOUBLED_COLUMNS = "columns written twice, left out the second time"
"""Key in `LabelledMatrix.defects`."""

_MAX_CODE = {"Protocol": 255}  # any other code is a port
_MAX_PORT = 65_535
_SHOWN_NAMES = 5
_SHOWN_CHARS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLayout:
    """What the columns of a flow table are; a file may have them in any order.

    Attributes:
        profile: name of its feature set.
        columns: those that become features.
        ignored: names of those that are dropped, if the file has them.
        doubled: names of those that may be written twice, also with `.1` after the second.
        label: name of the column of labels.
        attacks: label, as `plain` writes it -> (attack, family).
    """

    profile: str
    columns: tuple[FlowColumn, ...]
    ignored: frozenset[str] = frozenset()
    doubled: frozenset[str] = frozenset()
    label: str = "Label"
    attacks: Mapping[str, tuple[str, str]]

    @property
    def schema(self) -> FeatureSchema:
        """The features, in the order of `columns`, and after them the flags."""
        return flow_schema(self.profile, self.columns)


def plain(labels: pl.Series) -> pl.Series:
    r"""Labels in lower case, `_` in place of everything that is neither letter nor digit.

    >>> plain(pl.Series(["BENIGN", " DoS Hulk", "Web Attack \x96 XSS"])).to_list()
    ['benign', 'dos_hulk', 'web_attack_xss']
    """
    return labels.str.to_lowercase().str.replace_all("[^a-z0-9]+", "_").str.strip_chars("_")


def columns_of(
    path: str | Path, header: str, layout: FlowLayout
) -> tuple[list[Column], Counter[str]]:
    """What the fields of a row must hold under a header, and what is wrong with the header.

    Raises:
        MalformedInput: a column is missing, unknown, or there twice.
    """
    written = header.split(",")
    names = [name.strip() for name in written]
    doubled = _doubled(names, layout)
    _require(path, [name for i, name in enumerate(names) if i not in doubled], layout)
    by_name = {column.feature.name: column for column in layout.columns}
    columns = []
    for i, name in enumerate(names):
        if i in doubled:
            columns.append(_dropped(f"{name}, again"))
        elif name == layout.label:
            columns.append(_label_column(layout))
        elif name in by_name:
            columns.append(_feature_column(by_name[name]))
        else:
            columns.append(_dropped(name))
    n_blank = sum(name != trimmed for name, trimmed in zip(written, names, strict=True))
    return columns, +Counter({BLANK_NAMES: n_blank, DOUBLED_COLUMNS: len(doubled)})


def _doubled(names: Sequence[str], layout: FlowLayout) -> set[int]:
    """Places of the columns that repeat one before them and may do so."""
    bases = [name.removesuffix(".1") for name in names]
    return {i for i, base in enumerate(bases) if base in layout.doubled and base in bases[:i]}


def _require(path: str | Path, names: Sequence[str], layout: FlowLayout) -> None:
    wanted = [*(column.feature.name for column in layout.columns), layout.label]
    missing = [name for name in wanted if name not in names]
    unexpected = [name for name in names if name not in {*wanted, *layout.ignored}]
    twice = sorted({name for name in names if names.count(name) > 1} - set(unexpected))
    found = {"missing": missing, "unexpected": unexpected, "twice": twice}
    if not any(found.values()):
        return
    detail = ", ".join(f"{word} {_shown(found[word])}" for word in found if found[word])
    raise MalformedInput(
        path,
        f"expected a header with the {len(wanted)} columns of {layout.profile} from "
        f"{wanted[0]!r} to {wanted[-1]!r}, received {len(names)}: {detail}; give a table as "
        "CICFlowMeter writes it",
        line=1,
    )


def _shown(names: Sequence[str]) -> str:
    shown = [name[:_SHOWN_CHARS] for name in names[:_SHOWN_NAMES]]
    rest = len(names) - len(shown)
    return f"{shown} and {rest} more" if rest else str(shown)


def _dropped(name: str) -> Column:
    return Column(name, "anything", False, lambda values: values.is_not_null())


def _label_column(layout: FlowLayout) -> Column:
    known = list(layout.attacks)
    expected = f"one of the labels {', '.join(known)} in any spelling"
    return Column(layout.label, expected, False, lambda values: plain(values).is_in(known))


def _feature_column(column: FlowColumn) -> Column:
    name = column.feature.name
    if column.role is Role.CODE:
        largest = _MAX_CODE.get(name, _MAX_PORT)
        return Column(
            name,
            f"a whole number from 0 to {largest}",
            True,
            lambda values: values.is_between(0, largest) & (values == values.floor()),
        )
    if column.role is Role.RATE:
        return Column(
            name,
            "a number, infinite or empty",
            False,
            lambda values: (values == "") | values.cast(pl.Float64, strict=False).is_not_null(),
        )
    return Column(name, "a finite number", True, lambda values: values.is_finite())
