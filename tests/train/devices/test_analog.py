"""The circuits with transistors, valves, rectifiers, ladders and converters, against ngspice and SciPy."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from gritspace.train.devices.analog import bit_crusher, diode_ladder, full_drive, octave_rectifier, tube_sag
from gritspace.train.devices.analog.germanium_boost import STAGE as GERMANIUM_STAGE
from gritspace.train.devices.analog.transistor import Stage
from gritspace.train.devices.analog.transistor_fuzz import first_stage, second_stage
from gritspace.train.devices.analog.triode import ECC82
from gritspace.train.devices.netlist import response


def spice(deck: str, folder: Path) -> np.ndarray:
    """What `wrdata` of an ngspice deck wrote: (points, columns)."""
    program = shutil.which("ngspice")
    if program is None:
        pytest.skip("ngspice is missing: apt-get install ngspice")
    (folder / "deck.cir").write_text(deck)
    said = subprocess.run(
        [program, "-b", "deck.cir"], cwd=folder, check=False, capture_output=True, text=True, timeout=60
    )
    assert (folder / "out.txt").exists(), said.stdout + said.stderr
    return np.loadtxt(folder / "out.txt")


def stage_deck(stage: Stage) -> str:
    """A DC sweep of a stage whose capacitors are batteries of the quiescent voltages that ngspice finds itself."""
    t = stage.transistor

    def parts(to: str, source: str, emitter: str) -> str:
        lines = [
            f"RC{to} vcc c{to} {stage.collector_ohms}",
            f"Q{to} c{to} b{to} {emitter} q",
        ]
        if np.isfinite(stage.feedback_ohms):
            lines.append(f"RF{to} c{to} b{to} {stage.feedback_ohms}")
        if np.isfinite(stage.upper_ohms):
            lines += [f"RU{to} vcc b{to} {stage.upper_ohms}", f"RL{to} b{to} 0 {stage.lower_ohms}"]
        return "\n".join([*lines, source])

    rest_emitter = "0" if not stage.emitter_ohms else "er"
    resting = parts("r", f"RE er 0 {stage.emitter_ohms}" if stage.emitter_ohms else "", rest_emitter)
    held = "0" if not stage.emitter_ohms else "em"
    battery = "EE em 0 er 0 1" if stage.emitter_ohms else ""
    moving = parts("m", f"RS s bm {stage.source_ohms}\nES s in br 0 1\n{battery}", held)
    return f"""a stage
.model q npn(is={t.saturation_amperes} bf={t.forward_gain} br={t.reverse_gain})
VCC vcc 0 {stage.supply_volts}
VIN in 0 0
{resting}
{moving}
.options gmin=1e-15 reltol=1e-5
.dc VIN -2 2 0.05
.control
run
wrdata out.txt v(cm) v(cr)
.endc
.end
"""


@pytest.mark.parametrize(
    "stage", [first_stage(), second_stage(0.0), second_stage(1.0), GERMANIUM_STAGE], ids=("first", "mid", "cold", "ge")
)
def test_a_transistor_stage_has_the_curve_that_ngspice_finds(stage: Stage, tmp_path: Path) -> None:
    swept = spice(stage_deck(stage), tmp_path)
    volts, truth = swept[:, 0], swept[:, 1] - swept[:, 3]
    assert np.ptp(truth) > 5  # from cut off to saturated
    assert stage.curve(volts) == pytest.approx(truth, abs=0.01)


def test_the_tone_stack_has_the_response_that_ngspice_finds(tmp_path: Path) -> None:
    for middle in (0.0, 0.6, 1.0):
        deck = f"""the stack
