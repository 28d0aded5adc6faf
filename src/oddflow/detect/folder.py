"""The files of a model directory: written whole or not at all, checked part by part when read."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import msgspec
import safetensors

from oddflow.core.errors import ArtifactError, InputError, OddflowError
from oddflow.detect.manifest import PARTS, Manifest, part_of

MAX_MANIFEST_BYTES = 1 << 20
MAX_PART_BYTES = 1 << 30
"""No part may be larger; what claims to be is refused unread."""

DAMAGES = (
    OddflowError,
    msgspec.MsgspecError,
    safetensors.SafetensorError,
    KeyError,
    TypeError,
    ValueError,
    OverflowError,
    RecursionError,
)
"""What reading parts that were made by hand can raise."""


def read_manifest(folder: Path) -> Manifest:
    """The checked manifest of a model directory of any kind.

    Raises:
        ArtifactError: there is none, or it is damaged, altered or too new.
    """
    return Manifest.from_bytes(_read(folder / "manifest.json", limit=MAX_MANIFEST_BYTES))


def read_parts(folder: Path, manifest: Manifest) -> dict[str, bytes]:
    """The content of all parts that scoring needs.

    Raises:
        ArtifactError: one is missing, cut or altered.
    """
    return {name: read_part(folder, name, manifest) for name in PARTS if name != "model.keras"}


def write_folder(folder: Path, manifest: Manifest, contents: dict[str, bytes]) -> Manifest:
    """Write parts and the manifest that seals them; the folder appears complete or not at all."""
    parts = {name: part_of(data) for name, data in contents.items()}
    sealed = msgspec.structs.replace(manifest, parts=parts).sealed()
    _write_files(folder, {**contents, "manifest.json": sealed.to_bytes()})
    return sealed


def damaged(folder: Path, error: Exception) -> ArtifactError:
    """What to say of parts that pass their hashes and yet make no model."""
    return ArtifactError(
        f"{folder}: the parts do not make a model ({type(error).__name__}: {error}); train it again"
    )


def refuse_to_replace(folder: Path, *, overwrite: bool) -> None:
    """Raise InputError if a model could not be written to `folder`."""
    if not folder.exists():
        return
    if not folder.is_dir() or not _is_ours(folder):
        raise InputError(f"{folder} exists and is not an oddflow model; choose another name")
    if not overwrite:
        raise InputError(f"{folder} exists; choose another name, or pass --overwrite")


def _is_ours(folder: Path) -> bool:
    """True for a model directory, damaged or not, in which nobody put anything else."""
    names = {entry.name for entry in folder.iterdir()}
    return {"manifest.json"} < names <= {"manifest.json", *PARTS}


def _write_files(folder: Path, contents: dict[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, data in contents.items():
            with (draft / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        draft.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
            folder.rename(old / folder.name)
            try:
                draft.rename(folder)
            except BaseException:
                (old / folder.name).rename(folder)
                old.rmdir()
                raise
            shutil.rmtree(old)
        else:
            draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _read(path: Path, *, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise ArtifactError(
            f"{path.parent}: {path.name} cannot be read ({error.strerror}); "
            "expected a model directory that `oddflow train` wrote"
        ) from error
    if len(data) > limit:
        raise ArtifactError(f"{path.parent}: {path.name} is larger than {limit:,} bytes")
    return data


def read_part(folder: Path, name: str, manifest: Manifest) -> bytes:
    """The content of a part that is as the manifest says.

    Raises:
        ArtifactError: it is missing, cut or altered.
    """
    expected = manifest.parts[name]
    data = _read(folder / name, limit=min(max(expected.bytes, 0), MAX_PART_BYTES))
    if len(data) < expected.bytes:
        raise ArtifactError(
            f"{folder}: {name} is cut: expected {expected.bytes:,} bytes, found {len(data):,}; "
            "restore the model from a copy or train it again"
        )
    found = part_of(data)
    if found != expected:
        raise ArtifactError(
            f"{folder}: {name} was altered: expected sha256 {expected.sha256}, found "
            f"{found.sha256}; restore the model from a copy or train it again"
        )
    return data
