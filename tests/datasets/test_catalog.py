"""Files are found in the promised order and places, and trusted only with the right hash."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from oddflow.core.errors import InputError, MalformedInput
from oddflow.datasets.catalog import (
    CorpusFile,
    cache_folder,
    corpus_file,
    find,
    read_verified,
    require_rows,
    search_folders,
)
from oddflow.datasets.nsl_kdd import FILES

pytestmark = pytest.mark.usefixtures("no_corpora")
CONTENT = b"some rows\n" * 100
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
}


@pytest.fixture
def file() -> CorpusFile:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return replace(FILES[0], sha256=digest, n_bytes=len(CONTENT))


def test_entries_are_whole() -> None:
    assert [file.file_name for file in FILES] == [
        "KDDTrain+.txt",
        "KDDTrain+_20Percent.txt",
        "KDDTest+.txt",
        "KDDTest-21.txt",
    ]
    assert [file.n_rows for file in FILES] == [125_973, 25_192, 22_544, 11_850]
    for file in FILES:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert all(url.startswith("https://") for url in file.urls)
    assert FILES[0].urls[0].endswith("/NSL_KDD/master/KDDTrain%2B.txt")
    assert len({file.sha256 for file in FILES}) == len(FILES)


def test_a_file_is_known_by_its_name() -> None:
    assert corpus_file(FILES, "KDDTest+") == corpus_file(FILES, "KDDTest+.txt") == FILES[2]
    with pytest.raises(InputError, match=r"KDDTrain\+, .*; did you mean 'KDDTest-21'\?"):
        corpus_file(FILES, "KDDTest21")
    with pytest.raises(InputError, match=r"expected one of KDDTrain.*KDDTest-21$"):
        corpus_file(FILES, "zzz")
    with pytest.raises(InputError, match="a corpus without files has no file 'zzz'"):
        corpus_file((), "zzz")


@pytest.mark.parametrize("ending", ["", ".csv", ".conn.log.labeled"])
def test_a_file_may_have_any_ending(tmp_path: Path, file: CorpusFile, ending: str) -> None:
    other = replace(file, name="CTU-34.1", ending=ending)
    assert other.file_name == f"CTU-34.1{ending}"
    for name in (other.name, other.file_name):
        assert corpus_file([file, other], name) is other
    for packed in (".xz", ".gz", ""):  # least wanted first
        path = tmp_path / f"{other.file_name}{packed}"
        path.write_bytes(CONTENT)
        assert find(other, data_dir=tmp_path) == path


def test_a_folder_of_the_same_name_is_no_file(tmp_path: Path, file: CorpusFile) -> None:
    """Some corpora unpack to folders; `corrected` has no ending to tell them apart."""
    (tmp_path / "corrected").mkdir()
    assert find(replace(file, name="corrected", ending=""), data_dir=tmp_path) is None


def test_another_number_of_records_is_refused(file: CorpusFile) -> None:
    require_rows(file, Path("x"), file.n_rows)
    with pytest.raises(MalformedInput, match=r"the 125,973 records of KDDTrain\+, received 7;"):
        require_rows(file, Path("x"), 7)


@pytest.mark.parametrize("sub_folder", ["", "nsl-kdd"])
@pytest.mark.parametrize("ending", [".txt", ".csv"])
@pytest.mark.parametrize("packed", PACKERS)
def test_every_promised_place_is_looked_in(
    tmp_path: Path, file: CorpusFile, sub_folder: str, ending: str, packed: str
) -> None:
    path = tmp_path / sub_folder / f"KDDTrain+{ending}{packed}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(PACKERS[packed](CONTENT))
    assert find(file, data_dir=tmp_path) == path
    assert read_verified(path, file) == CONTENT


def test_folders_are_looked_in_in_order(
    tmp_path: Path, file: CorpusFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, named = tmp_path / "given", tmp_path / "named"
    monkeypatch.setenv("ODDFLOW_DATA", str(named))
    places = [given, named, cache_folder() / "nsl-kdd"]
    for place in places:
        place.mkdir(parents=True)
    assert search_folders(given) == (given, named, cache_folder())
    assert find(file, data_dir=given) is None
    for place in reversed(places):
        (place / "KDDTrain+.txt").write_bytes(CONTENT)
        assert find(file, data_dir=given) == place / "KDDTrain+.txt"
    assert find(file) == named / "KDDTrain+.txt"


def test_the_cache_is_this_users_own(tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "cache" / "oddflow"


def test_a_folder_that_is_none_is_refused(
    tmp_path: Path, file: CorpusFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"expected the data folder to be a folder.*'.*/none'"):
        find(file, data_dir=tmp_path / "none")
    monkeypatch.setenv("ODDFLOW_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match=r"expected \$ODDFLOW_DATA to be a folder.*nowhere'"):
        find(file)
    monkeypatch.setenv("ODDFLOW_DATA", "")
    assert find(file) is None


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("change", ["altered", "short", "long"])
def test_another_content_is_refused(
    tmp_path: Path, file: CorpusFile, packed: str, change: str
) -> None:
    content = {
        "altered": CONTENT.replace(b"rows", b"lies", 1),
        "short": CONTENT[:-1],
        "long": CONTENT + b"\n",
    }[change]
    path = tmp_path / f"KDDTrain+.txt{packed}"
    path.write_bytes(PACKERS[packed](content))
    with pytest.raises(MalformedInput) as caught:
        read_verified(path, file)
    message = str(caught.value)
    assert str(path) in message
    assert f"expected {len(CONTENT):,} bytes with sha256 {file.sha256}" in message
    assert hashlib.sha256(content[: len(CONTENT) + 1]).hexdigest() in message
    assert "Move it away" in message


@pytest.mark.parametrize("packed", [".gz", ".xz"])
def test_a_bomb_is_unpacked_no_further_than_the_size(
    tmp_path: Path, file: CorpusFile, packed: str
) -> None:
    path = tmp_path / f"KDDTrain+.txt{packed}"
    path.write_bytes(PACKERS[packed](b"\0" * (64 << 20)))
    tracemalloc.start()
    with pytest.raises(MalformedInput, match="received a longer file"):
        read_verified(path, file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20  # 8 MiB of it is the dictionary of .xz
