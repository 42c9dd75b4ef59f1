"""The simulations against formulas that know nothing of them, and the measuring code against known signals."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.build import Built
from hardware.circuit.circuit import Circuit
from hardware.circuit.stages import audio_in, audio_out, cv_in
from hardware.panels.panel_map import PanelMap
from hardware.simulate import audio as simulate_audio
from hardware.simulate import power as simulate_power
from hardware.simulate import thump
from hardware.simulate.cv import corner_hz
from hardware.simulate.deck import deck, elements, node
from hardware.simulate.figures import Figure
from hardware.simulate.monte_carlo import calibrate
from hardware.simulate.ngspice import run


def _low_pass(stage: object, hertz: np.ndarray) -> np.ndarray:
    """The multiple-feedback low-pass with an ideal op-amp (Texas Instruments SLOA049, equation of the MFB stage)."""
    from hardware.circuit.quantities import parse

    names = ("INPUT_OHM", "FEEDBACK_OHM", "SUMMING_OHM", "GROUND_FARAD", "FEEDBACK_FARAD")
    r1, r2, r3, c1, c2 = (parse(getattr(stage, name)) for name in names)
    s = 2j * np.pi * hertz
    return np.asarray(-(r2 / r1) / (1 + s * c2 * (r2 + r3 + r2 * r3 / r1) + s**2 * r2 * r3 * c1 * c2))


def test_the_audio_response_is_the_filters_formula(
    symbols: None, ngspice: None, circuit: Circuit, panel_map: PanelMap
) -> None:
    _, curves = simulate_audio._response(circuit, panel_map, None)
    hertz, _, chain = curves.T
    band = (hertz > 200) & (hertz < 30e3)
    loads = (10e3 / 10.68e3) * (100e3 / 101e3)
    expected = 20 * np.log10(np.abs(_low_pass(audio_in, hertz) * _low_pass(audio_out, hertz)) * loads)
    assert np.abs(chain - expected)[band].max() < 0.05


def test_the_cv_figures_are_the_formulas(built: tuple[Built, object]) -> None:
    figures = built[0].content["figures"]
    assert figures["cv_gain"]["value"] == pytest.approx(-30.1 / 100, rel=1e-3)
    assert figures["cv_pin_at_0_v"]["value"] == pytest.approx(2.5 * 30.1 / 45.3, rel=2e-3)
    assert figures["cv_bandwidth_hz"]["value"] == pytest.approx(1 / (2 * np.pi * 30.1e3 * 3.3e-9), rel=0.02)
    assert cv_in.nominal_offset_volts() == pytest.approx(figures["cv_pin_at_0_v"]["value"], abs=2e-3)


def test_the_spread_of_the_boards_is_that_of_its_tolerances(built: tuple[Built, object]) -> None:
    figures = built[0].content["figures"]
    # Corners of the tolerances, by hand: reference 0.5 %, three resistors 1 %, offset 4.5 mV times its noise gain.
    nominal_low = 2.5 * 30.1 / 45.3 - 5 * 0.301
    worst = 1.661 * 0.025 + 1.505 * 0.02 + 0.0045 * 1.97 + 0.005
    assert nominal_low - worst <= figures["cv_lowest_pin"]["value"] < nominal_low - 0.2 * worst


def test_the_noise_is_at_least_that_of_the_resistors(built: tuple[Built, object]) -> None:
    # Output stage alone: R1, R2, R3 of the filter at 300 K over 20 kHz, referred to 10 Vpp.
    four_kt = 4 * 1.380649e-23 * 300.15
    gain = 80.6 / 8.06
    density = four_kt * (8.06e3 * gain**2 + 80.6e3 + 3.4e3 * (1 + gain) ** 2)
    floor = 10 * np.log10(density * 20e3 / (12.5))
    measured = built[0].content["figures"]["chain_noise_db"]["value"]
    assert floor < measured < floor + 8.0


def test_harmonics_of_a_known_signal_are_found_through_a_drift() -> None:
    seconds = np.arange(16000) * 0.25e-6
    phase = 2 * np.pi * 1000 * seconds
    signal = 5 * np.sin(phase) + 1e-4 * np.sin(3 * phase + 1) + 0.01 * np.exp(-seconds / 0.1)
    found = simulate_audio.harmonics(seconds, signal, 1000.0)
    assert found[0] == pytest.approx(5.0, rel=1e-6)
    assert found[2] == pytest.approx(1e-4, rel=1e-3)
    assert found[1] < 1e-8


def test_the_corner_of_a_first_order_low_pass_is_found() -> None:
    hertz = np.logspace(1, 5, 200)
    assert corner_hz(hertz, -10 * np.log10(1 + (hertz / 1500) ** 2)) == pytest.approx(1500, rel=2e-3)
    assert np.isnan(corner_hz(hertz, np.zeros(200)))


def test_calibration_removes_gain_and_offset_but_not_a_curve() -> None:
    jack = np.array([-5.0, -4.0, -2.0, 0.0, 2.0, 4.0, 5.0])
    straight = np.array([1.66 - 0.301 * jack, 1.70 - 0.29 * jack])
    curved = straight + 0.002 * jack**2
    assert calibrate(jack, straight, 3.3).max() < 0.4e-3
    assert calibrate(jack, curved, 3.3).min() > 20e-3


def test_a_cable_either_way_wrong_leaves_every_rail_dead(symbols: None, ngspice: None, circuit: Circuit) -> None:
    for cable in (simulate_power.REVERSED, simulate_power.SHIFTED_UP, simulate_power.SHIFTED_DOWN):
        rails = simulate_power._static(circuit, cable)
        assert all(abs(rails[net]) < 0.3 for net in ("+12V", "-12V", "VIN")), rails
    assert simulate_power._static(circuit, simulate_power.BUS)["VIN"] == pytest.approx(10.9, abs=0.3)


def test_without_its_diodes_a_reversed_cable_would_do_harm(
    symbols: None, ngspice: None, circuit: Circuit, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = simulate_power.elements

    def shorted(*arguments: object, **keywords: object) -> list[str]:
        lines: list[str] = real(*arguments, **keywords)
        return [f"R{line.split()[0]} {line.split()[1]} {line.split()[2]} 1m" if line.startswith("DD10") else line
                for line in lines]  # fmt: skip

    monkeypatch.setattr(simulate_power, "elements", shorted)
    rails = simulate_power._static(circuit, simulate_power.REVERSED)
    assert rails["+12V"] < -5.0


@pytest.mark.parametrize(
    ("value", "low", "high", "passed"),
    [(1.0, 0.5, 2.0, True), (0.4, 0.5, None, False), (2.1, None, 2.0, False), (float("nan"), None, 2.0, False)],
)
def test_a_figure_passes_only_within_its_limits(
    value: float, low: float | None, high: float | None, passed: bool
) -> None:
    assert Figure("x", value, "V", low, high).passed is passed


def test_an_output_without_its_clamps_thumps_by_volts(
    symbols: None, ngspice: None, circuit: Circuit, panel_map: PanelMap
) -> None:
    left = [part.ref for part in circuit.parts() if "OUT_L_CLAMP" in part.nets.values()]
    assert len(left) == 2
    wave = thump.course(circuit, panel_map, thump.SCENES[0], left)
    assert np.abs(wave[:, 1]).max() > 5.0
    assert np.abs(wave[:, 2]).max() < 0.1


@pytest.mark.parametrize(
    ("plus", "minus", "pin", "muted"),
    [(12.0, -12.0, 3.3, False), (11.2, -11.2, 2.9, False), (12.0, -12.0, 0.0, True), (8.0, -12.0, 3.3, True),
     (12.0, -7.0, 3.3, True), (0.0, 0.0, 0.0, True)],
)  # fmt: skip
def test_the_outputs_open_only_with_both_rails_and_the_pin(
    symbols: None,
    ngspice: None,
    circuit: Circuit,
    panel_map: PanelMap,
    plus: float,
    minus: float,
    pin: float,
    muted: bool,
) -> None:
    lines = [
        *elements(circuit, ["mute"]),
        f"Vp {node('+12V_PROT')} 0 {plus}",
        f"Vm {node('-12V')} 0 {minus}",
        f"Vpin {node(f'SEED_{panel_map.unmute_pin}')} 0 {pin}",
    ]
    (result,) = run(deck("mute", lines, ["op", f"wrdata out0.txt v({node('MUTE_GATE')})"]))
    gate = result[0, 1]
    assert gate > plus - 1.5 if muted else gate < minus + 0.5
