import numpy as np
import pytest
from scipy.signal import freqz

from gritspace.train.audio import augment
from gritspace.train.audio.signals import synthetic


def response(process, hz: float) -> float:
    """Gain at hz, by an impulse, with nothing of the filter's own formula."""
    impulse = np.zeros(48_000)
    impulse[0] = 1
    return float(np.abs(freqz(process(impulse), worN=[hz], fs=48_000)[1][0]))


def test_a_pickup_resonates_where_and_as_much_as_it_says() -> None:
    for hz, quality in ((2500.0, 0.7), (4000.0, 3.0)):
        assert response(lambda x, h=hz, q=quality: augment.resonant_low_pass(x, h, q), hz) == pytest.approx(
            quality, 0.01
        )
        assert response(lambda x, h=hz, q=quality: augment.resonant_low_pass(x, h, q), 20) == pytest.approx(1, 0.01)


def test_a_shelf_lifts_what_is_above_and_leaves_what_is_below() -> None:
    assert response(lambda x: augment.shelf(x, 800, 6.0), 20_000) == pytest.approx(10**0.3, rel=0.02)
    assert response(lambda x: augment.shelf(x, 800, -6.0), 20) == pytest.approx(1, rel=0.02)


def test_audio_played_otherwise_differs_keeps_its_time_and_does_not_click() -> None:
    dry = synthetic(60.0, 1)
    found = augment.played_otherwise(dry, seed=5)
    assert found.shape == dry.shape
    assert found.dtype == np.float32
    assert np.array_equal(found, augment.played_otherwise(dry, seed=5))
    pieces = [slice(i * 192_000 + 300, (i + 1) * 192_000 - 300) for i in range(15)]
    same = [np.allclose(found[piece], dry[piece], atol=1e-6) for piece in pieces]
    assert 1 <= sum(same) <= 10
    assert np.abs(found).max() <= augment.HIGHEST_PEAK + 1e-6


def test_a_steady_tone_stays_steady_where_two_pickups_meet() -> None:
    tone = (0.2 * np.sin(2 * np.pi * 110 * np.arange(9 * 48_000) / 48_000)).astype(np.float32)
    found = augment.played_otherwise(tone, seed=2)
    steps = np.abs(np.diff(found))
    for meeting in (192_000, 384_000):
        around = steps[meeting - 10 : meeting + 300].max()
        assert around < 1.6 * max(steps[meeting - 2000 : meeting - 500].max(), steps[meeting + 500 :][:2000].max())
