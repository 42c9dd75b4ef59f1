"""The encoder's table on made-up pictures: bands that say the device under content that says nothing."""

import numpy as np
import pytest
import torch

from gritspace.train.matching.clips import Clips
from gritspace.train.research.tables import encoder
from gritspace.train.research.tables.bench import Bench

DEVICES, SEEN, ASKED = 6, 6, 3


def made_up(count, seed):
    rng = np.random.default_rng(seed)
    device = np.repeat(np.arange(DEVICES), count)
    pictures = rng.normal(0, 1, (len(device), 64, 1)) + rng.normal(0, 0.2, (len(device), 64, 48))
    pictures += 4 * np.random.default_rng(9).normal(size=(DEVICES, 64, 1))[device]
    nothing = np.zeros((len(device), 1), np.float32)
    return Clips(nothing, nothing, device, nothing, nothing[:, 0]), torch.tensor(pictures, dtype=torch.float32)


@pytest.fixture
def data():
    (train, seen), (test, unseen) = made_up(SEEN, 0), made_up(ASKED, 1)
    names = [f"device {i}" for i in range(DEVICES)]
    return encoder.Heard(names, ["MIT"] * DEVICES, train, test, seen, unseen)


def test_every_representation_is_asked_the_same_and_the_lead_over_mfcc_is_told(data, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(encoder, "heard", lambda bench, own=False: asked.append(own) or data)
    table = encoder.encoder_audio(Bench(tmp_path, size=0.01))
    assert asked == [True]  # every device trained on excerpts of its own
    rows = {row[0]: row[1:] for row in table.rows}
    assert set(rows) == {"SimCLR", "random encoder", "MFCC", "mel mean and deviation"}
    assert all(len(row) == len(table.columns) - 1 for row in rows.values())
    assert rows["mel mean and deviation"][1] == rows["mel mean and deviation"][3] == 1
    for probe, column in (("neighbours", 1), ("network", 3)):
        lead, low, high = table.findings[f"simclr_over_mfcc_{probe}"]
        assert lead == pytest.approx(rows["SimCLR"][column] - rows["MFCC"][column], abs=1e-3)
        assert low <= lead <= high
    assert (tmp_path / "effects_encoder.pt").exists()
