"""What the module remembers, rule by rule: which settings it takes, which preset is next, at the edge of each rule.

Each rule's other side is a fault that somebody could make: see `make mutations`.
"""

from __future__ import annotations

import ctypes
import struct
import zlib

import pytest

from tests.firmware.memory.test_bank import (
    CHECKING,
    DONE,
    EMPTY,
    FIRST,
    GOOD,
    RECEIVING,
    REFUSED,
    Bank,
    Entry,
    models,
    padded,
)
from tests.firmware.memory.test_store import SECTOR, Store, some

PRESETS, CVS, KNOBS = 16, 8, 12
UNITY, MORPH_LIMIT_MS = 4096, 30_000
OFFSET_UV, GAIN_PPM = 1_661_148, -301_000
LEFT, RIGHT = 0, 65535
NEXT, PREVIOUS, STEP = 1, 2, 3


class Preset(ctypes.Structure):
    _fields_ = (
        ("played", ctypes.c_int16 * 4),
        ("stored", ctypes.c_int16 * 12),
        ("level_q12", ctypes.c_int16),
        ("model", ctypes.c_uint8),
        ("used", ctypes.c_uint8),
    )


class Cv(ctypes.Structure):
    _fields_ = (("offset_uv", ctypes.c_int32), ("gain_ppm", ctypes.c_int32))


class Knob(ctypes.Structure):
    _fields_ = (("left", ctypes.c_uint16), ("right", ctypes.c_uint16))


class Bend(ctypes.Structure):
    _fields_ = (("turns", ctypes.c_int16 * 4), ("kind", ctypes.c_uint8), ("gate", ctypes.c_uint8))


class Settings(ctypes.Structure):
    _fields_ = (
        ("presets", Preset * PRESETS),
        ("cv", Cv * CVS),
        ("morph_ms", ctypes.c_uint16),
        ("preset", ctypes.c_uint8),
        ("model", ctypes.c_uint8),
        ("calibrated", ctypes.c_uint8),
        ("reserved", ctypes.c_uint8 * 3),
        ("knobs", Knob * KNOBS),
        ("knobs_calibrated", ctypes.c_uint16),
        ("reserved_too", ctypes.c_uint16),
        ("preset_models", ctypes.c_uint8 * 8 * PRESETS),
        ("preset_bends", Bend * PRESETS),
    )


@pytest.fixture
def settings(library: ctypes.CDLL) -> Settings:
    library.host_settings_bytes.restype = ctypes.c_size_t
    assert library.host_settings_bytes() == ctypes.sizeof(Settings)
    made = Settings.from_buffer_copy(b"\xaa" * ctypes.sizeof(Settings))
    library.host_settings_start(ctypes.byref(made))
    return made


def checked(library: ctypes.CDLL, settings: Settings) -> bool:
    return bool(library.host_settings_check(ctypes.byref(settings)))


def test_settings_as_they_leave_the_factory_are_nominal_throughout(library: ctypes.CDLL, settings: Settings) -> None:
    assert [(one.level_q12, one.used, one.model, *one.played, *one.stored) for one in settings.presets] == [
        (UNITY, 0, 0, *[0] * 16)
    ] * PRESETS
    assert [(one.offset_uv, one.gain_ppm) for one in settings.cv] == [(OFFSET_UV, GAIN_PPM)] * CVS
    assert [(one.left, one.right) for one in settings.knobs] == [(LEFT, RIGHT)] * KNOBS
    assert (settings.morph_ms, settings.preset, settings.model, settings.calibrated) == (0, 0, 0, 0)
    assert settings.knobs_calibrated == 0
    assert checked(library, settings)


@pytest.mark.parametrize("place", [0, PRESETS - 1])
@pytest.mark.parametrize(("used", "level", "good"), [(1, 0, True), (1, -1, False), (2, 5, False), (0, 32767, True)])
def test_a_preset_that_cannot_be_is_emptied_and_its_neighbours_stay(
    library: ctypes.CDLL, settings: Settings, place: int, used: int, level: int, good: bool
) -> None:
    for one in settings.presets:
        one.used, one.level_q12, one.model, one.played[0] = 1, 77, 3, 9
    settings.presets[place].used, settings.presets[place].level_q12 = used, level
    assert checked(library, settings) == good
    found = settings.presets[place]
    assert (found.used, found.level_q12, found.model) == ((used, level, 3) if good else (0, UNITY, 0))
    assert all(one.played[0] == 9 for i, one in enumerate(settings.presets) if i != place)
    assert checked(library, settings)


