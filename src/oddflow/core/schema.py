"""What a column means: features, their order, and the schema that a model is bound to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from oddflow.core.errors import InputError, SchemaMismatch


class Kind(StrEnum):
    """How the values of a feature are to be read."""

    COUNT = "count"
    """A number of things or bytes, or a duration: zero or more, heavy-tailed."""
    RATE = "rate"
    """A share between 0 and 1."""
    FLAG = "flag"
    """0 or 1."""
    NUMBER = "number"
    """Any finite number, of unknown distribution."""
    CATEGORY = "category"
    """A name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column.

    Attributes:
        name: the field's standard name.
        kind: how to read its values.
        group: the feature group, one token of the `groups` steps.
        unit: unit of the values, "" where they have none.
        meaning: one sentence.
        levels: the only values a category may take; empty where the vocabulary is open.
    """

    name: str
    kind: Kind
    group: str
    unit: str = ""
    meaning: str = ""
    levels: tuple[str, ...] = ()

    @property
    def is_category(self) -> bool:
        """True for names, False for anything numeric."""
        return self.kind is Kind.CATEGORY


@dataclass(frozen=True)
class FeatureSchema:
    """The ordered features of a profile. Two schemas are the same when their hashes are.

    Attributes:
        profile: name of the feature set, such as `kdd41`.
        features: the columns in order, names distinct.

    Raises:
        InputError: no feature, or two of the same name.
    """

    profile: str
    features: tuple[Feature, ...]

    def __post_init__(self) -> None:
        if not self.features:
            raise InputError(f"schema {self.profile!r} has no features; give at least one")
        if len(set(self.names)) != len(self.names):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise InputError(f"schema {self.profile!r} names {twice} more than once")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Feature names in order."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def numeric(self) -> tuple[Feature, ...]:
        """The features that are numbers, in order."""
        return tuple(feature for feature in self.features if not feature.is_category)

    @cached_property
    def categorical(self) -> tuple[Feature, ...]:
        """The features that are names, in order."""
        return tuple(feature for feature in self.features if feature.is_category)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Group names in order of first appearance."""
        return tuple(dict.fromkeys(feature.group for feature in self.features))

    @cached_property
    def sha256(self) -> str:
        """Hash of all that changes the meaning of a column (not of the explanations)."""
        return hashlib.sha256(json.dumps(self.to_json()).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back; texts for people are left out."""
        return {
            "profile": self.profile,
            "features": [
                {"name": f.name, "kind": str(f.kind), "group": f.group, "levels": list(f.levels)}
                for f in self.features
            ],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FeatureSchema:
        """The schema that `to_json` wrote."""
        return cls(
            data["profile"],
            tuple(
                Feature(
                    name=f["name"],
                    kind=Kind(f["kind"]),
                    group=f["group"],
                    levels=tuple(f["levels"]),
                )
                for f in data["features"]
            ),
        )

    def require(self, names: Iterable[str]) -> None:
        """Raise SchemaMismatch unless `names` are exactly this schema's, in any order."""
        received = list(names)
        if sorted(received) != sorted(self.names):
            raise SchemaMismatch(expected=self.names, received=received)


def numbered_schema(n_features: int) -> FeatureSchema:
    """Schema for a plain numeric array: `x0`, `x1`, ... in one group."""
    names = [f"x{i}" for i in range(n_features)]
    return inferred_schema(names, [False] * n_features)


def inferred_schema(names: Sequence[str], is_category: Sequence[bool]) -> FeatureSchema:
    """Schema for columns nobody described: numbers as they are, names as open categories."""
    return FeatureSchema(
        "inferred",
        tuple(
            Feature(
                name=name, kind=Kind.CATEGORY if category else Kind.NUMBER, group="all features"
            )
            for name, category in zip(names, is_category, strict=True)
        ),
    )
