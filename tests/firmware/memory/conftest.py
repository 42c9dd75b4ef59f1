"""The module's store and bank, each on an erased flash."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

from tests.firmware.memory.test_bank import Bank
from tests.firmware.memory.test_store import Store


@pytest.fixture
def store(library: ctypes.CDLL) -> Iterator[Store]:
    made = Store(library)
    made.flash[:] = 0xFF
    yield made
    made.flash[:] = 0xFF


@pytest.fixture
def bank(store: Store, library: ctypes.CDLL) -> Bank:
    made = Bank(library)
    made.boot()
    return made
