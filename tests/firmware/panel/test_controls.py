"""Knobs and voltages: still when they are still, quick when they move, right in volts."""

from __future__ import annotations

import ctypes
import tomllib
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gritspace.host_tools.link.frames import Frame
from gritspace.host_tools.link.messages import message_frame
from gritspace.host_tools.link.schema import schema
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.reference import run
from hardware.circuit.stages.cv_in import nominal_gain, nominal_offset_volts
from tests.firmware.host.host_module import HostModule
from tests.firmware.host.sound_path import TOLERANCE, heard
from tests.places import ROOT

PANEL = tomllib.loads((ROOT / "hardware" / "panels" / "module.toml").read_text())
KNOBS, CVS = len(PANEL["knob"]), len(PANEL["cv"])
FULL_SCALE = PANEL["seed"]["adc_full_scale_volts"]


class Panel(NamedTuple):
    knobs: NDArray[np.uint16]
    volts: NDArray[np.float64]
    played: NDArray[np.int16]


def read(library: ctypes.CDLL, codes: NDArray[np.uint16]) -> Panel:
    """codes uint16 (blocks, KNOBS + CVS) -> what the panel says in each block."""
    blocks = len(codes)
    source = np.ascontiguousarray(codes, np.uint16)
    knobs, volts = np.zeros((blocks, KNOBS), np.uint16), np.zeros((blocks, CVS), np.int32)
    played = np.zeros((blocks, CVS), np.int16)
    at = [ctypes.c_void_p(array.ctypes.data) for array in (source, knobs, volts, played)]
    library.host_controls(at[0], ctypes.c_size_t(blocks), *at[1:])
    return Panel(knobs, volts / 1e6, played)


def codes_of(
    knobs: NDArray[np.float64], volts: NDArray[np.float64], noise: float = 0.0, seed: int = 0
) -> NDArray[np.uint16]:
    """Knobs 0..1 (blocks, KNOBS) and jack volts (blocks, CVS), through the panel's circuit and a noisy converter."""
    pins = nominal_offset_volts() + nominal_gain() * volts
    codes = np.concatenate([knobs, pins / FULL_SCALE], axis=1) * 65535
    codes += np.random.default_rng(seed).normal(0, noise, codes.shape)
    return np.clip(np.round(codes), 0, 65535).astype(np.uint16)


