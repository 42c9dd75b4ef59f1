import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gritspace.host_tools.hil import takes


def test_a_take_is_a_whole_number_of_blocks_with_one_position_each():
    take = takes.sweep(np.ones(1000, np.float32) * 0.1, (0, 0, 0, 0, 123), played=4)
    assert len(take.audio) == 960
    assert take.positions.shape == (20, 5)


def test_audio_shorter_than_a_block_is_filled_with_silence():
    samples = takes.whole_blocks(np.full(7, 0.5, np.float32))
    assert samples.tolist() == [16384] * 7 + [0] * 41


@given(st.lists(st.floats(-4, 4), min_size=1, max_size=200))
def test_samples_never_wrap_around(values):
    samples = takes.whole_blocks(np.array(values, np.float32))
    for value, sample in zip(values, samples[: len(values)].tolist(), strict=False):
        assert abs(sample - max(-32768, min(32767, value * 32768))) <= 0.501


def test_a_sweep_moves_the_played_dimensions_far_and_slowly_and_leaves_the_stored_ones():
    take = takes.sweep(np.zeros(48000 * 20, np.float32), (0, 0, 0, 0, 5000), played=4)
    assert (np.ptp(take.positions[:, :4].astype(int), axis=0) > 55000).all()
    assert (take.positions[:, 4] == 5000).all()
    assert np.abs(np.diff(take.positions.astype(int), axis=0)).max() < 100


def test_an_excerpt_is_the_loudest_stretch():
    audio = np.zeros(48000 * 4, np.float32)
    audio[100_000:120_000] = 0.5
    piece = takes.excerpt(audio, 1.0)
    assert len(piece) == 48000
    assert np.count_nonzero(piece) == 20_000


def test_a_target_is_cut_along_with_its_audio():
    take = takes.held(np.zeros(100, np.float32), (1, 2), "a", "rat", np.arange(100, dtype=np.float32))
    assert take.target is not None
    assert take.target.tolist() == list(range(96))


def test_settings_are_read_back_from_labels():
    assert takes.settings_of("rat@distortion=0.25,filter=1") == {"distortion": 0.25, "filter": 1.0}
    assert takes.settings_of("capture_without_knobs") == {}


def test_labels_are_spread_over_what_a_device_was_trained_at():
    positions = {f"a@k={i}": [0.0] for i in range(9)} | {"b": [0.0]}
    assert takes.labels_of(positions, "a", 1) == ["a@k=4"]
    assert takes.labels_of(positions, "a", 3) == ["a@k=2", "a@k=4", "a@k=6"]
    assert takes.labels_of(positions, "b", 3) == ["b"]
    assert takes.labels_of(positions, "c", 3) == []
