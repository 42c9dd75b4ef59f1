"""What the web's tests need beyond the others: Node for all, clang and lld to build the module."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gritspace.host_tools.web.wasm import build_wasm, clang

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
