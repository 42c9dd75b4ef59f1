"""What a network makes of silence: at rest, one frame in which every kernel is the sum of its taps; and in motion."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gritspace.train.network.tcn import Layer, LayerArray, Modulation, Tcn, activate


def of_silence(tcn: Tcn, modulation: Modulation | None = None) -> Tensor:
    """The output that stays when the input is 0 for good, (batch,); (1,) without a modulation.

    Costs a frame an item, so that thousands of positions can be asked in a step of training. Differentiable.
    """
    batch = 1 if modulation is None else len(modulation.gain)
    first = tcn.arrays[0]
    assert isinstance(first, LayerArray)
    stream: Tensor = first.rechannel.weight.new_zeros(batch, 1)
    skips: Tensor | None = None
    row = 0
    for array in tcn.arrays:
        assert isinstance(array, LayerArray)
        stream = stream @ array.rechannel.weight[:, :, 0].T
        total = torch.zeros_like(stream) if skips is None else skips
        for layer in array.layers:
            assert isinstance(layer, Layer)
            assert layer.conv.bias is not None
            pre = stream @ layer.conv.weight.sum(2).T + layer.conv.bias
            if modulation is not None:
                rows = slice(row, row + layer.rows)
                pre = modulation.gain[:, rows, 0] * (pre + modulation.bias[:, rows, 0])
                row += layer.rows
            if layer.gated:
                main, gate = pre.chunk(2, dim=1)
                skip = activate(layer.kind, layer.slope, main) * torch.sigmoid(gate)
            else:
                skip = activate(layer.kind, layer.slope, pre)
            assert layer.residual.bias is not None
            stream = stream + skip @ layer.residual.weight[:, :, 0].T + layer.residual.bias
            total = total + skip
        assert array.head.bias is not None
        skips = total @ array.head.weight.sum(2).T + array.head.bias
    assert skips is not None
    if modulation is not None:
        skips = modulation.gain[:, row:, 0] * (skips + modulation.bias[:, row:, 0])
    return skips[:, 0]


def in_motion(tcn: Tcn, way: Tensor, frames: int) -> Tensor:
    """The output while nothing is played and a position moves: (batch, frames).

    way (batch, points, position_size): places at even distances of time, joined by straight lines of gain and bias as
    the engine joins them, over all that the network remembers and `frames` more. Where a position moves, what a layer
    holds of the old place meets the new one's weights, so that silence at every place is not yet silence on the way.
    """
    assert tcn.film is not None
    whole = tcn.config.receptive_field - 1 + frames
    places = tcn.film(way)
    gain, bias = (
        F.interpolate(rows, size=whole, mode="linear", align_corners=True) for rows in (places.gain, places.bias)
    )
    return tcn.in_pytorch(way.new_zeros(len(way), whole), Modulation(gain, bias))
