"""An integer model played on this machine: by the C engine, the numpy reference, TensorFlow Lite, or the
module's own machine code in an emulated Cortex-M7."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model import grit, reference
from gritspace.quantize.model.model import IntegerModel


def play(
    model: IntegerModel, audio: NDArray[np.float32], position: NDArray[np.int16] | None, engine: str
) -> NDArray[np.float32]:
    """audio (frames,), full scale ±1 -> (frames,) in the model's own level. position Q15, or None for a snapshot."""
    samples = np.clip(np.round(audio * 32768.0), -32768, 32767).astype(np.int16)
    if engine == "numpy":
        played = reference.run(model, samples, position)
    elif engine == "c":
        from gritspace.quantize.model.c_engine import Engine

        played = Engine(grit.to_bytes(model), position).process(samples)
    elif engine == "m7":
        from gritspace.quantize.cycles.trace import EmulatedEngine

        played = EmulatedEngine(grit.to_bytes(model), position).process(samples)
    else:
        from gritspace.quantize.export.tflite import run_tflite, to_tflite

        played = run_tflite(to_tflite(model, position), samples)
    return (played / 32768.0 * 2.0**model.output_shift).astype(np.float32)
