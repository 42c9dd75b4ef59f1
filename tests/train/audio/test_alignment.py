import numpy as np
import pytest

from gritspace.train.audio import alignment
from gritspace.train.audio.signals import synthetic
from gritspace.train.devices.captures.recurrent import Capture
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.space.data.pairs import gain_of

DRY = synthetic(3.0, 8)[None]


def late(audio: np.ndarray, frames: int) -> np.ndarray:
    return np.pad(audio, ((0, 0), (frames, 0)))[:, : audio.shape[1]]


@pytest.mark.parametrize("frames", [0, 5, 40, 300])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_clipped_late_and_inverted_copy_is_found_out(frames: int, sign: int) -> None:
    wet = sign * np.tanh(6 * late(DRY, frames))
    assert alignment.polarity(DRY, wet) == sign
    found = alignment.latency_frames(DRY, wet)
    assert found <= frames
    assert found >= (0 if frames < alignment.SHORTEST_LATENCY else frames - alignment.MARGIN_FRAMES - 2)


def test_the_circuits_have_no_latency() -> None:
    for circuit in CIRCUITS:
        wet = circuit.render(DRY, np.full((1, 2), 0.5, np.float32))
        assert alignment.latency_frames(DRY, wet) == 0, circuit.name


def test_an_upside_down_device_gets_a_negative_gain() -> None:
    wet = np.tanh(4 * DRY).astype(np.float32)
    assert gain_of(CIRCUITS[0], DRY, wet) == pytest.approx(-gain_of(CIRCUITS[0], DRY, -wet))
    assert gain_of(CIRCUITS[0], DRY, wet) > 0


def test_a_captures_latency_is_taken_out_when_it_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch import nn

    capture = Capture("rig", "MIT", nn.LSTM(1, 2), nn.Linear(2, 1), True)
    native = int(100 * 44_100 / 48_000)
    monkeypatch.setattr(Capture, "render_native", lambda self, dry, settings: late(np.tanh(3 * dry), native))
    settings = np.zeros((1, 0), np.float32)
    assert 90 <= capture.latency_frames <= 100
    wet = capture.render(DRY, settings)
    assert wet.shape == DRY.shape
    assert alignment.latency_frames(DRY, wet) == 0
