"""The store on a flash whose power fails: what was saved last, or what was saved before, never anything else."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from numpy.typing import NDArray

FOR_EVER = -1
SECTOR = 4096


class Store:
    """The store's payload as bytes, on the flash of host_flash.c."""

    def __init__(self, library: ctypes.CDLL, payload_bytes: int = 900, sectors: int = 4, first: int = 3) -> None:
        self.library = library
        self.first, self.sectors = first, sectors
        self.bytes = payload_bytes
        self.payload = ctypes.create_string_buffer(payload_bytes)
        for name in ("host_store_open", "host_flash_bytes", "host_settings_bytes"):
            getattr(library, name).restype = ctypes.c_size_t
        library.host_flash_steps.restype = ctypes.c_uint64
        library.host_flash_memory.restype = ctypes.c_void_p
        library.host_flash_erases.restype = ctypes.POINTER(ctypes.c_uint32)
        size = library.host_flash_bytes()
        self.flash = np.ctypeslib.as_array(
            ctypes.cast(library.host_flash_memory(), ctypes.POINTER(ctypes.c_uint8)), (size,)
        )

    def boot(self, version: int = 1, power: int = FOR_EVER, seed: int = 1, blank: bytes = b"") -> bytes | None:
        """Power on; what the store found, or None."""
        self.library.host_flash_power(ctypes.c_int64(power), seed)
        self.payload.raw = blank.ljust(self.bytes, b"\0")
        found = self.library.host_store_open(
            self.first, self.sectors, ctypes.c_uint16(version), self.payload, ctypes.c_size_t(self.bytes)
        )
        return self.payload.raw if found else None

    def save(self, payload: bytes) -> int:
        """Saves; returns how many steps of the flash that took."""
        before = self.library.host_flash_steps()
        self.payload.raw = payload
        self.library.host_store_save()
        self.library.host_store_run()
        return int(self.library.host_flash_steps() - before)

    @property
    def region(self) -> NDArray[np.uint8]:
        return self.flash[self.first * SECTOR : (self.first + self.sectors) * SECTOR]


def some(seed: int, size: int = 900) -> bytes:
    return np.random.default_rng(seed).bytes(size)


@pytest.mark.parametrize("junk", [0x00, 0xFF, "random"])
def test_a_flash_that_was_never_written_has_nothing_and_takes_a_first_record(store: Store, junk: int | str) -> None:
    store.flash[:] = np.random.default_rng(1).integers(0, 256, store.flash.size) if junk == "random" else junk
    assert store.boot() is None
    store.save(some(1))
    assert store.boot() == some(1)


def test_the_newest_of_many_records_is_found_and_the_wear_is_spread(store: Store) -> None:
    before = np.ctypeslib.as_array(store.library.host_flash_erases(), (2048,)).copy()
    store.boot()
    for seed in range(41):
        store.save(some(seed))
    assert store.boot() == some(40)
    worn = np.ctypeslib.as_array(store.library.host_flash_erases(), (2048,)) - before
    assert sorted(worn[3:7]) == [10, 10, 10, 11]
    assert worn.sum() == 41, "only the store's own sectors are erased"


@pytest.mark.parametrize("saved_before", [1, 3, 4, 9])
def test_power_cut_at_every_step_leaves_the_old_or_the_new_state(store: Store, saved_before: int) -> None:
    store.boot()
    for seed in range(saved_before):
        store.save(some(seed))
    old, new, later = some(saved_before - 1), some(1000), some(2000)
    before = store.region.copy()
    steps = store.save(new)
    assert steps > 50
    outcomes = []
    for cut in range(1, steps + 2):
        for seed in (cut, cut + 7919):
            store.region[:] = before
            assert store.boot(power=cut, seed=seed) == old
            store.save(new)
            found = store.boot()
            assert found in (old, new), f"cut at step {cut}: neither"
            outcomes.append(found == new)
            store.save(later)
            assert store.boot() == later, f"after a cut at step {cut} nothing more is kept"
    assert not outcomes[0]
    assert outcomes[-1]
    assert sorted(outcomes) == outcomes, "once the new state is there it stays"


def test_a_cut_while_recovering_from_a_cut_loses_nothing_either(store: Store) -> None:
    store.boot()
    store.save(some(0))
    rng = np.random.default_rng(5)
    kept = some(0)
    for attempt in range(1, 400):
        wish = some(attempt)
        assert store.boot(power=int(rng.integers(1, 90)), seed=attempt) == kept
        store.save(wish)
        found = store.boot()
        assert found in (kept, wish)
        kept = found


def test_a_change_while_a_record_is_on_its_way_is_saved_in_the_next_one_and_no_record_is_mixed(store: Store) -> None:
    store.boot()
    store.payload.raw = some(1)
    store.library.host_store_save()
    for _ in range(12):
        assert store.library.host_store_step()
    store.payload.raw = some(2)
    store.library.host_store_save()
    halfway = []
    while store.library.host_store_step():
        halfway.append(store.region.tobytes())
    assert some(1) in halfway[-1], "the record begun is finished with what it was begun with"
    assert store.boot() == some(2)


def test_a_sector_that_does_not_take_a_record_is_passed_over(store: Store) -> None:
    store.boot()
    store.save(some(1))
    store.payload.raw = some(2)
    store.library.host_store_save()
    while store.library.host_store_step():
        store.region[2 * SECTOR + 300] = 0  # a dead cell in the sector that is next
    assert store.library.host_store_failed() == 1
    assert store.boot() == some(2)


def test_a_record_of_another_layout_is_not_read_and_one_that_grew_keeps_its_defaults(library: ctypes.CDLL) -> None:
    short = Store(library, 100)
    short.flash[:] = 0xFF
    short.boot(version=1)
    short.save(some(1, 100))
    longer = Store(library, 120)
    assert longer.boot(version=1, blank=b"d" * 120) == some(1, 100) + b"d" * 20
    longer.save(some(2, 120))
    assert short.boot(version=1) == some(2, 120)[:100]
    assert longer.boot(version=2) is None
    longer.save(some(3, 120))
    assert longer.boot(version=2) == some(3, 120)
    assert longer.boot(version=1) is None, "the newest record counts, even if it cannot be read"


def test_settings_leave_the_factory_good_and_nonsense_is_put_right(library: ctypes.CDLL) -> None:
    library.host_settings_bytes.restype = ctypes.c_size_t
    settings = ctypes.create_string_buffer(library.host_settings_bytes())
    library.host_settings_start(settings)
    assert library.host_settings_check(settings) == 1
    for seed in range(50):
        settings.raw = np.random.default_rng(seed).bytes(len(settings))
        assert library.host_settings_check(settings) == 0
        assert library.host_settings_check(settings) == 1
