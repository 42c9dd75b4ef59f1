"""A space's integers, played on this machine by the engine's own C code: at rest, and while a position moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.hil import expected
from gritspace.host_tools.hil.takes import BLOCK_FRAMES, whole_blocks
from gritspace.quantize.model import grit
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.q15 import to_q15

Audio = NDArray[np.float32]


class IntegerPlayer:
    """One model, opened once. Audio goes in and out in float, full scale ±1 in and the model's own level out."""

    def __init__(self, model: IntegerModel) -> None:
        self.model = model
        self.engine = Engine(grit.to_bytes(model))

    def at_rest(self, audio: Audio, position: NDArray[np.floating]) -> Audio:
        """audio (frames,) at one position (size,) -> (frames,), from the state that silence leaves there."""
        self.engine.reset(to_q15(position))
        samples = np.clip(np.round(audio * 32768.0), -32768, 32767).astype(np.int16)
        return self._real(self.engine.process(samples))

    def moving(self, audio: Audio, positions: NDArray[np.floating]) -> Audio:
        """positions (blocks, size): what the knobs say in each block. The module's own glide lies between."""
        samples = whole_blocks(audio)
        if len(positions) != len(samples) // BLOCK_FRAMES:
            raise ValueError(f"{len(samples) // BLOCK_FRAMES} blocks of audio and {len(positions)} positions")
        first, moves = expected.moves_of(to_q15(positions))
        self.engine.reset(first)
        out, done = [], 0
        for frame, place in moves:
            out.append(self.engine.process(samples[done:frame]))
            self.engine.set_position(place)
            done = frame
        out.append(self.engine.process(samples[done:]))
        return self._real(np.concatenate(out))

    def _real(self, samples: NDArray[np.int16]) -> Audio:
        return (samples / 32768.0 * 2.0**self.model.output_shift).astype(np.float32)
