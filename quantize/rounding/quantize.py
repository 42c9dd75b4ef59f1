"""Float network -> integer model, by calibration on audio (post-training quantization)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model.model import IntegerFilm, IntegerModel
from gritspace.quantize.model.q15 import to_q15
from gritspace.quantize.network.network import Floats, Network
from gritspace.quantize.rounding.assemble import assemble
from gritspace.quantize.rounding.calibrate import calibrate, stretches
from gritspace.quantize.rounding.convert import convert, convert_film
from gritspace.quantize.rounding.finetune import Tuning, finetune
from gritspace.quantize.rounding.limits import check_accumulators, check_network
from gritspace.quantize.rounding.multipliers import finest_output_scales
from gritspace.quantize.rounding.rest import taken_back
from gritspace.quantize.rounding.scales import OUTPUT_HEADROOM, in_order, plan_array, reach
from gritspace.quantize.rounding.twin import Twin
from gritspace.train.audio.levels import at_all_levels


def quantize(
    network: Network,
    audio: NDArray[np.float32],
    positions: NDArray[np.float64] | Sequence[Sequence[float] | Floats] = (),
    name: str = "model",
    default_position: Sequence[float] | None = None,
    tuning: Tuning | None = None,
) -> IntegerModel:
    """Post-training quantization with int8 weights and int16 activations; then, if asked for, fine-tuning.

    audio: (frames,) at the network's rate, like what the model will hear, at any level: it is heard at all of them.
    positions: (n, position_size) to calibrate at, none for a snapshot. Raises UnsupportedNetwork for what the engine
    cannot run, ValueError for silent audio.
    """
    check_network(network)
    network = network.padded()
    places = [np.asarray(p, np.float64) for p in positions] or [np.zeros(network.position_size)]
    heard = stretches(at_all_levels(audio), len(places))
    ranges, powers = calibrate(network, heard, places)
    twin = Twin(network, heard, places, powers)
    bends = network.film is not None
    plans = [plan_array(array, ranges, a, bends) for a, array in enumerate(network.arrays)]
    loudest = float(reach(ranges.output, OUTPUT_HEADROOM))
    finest = finest_output_scales(network.arrays[-1].head_weight, None, plans[-1].head, bends).max() * 2**15
    output_shift = max(0, math.ceil(math.log2(max(loudest, finest, 1e-9))))
    placed = convert(twin.convolutions(), in_order(network, plans, 2.0 ** (output_shift - 15)))
    if tuning is not None:
        placed = finetune(network, placed, heard, places, tuning)
    arrays = assemble(network, plans, (one.conv for one in placed))
    film: IntegerFilm | None = None
    default: tuple[int, ...] = ()
    if bends:
        film = convert_film(network, placed)
        default = tuple(
            int(v) for v in to_q15(np.zeros(network.position_size) if default_position is None else default_position)
        )
    model = IntegerModel(tuple(arrays), film, output_shift, name, network.sample_rate, default, dict(network.metadata))
    if bends:
        model = taken_back(network, model, places, powers, lambda other: convert_film(other, placed))
    check_accumulators(model)
    return model
