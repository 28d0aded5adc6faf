"""What all tests share: made-up traffic, one small trained detector, and the real corpora."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from oddflow.core.errors import InputError
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.catalog import DATA_VARIABLE
from oddflow.detect.artifact import save_detector
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.bundle import Bundle, load_model
from tests.lacking import lacking
from tests.toy import SMALL, toy_corpus

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
NO_PROXY_HERE = "http://127.0.0.1:9"
"""Nobody listens there: what is not on this machine is not downloaded by a test."""


BY_THE_CLOCK = {
    *("test_watch.py", "test_watch_netflow.py", "test_live.py", "test_ring.py", "test_fuzz.py"),
    *("test_outbox.py", "test_syslog_sender.py"),
}
"""Files whose tests wait for others some time of the clock: nothing else runs beside them."""


def pytest_configure(config: pytest.Config) -> None:
    """Find the real corpora beside the checkout, and compile each network once for all tests."""
    if SHARED_DATA.is_dir():
        os.environ.setdefault(DATA_VARIABLE, str(SHARED_DATA))
    if getattr(config, "cache", None) is not None:  # there is none under -p no:cacheprovider
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(config.cache.mkdir("xla")))
        os.environ.setdefault("JAX_PERSISTENT_COMPILATION_CACHE_MIN_COMPILE_TIME_SECS", "0")
    # Keras' variables do not know numpy's `copy` keyword; nothing of ours can teach it to them.
    config.addinivalue_line(
        "filterwarnings",
        "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning:keras",
    )


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the cache of whoever runs it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what the network has today."""
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, NO_PROXY_HERE)


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what must run alone."""
    for item in items:
        if item.path.name in BY_THE_CLOCK:
            item.add_marker("alone")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Skip a test whose fixtures lack a corpus."""
    yield from _skipped_if_lacking(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Skip a test that lacks a corpus."""
    yield from _skipped_if_lacking(item)


def _skipped_if_lacking(item: pytest.Item) -> Generator[None]:
    """Run a part of a test; skip it if it is marked `data` and lacks a file of the corpora."""
    try:
        yield
    except (OSError, InputError) as error:
        folder = os.environ.get(DATA_VARIABLE)
        if not folder or item.get_closest_marker("data") is None:
            raise
        lack = lacking(error, Path(folder))
        if lack is None:
            raise
        pytest.skip(f"{lack} is not in ${DATA_VARIABLE}")


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora, or skip."""
    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        pytest.skip(f"set ${DATA_VARIABLE} to a folder that holds nsl-kdd/ and kddcup99/")
    return Path(folder)


@pytest.fixture(scope="session")
def toy() -> LabelledMatrix:
    """3,000 normal records and 300 attacks of three kinds."""
    return toy_corpus()


@pytest.fixture(scope="session")
def small_detector(toy: LabelledMatrix) -> LSTMAutoencoderDetector:
    """A detector with a tiny network, fitted to the toy normals. Leave it as it is."""
    return LSTMAutoencoderDetector(**SMALL).fit(toy.normals())


@pytest.fixture(scope="session")
def small_model_dir(
    small_detector: LSTMAutoencoderDetector, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Its model directory. Copy it before changing it."""
    path = tmp_path_factory.mktemp("trained") / "model"
    save_detector(small_detector, path, source="toy traffic", metrics={"auroc": 0.5})
    return path


@pytest.fixture(scope="session")
def small_bundle(small_model_dir: Path) -> Bundle:
    """The same, read back."""
    return load_model(small_model_dir)
