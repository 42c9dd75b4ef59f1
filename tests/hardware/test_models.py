"""The SPICE models measured on benches of their own, against the datasheet figures they were written from."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.simulate.audio import harmonics
from hardware.simulate.deck import deck
from hardware.simulate.models import MCP6004, OPA1678, OpAmp
from hardware.simulate.ngspice import NgspiceError, run

pytestmark = pytest.mark.usefixtures("ngspice")

_SUPPLY = {"opa1678": 15.0, "mcp6004": 2.5}


def _bench(amplifier: OpAmp, lines: list[str], control: list[str]) -> np.ndarray:
    volts = _SUPPLY[amplifier.name]
    (result,) = run(deck("bench", [f"Vp p 0 {volts}", f"Vm m 0 {-volts}", *lines], control))
    return result


@pytest.mark.parametrize("amplifier", [OPA1678, MCP6004], ids=lambda amplifier: amplifier.name)
def test_an_op_amp_has_the_datasheets_gain_bandwidth_product(amplifier: OpAmp) -> None:
    # Open loop at high frequency: the inverting input follows the output at DC only.
    lines = ["Vi i 0 ac 1", f"X1 i n p m o 0 {amplifier.name}", "Lf o n 1e6", "Cf n 0 1e3", "Rl o 0 1meg"]
    f = amplifier.gain_bandwidth_hz / 10
    result = _bench(amplifier, lines, [f"ac lin 1 {f} {f}", "wrdata out0.txt vm(o)"])
    assert result[0, 1] == pytest.approx(10.0, rel=0.03)


@pytest.mark.parametrize("amplifier", [OPA1678, MCP6004], ids=lambda amplifier: amplifier.name)
def test_an_op_amp_slews_at_the_datasheets_rate(amplifier: OpAmp) -> None:
    height = 0.6 * _SUPPLY[amplifier.name]
    time = height / amplifier.slew_volts_per_second
    lines = [
        f"Vi i 0 pulse({-height} {height} {time} {time / 10} {time / 10} {10 * time} {20 * time})",
        f"X1 i o p m o 0 {amplifier.name}",
    ]
    wave = _bench(amplifier, lines, [f"tran {time / 200} {6 * time}", "wrdata out0.txt v(o)"])
    middle = np.abs(wave[:, 1]) < height / 2
    rate = np.polyfit(wave[middle, 0], wave[middle, 1], 1)[0]
    assert rate == pytest.approx(amplifier.slew_volts_per_second, rel=0.15)


def test_the_audio_op_amp_distorts_as_its_datasheet_says() -> None:
    assert OPA1678.distortion is not None
    thd, peak, hertz = OPA1678.distortion
    step = 1 / hertz / 4000
    lines = [f"Vi i 0 sin(0 {peak} {hertz})", "X1 i o p m o 0 opa1678", "Rl o 0 2k",
             ".options reltol=1e-7 abstol=1e-13 vntol=1e-9"]  # fmt: skip
    control = [f"tran {step} {6 / hertz} 0 {step}", "linearize v(o)", "wrdata out0.txt v(o)"]
    wave = _bench(OPA1678, lines, control)[8000:24000]
    amplitudes = harmonics(wave[:, 0], wave[:, 1], hertz)
    assert np.hypot.reduce(amplitudes[1:]) / amplitudes[0] == pytest.approx(thd, rel=0.15)


@pytest.mark.parametrize("amplifier", [OPA1678, MCP6004], ids=lambda amplifier: amplifier.name)
def test_an_op_amp_has_the_datasheets_noise_density(amplifier: OpAmp) -> None:
    lines = ["Vi i 0 ac 1", f"X1 i o p m o 0 {amplifier.name}", "Rl o 0 1meg"]
    control = ["noise v(o) Vi lin 2 1000 1001", "setplot noise1", "wrdata out0.txt onoise_spectrum"]
    density = _bench(amplifier, lines, control)[0, 1]
    assert density == pytest.approx(amplifier.noise_volts_per_root_hz, rel=0.05)


@pytest.mark.parametrize("amplifier", [OPA1678, MCP6004], ids=lambda amplifier: amplifier.name)
def test_an_op_amp_swings_no_further_than_its_datasheet_says(amplifier: OpAmp) -> None:
    volts = _SUPPLY[amplifier.name]
    lines = ["Vi i 0 0", f"X1 i n p m o 0 {amplifier.name}", "Rf o n 1meg", "Rg n 0 100k"]
    sweep = _bench(amplifier, lines, [f"dc Vi {-volts / 2} {volts / 2} {volts / 10}", "wrdata out0.txt v(o)"])
    assert sweep[-1, 1] == pytest.approx(volts - amplifier.output_margin_volts, abs=0.08)
    assert sweep[0, 1] == pytest.approx(-volts + amplifier.output_margin_volts, abs=0.08)


@pytest.mark.parametrize(
    ("model", "amperes", "volts"),
    [("d1n5819", 0.1, 0.32), ("d1n5819", 1.0, 0.45), ("dbat54", 1e-4, 0.24), ("dbat54", 1e-3, 0.32),
     ("d1n4148", 0.01, 0.70),
     ("dledr", 2e-3, 1.75), ("dledg", 2e-3, 1.78)],
)  # fmt: skip
def test_a_diode_drops_what_its_datasheet_says(model: str, amperes: float, volts: float) -> None:
    (result,) = run(deck("diode", [f"I1 0 a {amperes}", f"D1 a 0 {model}"], ["op", "wrdata out0.txt v(a)"]))
    assert result[0, 1] == pytest.approx(volts, abs=0.06)


@pytest.mark.parametrize("milliamperes", [0.1, 1.0, 10.0])
def test_the_reference_holds_its_voltage_from_a_tenth_to_ten_milliamperes(milliamperes: float) -> None:
    lines = [f"I1 0 k {milliamperes * 1e-3}", "X1 k 0 lm4040_2v5"]
    (result,) = run(deck("reference", lines, ["op", "wrdata out0.txt v(k)"]))
    assert result[0, 1] == pytest.approx(2.5, abs=0.005)


def test_a_mosfet_conducts_at_ten_volts_as_the_worst_of_its_data_sheet_and_leaks_nothing_below_its_threshold() -> None:
    lines = ["V1 d 0 0.1", "V2 g 0 10", "X1 d g 0 n7002k", "V3 e 0 20", "V4 h 0 1", "X2 e h 0 n7002k"]
    (result,) = run(deck("mosfet", lines, ["op", "wrdata out0.txt i(V1) i(V3)"]))
    assert -0.1 / result[0, 1] == pytest.approx(1.6, rel=0.1)
    assert abs(result[0, 2]) < 1e-6


@pytest.mark.parametrize("polarity", [1, -1])
def test_a_suppressor_sees_nothing_of_twenty_volts_and_holds_a_spark_below_forty(polarity: int) -> None:
    lines = [f"V1 a 0 {20 * polarity}", "X1 a 0 tvs24", f"I2 0 b {polarity}", "X2 b 0 tvs24"]
    (result,) = run(deck("suppressor", lines, ["op", "wrdata out0.txt i(V1) v(b)"]))
    assert abs(result[0, 1]) < 1e-6
    assert 26 < abs(result[0, 2]) < 40


def test_a_zener_diode_has_its_voltage_at_the_data_sheets_current() -> None:
    (result,) = run(deck("zener", ["I1 0 k 5m", "D1 0 k dz8v2"], ["op", "wrdata out0.txt v(k)"]))
    assert result[0, 1] == pytest.approx(8.2, abs=0.1)


def test_a_deck_that_cannot_run_is_an_error_and_not_a_figure() -> None:
    with pytest.raises(NgspiceError, match="resistance to low"):
        run(deck("broken", ["R1 a 0"], ["op", "wrdata out0.txt v(a)"]))
    with pytest.raises(NgspiceError, match="broken"):
        run(deck("broken", ["R1 a 0 1"], ["op", "wrdata out0.txt v(elsewhere)"]))
