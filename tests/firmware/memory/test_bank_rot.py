"""Models that rot in the bank: none is called good, none plays, and the same upload repairs it."""

from __future__ import annotations

import hashlib
import random

from tests.firmware.memory.test_bank import (
    CHECKING,
    DONE,
    EMPTY,
    FIRST,
    FLASH,
    GOOD,
    RECEIVING,
    REFUSED,
    Bank,
    models,
)
from tests.firmware.memory.test_store import Store
from tests.reliability import campaign, cases

SLOT = 6
HEAD = (FIRST + SLOT * 32) * 4096
PAGE, SECTOR = 256, 4096


def test_what_was_there_at_power_up_is_read_before_it_is_called_good(bank: Bank) -> None:
    blob, other = models()
    bank.upload(SLOT, blob)
    bank.upload(0, other)
    bank.boot()
    entry = bank.entry(SLOT)
    assert (entry.state, entry.bytes, bytes(entry.sha256)) == (CHECKING, len(blob), hashlib.sha256(blob).digest())
    bank.run()
    assert (bank.entry(SLOT).state, bank.entry(0).state) == (GOOD, GOOD)
    bank.boot()
    assert bank.model(SLOT) == blob, "what is to be played at power-up is read at once"


def where(blob: bytes, rng: random.Random) -> int:
    """A bit of the slot that is used: of its three pages, or of its model."""
    part = rng.choice(("head", "commit", "progress", "data", "data", "data"))
    at = {
        "head": (0, 44),
        "commit": (PAGE, 8),
        "progress": (2 * PAGE, -(-len(blob) // SECTOR)),
        "data": (SECTOR, len(blob)),
    }
    start, count = at[part]
    return 8 * (HEAD + start) + rng.randrange(8 * count)


def test_a_flipped_bit_anywhere_in_a_slot_is_never_called_good_and_the_same_upload_repairs_it(bank: Bank) -> None:
    blob, other = models()
    bank.upload(SLOT, blob)
    bank.upload(3, other)
    flash = Store(bank.library).flash
    region = slice(FIRST * SECTOR, (FIRST + 8 * 32) * SECTOR)
    whole, rng, seen = flash[region].copy(), random.Random(4), set()
    with campaign("one flipped bit: bank's slot, repaired each time by the same upload") as told:
        for turn in range(cases(400, 20_000)):
            flash[region] = whole
            bit = where(blob, rng)
            while_on = turn % 2
            if while_on:
                bank.boot()
                bank.run()
            flash[bit // 8] ^= 1 << bit % 8
            if not while_on:
                bank.boot()
                bank.run()
                entry = bank.entry(SLOT)
                seen.add((entry.state, entry.reason))
                if entry.state == GOOD:  # progress bytes are for uploads under way only
                    assert bit // 8 - HEAD in range(2 * PAGE, 3 * PAGE)
                    assert bank.model(SLOT) == blob
                else:
                    assert bank.model(SLOT) is None
            bank.upload(SLOT, blob)
            assert bank.entry(SLOT).state == GOOD, (bit - 8 * HEAD, bank.entry(SLOT).reason)
            assert bank.model(SLOT) == blob
            bank.boot()
            assert (bank.model(SLOT), bank.model(3)) == (blob, other)
            told.cases += 1
    assert {(REFUSED, FLASH), (GOOD, 0), (EMPTY, 0), (RECEIVING, 0)} <= seen


def test_a_rotten_model_keeps_its_name_in_the_list_so_that_an_upload_finds_its_slot(bank: Bank) -> None:
    blob, _ = models()
    bank.upload(SLOT, blob)
    Store(bank.library).flash[HEAD + SECTOR + 100] ^= 4
    bank.boot()
    bank.run()
    entry = bank.entry(SLOT)
    assert (entry.state, entry.reason, entry.received) == (REFUSED, FLASH, 0)
    assert (entry.bytes, bytes(entry.sha256)) == (len(blob), hashlib.sha256(blob).digest())
    assert bank.library.host_bank_delete(SLOT) == DONE
    bank.run()
    assert bank.entry(SLOT).state == EMPTY