@pytest.mark.parametrize("place", [0, PRESETS - 1])
@pytest.mark.parametrize(
    ("kind", "gate", "good"), [(4, 0, True), (5, 0, False), (255, 0, False), (4, 96, True), (0, 97, False)]
)
def test_a_preset_of_a_bend_or_a_gate_that_is_none_is_emptied_with_it(
    library: ctypes.CDLL, settings: Settings, place: int, kind: int, gate: int, good: bool
) -> None:
    settings.presets[place].used, settings.presets[place].model = 1, 3
    settings.preset_bends[place].kind, settings.preset_bends[place].turns[2] = kind, 9
    settings.preset_bends[place].gate = gate
    assert checked(library, settings) == good
    bend = settings.preset_bends[place]
    assert (settings.presets[place].used, settings.presets[place].model) == ((1, 3) if good else (0, 0))
    assert (bend.kind, bend.turns[2], bend.gate) == ((kind, 9, gate) if good else (0, 0, 0))


@pytest.mark.parametrize("place", [0, 4, CVS - 1])
@pytest.mark.parametrize(
    ("offset", "gain", "good"),
    [
        (20_000, 0, True),  # of the fifth, half of it would be a level below 0 if there were a seventeenth preset
        (150_000, 0, True),
        (150_001, 0, False),
        (-150_000, 0, True),
        (-150_001, 0, False),
        (0, 30_100, True),
        (0, 30_101, False),
        (0, -30_100, True),
        (0, -30_101, False),
    ],
)
def test_a_calibration_of_a_cv_is_taken_up_to_its_limits(
    library: ctypes.CDLL, settings: Settings, place: int, offset: int, gain: int, good: bool
) -> None:
    settings.calibrated = 0xFF
    settings.cv[place] = Cv(OFFSET_UV + offset, GAIN_PPM + gain)
    assert checked(library, settings) == good
    assert settings.calibrated == (0xFF if good else 0xFF & ~(1 << place))
    assert settings.cv[place].offset_uv == OFFSET_UV + offset * good
    assert settings.cv[place].gain_ppm == GAIN_PPM + gain * good


@pytest.mark.parametrize("place", [0, KNOBS - 1])
@pytest.mark.parametrize(
    ("left", "right", "good"), [(9830, RIGHT, True), (9831, RIGHT, False), (0, RIGHT - 9830, True), (0, 55704, False)]
)
def test_a_calibration_of_a_knob_is_taken_up_to_its_limits(
    library: ctypes.CDLL, settings: Settings, place: int, left: int, right: int, good: bool
) -> None:
    settings.knobs_calibrated = 0xFFFF
    settings.knobs[place] = Knob(left, right)
    assert checked(library, settings) == good
    assert settings.knobs_calibrated == (0xFFFF if good else 0xFFFF & ~(1 << place))
    assert (settings.knobs[place].left, settings.knobs[place].right) == ((left, right) if good else (LEFT, RIGHT))


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("morph_ms", MORPH_LIMIT_MS, MORPH_LIMIT_MS),
        ("morph_ms", MORPH_LIMIT_MS + 1, MORPH_LIMIT_MS),
        ("preset", PRESETS - 1, PRESETS - 1),
        ("preset", PRESETS, 0),
    ],
)
def test_a_morph_and_a_preset_that_are_out_of_range_are_put_right(
    library: ctypes.CDLL, settings: Settings, field: str, value: int, kept: int
) -> None:
    setattr(settings, field, value)
    assert checked(library, settings) == (value == kept)
    assert getattr(settings, field) == kept
    assert checked(library, settings)


def after(library: ctypes.CDLL, used: set[int], at: int, gesture: int) -> int:
    presets = (Preset * PRESETS)()
    for place in used:
        presets[place].used = 1
    return int(library.grit_presets_after(presets, at, gesture))


@pytest.mark.parametrize(
    ("used", "at", "gesture", "there"),
    [
        (set(), 5, NEXT, 5),
        ({5}, 5, NEXT, 5),
        ({5}, 5, PREVIOUS, 5),
        ({0, 15}, 0, NEXT, 15),
        ({0, 15}, 15, NEXT, 0),
        ({0, 15}, 0, PREVIOUS, 15),
        ({3, 4, 9}, 4, PREVIOUS, 3),
        ({3, 4, 9}, 4, NEXT, 9),
        ({3, 4, 9}, 9, NEXT, 3),
        ({3}, 3, STEP, 0),
        ({0, 1, 3}, 1, STEP, 2),
        ({0, 1, 3}, 2, STEP, 3),
        ({0, 1, 3}, 3, STEP, 0),
        (set(), 0, STEP, 0),
        (set(range(16)), 15, STEP, 0),
        (set(range(16)), 0, PREVIOUS, 15),
        ({5}, 6, NEXT, 5),
    ],
)
def test_which_preset_is_next(library: ctypes.CDLL, used: set[int], at: int, gesture: int, there: int) -> None:
    assert after(library, used, at, gesture) == there