VIN in 0 DC 0 AC 1
C1 in top 470p
RT1 top out {250e3 * 0.3 + 50}
RT2 out low {250e3 * 0.7 + 50}
R4 in slope 33k
C2 slope low 22n
C3 slope mid 22n
RB low mid {1e6 * 0.49 + 50}
RM mid 0 {25e3 * middle + 50}
RL out 0 1meg
.ac dec 5 20 20k
.control
run
wrdata out.txt vdb(out)
.endc
.end
"""
        found = spice(deck, tmp_path)
        ours = 20 * np.log10(np.abs(response(full_drive.tone_stack(middle), found[:, 0])))
        assert ours == pytest.approx(found[:, 1], abs=0.01)


def test_the_stack_scoops_the_middle_out() -> None:
    hz = np.array([80.0, 500.0, 4000.0])
    up, down = (20 * np.log10(np.abs(response(full_drive.tone_stack(middle), hz))) for middle in (1.0, 0.0))
    assert down[1] < up[1] - 5
    assert abs(down[2] - up[2]) < 4


def test_a_plate_obeys_korens_equation_and_draws_what_the_book_says() -> None:
    for grid in (-20.0, -8.0, 0.0):
        found = float(ECC82.plate_volts(np.array(250.0), np.array(grid), 12e3))
        root = brentq(lambda v, g=grid: (250 - v) / 12e3 - float(ECC82.plate_amperes(np.array(v), np.array(g))), 0, 250)
        assert found == pytest.approx(root, abs=1e-6)
    # a 12AU7 at 250 V and -8.5 V draws 10.5 mA (RCA Receiving Tube Manual); Koren's fit is within a fifth
    assert float(ECC82.plate_amperes(np.array(250.0), np.array(-8.5))) == pytest.approx(10.5e-3, rel=0.2)


def test_the_sagging_supply_agrees_with_a_solver_of_the_whole_equation() -> None:
    rate, ohms = 192_000.0, np.array([20e3])
    time = np.arange(int(0.12 * rate)) / rate
    driven = 25.0 * np.sin(2 * np.pi * 110 * time) * (time > 0.02)

    def plates(volts: float, supply: float) -> tuple[float, float]:
        grids = ECC82.grid_volts(np.array([volts, -tube_sag.BALANCE * volts]) + tube_sag.BIAS_VOLTS, tube_sag.GRID_OHMS)
        one, other = ECC82.plate_volts(np.array(supply), grids, tube_sag.PLATE_OHMS)
        return float(one), float(other)

    def slope(t: float, supply: np.ndarray) -> float:
        one, other = plates(25.0 * np.sin(2 * np.pi * 110 * t) * (t > 0.02), float(supply[0]))
        amperes = (2 * float(supply[0]) - one - other) / tube_sag.PLATE_OHMS
        return ((tube_sag.SUPPLY_VOLTS - float(supply[0])) / ohms[0] - amperes) / tube_sag.RESERVOIR_FARADS

    start = float(tube_sag.resting_supply(ohms)[0])
    at = np.arange(0, len(time), 97)
    truth = solve_ivp(slope, (0, time[-1]), [start], t_eval=time[at], max_step=2e-4, rtol=1e-6, atol=1e-6).y[0]
    expected = [np.subtract(*plates(driven[i], b)[::-1]) for i, b in zip(at, truth, strict=True)]
    found = tube_sag.push_pull(driven[None], ohms, rate)[0, at]
    assert truth.min() < start - 10  # it sags
    assert np.sum((found - expected) ** 2) / np.sum(np.square(expected)) < 1e-4


def test_the_rectifier_obeys_its_equation_and_folds_the_wave() -> None:
    for share in (0.0, 0.5, 1.0):
        volts, found = octave_rectifier.rectifier(share)
        for i in range(0, len(volts), 400):

            def excess(u: float, v: float = volts[i], b: float = share) -> float:
                given = octave_rectifier.diode(np.array([v - u, -b * v - u])).sum()
                return float(given - u / octave_rectifier.LOAD_OHMS)

            assert found[i] == pytest.approx(brentq(excess, -1, abs(volts[i]) + 1e-3, xtol=1e-13), abs=1e-7)
    volts, both = octave_rectifier.rectifier(1.0)
    assert both == pytest.approx(both[::-1], abs=1e-9)


def test_the_ladder_agrees_with_a_solver_of_its_equations() -> None:
    rate, w = 192_000.0, 2 * np.pi * 1500.0
    time = np.arange(4000) / rate

    def drive(t: float) -> float:
        return float(4.0 * np.sin(2 * np.pi * 220 * t) + 2.0 * np.sin(2 * np.pi * 930 * t))

    def slope(t: float, x: np.ndarray) -> list[float]:
        a, b, c, d = x
        first, second, third = np.tanh(a - b), np.tanh(b - c), np.tanh(c - d)
        return [
            w * (np.tanh(drive(t) - diode_ladder.RESONANCE * d) - first),
            w / 2 * (first - second),
            w / 2 * (second - third),
            w / 2 * (third - np.tanh(d)),
        ]

    truth = solve_ivp(slope, (0, time[-1]), [0.0] * 4, t_eval=time, rtol=1e-9, atol=1e-11, max_step=1e-5).y[3]
    found = diode_ladder.ladder(np.array([[drive(t) for t in time]]), np.array([w]), rate)[0]
    assert np.sum((found - truth) ** 2) / np.sum(truth**2) < 1e-5


def test_the_ladder_in_chunks_is_the_ladder_in_one_piece() -> None:
    driven = 3 * np.random.default_rng(0).normal(size=(1, 80_000)).cumsum(1) / 50
    w = np.array([2 * np.pi * 200.0])
    whole = diode_ladder.ladder(driven[:, :30_000], w, 192e3)
    assert np.abs(diode_ladder.ladder(driven, w, 192e3)[:, :30_000] - whole).max() < 1e-3 * np.abs(whole).max()


def test_the_converter_has_its_levels_and_its_clock_follows_the_wave() -> None:
    rate, hz = 48_000, 200
    wave = np.sin(2 * np.pi * hz * np.arange(2400) / rate + 0.01)[None]
    taken = bit_crusher.held(wave, wave, np.array([12.0]))[0]
    for start in range(240, 2160, 240):  # each period of 240 frames anew, held 12 frames at a time
        one = taken[start : start + 240]
        assert one == pytest.approx(taken[240:480], abs=1e-12)
        assert np.abs(np.diff(one.reshape(20, 12), axis=1)).max() == 0
    circuit = bit_crusher.BitCrusher()
    loud = circuit.process(wave.repeat(20, 1), np.array([[1.0, 1.0]]), 48_000.0 * 20)
    assert np.abs(loud).max() <= 1.5
    assert np.abs(circuit.process(0 * wave, np.array([[1.0, 0.0]]), 384_000.0)).max() == 0
