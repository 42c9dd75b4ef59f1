"""Transfer functions against formulas written by hand, and against a circuit's textbook values."""

import numpy as np
import pytest

from gritspace.train.devices import big_muff, rat, tube_screamer
from gritspace.train.devices.netlist import Netlist, filtered, response

HZ = np.geomspace(20, 20_000, 60)
S = 2j * np.pi * HZ


def parallel(*impedances: np.ndarray) -> np.ndarray:
    return 1 / sum(1 / z for z in impedances)


def test_a_resistor_and_a_capacitor_make_a_one_pole_low_pass() -> None:
    transfer = Netlist().resistor("in", "out", 1e3).capacitor("out", "gnd", 1e-6).transfer("out")
    assert np.allclose(response(transfer, HZ), 1 / (1 + S * 1e-3), rtol=1e-9)


def test_a_sallen_key_low_pass_has_its_textbook_response() -> None:
    r1, r2, c1, c2 = 10e3, 22e3, 10e-9, 4.7e-9
    transfer = (
        Netlist()
        .resistor("in", "a", r1)
        .resistor("a", "plus", r2)
        .capacitor("a", "out", c1)
        .capacitor("plus", "gnd", c2)
        .opamp("plus", "out", "out")
        .transfer("out")
    )
    assert np.allclose(response(transfer, HZ), 1 / (1 + S * c2 * (r1 + r2) + S**2 * r1 * r2 * c1 * c2), rtol=1e-8)


@pytest.mark.parametrize("knob", [0.0, 0.3, 1.0])
def test_the_rats_gain_stage_is_a_non_inverting_amplifier_of_finite_bandwidth(knob: float) -> None:
    feedback = parallel(100e3 * knob**2 + 100 + 0 * S, 1 / (S * 100e-12))
    ground = parallel(47 + 1 / (S * 2.2e-6), 560 + 1 / (S * 4.7e-6))
    open_loop = 2 * np.pi * 1e6 / S
    expected = open_loop / (1 + open_loop * ground / (ground + feedback))
    assert np.allclose(response(rat.gain_stage(knob), HZ), expected, rtol=1e-6)


def test_the_rats_greatest_gain_is_the_published_67_db_where_the_op_amp_still_has_it() -> None:
    ideal = 1 + 100e3 / parallel(np.array(47.0), np.array(560.0))
    assert 20 * np.log10(ideal) == pytest.approx(67, abs=1)
    low = abs(response(rat.gain_stage(1.0), np.array([100.0, 10_000.0])))
    assert low[1] < 1.1 * 1e6 / 10_000  # the gain-bandwidth product rules there


@pytest.mark.parametrize("knob", [0.0, 0.5, 0.9])
def test_the_screamers_tone_stage_solves_its_node_equations(knob: float) -> None:
    above, below = 20e3 * knob + 50, 20e3 * (1 - knob) + 50
    shunt = 220 + 1 / (S * 220e-9)
    pot = above * below / (above + below)
    share = pot / (pot + shunt)  # (plus - wiper) / plus, as plus and minus are the same
    plus = (1 / 1e3) / (1 / 1e3 + 1 / 10e3 + S * 220e-9 + share / above)
    expected = plus * (1 + 1e3 / below * share)
    assert np.allclose(response(tube_screamer.tone_stage(knob), HZ), expected, rtol=1e-7)


def test_the_muffs_tone_control_scoops_the_middle_and_tilts() -> None:
    hz = np.array([80.0, 1000.0, 8000.0])
    bass, middle, treble = abs(response(big_muff.tone_stage(0.5), hz))
    assert middle < 0.75 * bass
    assert middle < 0.75 * treble
    dark, bright = (abs(response(big_muff.tone_stage(k), hz)) for k in (0.0, 1.0))
    assert dark[0] > 3 * dark[2]
    assert bright[2] > 3 * bright[0]


def test_a_filter_gives_a_sine_the_response_of_its_transfer_function() -> None:
    transfer = tube_screamer.tone_stage(0.4)
    rate, hz = 192_000.0, 1500.0
    time = np.arange(38_400) / rate
    wet = filtered(np.sin(2 * np.pi * hz * time), transfer, rate)[-12_800:]
    found = 2 * np.mean(wet * np.exp(-2j * np.pi * hz * time[-12_800:])) * 1j
    assert abs(found - response(transfer, np.array([hz]))[0]) < 1e-3
