"""What a float network makes of silence at many positions: a frame each, every kernel the sum of its taps.

The integers' is quantize/model/silence.py, PyTorch's train/network/silence.py.
"""

from __future__ import annotations

import numpy as np

from gritspace.quantize.network.network import Floats, Network
from gritspace.quantize.network.run import Samples, activated, film_rows


def of_silence(network: Network, positions: Floats) -> Floats:
    """positions (n, position_size) -> (n,): the output that stays when nothing is played."""
    gains, biases = (np.stack(rows) for rows in zip(*(film_rows(network, z) for z in positions), strict=True))
    stream: Samples = np.zeros((len(positions), 1))
    skips: Samples | None = None
    row = 0
    for array in network.arrays:
        stream = stream @ array.rechannel.T
        for layer in array.layers:
            rows = slice(row, row + layer.bias.size)
            row = rows.stop
            pre = stream @ layer.weight.sum(2).T + layer.bias
            skip = activated(layer, gains[:, rows] * (pre + biases[:, rows]))
            skips = skip if skips is None else skips + skip
            stream = stream + skip @ layer.residual_weight.T + layer.residual_bias
        assert skips is not None
        skips = skips @ array.head_weight.sum(2).T + array.head_bias
    assert skips is not None
    return np.asarray((gains[:, row:] * (skips + biases[:, row:]))[:, 0])
