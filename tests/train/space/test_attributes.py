import numpy as np
import pytest

from gritspace.train.space import attributes
from tests.train.space.shaper import of_function

TIME = np.arange(12_000) / 48_000
SINE = np.sin(2 * np.pi * 220 * TIME)


def test_a_cubic_has_its_published_distortion() -> None:
    """x - a x^3: sin^3 = (3 sin - sin 3) / 4, so the third harmonic is a/4 over a fundamental of 1 - 3a/4."""
    for a in (0.1, 0.3):
        found = attributes.total_harmonic_distortion(SINE - a * SINE**3, 220.0)
        assert found == pytest.approx((a / 4) / (1 - 3 * a / 4), rel=1e-6)


def test_a_square_wave_has_the_textbook_48_percent() -> None:
    """sqrt(pi^2/8 - 1), less what lies above 20 kHz and plus what folds down: within 1 %."""
    square = np.sign(np.sin(2 * np.pi * 220 * TIME + 1e-6))
    assert attributes.total_harmonic_distortion(square, 220.0) == pytest.approx(0.4834, rel=0.02)


def test_a_squarer_gives_even_harmonics_only_and_a_cuber_odd_ones_only() -> None:
    assert of_function(lambda x: x * x).symmetry > 60
    assert of_function(lambda x: x**3).symmetry < -60


def test_a_bias_before_a_clipper_raises_symmetry() -> None:
    straight, bent = of_function(lambda x: np.tanh(8 * x)), of_function(lambda x: np.tanh(8 * x + 0.5))
    assert bent.symmetry > straight.symmetry + 20


def test_a_wire_has_no_drive_no_tilt_and_no_compression() -> None:
    wire = of_function(lambda x: 0.3 * x)
    assert wire.drive < -90
    assert wire.tone == pytest.approx(0, abs=1e-6)
    assert wire.dynamics == pytest.approx(0, abs=1e-4)


def test_more_gain_into_a_clipper_is_more_drive_and_more_loss_of_crest() -> None:
    found = [of_function(lambda x, g=gain: np.tanh(g * x)) for gain in (1.0, 4.0, 20.0)]
    assert found[0].drive < found[1].drive < found[2].drive
    assert found[0].dynamics < found[1].dynamics < found[2].dynamics


def test_a_low_pass_darkens_and_a_difference_brightens() -> None:
    dark = of_function(lambda x: np.apply_along_axis(lambda row: np.convolve(row, np.ones(16) / 16)[: len(row)], -1, x))
    bright = of_function(lambda x: np.diff(x, prepend=0, axis=-1))
    assert dark.tone < -0.5
    assert bright.tone > 0.5


def test_silence_is_measured_without_a_warning_or_a_nan() -> None:
    with np.errstate(all="raise"):
        found = of_function(np.zeros_like)
    assert np.isfinite(found.as_list()).all()
