"""What the measures of a box and of purity say of networks whose answer is known."""

import numpy as np
import pytest

from gritspace.host_tools.sound.loudness import lufs
from gritspace.host_tools.spaces import box, purity


class Amplifier:
    """A player that multiplies by two to the first dimension and adds a tenth of the second."""

    class model:
        position_count, trim_q12, receptive_field = 4, 8192, 2_000

    def at_rest(self, audio: np.ndarray, position: np.ndarray) -> np.ndarray:
        return (audio * 2.0 ** position[0] + 0.1 * position[1]).astype(np.float32)

    def moving(self, audio: np.ndarray, positions: np.ndarray) -> np.ndarray:
        return (audio * 2.0 ** np.repeat(positions[:, 0], 48) + 0.1 * np.repeat(positions[:, 1], 48)).astype(np.float32)


def test_silence_and_a_turns_loudness_are_what_the_amplifier_makes_of_them() -> None:
    amplifier = Amplifier()
    assert box.silence_of(amplifier, np.array([0, 0.5, 0, 0])) == pytest.approx(0.05)  # type: ignore[arg-type]
    phrase = box.riff(1.0)
    turned = box.turned(amplifier, np.zeros(4), 0, phrase)  # type: ignore[arg-type]
    assert turned[-1] - turned[0] == pytest.approx(12.04, abs=0.01)
    assert turned[4] == pytest.approx(lufs(phrase), abs=1e-6)


def test_a_thump_is_what_a_high_pass_leaves_of_a_moving_offset() -> None:
    both = [box.thump(Amplifier(), np.zeros(4), d) for d in range(3)]  # type: ignore[arg-type]
    found = [before for before, _ in both]
    assert found[0] == found[2] == 0
    assert both[1][1] == 0, "the module's hush has closed by then"
    # 0.2 up in a quarter of a second, through a first-order high-pass: slope over the corner's radians
    assert found[1] == pytest.approx(0.8 / (2 * np.pi * box.BLOCKER_HZ), rel=0.1)


def test_edges_and_corners_are_all_there_and_only_the_played_ones_move() -> None:
    found = box.corners(np.array([0.1, 0.2, 0.3, 0.4, 0.5]))
    assert len({tuple(row) for row in found}) == 16
    assert set(found[:, :4].ravel()) == {-1.0, 1.0}
    assert (found[:, 4] == 0.5).all()


@pytest.mark.parametrize("hz", purity.TONES_HZ)
def test_overtones_are_no_aliasing_and_a_folded_tone_is(hz: int) -> None:
    time = np.arange(48_000) / 48_000
    clean = np.sin(2 * np.pi * hz * time) + 0.3 * np.sin(2 * np.pi * 3 * hz * time)
    assert purity.between_overtones_db(clean, hz) < -200
    folded = 0.01 * np.sin(2 * np.pi * (48_000 - 2 * (24_000 // hz) * hz + hz // 2 + 7) * time)
    expected = 10 * np.log10(0.01**2 / (1 + 0.3**2))
    assert purity.between_overtones_db(clean + folded, hz) == pytest.approx(expected, abs=0.5)


def test_hard_clipping_at_48_khz_folds_and_oversampled_clipping_does_not() -> None:
    from gritspace.train.audio import oversampling

    tone = purity.tone(1245).astype(np.float64)[None]
    bare = np.clip(4 * tone, -1, 1)[0, purity.SETTLING_FRAMES :]
    smooth = oversampling.down(np.clip(4 * oversampling.up(tone, 8), -1, 1), 8)[0, purity.SETTLING_FRAMES :]
    assert purity.between_overtones_db(smooth, 1245) < purity.between_overtones_db(bare, 1245) - 15