@pytest.mark.parametrize("count", [0, 1, 4, 5, 16, 20])
def test_what_is_heard_becomes_a_preset_dimension_by_dimension(library: ctypes.CDLL, count: int) -> None:
    library.grit_presets_of.restype = Preset
    position = (ctypes.c_int16 * 20)(*range(100, 120))
    made = library.grit_presets_of(position, ctypes.c_size_t(count), 7, ctypes.c_int16(-3))
    wanted = [100 + i if i < count else 0 for i in range(16)]
    assert [*made.played, *made.stored] == wanted
    assert (made.level_q12, made.model, made.used) == (-3, 7, 1)


def test_a_module_without_a_flash_keeps_nothing_and_has_no_slots(library: ctypes.CDLL) -> None:
    store = ctypes.create_string_buffer(4096)
    payload, copy = ctypes.create_string_buffer(b"defaults", 900), ctypes.create_string_buffer(900)
    library.grit_store_open.restype = ctypes.c_size_t
    size = ctypes.c_size_t(900)
    assert library.grit_store_open(store, None, 0, 4, ctypes.c_uint16(1), payload, size, copy) == 0
    library.grit_store_save(store)
    library.grit_store_step.restype = ctypes.c_bool
    assert not library.grit_store_step(store)
    assert payload.value == b"defaults"
    bank = ctypes.create_string_buffer(16384)
    library.grit_bank_open(bank, None, 0, 64, (ctypes.c_size_t * 2)(1 << 20, 0))
    assert library.grit_bank_count(bank) == 0
    library.grit_bank_step.restype = ctypes.c_bool
    assert not library.grit_bank_step(bank)
    library.grit_bank_model.restype = ctypes.c_void_p
    assert library.grit_bank_model(bank, 0, ctypes.byref(ctypes.c_size_t())) is None


@pytest.mark.parametrize(("size", "sectors", "kept"), [(3840, 2, True), (3841, 2, False), (900, 1, False)])
def test_a_record_has_a_sector_less_a_page_and_a_ring_has_two(
    library: ctypes.CDLL, size: int, sectors: int, kept: bool
) -> None:
    store = Store(library, size, sectors=sectors)
    store.flash[:] = 0xFF
    assert store.boot() is None
    store.save(b"x" * size)
    assert (store.boot() == b"x" * size) == kept


def test_a_bank_has_at_most_48_slots_and_the_one_behind_them_is_none(library: ctypes.CDLL) -> None:
    flash = Store(library).flash
    flash[:] = 0xFF
    bank = Bank(library)
    for sectors, slots in ((32 * 50, 48), (32 * 48 - 1, 47), (31, 0)):
        library.host_flash_power(ctypes.c_int64(-1), 1)
        library.host_bank_open(16, sectors, ctypes.c_size_t(1 << 20))
        assert library.host_bank_count() == slots
        entry = Entry()
        assert library.host_bank_entry(slots, ctypes.byref(entry)) == 0
        assert bank.model(slots) is None
        if slots:
            assert library.host_bank_entry(slots - 1, ctypes.byref(entry)) == 1


def test_what_lies_before_and_behind_the_ring_is_no_record(store: Store) -> None:
    store.boot()
    for number in range(2):
        store.save(some(number))
    held = store.region[:SECTOR].copy(), store.region[SECTOR : 2 * SECTOR].copy()
    store.region[:] = 0xFF
    for at in (store.first - 1, store.first + store.sectors):
        for record in held:
            store.flash[at * SECTOR : (at + 1) * SECTOR] = record
            assert store.boot() is None


def test_a_save_that_was_given_up_leaves_the_next_one_its_three_tries(store: Store) -> None:
    def saved_with_dead(payload: bytes, sectors: int) -> int:
        """The failures while the next `sectors` sectors of the ring do not take a record."""
        before, dead = store.library.host_store_failed(), set[int]()
        store.payload.raw = payload
        store.library.host_store_save()
        while store.library.host_store_step():
            heads = {i for i in range(store.sectors) if (store.region[i * SECTOR : i * SECTOR + 256] != 0xFF).any()}
            erased = [i for i in range(store.sectors) if i not in heads and i not in dead]
            if len(dead) < sectors and erased:
                dead.add(erased[0])
            for one in dead:
                store.region[one * SECTOR + 300] = 0
        return int(store.library.host_store_failed() - before)

    store.boot()
    for number in range(4):
        store.save(some(number))
    assert saved_with_dead(some(10), 9) == 3
    assert store.boot() == some(3), "the oldest three records were given for it, the newest stays"
    store.save(some(11))
    assert saved_with_dead(some(12), 9) == 3
    assert saved_with_dead(some(13), 1) == 1
    assert store.boot() == some(13)


