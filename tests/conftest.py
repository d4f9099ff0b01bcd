"""What every test may use."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from webserver import Server, serve

PROJECT = Path(__file__).resolve().parent.parent

# A shell starts what it runs in the background with Ctrl-C ignored, which processes inherit: tests of Ctrl-C need it.
signal.signal(signal.SIGINT, signal.default_int_handler)
# A busy machine is slow, and no fault of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public datasets beside the checkout; a test that asks for it is skipped where it is absent."""
    folder = PROJECT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the datasets in {folder}/data, which are not part of the repository")
    return folder


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    """A web server on loopback; ask for `server` instead."""
    with serve() as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    """The same, without pages and with an empty log."""
    running.pages.clear()
    running.log.clear()
    return running
