"""Every state that a flash can be left in: cuts at every operation and at pairs, torn pages, unordered torn erases,
failing operations, worn sectors, rot of each byte of what describes. Nothing saved is lost, nothing plays
that is not whole.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import pytest

from gritspace.host_tools.link.frames import Frame
from gritspace.host_tools.link.messages import message_frame
from gritspace.host_tools.module import memory
from gritspace.quantize.model.grit import to_bytes
from tests.firmware.host.rig import Rig
from tests.firmware.memory.test_bank import DONE, FIRST, GOOD, RECEIVING, REFUSED, Bank, models
from tests.firmware.memory.test_store import Store, some
from tests.quantize.conftest import make_model
from tests.reliability import campaign, cases

UNORDERED, BACKWARDS = 1, 2
EMPTY = 0
SECTOR = 4096
LOUD = np.full(48, 9000, np.int16)


@pytest.fixture
def bad_chip(library: ctypes.CDLL) -> Iterator[Callable[[int, int, int], None]]:
    library.host_flash_new()
    yield lambda modes, one_in, after: library.host_flash_faults(modes, one_in, after)
    library.host_flash_new()


@pytest.fixture
def store(library: ctypes.CDLL, bad_chip: object) -> Store:
    return Store(library)


@pytest.fixture
def bank(library: ctypes.CDLL, bad_chip: object) -> Bank:
    made = Bank(library)
    made.boot()
    return made


def spread(count: int, wanted: int) -> list[int]:
    """About so many of 1..count, evenly."""
    return list(range(1, count + 1, max(1, count // wanted)))


@pytest.mark.parametrize("modes", [0, UNORDERED])
def test_a_save_cut_at_every_pair_of_operations_is_old_or_new(
    store: Store, bad_chip: Callable[[int, int, int], None], modes: int
) -> None:
    store.boot()
    store.save(some(0))
    steps, kept = store.save(some(1)), some(1)
    before = store.region.copy()
    bad_chip(modes, 0, 0)
    with campaign(f"store: pairs of cuts, {'unordered torn erases' if modes else 'steps in order'}") as told:
        wanted = cases(12, 200)
        for first in spread(steps, wanted):
            for second in spread(steps, wanted):
                store.region[:] = before
                assert store.boot(power=first, seed=first) == kept
                store.save(some(2))
                after_first = store.boot(power=second, seed=second)
                assert after_first in (kept, some(2))
                store.save(some(3))
                found = store.boot()
                assert found in (after_first, some(3))
                store.save(some(4))
                assert store.boot() == some(4)
                told.cases += 1


@pytest.mark.parametrize("modes", [0, UNORDERED])
def test_a_bank_cut_at_pairs_of_operations_harms_no_other_slot_and_takes_the_upload_in_the_end(
    bank: Bank, bad_chip: Callable[[int, int, int], None], modes: int
) -> None:
    old, new = models()
    flash = Store(bank.library).flash
    bank.upload(3, old)
    bank.upload(2, old)
    region = slice(FIRST * SECTOR, (FIRST + 4 * 32) * SECTOR)
    before = flash[region].copy()
    bank.boot()
    bank.upload(2, new)
    steps = int(bank.library.host_flash_steps())
    bad_chip(modes, 0, 0)
    with campaign(f"bank: pairs of cuts, {'unordered torn erases' if modes else 'steps in order'}") as told:
        wanted = cases(9, 90)
        for first in spread(steps, wanted):
            for second in spread(steps, wanted):
                flash[region] = before
                bank.boot(power=first, seed=first)
                bank.upload(2, new)
                bank.boot(power=second, seed=second)
                bank.run()
                assert bank.model(2) in (None, old, new)
                if second % 2 and bank.library.host_bank_delete(2) == DONE:
                    bank.run()
                elif bank.entry(2).state in (RECEIVING, GOOD, REFUSED, 0) and bank.begin(2, new) == DONE:
                    bank.upload(2, new)
                bank.boot()
                bank.run()
                assert bank.model(2) in (None, old, new)
                assert bank.model(3) == old
                bank.upload(2, new)
                assert bank.model(2) == new
                told.cases += 1


@pytest.mark.parametrize("modes", [0, UNORDERED, BACKWARDS])
def test_a_deletion_cut_anywhere_leaves_the_model_or_nothing_and_never_an_upload_on_its_way(
    bank: Bank, bad_chip: Callable[[int, int, int], None], modes: int
) -> None:
    """A sector erased from its end loses first what says that the model is whole: hence the mark before it."""
    old, _ = models()
    bank.upload(2, old)
    region = slice(FIRST * SECTOR, (FIRST + 3 * 32) * SECTOR)
    flash = Store(bank.library).flash
    before, seen = flash[region].copy(), set()
    bad_chip(modes, 0, 0)
    for cut in range(1, 45):
        flash[region] = before
        bank.boot(power=cut, seed=cut)
        assert bank.library.host_bank_delete(2) == DONE
        bank.run()
        bank.boot()
        bank.run()
        seen.add((bank.entry(2).state, bank.model(2)))
    assert (EMPTY, None) in seen
    assert seen <= {(EMPTY, None), (GOOD, old)}


def test_rot_of_each_bit_of_a_slots_head_makes_the_slot_empty_also_while_an_upload_is_on_its_way(bank: Bank) -> None:
    old, _ = models()
    flash = Store(bank.library).flash
    head = (FIRST + 2 * 32) * SECTOR
    for chunks in (9, 10**9):
        flash[head : head + 32 * SECTOR] = 0xFF
        bank.boot()
        bank.upload(2, old, chunks=chunks)
        whole = flash[head : head + SECTOR].copy()
        bank.boot()
        assert bank.entry(2).state != EMPTY
        for bit in range(8 * 44):
            flash[head : head + SECTOR] = whole
            flash[head + bit // 8] ^= 1 << bit % 8
            bank.boot()
            bank.run()
            assert (bank.entry(2).state, bank.model(2)) == (EMPTY, None), bit


def test_rot_of_each_byte_that_describes_a_record_gives_the_record_before(store: Store) -> None:
    store.boot()
    store.save(some(1))
    store.save(some(2))
    whole = store.region.copy()
    newest = next(i for i in range(4) if whole[i * SECTOR + 256 : i * SECTOR + 256 + 900].tobytes() == some(2))
    with campaign("store: each bit of head and record rots") as told:
        for byte in [*range(24), *range(256, 256 + 900, cases(37, 1))]:
            for bit in range(8):
                store.region[:] = whole
                store.region[newest * SECTOR + byte] ^= 1 << bit
                found = store.boot()
                assert found == some(1), (byte, bit)
                store.save(some(3))
                assert store.boot() == some(3)
                told.cases += 1


def test_a_chip_whose_operations_often_fail_keeps_what_it_says_it_has(
    store: Store, bad_chip: Callable[[int, int, int], None]
) -> None:
    store.boot()
    store.save(some(0))
    kept, saved = some(0), 0
    with campaign("store: one operation in five fails") as told:
        for turn in range(1, cases(150, 20_000)):
            bad_chip(UNORDERED, 5, 0)
            failed = store.library.host_store_failed()
            store.save(some(turn))
            done = store.library.host_store_failed() - failed < 3
            bad_chip(0, 0, 0)
            found = store.boot(seed=turn)
            assert found == some(turn) if done else found in (kept, some(turn)), turn
            kept = found if found is not None else kept
            saved += done
            told.cases += 1
        told.notes = f"{saved:,} saved within three tries"
    assert saved > told.cases // 2


def test_a_bank_on_a_chip_whose_operations_fail_refuses_or_holds_the_very_model(
    bank: Bank, bad_chip: Callable[[int, int, int], None]
) -> None:
    blob, other = models()
    bank.upload(1, other)
    good = 0
    with campaign("bank: one operation in forty fails") as told:
        for turn in range(cases(40, 4_000)):
            bad_chip(UNORDERED, 40, 0)
            bank.upload(2, blob)
            bad_chip(0, 0, 0)
            bank.boot(seed=turn)
            bank.run()
            assert bank.model(2) in (None, blob)
            assert bank.model(1) == other
            good += bank.model(2) == blob
            bank.upload(2, blob)
            assert bank.model(2) == blob
            assert bank.library.host_bank_delete(2) == DONE
            bank.run()
            told.cases += 1
        told.notes = f"{good:,} arrived at once"
    assert good > 0


def test_wear_to_death_never_gives_a_record_that_was_not_saved(
    store: Store, bad_chip: Callable[[int, int, int], None]
) -> None:
    """Sectors hold bits at 0 after 20 erasures, more of them each time. In the end nothing is saved, and it says so."""
    store.boot()
    known, failures, turn = {None, some(0)}, 0, 0
    store.save(some(0))
    bad_chip(0, 0, 20)
    with campaign("store: worn to death") as told:
        for turn in range(1, cases(200, 5_000)):
            before = store.library.host_store_failed()
            store.save(some(turn))
            gave_up = store.library.host_store_failed() - before >= 3
            known.add(some(turn))
            found = store.boot(seed=turn)
            assert found in known
            assert gave_up or found == some(turn)
            failures += gave_up
            told.cases += 1
        told.notes = f"{failures:,} saves were given up, and told of"
    assert failures > 0


STEPS: dict[str, Callable[[], list[Frame]]] = {
    "save": lambda: [
        message_frame(
            "put_preset",
            1,
            played=[1, 2, 3, 4],
            stored=[5] * 12,
            level_q12=4096,
            model=0,
            used=1,
            index=5,
            turns=[6, 7, 8, 9],
            bend=4,
            gate=70,
            model_id=bytes(8),
        )
    ],
    "calibrate": lambda: [
        message_frame("put_calibration", 2, offset_uv=1650000, gain_ppm=-310000, input=1, measured=1)
    ],
    "select": lambda: [message_frame("select_model", 3, model=2)],
    "delete": lambda: [message_frame("delete_model", 4, slot=2)],
    "upload": lambda: list(islice(upload_frames(to_bytes(make_model("relu_snapshot")), 3), 40)),
}


def upload_frames(blob: bytes, slot: int) -> Iterator[Frame]:
    yield message_frame("upload_start", 10, bytes=len(blob), sha256=hashlib.sha256(blob).digest(), slot=slot)
    for at in range(0, len(blob), 512):
        yield message_frame("upload_chunk", 11 + at // 512, blob[at : at + 512], offset=at, slot=slot)


@pytest.mark.parametrize("what", STEPS)
def test_the_whole_module_cut_anywhere_comes_back_with_all_that_was_kept_and_plays_on(rig: Rig, what: str) -> None:
    """Upload, delete, select, save, calibrate through the link, in the linked module; the power goes at any step."""
    blob = to_bytes(make_model("tanh_space"))
    with rig.client() as client:
        for slot in (1, 2):
            memory.upload(client, blob, slot=slot)
        memory.wait_until_saved(client)
    before = rig.flash[: (16 + 6 * 32) * SECTOR].copy()

    def go(power: int, seed: int) -> bool:
        """Whether audio was heard all the time."""
        rig.flash[: len(before)] = before
        rig.boot(power=power, seed=seed)
        heard = True
        for frame in STEPS[what]():
            rig.module.ask(frame)
            for _ in range(4):
                heard &= bool(rig.module.audio(LOUD).any()) or what == "select"
                rig.module.idle()
        for _ in range(60):
            heard &= bool(rig.module.audio(LOUD).any()) or what == "select"
            rig.module.idle()
        return heard

    rig.library.host_flash_faults(UNORDERED, 0, 0)
    with campaign(f"whole module, cut at any step: {what}") as told:
        for cut in range(1, 1 + cases(40, 2_200)):
            assert go(cut if cut <= 1_100 else cut - 1_100, seed=7 * cut), f"silent after a cut at {cut}"
            rig.boot(seed=cut)
            for _ in range(120):  # what is in the bank is read again, a kilobyte at a time
                rig.module.idle()
            (slot,) = rig.module.ask(message_frame("get_slot", 1, slot=1))
            assert (slot.values["state"], slot.values["sha256"]) == (GOOD, hashlib.sha256(blob).digest())
            (settings,) = rig.module.ask(message_frame("get_settings", 2))
            assert settings.values["offset_uv"][1] in (1650000, settings.values["offset_uv"][0])
            assert rig.module.audio(LOUD).any()
            told.cases += 1
    rig.library.host_flash_new()