HEAD = FIRST * SECTOR


def head(size: int, sha256: bytes) -> bytes:
    """A slot's first page, as the module writes it: firmware/module/memory/bank.c."""
    fields = struct.pack("<II32s", 0x4B4E4247, size, sha256)
    return fields + struct.pack("<I", zlib.crc32(fields))


@pytest.mark.parametrize(
    ("size", "state"), [(0, EMPTY), (1, RECEIVING), (31 * 4096, RECEIVING), (31 * 4096 + 1, EMPTY)]
)
def test_a_head_of_a_size_that_no_model_has_is_no_head(bank: Bank, size: int, state: int) -> None:
    written = head(size, bytes(range(32)))
    Store(bank.library).flash[HEAD : HEAD + len(written)] = list(written)
    bank.boot()
    assert bank.entry(0).state == state
    assert bank.entry(0).bytes == (0 if state == EMPTY else size)


def test_a_model_that_fills_its_slot_to_the_last_byte_is_kept_and_its_neighbour_is_not_touched(bank: Bank) -> None:
    blob, other = models()
    whole = padded(blob, 31 * 4096)
    assert len(whole) == 31 * 4096
    bank.upload(1, other)
    bank.upload(0, whole)
    bank.boot()
    bank.run()
    assert (bank.model(0), bank.model(1)) == (whole, other)


def test_what_lies_behind_the_last_slot_is_no_slot(bank: Bank) -> None:
    blob, _ = models()
    bank.upload(0, blob)
    flash = Store(bank.library).flash
    behind = HEAD + 48 * 32 * SECTOR
    flash[behind : behind + SECTOR] = flash[HEAD : HEAD + SECTOR]
    bank.library.host_bank_open(FIRST, 32 * 50, ctypes.c_size_t(1 << 20))
    assert bank.library.host_bank_count() == 48
    bank.run()
    assert bank.model(0) == blob


def test_a_slot_that_is_being_emptied_says_nothing_of_what_it_held(bank: Bank) -> None:
    """Nor does one whose model was refused, from that moment on."""
    blob, _ = models()
    bank.upload(2, blob)
    assert bank.library.host_bank_delete(2) == DONE
    entry = bank.entry(2)
    assert (entry.state, entry.bytes, entry.received, bytes(entry.sha256)) == (EMPTY, 0, 0, bytes(32))
    bank.run()
    seen = 0
    for power in range(1, 700, 3):
        Store(bank.library).flash[HEAD : HEAD + 32 * SECTOR] = 0xFF
        bank.boot(power=power, seed=power)
        assert bank.begin(0, blob, bytes(range(32))) == DONE
        bank.run()
        for at in range(0, len(blob), 512):
            if bank.library.host_flash_dead() or bank.put(0, at, blob[at : at + 512]) != DONE:
                break
            bank.run()
        entry = bank.entry(0)
        if entry.state == REFUSED:
            seen += 1
            assert (entry.bytes, entry.received, bytes(entry.sha256)) == (0, 0, bytes(32)), power
    assert seen > 3


class KnownEntry(ctypes.Structure):
    _fields_ = (
        ("bytes", ctypes.c_uint32),
        ("received", ctypes.c_uint32),
        ("sha256", ctypes.c_uint8 * 32),
        ("name", ctypes.c_char_p),
        ("state", ctypes.c_int),
        ("reason", ctypes.c_int),
        ("status", ctypes.c_int),
    )


@pytest.mark.parametrize(
    ("state", "size", "known"),
    [
        (GOOD, 1, True),
        (CHECKING, 1, True),
        (GOOD, 0, False),
        (CHECKING, 0, False),
        (RECEIVING, 9, False),
        (EMPTY, 9, False),
    ],
)
def test_a_slot_is_known_by_a_head_that_can_be_read_and_a_model_that_has_come(
    library: ctypes.CDLL, state: int, size: int, known: bool
) -> None:
    library.grit_bank_known.restype = ctypes.c_bool
    entry = KnownEntry(bytes=size, state=state, name=b"")
    assert library.grit_bank_known(ctypes.byref(entry)) == known
