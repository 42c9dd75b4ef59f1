"""The model bank on a flash whose power fails: a model is whole and checked, or it cannot be chosen."""

from __future__ import annotations

import ctypes
import hashlib
from dataclasses import dataclass

import numpy as np
import pytest

from gritspace.quantize.model.grit import to_bytes
from tests.firmware.memory.test_store import Store
from tests.quantize.conftest import make_model

FIRST, SECTORS = 16, 40 * 32
EMPTY, RECEIVING, CHECKING, GOOD, REFUSED = range(5)
DONE, WAIT, NO_SLOT, TOO_LARGE, IN_USE, NO_UPLOAD, PLACE = range(7)
NONE, MODEL, SHA256, MEMORY, FLASH = range(5)


class Entry(ctypes.Structure):
    bytes: int
    received: int
    state: int
    reason: int
    status: int
    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("bytes", "received", "state", "reason", "status")),
        ("sha256", ctypes.c_uint8 * 32),
        ("name", ctypes.c_char * 32),
    )


@dataclass
class Bank:
    library: ctypes.CDLL

    def boot(self, power: int = -1, seed: int = 1, state_limit: int = 1 << 20) -> None:
        self.library.host_flash_power(ctypes.c_int64(power), seed)
        self.library.host_bank_open(FIRST, SECTORS, ctypes.c_size_t(state_limit))

    def begin(self, slot: int, blob: bytes, sha256: bytes | None = None) -> int:
        return int(self.library.host_bank_begin(slot, len(blob), sha256 or hashlib.sha256(blob).digest()))

    def put(self, slot: int, offset: int, data: bytes) -> int:
        return int(self.library.host_bank_put(slot, offset, data, ctypes.c_size_t(len(data))))

    def run(self) -> None:
        self.library.host_bank_run()

    def entry(self, slot: int) -> Entry:
        entry = Entry()
        there = self.library.host_bank_entry(slot, ctypes.byref(entry))
        assert there == (slot < SECTORS // 32)
        return entry

    def model(self, slot: int) -> bytes | None:
        size = ctypes.c_size_t()
        self.library.host_bank_model.restype = ctypes.c_void_p
        at = self.library.host_bank_model(slot, ctypes.byref(size))
        return None if at is None else ctypes.string_at(at, size.value)

    def upload(self, slot: int, blob: bytes, chunk: int = 512, chunks: int = 10**9) -> int:
        """Sends at most so many chunks from where the slot stands; returns how many it sent."""
        assert self.begin(slot, blob) == DONE
        sent = 0
        self.run()
        while (entry := self.entry(slot)).state == RECEIVING and sent < chunks:
            at = entry.received
            if self.library.host_flash_dead() or self.put(slot, at, blob[at : at + chunk]) != DONE:
                break
            self.run()
            sent += 1
        return sent


def models() -> list[bytes]:
    return [to_bytes(make_model(shape)) for shape in ("tanh_space", "relu_snapshot")]


def test_forty_models_are_kept_without_power_and_found_by_name_and_hash(bank: Bank) -> None:
    blobs = models()
    assert bank.library.host_bank_count() == 40
    for slot in range(40):
        bank.upload(slot, blobs[slot % 2])
    bank.boot()
    bank.run()
    for slot in range(40):
        entry = bank.entry(slot)
        assert (entry.state, entry.bytes, entry.received) == (GOOD, len(blobs[slot % 2]), len(blobs[slot % 2]))
        assert bytes(entry.sha256) == hashlib.sha256(blobs[slot % 2]).digest()
        assert bank.model(slot) == blobs[slot % 2]
    assert bank.entry(0).name == make_model("tanh_space").name.encode()
    assert bank.model(40) is None


def test_an_upload_cut_at_every_chunk_goes_on_after_its_last_whole_sector_and_harms_no_other(bank: Bank) -> None:
    other, blob = models()
    blob = padded(blob, 3 * 4096 + 700)
    bank.upload(3, other)
    chunks = -(-len(blob) // 512)
    for cut in range(chunks + 1):
        assert bank.upload(5, blob, chunks=cut) == cut
        bank.boot()
        bank.run()
        assert bank.model(3) == other
        entry = bank.entry(5)
        if cut < chunks:
            assert bank.model(5) is None
            assert (entry.state, entry.received) == (RECEIVING, cut * 512 // 4096 * 4096)
        assert bank.upload(5, blob) == chunks - entry.received // 512 - (entry.state == GOOD)
        assert bank.model(5) == blob
        assert bank.library.host_bank_delete(5) == DONE
        bank.run()
        assert bank.entry(5).state == EMPTY


def padded(blob: bytes, size: int) -> bytes:
    """A model with bytes behind it that belong to nothing, for its length."""
    return blob + np.random.default_rng(1).bytes(max(size - len(blob), 0) // 4 * 4)


def test_power_cut_at_every_step_of_an_upload_leaves_a_slot_that_is_whole_or_cannot_be_chosen(bank: Bank) -> None:
    old, new = models()
    new = padded(new, 4096 + 300)
    flash = Store(bank.library).flash
    bank.upload(2, old)
    before = flash[: (FIRST + 4 * 32) * 4096].copy()
    bank.boot()
    bank.upload(2, new)
    steps = int(bank.library.host_flash_steps())
    seen = set()
    for cut in [*range(1, steps + 1, 3), steps, steps + 1]:
        flash[: len(before)] = before
        bank.boot(power=cut, seed=cut)
        bank.upload(2, new)
        bank.boot()
        found = bank.model(2)
        seen.add(found)
        bank.upload(2, new)
        assert bank.model(2) == new
    assert seen == {None, new}, "what the slot held is given up when the new model is announced"


def test_power_cut_at_every_step_of_a_deletion_leaves_the_model_or_nothing(bank: Bank) -> None:
    old, _ = models()
    flash = Store(bank.library).flash
    bank.upload(2, old)
    before = flash[: (FIRST + 4 * 32) * 4096].copy()
    seen = set()
    for cut in range(1, 30):
        flash[: len(before)] = before
        bank.boot(power=cut, seed=cut)
        bank.library.host_bank_delete(2)
        bank.run()
        bank.boot()
        bank.run()
        seen.add((bank.entry(2).state, bank.model(2)))
    assert (EMPTY, None) in seen
    assert seen <= {(EMPTY, None), (GOOD, old)}


def test_what_the_engine_refuses_or_was_not_announced_cannot_be_chosen_and_says_why(bank: Bank) -> None:
    blob, _ = models()
    altered = blob[:300] + bytes([blob[300] ^ 1]) + blob[301:]
    bank.upload(1, altered)
    entry = bank.entry(1)
    assert (entry.state, entry.reason, entry.status, bank.model(1)) == (REFUSED, MODEL, 5, None)
    assert bank.begin(2, altered, hashlib.sha256(blob).digest()) == DONE
    bank.run()
    for at in range(0, len(altered), 512):
        assert bank.put(2, at, altered[at : at + 512]) == DONE
        bank.run()
    assert (bank.entry(2).state, bank.entry(2).reason) == (REFUSED, SHA256)
    bank.boot(state_limit=100)
    bank.upload(3, blob)
    assert (bank.entry(3).state, bank.entry(3).reason) == (REFUSED, MEMORY)
    bank.boot()
    assert [bank.entry(slot).state for slot in (1, 2, 3)] == [EMPTY] * 3


def test_a_chunk_twice_or_out_of_turn_changes_nothing(bank: Bank) -> None:
    blob, _ = models()
    bank.begin(0, blob)
    bank.run()
    assert bank.put(0, 512, blob[512:1024]) == PLACE
    assert bank.put(0, 0, blob[:512]) == DONE
    assert bank.put(0, 0, blob[:512]) == DONE
    assert bank.put(0, 256, blob[256:768]) == PLACE
    assert bank.put(0, len(blob) - 4, b"12345678") == PLACE
    assert bank.put(0, 0xFFFFFFF0, b"12345678" * 4) == PLACE
    assert bank.entry(0).received == 512
    bank.upload(0, blob)
    assert bank.model(0) == blob
    assert bank.put(0, len(blob) - 4, blob[-4:]) == DONE, "its answer was lost"
    assert bank.upload(0, blob) == 0, "what is there is not sent again"


def test_what_is_played_can_be_neither_deleted_nor_written_over(bank: Bank) -> None:
    blob, other = models()
    bank.upload(7, blob)
    bank.library.host_bank_hold(ctypes.c_uint64(1 << 7))
    assert bank.library.host_bank_delete(7) == IN_USE
    assert bank.begin(7, other) == IN_USE
    assert bank.model(7) == blob


def test_slots_and_sizes_that_are_not_there_are_refused(bank: Bank) -> None:
    blob, _ = models()
    assert bank.begin(40, blob) == NO_SLOT
    assert bank.put(40, 0, blob[:4]) == NO_SLOT
    assert bank.library.host_bank_delete(40) == NO_SLOT
    assert bank.put(1, 0, blob[:4]) == NO_UPLOAD
    sha = hashlib.sha256(b"").digest()
    assert bank.library.host_bank_begin(1, 0, sha) == TOO_LARGE
    assert bank.library.host_bank_begin(1, 31 * 4096 + 1, sha) == TOO_LARGE


def test_a_dead_cell_is_noticed_and_the_slot_refused_after_three_tries(bank: Bank) -> None:
    blob, _ = models()
    flash = Store(bank.library).flash
    dead = (FIRST + 4 * 32 + 1) * 4096 + 20
    bank.begin(4, blob)
    bank.run()
    for _ in range(60):
        at = bank.entry(4).received
        bank.put(4, at, blob[at : at + 512])
        flash[dead] = 0
        bank.run()
    assert (bank.entry(4).state, bank.entry(4).reason) == (REFUSED, FLASH)


def test_two_uploads_take_turns(bank: Bank) -> None:
    first, second = models()
    assert bank.upload(0, first, chunks=3) == 3
    bank.upload(1, second)
    assert bank.model(1) == second
    assert bank.entry(0).state == RECEIVING
    bank.upload(0, first)
    assert bank.model(0) == first


def test_another_model_of_the_same_size_takes_the_place_of_one_that_is_good(bank: Bank) -> None:
    one = padded(models()[0], 2 * 4096)
    other = one[:-1] + bytes([one[-1] ^ 1])
    bank.upload(5, one)
    bank.upload(5, other)
    assert bank.model(5) == other


def test_what_is_begun_while_the_flash_works_for_another_slot_waits_and_harms_nothing(bank: Bank) -> None:
    there, blob = models()
    bank.upload(2, there)
    assert bank.begin(0, blob) == DONE, "its head is about to be erased"
    assert bank.begin(1, blob) == WAIT
    assert bank.begin(2, there) == WAIT, "nor can it be read again now"
    bank.run()
    assert bank.entry(0).state == RECEIVING
    assert bank.begin(2, there) == DONE
    assert bank.library.host_bank_delete(0) == DONE
    while bank.library.host_bank_step():
        pass
    assert bank.begin(2, there) == WAIT, "the bank rests, but the flash still erases"
    bank.run()
    assert bank.begin(2, there) == DONE
    assert bank.model(2) == there


def test_a_slot_that_was_given_up_leaves_the_next_one_all_its_tries(bank: Bank) -> None:
    blob, _ = models()
    flash = Store(bank.library).flash

    def sent(slot: int, spoiled: int) -> int:
        """Its state after an upload of which so many chunks meet a cell that fails."""
        assert bank.begin(slot, blob) == DONE
        bank.run()
        while (entry := bank.entry(slot)).state == RECEIVING:
            bank.put(slot, entry.received, blob[entry.received : entry.received + 4096])
            if spoiled:
                flash[(FIRST + slot * 32 + 1) * 4096 + 20], spoiled = 0, spoiled - 1
            bank.run()
        return bank.entry(slot).state

    assert [sent(4, 3), sent(5, 2), sent(6, 3), sent(6, 2)] == [REFUSED, GOOD, REFUSED, GOOD]


def test_a_head_that_was_lost_on_the_way_costs_one_restart_and_three_of_them_the_slot(bank: Bank) -> None:
    blob, _ = models()
    flash = Store(bank.library).flash

    def sent(slot: int, spoiled: int) -> int:
        """Its state after an upload whose head rots so many times before it is to be called good."""
        assert bank.begin(slot, blob) == DONE
        bank.run()
        while (entry := bank.entry(slot)).state == RECEIVING:
            last = entry.received + 4096 >= len(blob)
            if last and spoiled:
                flash[(FIRST + slot * 32) * 4096], spoiled = 0, spoiled - 1
            bank.put(slot, entry.received, blob[entry.received : entry.received + 4096])
            bank.run()
        return bank.entry(slot).state

    assert [sent(4, 3), sent(5, 2), sent(4, 1)] == [REFUSED, GOOD, GOOD]


def test_a_slot_that_is_written_over_while_it_is_read_after_power_up_is_judged_by_what_is_new(bank: Bank) -> None:
    old, new = (padded(blob, 5 * 4096) for blob in models())
    for slot in (3, 4):
        bank.upload(slot, old)
    bank.boot()
    for _ in range(3):
        assert bank.library.host_bank_step(), "slot 3 is being read"
    assert bank.entry(3).state == CHECKING
    bank.upload(3, new)
    bank.run()
    assert [bank.model(slot) for slot in (3, 4)] == [new, old]
    assert [bank.entry(slot).state for slot in (3, 4)] == [GOOD, GOOD]


def test_a_chunk_may_neither_be_longer_than_a_sector_nor_reach_into_the_next_nor_come_while_one_is_written(
    bank: Bank,
) -> None:
    blob = padded(models()[0], 3 * 4096)
    assert bank.begin(0, blob) == DONE
    bank.run()
    assert bank.put(0, 0, blob[:4097]) == PLACE
    assert bank.put(0, 0, blob[:512]) == DONE
    assert bank.put(0, 512, blob[512 : 512 + 4096]) == PLACE
    assert bank.put(0, 512, blob[512:4096]) == DONE
    assert bank.put(0, 4096, blob[4096:4608]) == WAIT, "the first sector is being written"
    assert bank.entry(0).received == 4096
    bank.run()
    bank.upload(0, blob)
    assert bank.model(0) == blob


def test_nothing_is_put_into_a_slot_that_is_being_deleted(bank: Bank) -> None:
    blob = padded(models()[0], 2 * 4096)
    assert bank.upload(0, blob, chunks=3) == 3
    assert bank.library.host_bank_delete(0) == DONE
    assert bank.put(0, 3 * 512, blob[3 * 512 : 4 * 512]) == NO_UPLOAD
    bank.run()
    assert bank.entry(0).state == EMPTY


def test_a_deletion_asked_twice_is_one_and_an_empty_slot_needs_none(bank: Bank) -> None:
    blob, other = models()
    for slot in (3, 4):
        bank.upload(slot, blob)
    assert bank.library.host_bank_delete(9) == DONE
    assert not bank.library.host_bank_step(), "there is nothing to do"
    assert [bank.library.host_bank_delete(3) for _ in range(2)] == [DONE, DONE]
    assert bank.library.host_bank_delete(4) == WAIT, "one after the other"
    bank.run()
    assert bank.begin(5, other) == DONE
    assert bank.library.host_bank_delete(4) == WAIT, "the head of another is about to be erased"
    bank.run()
    assert [bank.entry(slot).state for slot in (3, 4, 5)] == [EMPTY, GOOD, RECEIVING]


def test_a_slot_that_is_deleted_while_it_is_read_after_power_up_stays_empty_and_the_next_is_read(bank: Bank) -> None:
    blob = padded(models()[0], 5 * 4096)
    for slot in (3, 4):
        bank.upload(slot, blob)
    bank.boot()
    for _ in range(3):
        assert bank.library.host_bank_step(), "slot 3 is being read"
    assert bank.library.host_bank_delete(3) == DONE
    bank.run()
    bank.run()
    assert [bank.entry(slot).state for slot in (3, 4)] == [EMPTY, GOOD]
    assert bank.model(4) == blob


def test_each_sector_has_tries_of_its_own(bank: Bank) -> None:
    blob = padded(models()[0], 4 * 4096)
    flash = Store(bank.library).flash
    spoiled: set[int] = set()
    assert bank.begin(4, blob) == DONE
    bank.run()
    while (entry := bank.entry(4)).state == RECEIVING:
        at = entry.received
        bank.put(4, at, blob[at : at + 4096])
        if at not in spoiled:
            flash[(FIRST + 4 * 32 + 1) * 4096 + at + 20] = 0
            spoiled.add(at)
        bank.run()
    assert bank.entry(4).state == GOOD
    assert len(spoiled) == 4


@pytest.mark.parametrize("offset", [4, 256])
def test_a_head_or_a_mark_that_rots_before_its_model_was_read_after_power_up_is_noticed_and_the_next_is_read(
    bank: Bank, offset: int
) -> None:
    blob, _ = models()
    for slot in (3, 4):
        bank.upload(slot, blob)
    flash = Store(bank.library).flash
    assert flash[(FIRST + 3 * 32) * 4096 + offset] != 0xFF, "something is written there"
    bank.boot()
    flash[(FIRST + 3 * 32) * 4096 + offset] ^= 1
    bank.run()
    assert [(bank.entry(slot).state, bank.entry(slot).reason) for slot in (3, 4)] == [(REFUSED, FLASH), (GOOD, NONE)]
    assert bank.model(3) is None


def test_an_upload_that_has_come_is_told_to_be_in_the_check_before_it_is_good(bank: Bank) -> None:
    blob, _ = models()
    last = (len(blob) - 1) // 4096 * 4096
    bank.upload(0, blob, chunk=4096, chunks=last // 4096)
    assert bank.put(0, last, blob[last:]) == DONE
    seen = []
    while bank.library.host_bank_step():
        seen.append(bank.entry(0).state)
    seen.append(bank.entry(0).state)
    assert [state for at, state in enumerate(seen) if at == 0 or seen[at - 1] != state] == [RECEIVING, CHECKING, GOOD]
