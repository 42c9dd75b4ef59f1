"""Places of devices on the encoder's sphere are kept, and made anew for whatever sounds another way."""

import numpy as np
import pytest
import torch

from gritspace.train.matching.contrastive import EffectsEncoder, EffectsEncoderConfig
from gritspace.train.matching.similarity import embed_devices


class Counted:
    """A device that says how much it was played. Its one knob is a gain before tanh."""

    kind, licence, knobs = "capture", "MIT", ("drive",)

    def __init__(self, name, drive):
        self.name, self.drive, self.frames = name, drive, 0

    def render(self, dry, settings):
        self.frames += dry.size
        return np.tanh(self.drive * (0.5 + settings) * dry).astype(np.float32)


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return EffectsEncoder(EffectsEncoderConfig(channels=8, size=8)).eval()


def test_a_device_is_played_whole_only_once(encoder, tmp_path):
    devices = [Counted("one", 3.0), Counted("two", 30.0)]
    found, places = embed_devices(encoder, devices, tmp_path)
    assert np.array_equal(embed_devices(encoder, devices)[1], places)  # as without a folder
    for device in devices:
        device.frames = 0
    again, kept = embed_devices(encoder, devices[::-1], tmp_path)
    assert [one.label for one in again] == [one.label for one in found[::-1]]
    assert np.array_equal(kept[::-1], places)
    assert all(0 < device.frames < 5000 for device in devices)


def test_another_sound_under_the_same_name_another_encoder_and_a_damaged_file_are_heard_anew(encoder, tmp_path):
    embed_devices(encoder, [Counted("one", 3.0)], tmp_path)
    other = Counted("one", 12.0)
    assert np.array_equal(embed_devices(encoder, [other], tmp_path)[1], embed_devices(encoder, [other])[1])
    torch.manual_seed(1)
    second = EffectsEncoder(EffectsEncoderConfig(channels=8, size=8)).eval()
    assert np.array_equal(embed_devices(second, [other], tmp_path)[1], embed_devices(second, [other])[1])
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    whole = files[0].read_bytes()
    for bad in (b"", whole[:-9], b"nothing"):
        files[0].write_bytes(bad)
        for device in (Counted("one", 3.0), other):
            for heard in (encoder, second):
                embed_devices(heard, [device], tmp_path)
        assert files[0].read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_no_hindrance(encoder, tmp_path):
    (tmp_path / "file").write_text("no folder")
    device = Counted("one", 3.0)
    assert np.array_equal(embed_devices(encoder, [device], tmp_path / "file")[1], embed_devices(encoder, [device])[1])
