"""Knobs whose tracks end early: measured, kept, and then the whole turn is the whole turn."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.link.client import Module, Refusal
from gritspace.host_tools.module import calibration, memory
from tests.firmware.host.rig import Rig

NOMINAL = (0, 65535)


class Pot:
    """A knob on the panel that never reads less than `left` nor more than `right`."""

    def __init__(self, rig: Rig, knob: int = 1, left: float = 2600.0, right: float = 61000.0) -> None:
        self.rig, self.knob, self.left, self.right = rig, knob, left, right
        self.rng = np.random.default_rng(0)
        self.turned = 0.5
        rig.codes = self.codes

    def codes(self) -> NDArray[np.uint16]:
        codes = np.full(11, 32768.0) + self.rng.normal(0, 6, 11)
        codes[self.knob] = self.left + (self.right - self.left) * self.turned + self.rng.normal(0, 6)
        return np.clip(np.round(codes), 0, 65535).astype(np.uint16)

    def turn(self, knob: int, side: str) -> None:
        assert knob == self.knob
        self.turned = float(side == "right")

    def reads(self, client: Module, turned: float) -> int:
        self.turned = turned
        for _ in range(100):
            self.rig.module.panel(self.codes())
        return client.controls().knobs[self.knob]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration.time, "sleep", lambda seconds: None)


def test_a_track_that_ends_early_reaches_both_ends_once_it_is_calibrated(rig: Rig, quick: None) -> None:
    pot = Pot(rig)
    with rig.client() as client:
        assert pot.reads(client, 0.0) > 1500
        assert pot.reads(client, 1.0) < 63000
        found = calibration.calibrate_knobs(client, pot.turn, [1])
        assert found[1].left == pytest.approx(2600, abs=4)
        assert found[1].right == pytest.approx(61000, abs=4)
        assert found[1].residual < 0.001
        calibration.store_ends(client, found)
        assert memory.get_knob_ends(client).calibrated == 2
    rig.boot()
    with rig.client() as client:
        assert pot.reads(client, 0.0) == 0
        assert pot.reads(client, 1.0) == 65535
        assert pot.reads(client, 0.5) == pytest.approx(32768, abs=60)
        memory.put_knob_ends(client, 1, 0, 0, measured=False)
        assert memory.get_knob_ends(client).calibrated == 0
        assert pot.reads(client, 0.0) > 1500


def at(*places: float, noise: float = 6.0) -> list[NDArray[np.uint16]]:
    rng = np.random.default_rng(1)
    return [np.clip(place + rng.normal(0, noise, 64), 0, 65535).astype(np.uint16) for place in places]


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        (at(2000, 40000, 2000, 40000), "turned by 58% of its track"),
        (at(32768, 32768, 32768, 32768), "turned by 0% of its track"),
        (at(63000, 1000, 63000, 1000), "left and right were changed about"),
        (at(1000, 63000, 2000, 63000), "1.5% of the track elsewhere the second time"),
        (at(1000, 63000, 1000, 63000, noise=900.0), "it moved while it was read"),
    ],
)
def test_nonsense_is_refused_with_what_was_wrong(readings: list[NDArray[np.uint16]], words: str) -> None:
    with pytest.raises(RigError, match=f"knob 3: .*{words}"):
        calibration.fit_ends(readings, NOMINAL, "knob 3")


def test_a_knob_that_falls_is_measured_too() -> None:
    found = calibration.fit_ends(at(32000, 500, 32010, 500), (32768, 0), "knob 1")
    assert (found.left, found.right) == (pytest.approx(32005, abs=3), pytest.approx(500, abs=3))


@pytest.mark.parametrize(("knob", "left", "right"), [(7, 0, 65535), (0, 65535, 0), (0, 12000, 65535), (0, 0, 50000)])
def test_the_module_refuses_what_no_knob_can_have(rig: Rig, knob: int, left: int, right: int) -> None:
    with rig.client() as client:
        with pytest.raises(Refusal):
            memory.put_knob_ends(client, knob, left, right)
        assert memory.get_knob_ends(client).calibrated == 0


def test_in_a_terminal_it_asks_for_each_end_twice_shows_the_residual_and_stores(rig: Rig) -> None:
    pot = Pot(rig, knob=4)
    with rig.port() as port:
        process = subprocess.Popen(
            [sys.executable, "-m", "gritspace.host_tools.cli", "calibrate", "--port", port, "--knob", "5"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stderr is not None
        for side in ("left", "right", "left", "right"):
            said = ""
            while not said.endswith("press Enter "):
                said += process.stderr.read(1)
            assert said == f"turn knob 5 fully {side}, let go of it, then press Enter "
            pot.turn(4, side)
            process.stdin.write("\n")
            process.stdin.flush()
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "residual error" in out
    assert "Stored" in out
    rig.boot()
    with rig.client() as client:
        assert memory.get_knob_ends(client).calibrated == 16
