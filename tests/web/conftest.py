"""What the web's tests need beyond the others: Node for all, clang and lld to build the module."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gritspace.host_tools.web.server import served
from gritspace.host_tools.web.site import build_site
from gritspace.host_tools.web.wasm import build_wasm, clang
from tests.firmware.host.host_module import compile_module
from tests.web.browser import what_is_missing

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def node() -> str:
    """Node's path."""
    path = shutil.which("node")
    if path is None:
        pytest.skip("Node is missing (apt install nodejs)")
    return path


@pytest.fixture(scope="session")
def module_wasm() -> Path:
    """The module as WebAssembly, as the page has it."""
    if clang() is None:
        pytest.skip("a clang for WebAssembly is missing (apt install clang lld)")
    return build_wasm()


@pytest.fixture(scope="session")
def page_url() -> Iterator[str]:
    """The page, served; skips where Chromium cannot be driven."""
    missing = what_is_missing()
    if missing is not None:
        pytest.skip(missing)
    with served(build_site()) as server:
        yield server.address


@pytest.fixture(scope="session")
def host_library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """Engine and module for this computer."""
    return compile_module(tmp_path_factory.mktemp("host_module"))
