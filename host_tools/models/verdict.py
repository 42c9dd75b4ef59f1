"""Whether a module plays a model: the one price and the one limit (quantize/cycles/whole.py), before and after work."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from gritspace.quantize.cycles.build import CyclesError
from gritspace.quantize.cycles.estimate import PRODUCTS_A_CYCLE
from gritspace.quantize.cycles.real_time import LIMIT_CYCLES
from gritspace.quantize.cycles.whole import WholePrice, price_whole
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.network import Network
from gritspace.quantize.rounding.quantize import quantize

DRAFT_FRAMES = 4800
NEARLY = 1.01
"""A draft's shifts are not quite the model's: it decides only what is dearer than the limit by more than this."""


def price_of(model: IntegerModel) -> WholePrice | None:
    """None where the tools to price it are not installed; quantizing does not need them."""
    return _price(to_bytes(model))


@cache
def _price(blob: bytes) -> WholePrice | None:
    try:
        return price_whole(blob)
    except CyclesError:
        return None


def too_slow(network: Network) -> str | None:
    """Why a module will not play this network, known in seconds: by its products, else by the price of a draft, which
    does not depend on the weights. None: it may, and only the model itself will tell."""
    products = network.macs_per_frame
    if products > PRODUCTS_A_CYCLE * LIMIT_CYCLES:
        return (
            f"{products:,} products a frame take {products // PRODUCTS_A_CYCLE:,} cycles at the very least, and "
            f"{LIMIT_CYCLES:,} are all that the audio interrupt may take"
        )
    price = draft_price(network)
    if price is None or (price.has_room and price.whole.pessimistic <= NEARLY * LIMIT_CYCLES):
        return None
    return price.verdict()


def draft_price(network: Network) -> WholePrice | None:
    """Of a network with its own shape and hardly its own numbers, in seconds. None as price_of says."""
    noise = 0.2 * np.random.default_rng(0).standard_normal(DRAFT_FRAMES).astype(np.float32)
    positions = [np.zeros(network.position_size)] if network.position_size else []
    return price_of(quantize(replace(network, metadata={}), noise, positions))


def price_remark(price: WholePrice | None) -> str:
    """For a person, always the same words."""
    if price is None:
        return "what it costs was not estimated: `gritspace doctor` says which tools are missing"
    return price.verdict()
