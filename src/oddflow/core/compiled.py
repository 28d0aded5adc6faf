"""Functions that numba turns into machine code, with types that a checker understands.

No array is made within them: they are given what they fill. So numba need not count who holds each
view of an array, which took three quarters of the time where a view of a row is taken per packet.
The option for it, `_nrt`, is numba's own and not documented: a version without it refuses to start.

The code is kept in the user's cache, so that only the first run on a machine compiles. Numba looks
at the file of a function alone, and not at those whose code it took in; here the whole package
decides: after any change the code is made anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import njit
from numpy.typing import NDArray
from platformdirs import user_cache_path

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function of numbers and arrays.

    Array bounds are not checked: check them. It can neither make nor return an array, and to assign
    one to a part of another would make one: use `copy_row`.
    """
    return cast("F", _jit(function, inline="never"))


def inlined(function: F) -> F:
    """The same for a small one, put in the place of each of its calls."""
    return cast("F", _jit(function, inline="always"))


def _jit(function: Callable[..., Any], *, inline: str) -> Any:  # noqa: ANN401 - a dispatcher
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "inline": inline,
        "_nrt": False,
    }
    with _cache_folder():
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # nowhere to keep the code
            return njit(**options)(function)


@contextmanager
def _cache_folder() -> Iterator[None]:
    """Numba's own setting is left as it is, for other packages and where a user has chosen one."""
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = before or str(_own_folder())
    try:
        yield
    finally:
        config.CACHE_DIR = before


@cache
def _own_folder() -> Path:
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        stat = path.stat()
        digest.update(f"{path} {stat.st_mtime_ns} {stat.st_size}\n".encode())
    return user_cache_path("oddflow") / "numba" / digest.hexdigest()[:16]


@compiled
def copy_row(source: NDArray[Any], target: NDArray[Any]) -> None:
    """Copy one row over another of the same length."""
    for i in range(len(source)):
        target[i] = source[i]