def still(knob: float, volts: float, blocks: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.full((blocks, KNOBS), knob), np.full((blocks, CVS), volts)


@settings(deadline=None, max_examples=30)
@given(knob=st.floats(0, 1), volts=st.floats(-5, 5), seed=st.integers(0, 1000))
def test_a_still_panel_is_perfectly_still_in_the_converters_noise(
    library: ctypes.CDLL, knob: float, volts: float, seed: int
) -> None:
    panel = read(library, codes_of(*still(knob, volts, 2000), noise=6.0, seed=seed))
    settled = panel.played[200:]
    assert (settled == settled[0]).all()
    assert (panel.knobs[200:] == panel.knobs[200]).all()
    assert (panel.volts[200:] == panel.volts[200]).all()


@settings(deadline=None, max_examples=50)
@given(volts=st.floats(-12, 12))
def test_a_voltage_reads_as_it_is_and_clamps_at_the_panels_range(library: ctypes.CDLL, volts: float) -> None:
    panel = read(library, codes_of(*still(0.5, volts, 3)))
    assert np.abs(panel.volts[-1] - np.clip(volts, -5, 5)).max() < 0.002


def test_a_knobs_ends_are_reached_in_spite_of_noise(library: ctypes.CDLL) -> None:
    turn = np.concatenate([np.linspace(0.5, 1, 300), np.ones(200), np.linspace(1, 0, 600), np.zeros(200)])
    knobs = np.repeat(turn[:, None], KNOBS, axis=1)
    panel = read(library, codes_of(knobs, np.zeros((len(turn), CVS)), noise=6.0))
    assert (panel.knobs[480] == 65535).all()
    assert (panel.played[480] >= 32767 - 30).all()
    assert (panel.knobs[-1] == 0).all()
    assert (panel.played[-1] <= -32768 + 30).all()  # a millivolt of noise at the jacks


def test_a_voltage_of_200_hertz_still_bites(library: ctypes.CDLL) -> None:
    wave = 4.0 * np.sin(2 * np.pi * 200 * np.arange(1000) / 1000 + 0.3)
    panel = read(library, codes_of(np.full((1000, KNOBS), 0.5), np.repeat(wave[:, None], CVS, axis=1), noise=6.0))
    np.testing.assert_allclose(panel.played[10:, 0] / 32768, wave[10:] / 5, atol=0.003)


def test_a_turned_knob_is_followed_within_50_milliseconds(library: ctypes.CDLL) -> None:
    knobs, volts = still(0.2, 0.0, 200)
    knobs[100:] = 0.8
    panel = read(library, codes_of(knobs, volts))
    assert np.abs(panel.knobs[150].astype(int) / 65535 - 0.8).max() < 0.005
    assert (np.diff(panel.knobs[100:, 0].astype(int)) >= 0).all()


@settings(deadline=None, max_examples=50)
@given(knob=st.floats(0.02, 0.98), volts=st.floats(-4.9, 4.9))
def test_knob_and_voltage_are_summed_and_the_sum_clamps(library: ctypes.CDLL, knob: float, volts: float) -> None:
    panel = read(library, codes_of(*still(knob, volts, 2)))
    sum_of_both = panel.knobs[-1][:CVS].astype(float) / 32768 - 1 + panel.volts[-1] / 5
    np.testing.assert_allclose(panel.played[-1] / 32768, np.clip(sum_of_both, -1, 32767 / 32768), atol=2e-4)


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_any_codes_give_values_in_range(library: ctypes.CDLL, data: st.DataObject) -> None:
    row = st.lists(st.integers(0, 65535), min_size=KNOBS + CVS, max_size=KNOBS + CVS)
    panel = read(library, np.asarray(data.draw(st.lists(row, min_size=1, max_size=20)), np.uint16))
    assert np.abs(panel.volts).max() <= 5.0


def test_a_position_from_the_link_holds_until_the_panel_moves(module: HostModule, model: IntegerModel) -> None:
    count = model.position_count
    rest = codes_of(*still(0.5, 0.0, 1))[0]
    rest[5] = 65535  # mix: the model alone
    audio = (np.random.default_rng(2).standard_normal(48 * 90) * 6000).clip(-32768, 32767).astype(np.int16)
    wanted = np.full(count, 12000, np.int16)
    played = []
    for block, frames in enumerate(audio.reshape(-1, 48)):
        if block == 1:
            (answer,) = module.ask(message_frame("set_position", 5, wanted))
            assert (answer.tail == wanted).all()
        codes = rest.copy()
        if block >= 60:
            codes[KNOBS] = codes_of(*still(0.5, 2.5, 1))[0, KNOBS]  # the first dimension's voltage
        module.panel(codes)
        played.append(module.audio(frames))
    (controls,) = module.ask(message_frame("get_controls", 6))
    first = int(controls.values["played"][0])
    assert abs(first - 16384) < 20
    # The panel's word at power-up, the glide to the link's position, then the voltage, at once.
    moves = [(0, np.zeros(count, np.int16))]
    for block in range(1, 10):
        moves.append((48 * block, np.minimum(3277 * block, wanted).astype(np.int16)))
    moves.append((48 * 60, np.asarray([first, *wanted[1:]], np.int16)))
    expected = heard(model, run(model, audio, None, moves))
    assert np.abs(np.concatenate(played) - expected).max() <= TOLERANCE


def test_a_real_panel_cannot_be_turned_over_the_link(module: HostModule) -> None:
    (answer,) = module.ask(message_frame("turn", 1, codes=(0,) * (KNOBS + CVS)))
    assert answer.name == "error"
    assert "real" in answer.values["text"]


@pytest.mark.parametrize("payload", [b"", b"\0" * 21, b"\0" * 23])
def test_a_turn_of_another_length_is_refused(module: HostModule, payload: bytes) -> None:
    frame = message_frame("turn", 1, codes=(0,) * (KNOBS + CVS))
    (answer,) = module.ask(Frame(frame.message, frame.sequence, payload))
    assert (answer.name, schema().value_name("error", answer.values["code"])) == ("error", "length")
