import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from gritspace.train.audio import oversampling
from gritspace.train.audio.signals import pluck
from gritspace.train.devices import buchla
from gritspace.train.devices.circuit import Circuit
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.devices.diodes import SILICON, clamped, clipped

RNG = np.random.default_rng(5)
PHRASE = pluck(147.0, 0.4, 0.8, RNG)
PHRASE = (0.5 * PHRASE / np.abs(PHRASE).max()).astype(np.float32)
EACH = pytest.mark.parametrize("circuit", CIRCUITS, ids=lambda circuit: circuit.name)
TWO_SIDED = ("transistor_fuzz", "germanium_boost", "tube_sag", "octave_rectifier", "bit_crusher")
"""The crusher's clock follows the rising side."""
CORNERS = np.array(list(itertools.product([0.0, 0.5, 1.0], repeat=2)), np.float32)


@pytest.mark.parametrize(("siemens", "farads"), [(1 / 2200, 10e-9), (1 / 551e3, 51e-12), (1 / 470e3, 470e-12)])
def test_the_clippers_solver_agrees_with_a_stiff_solver_of_the_same_equation(siemens: float, farads: float) -> None:
    rate, peak = 192_000.0, 1.2e-3 if siemens > 1e-4 else 6e-5

    def drive(t: float) -> float:
        return peak * np.sin(2 * np.pi * 440 * t) * np.sin(2 * np.pi * 30 * t)

    def slope(t: float, v: np.ndarray) -> np.ndarray:
        diodes = 2 * SILICON.saturation_amperes * np.sinh(v / SILICON.slope_volts)
        return (drive(t) - siemens * v - diodes) / farads

    time = np.arange(4000) / rate
    truth = solve_ivp(slope, (0, time[-1]), [0.0], method="LSODA", t_eval=time, rtol=1e-8, atol=1e-10, max_step=1e-4)
    found = clipped(np.vectorize(drive)(time)[None], np.array([siemens]), farads, SILICON, rate)[0]
    error = ((found - truth.y[0]) ** 2).sum() / (truth.y[0] ** 2).sum()
    assert error < 1e-5


def test_chunks_side_by_side_give_what_one_after_the_other_gives() -> None:
    current = 1e-3 * np.random.default_rng(0).normal(size=(2, 60_000)).cumsum(1) / 30
    siemens = np.array([1 / 2200, 1 / 5000])
    whole = np.stack(
        [clipped(np.tile(row, (1, 1)), siemens[i : i + 1], 10e-9, SILICON, 192e3)[0] for i, row in enumerate(current)]
    )
    first = clipped(current[:, :200], siemens, 10e-9, SILICON, 192e3)  # too short to be cut
    assert np.abs(clipped(current, siemens, 10e-9, SILICON, 192e3) - whole).max() < 1e-6
    assert np.abs(first - whole[:, :200]).max() < 1e-6


def test_diodes_behind_a_resistor_obey_their_equation() -> None:
    volts = np.linspace(-9, 9, 41)
    for source, found in zip(volts, clamped(volts, 1000.0, SILICON), strict=True):
        root = brentq(lambda v, u=source: v + 1000 * SILICON.current(v) - u, -9, 9, xtol=1e-13)
        assert found == pytest.approx(root, abs=1e-9)


def test_the_folders_cells_have_the_published_slopes_and_thresholds() -> None:
    published = [(0.8333, 0.6), (0.3768, 2.994), (0.2829, 5.46), (0.5743, 1.8), (0.2673, 4.08)]
    for cell, (slope, threshold) in enumerate(published):
        assert buchla.cell_slope_and_threshold(cell) == pytest.approx((slope, threshold), abs=1e-4)


def test_the_folder_sums_its_cells_as_published() -> None:
    """Esqueda et al., DAFx-17: -12 V1 - 27.777 V2 - 21.428 V3 + 17.647 V4 + 36.363 V5 + 5 Vin, at 7 V and at -3 V."""
    v1, v2, v3 = 0.8333 * 7 - 0.5, 0.3768 * 7 - 1.1281, 0.2829 * 7 - 1.5446
    v4, v5 = 0.5743 * 7 - 1.0338, 0.2673 * 7 - 1.0907
    at_seven = -12 * v1 - 27.777 * v2 - 21.428 * v3 + 17.647 * v4 + 36.363 * v5 + 35
    v1, v2, v4 = -(0.8333 * 3 - 0.5), -(0.3768 * 3 - 1.1281), -(0.5743 * 3 - 1.0338)
    at_minus_three = -12 * v1 - 27.777 * v2 + 17.647 * v4 - 15
    assert buchla.folder(np.array([7.0, -3.0])) == pytest.approx([at_seven, at_minus_three], abs=0.02)


