"""Recurrent layers in the native core against PyTorch's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gritspace.train.network import native_recurrent
from gritspace.train.network.native_build import core

pytestmark = pytest.mark.skipif(core() is None, reason="no C++ compiler; Debian: apt install g++")


@settings(max_examples=30, deadline=None)
@given(
    gru=st.booleans(),
    inputs=st.integers(1, 2),
    hidden=st.integers(1, 48),
    rows=st.integers(1, 110),
    frames=st.integers(1, 200),
    loud=st.sampled_from([0.5, 3.0, 30.0]),
    threads=st.integers(1, 3),
    seed=st.integers(0, 1000),
)
def test_any_layer_plays_as_in_pytorch(
    gru: bool, inputs: int, hidden: int, rows: int, frames: int, loud: float, threads: int, seed: int
) -> None:
    """loud: 30 drives gates as far as they go, and the audio to ten times full scale."""
    torch.manual_seed(seed)
    layer, head = (nn.GRU if gru else nn.LSTM)(inputs, hidden), nn.Linear(hidden, 1)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter *= min(loud, 5.0)
    audio, knobs, state = loud / 3 * torch.randn(rows, frames), torch.rand(rows, inputs - 1), torch.randn(2, hidden)
    together = torch.cat([audio.T.unsqueeze(-1), knobs.T.unsqueeze(0).transpose(1, 2).expand(frames, -1, -1)], -1)
    first = state.unsqueeze(1).unsqueeze(1).expand(-1, 1, rows, -1).contiguous()
    with torch.no_grad():
        expected = head(
            layer.double()(together.double(), first[0].double() if gru else tuple(first.double()))[0].float()
        )
    wet = native_recurrent.NativeRecurrent(layer.float(), head, 0.5, state).run(audio.numpy(), knobs.numpy(), threads)
    error = np.abs(wet - (expected[..., 0].T + 0.5 * audio).numpy())
    # A loud layer is chaotic now and then, in either arithmetic: float32 PyTorch is held to the same.
    with torch.no_grad():
        in_float = head(layer(together, first[0] if gru else tuple(first))[0])[..., 0].T
    theirs = (in_float - expected[..., 0].T).abs().numpy()
    assert error.max() <= max(1e-5, 20 * theirs.max())


def test_what_the_core_does_not_know_is_left_to_pytorch() -> None:
    assert native_recurrent.runs(nn.LSTM(1, 8))
    assert native_recurrent.runs(nn.GRU(2, 8))
    assert not native_recurrent.runs(nn.LSTM(1, 8, num_layers=2))
    assert not native_recurrent.runs(nn.LSTM(3, 8))
    assert not native_recurrent.runs(nn.LSTM(1, 8, proj_size=2))


def test_not_a_number_stays_in_its_own_row() -> None:
    torch.manual_seed(0)
    audio = np.zeros((20, 50), np.float32)
    audio[3, 10] = np.nan
    wet = native_recurrent.NativeRecurrent(nn.LSTM(1, 8), nn.Linear(8, 1), 1.0).run(
        audio, np.zeros((20, 0), np.float32)
    )
    assert np.isnan(wet[3, 10])
    assert np.isfinite(np.delete(wet, 3, axis=0)).all()
