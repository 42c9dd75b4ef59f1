"""Models that are far too slow for a module: one that is legal, and one of 3.9 million products a frame in 70 KB."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from gritspace.quantize.model import grit
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from tests.quantize.conftest import noise


class _SharingWriter(grit._Writer):
    """Numbers that are there already are not put again."""

    def put(self, payload: bytes) -> int:
        padded = payload + bytes(-len(payload) % 4)
        at = bytes(self.data).find(padded) if len(padded) > 1000 else -1
        while at > 0 and at % 4:
            at = bytes(self.data).find(padded, at + 1)
        return self.start + at if at >= 0 else super().put(payload)


def wide_model(layers: int, kernel: int) -> IntegerModel:
    """32 channels, every layer the same."""
    torch.manual_seed(3)
    two = quantize(from_tcn(Tcn(TcnConfig((LayerArrayConfig(32, (2, 2), (1, 1)),)))), noise(4800), name="slow")
    (array,) = two.arrays
    weight = np.zeros((32, kernel, 32), np.int8)
    weight[np.arange(32), kernel - 1, np.arange(32)] = 64
    conv = replace(array.layers[0].conv, weight=weight)
    same = (replace(array.layers[0], conv=conv),) * (layers - 1)
    return replace(two, arrays=(replace(array, layers=(*same, replace(array.layers[1], conv=conv))),))


def slow_blob() -> bytes:
    """Legal: 120,000 products a frame, as many as a slot of the bank has room for."""
    return grit.to_bytes(wide_model(2, 58))


def sharing_blob() -> bytes:
    """60 layers that all use one's weights. No writer makes such a file."""
    writer, grit._Writer = grit._Writer, _SharingWriter  # type: ignore[misc]
    try:
        return grit.to_bytes(wide_model(60, 64))
    finally:
        grit._Writer = writer  # type: ignore[misc]
