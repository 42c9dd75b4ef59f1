"""The sweep's pictures: lines where the frequencies are, the device above the engine, names that exist."""

import io

import numpy as np
import pytest
from PIL import Image

from gritspace.host_tools.spaces import sweep_pictures
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.devices.device import label
from gritspace.train.errors import InputError


class Known:
    """A space that knows one setting of one circuit."""

    def __init__(self) -> None:
        self.gains = {CIRCUITS[0].name: 1.0}
        middle = label(CIRCUITS[0], np.full(len(CIRCUITS[0].knobs), 0.5, np.float32))
        self.positions = {middle: [0.1, 0.2, 0.3, 0.4]}


class Inverter:
    """A player that turns its input over, whatever the position."""

    def at_rest(self, audio: np.ndarray, position: np.ndarray) -> np.ndarray:
        assert position.tolist() == [0.1, 0.2, 0.3, 0.4]
        return -audio


def test_a_sweep_is_drawn_as_one_line_that_rises_as_its_frequency_does() -> None:
    dry = sweep_pictures.signals.sweep(3.0, 40.0, 20_000.0, 0.5)
    picture = sweep_pictures.spectrogram_db(dry)
    frames = np.arange(40, picture.shape[1] - 40)
    hz = picture.argmax(0)[frames] * 24_000 / (len(picture) - 1)
    middle = (frames * sweep_pictures.HOP - sweep_pictures.FRAMES // 2) / 48_000
    expected = 40.0 * 500.0 ** (middle / 3.0)
    assert np.abs(hz - expected)[expected < 19_000].max() < 200
    assert picture.max() == 0
    assert picture.min() == sweep_pictures.FLOOR_DB
    assert (sweep_pictures.spectrogram_db(np.zeros(9_600, np.float32)) == sweep_pictures.FLOOR_DB).all()


def test_the_device_is_above_and_the_engine_below_at_the_setting_that_the_space_knows() -> None:
    device = CIRCUITS[0]
    truth, ours = sweep_pictures.both(Known(), Inverter(), device)  # type: ignore[arg-type]
    dry = sweep_pictures.signals.sweep(3.0, 40.0, 20_000.0, 10 ** (-6 / 20))
    assert np.array_equal(ours, -dry)
    assert np.array_equal(truth, device.render(dry[None], np.full((1, len(device.knobs)), 0.5, np.float32))[0])
    loud, silent = np.random.default_rng(0).normal(0, 0.1, 48_000).astype(np.float32), np.zeros(48_000, np.float32)
    picture = sweep_pictures.drawn([("one", loud, silent), ("two", loud, silent)])
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("L"), np.float64)
    upper, lower = pixels[60:160, 120:160], pixels[230:320, 120:160]
    assert upper.mean() > 60 > 15 > lower.mean()


def test_a_device_that_the_space_does_not_know_is_named_with_those_it_does() -> None:
    space = Known()
    assert sweep_pictures.chosen(space, CIRCUITS, []) == [CIRCUITS[0]]  # type: ignore[arg-type]
    with pytest.raises(InputError, match=f"Plexi: there is no such device in the space; there are {CIRCUITS[0].name}"):
        sweep_pictures.chosen(space, CIRCUITS, ["Plexi"])  # type: ignore[arg-type]
