"""Gate and button, the record of a crash, a model's delay: small parts of the module."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import firwin, lfilter

NONE, NEXT, PREVIOUS, STEP, SAVE = range(5)
WATCHDOG = 64


def gestures(library: ctypes.CDLL, gate: np.ndarray, button: np.ndarray) -> list[tuple[int, int]]:
    """0 or 1 for every block -> (block, gesture), where there is one."""
    said = np.zeros(len(gate), np.uint8)
    at = [ctypes.c_void_p(np.ascontiguousarray(x, np.uint8).ctypes.data) for x in (gate, button, said)]
    kept = [np.ascontiguousarray(x, np.uint8) for x in (gate, button)]
    at[:2] = [ctypes.c_void_p(x.ctypes.data) for x in kept]
    library.host_gestures(at[0], at[1], ctypes.c_size_t(len(gate)), ctypes.c_void_p(said.ctypes.data))
    return [(int(block), int(said[block])) for block in np.flatnonzero(said)]


def high(blocks: int, *spans: tuple[int, int]) -> np.ndarray:
    out = np.zeros(blocks, np.uint8)
    for start, end in spans:
        out[start:end] = 1
    return out


def bouncing(signal: np.ndarray, seed: int) -> np.ndarray:
    """After every change the contact says anything for five blocks."""
    rng = np.random.default_rng(seed)
    out = signal.copy()
    for edge in np.flatnonzero(np.diff(signal.astype(int))) + 1:
        out[edge : edge + 5] = rng.integers(0, 2, 5)
    return out


@pytest.mark.parametrize("seed", range(20))
def test_a_bouncing_button_is_pressed_once(library: ctypes.CDLL, seed: int) -> None:
    button = bouncing(high(4000, (100, 300), (600, 1900), (2500, 2700)), seed)
    said = gestures(library, high(4000), button)
    assert [gesture for _, gesture in said] == [STEP, SAVE, STEP]
    assert 300 <= said[0][0] <= 320
    assert 1600 <= said[1][0] <= 1620


def test_a_gate_counts_at_once_and_a_millisecond_is_enough(library: ctypes.CDLL) -> None:
    gate = high(400, (10, 11), (50, 150), (200, 203), (204, 206), (300, 310))
    said = gestures(library, gate, high(400))
    assert said == [(10, NEXT), (50, NEXT), (200, NEXT), (300, NEXT)]  # 204 is a bounce


def test_with_the_button_held_the_gate_goes_back_and_the_press_means_nothing_else(library: ctypes.CDLL) -> None:
    said = gestures(library, high(3000, (500, 510), (700, 710)), high(3000, (100, 2500)))
    assert [gesture for _, gesture in said] == [PREVIOUS, PREVIOUS]


def test_what_is_held_at_power_up_means_nothing(library: ctypes.CDLL) -> None:
    assert gestures(library, high(3000, (0, 2000)), high(3000, (0, 2000))) == []


@given(gate=st.binary(min_size=1, max_size=3000), button=st.binary(min_size=1, max_size=3000))
@settings(max_examples=30, deadline=None)
def test_noise_never_makes_a_save(library: ctypes.CDLL, gate: bytes, button: bytes) -> None:
    length = min(len(gate), len(button))
    noise = [np.frombuffer(x[:length], np.uint8) & 1 for x in (gate, button)]
    noise[1][::7] = 0
    noise[1] = noise[1].copy()
    assert SAVE not in [gesture for _, gesture in gestures(library, *noise)]


def record(library: ctypes.CDLL, fill: int = 0xFF) -> ctypes.Array[ctypes.c_char]:
    library.host_fault_bytes.restype = ctypes.c_size_t
    size = library.host_fault_bytes()
    return ctypes.create_string_buffer(bytes([fill]) * size, size)


def take(library: ctypes.CDLL, kept: ctypes.Array[ctypes.c_char], watchdog: bool = False) -> tuple[int, list[int]]:
    fields = (ctypes.c_uint32 * 4)()
    return library.host_fault_take(kept, int(watchdog), fields), list(fields)


@pytest.mark.parametrize("fill", [0x00, 0xFF, 0xA5])
def test_memory_that_was_never_written_is_no_record_of_a_crash(library: ctypes.CDLL, fill: int) -> None:
    kept = record(library, fill)
    assert take(library, kept) == (0, [0, 0, 0, 0])


def test_a_record_is_taken_once_and_crashes_are_counted(library: ctypes.CDLL) -> None:
    kept = record(library)
    take(library, kept)
    for count in (1, 2, 3):
        library.host_fault_write(kept, 3, ctypes.c_uint32(0x0800_1234), 77)
        assert take(library, kept) == (3, [count, 0x0800_1234, 77, 3])
        assert take(library, kept)[0] == 0


def test_every_flipped_bit_spoils_a_record(library: ctypes.CDLL) -> None:
    kept = record(library)
    library.host_fault_write(kept, 5, ctypes.c_uint32(4), 1)
    whole = kept.raw
    for bit in range(8 * len(whole)):
        spoilt = bytearray(whole)
        spoilt[bit // 8] ^= 1 << bit % 8
        kept[:] = bytes(spoilt)
        assert take(library, kept)[0] == 0, bit


def test_the_watchdogs_bite_is_recorded_unless_a_fault_came_first(library: ctypes.CDLL) -> None:
    kept = record(library)
    take(library, kept)
    assert take(library, kept, watchdog=True)[0] == WATCHDOG
    library.host_fault_write(kept, 4, 0, 0)
    assert take(library, kept, watchdog=True)[0] == 4


@given(delay=st.integers(0, 63), seed=st.integers(0, 1000), inverted=st.booleans(), drive=st.floats(0.3, 8))
@settings(max_examples=60, deadline=None)
def test_a_distorted_and_late_sound_is_found_as_late_as_it_is(
    library: ctypes.CDLL, delay: int, seed: int, inverted: bool, drive: float
) -> None:
    rng = np.random.default_rng(seed)
    dry = rng.uniform(-4096, 4096, 192)
    late = np.concatenate([np.zeros(delay), dry])[:192]
    wet = np.tanh(late / 4096 * drive) * 9000 * (-1 if inverted else 1)
    sound = [np.ascontiguousarray(np.round(x), np.int16) for x in (dry, wet)]
    found = library.host_find_delay(*(ctypes.c_void_p(x.ctypes.data) for x in sound), ctypes.c_size_t(192))
    assert found == delay


def test_a_filters_delay_is_found_within_a_frame_and_noise_has_none(library: ctypes.CDLL) -> None:
    rng = np.random.default_rng(3)
    dry = np.round(rng.uniform(-4096, 4096, 192)).astype(np.int16)
    wet = np.round(lfilter(firwin(41, 8000, fs=48000), 1, dry)).astype(np.int16)
    other = np.round(rng.uniform(-4096, 4096, 192)).astype(np.int16)

    def find(out: np.ndarray) -> int:
        pointers = (ctypes.c_void_p(x.ctypes.data) for x in (dry, out))
        return int(library.host_find_delay(*pointers, ctypes.c_size_t(192)))

    assert abs(find(wet) - 20) <= 1
    assert find(other) == 0
    assert find(np.zeros(192, np.int16)) == 0