@EACH
def test_every_knob_position_gives_finite_audio_of_the_same_length(circuit: Circuit) -> None:
    wet = circuit.render(np.tile(PHRASE, (len(CORNERS), 1)), CORNERS)
    assert wet.shape == (9, len(PHRASE))
    assert wet.dtype == np.float32
    assert np.isfinite(wet).all()
    assert (np.abs(wet).max(1) > 1e-3).all()
    assert np.abs(wet).max() < 3


@EACH
def test_silence_gives_silence(circuit: Circuit) -> None:
    assert np.abs(circuit.render(np.zeros((9, 2000), np.float32), CORNERS)).max() < 1e-9


@EACH
def test_an_inverted_input_gives_an_inverted_output_unless_the_circuit_has_two_sides(circuit: Circuit) -> None:
    if circuit.name in TWO_SIDED:
        there, back = (circuit.render(x[None], np.array([[0.8, 0.6]], np.float32)) for x in (PHRASE, -PHRASE))
        assert np.abs(there + back).max() > 0.02 * np.abs(there).max()
        return
    settings = np.array([[0.7, 0.0 if "symmetry" in circuit.knobs else 0.6]], np.float32)
    there, back = circuit.render(PHRASE[None], settings), circuit.render(-PHRASE[None], settings)
    assert np.abs(there + back).max() < 1e-5
    if "symmetry" in circuit.knobs:
        settings[0, 1] = 0.8
        there, back = circuit.render(PHRASE[None], settings), circuit.render(-PHRASE[None], settings)
        assert np.abs(there + back).max() > 0.1 * np.abs(there).max()


@EACH
def test_a_row_sounds_the_same_alone_and_among_others(circuit: Circuit) -> None:
    among = circuit.render(np.stack([PHRASE, -0.3 * PHRASE, PHRASE[::-1]]), CORNERS[[4, 8, 2]])
    alone = circuit.render((-0.3 * PHRASE)[None], CORNERS[[8]])
    assert np.abs(among[1] - alone[0]).max() < 1e-5


@EACH
def test_more_of_the_first_knob_is_more_distortion(circuit: Circuit) -> None:
    from gritspace.train.space.attributes import measure

    settings = np.array([[0.0, 0.5], [0.6, 0.5]], np.float32)
    if "symmetry" in circuit.knobs or "octave" in circuit.knobs:
        settings[:, 1] = 0.0
    if "octave" in circuit.knobs:  # which is all overtones from the start: the octave's knob takes the fundamental out
        settings = settings[:, ::-1].copy()
    little, much = measure(circuit, settings)
    assert much.drive > little.drive + 1


def test_a_quiet_sine_through_the_clipper_meets_its_linear_response() -> None:
    """Where the diodes carry little: 1 mV through R, C and the diodes' conductance 2 Is / Vt."""
    hz, rate = 5000.0, 192_000.0
    time = np.arange(19_200) / rate
    found = clipped(1e-3 / 2200 * np.sin(2 * np.pi * hz * time)[None], np.array([1 / 2200]), 10e-9, SILICON, rate)[0]
    conductance = 1 / 2200 + 2 * SILICON.saturation_amperes / SILICON.slope_volts
    expected = 1e-3 / 2200 / abs(conductance + 2j * np.pi * hz * 10e-9)
    assert np.abs(found[-9600:]).max() == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize("factor", [4, 8])
def test_up_and_down_again_keeps_time_and_level_up_to_20_khz(factor: int) -> None:
    time = np.arange(9600) / 48_000
    for hz in (100.0, 5000.0, 20_000.0):
        audio = np.sin(2 * np.pi * hz * time)[None]
        back = oversampling.down(oversampling.up(audio, factor), factor)
        assert np.abs(back - audio)[:, 500:-500].max() < 5e-3


def test_a_tone_above_half_the_rate_is_filtered_out_before_coming_down() -> None:
    high = np.sin(2 * np.pi * 30_000 * np.arange(38_400) / 192_000)[None]
    assert np.abs(oversampling.down(high, 4))[:, 200:-200].max() < 1e-3


def test_wrong_shapes_and_knobs_outside_their_range_are_a_callers_mistake() -> None:
    with pytest.raises(ValueError, match="batch, frames"):
        CIRCUITS[0].render(PHRASE, CORNERS[:1])
    with pytest.raises(ValueError, match="settings must be"):
        CIRCUITS[0].render(PHRASE[None], CORNERS)
    with pytest.raises(ValueError, match="outside"):
        CIRCUITS[0].render(PHRASE[None], np.array([[0.0, 1.5]], np.float32))
