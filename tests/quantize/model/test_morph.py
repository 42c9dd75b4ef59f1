"""Weights on their way from one snapshot to another: numpy, C and the Cortex-M7 to the bit; and what is no morph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

import gritspace.quantize.model.c_engine as engine_library
from gritspace.quantize.cycles.trace import BUFFERS, FLASH, EmulatedEngine
from gritspace.quantize.model import morph, reference
from gritspace.quantize.model.c_engine import EngineError, MorphEngine
from gritspace.quantize.model.grit import GritError, from_bytes, to_bytes
from gritspace.quantize.model.model import IntegerModel, Pair
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.limits import UnsupportedNetwork
from gritspace.quantize.rounding.quantize import quantize
from gritspace.quantize.rounding.together import mixed, quantize_together
from gritspace.train.network.shapes import LayerArrayConfig as Array
from gritspace.train.network.shapes import TcnConfig
from tests.quantize.conftest import make_model, noise, q15
from tests.quantize.morphs import floats_of, two_alike

BLOCK, BLOCKS = 48, 120
SHAPES = {
    "feather's": TcnConfig((Array(8, (3,) * 4, (1, 2, 4, 64), head_size=4), Array(4, (3,) * 4, (1, 2, 30, 150)))),
    "nano's": TcnConfig((Array(4, (3,) * 3, (1, 8, 128), head_size=2), Array(2, (3,) * 3, (1, 2, 40)))),
    "lite's": TcnConfig((Array(12, (3,) * 3, (1, 2, 90), head_size=6), Array(6, (3,) * 2, (1, 8)))),
    "standard's": TcnConfig((Array(16, (3,) * 3, (1, 2, 200), head_size=8), Array(8, (3,) * 2, (1, 8)))),
    "A2-Full's": TcnConfig((Array(8, (6, 15, 6), (1, 3, 41), "leaky_relu", head_kernel_size=16),)),
    "A2-Lite's, three channels": TcnConfig((Array(3, (6, 15, 6), (1, 3, 41), "leaky_relu", head_kernel_size=16),)),
    "gated": TcnConfig((Array(6, (3,) * 3, (1, 2, 4), gated=True),)),
}


def journey(blocks: int, seed: int = 3) -> list[int]:
    """Ways: leaps beyond both ends, slow turns, and rests."""
    rng = np.random.default_rng(seed)
    leaps = np.repeat(rng.integers(-100, 360, blocks), rng.choice([1, 1, 2, 7, 30], blocks))[: blocks // 2]
    return [*leaps.tolist(), *np.linspace(-77, 333, blocks - len(leaps)).astype(int).tolist()]


def alone(first: IntegerModel, second: IntegerModel) -> tuple[bytes, bytes]:
    return to_bytes(first), to_bytes(second)


class EmulatedMorph(EmulatedEngine):
    """The same on the Cortex-M7."""

    def __init__(self, first: bytes, second: bytes, way: int) -> None:
        super().__init__(first)
        self._morph, other, blob = BUFFERS + 0x400, BUFFERS + 0x600, FLASH + (1 << 20)
        self._map(blob, second)
        assert self._call("grit_model_open", other, blob, len(second)) == 0
        assert self._call("grit_morph_check", BUFFERS, other) == 0
        self._call("grit_morph_open", self._morph, self._engine, other, way & 0xFFFFFFFF)
        self._call("grit_engine_reset", self._engine, 0)

    def play(self, audio: NDArray[np.int16], ways: list[int]) -> NDArray[np.int16]:
        found = []
        for way, part in zip(ways, np.split(audio, len(ways)), strict=True):
            self._call("grit_morph_step", self._morph, way & 0xFFFFFFFF)
            found.append(self.process(part))
        return np.concatenate(found)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_sample_differs_while_the_way_moves(shape: str) -> None:
    first, second = two_alike(SHAPES[shape])
    audio, ways = q15(noise(BLOCK * BLOCKS)), journey(BLOCKS)
    wanted = morph.Morph(first, second, ways[0]).play(audio, ways, BLOCK)
    assert np.ptp(wanted.astype(int)) > 1000, "a silent model would prove nothing"
    assert np.array_equal(MorphEngine(*alone(first, second), ways[0]).play(audio, ways, BLOCK), wanted)
    assert np.array_equal(EmulatedMorph(*alone(first, second), ways[0]).play(audio, ways), wanted)


@pytest.mark.parametrize("shape", SHAPES)
def test_plain_c_mixes_the_same_bits(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_library, "FLAGS", (*engine_library.FLAGS, "-DGRIT_KERNELS_PLAIN"))
    monkeypatch.setattr(engine_library, "_library", engine_library._library.__wrapped__)
    first, second = two_alike(SHAPES[shape])
    audio, ways = q15(noise(BLOCK * BLOCKS)), journey(BLOCKS)
    wanted = morph.Morph(first, second, ways[0]).play(audio, ways, BLOCK)
    assert np.array_equal(MorphEngine(*alone(first, second), ways[0]).play(audio, ways, BLOCK), wanted)


@pytest.mark.parametrize("shape", SHAPES)
def test_where_a_way_has_come_to_rest_the_network_is_that_ways(shape: str) -> None:
    """By the reference, which knows nothing of rows that come one after the other."""
    first, second = two_alike(SHAPES[shape])
    engine = MorphEngine(*alone(first, second), 300)
    for way in (40, -60):  # the second one before all rows have come to the first
        engine.step(way)
    for _ in range(1000):
        engine.step(90)
    engine.reset(None)
    audio = q15(noise(4800))
    assert np.array_equal(engine.process(audio), reference.run(morph.at_way(first, second, 90), audio))


@pytest.mark.parametrize("shape", SHAPES)
def test_at_its_ends_a_morph_is_what_each_network_was(shape: str) -> None:
    """On scales that suit both: ten times as far from it as on its own at most."""
    floats = floats_of(SHAPES[shape])
    first, second = quantize_together(*floats, noise(), ("a", "b"))
    heard = q15(noise(seed=7))
    for way, network in ((0, floats[0]), (256, floats[1])):
        wanted = run_float(network, (heard / 32768).astype(np.float32))
        power = np.square(wanted).sum()
        plain, mixed_one = quantize(network, noise()), morph.at_way(first, second, way)
        alone_esr, esr = (
            np.square(reference.run(model, heard) / 32768 * 2.0**model.output_shift - wanted).sum() / power
            for model in (plain, mixed_one)
        )
        assert esr < 10 * alone_esr + 1e-6


def test_between_and_beyond_it_is_the_network_of_the_mixed_weights() -> None:
    floats = floats_of(SHAPES["nano's"])
    first, second = quantize_together(floats[0], floats[0], noise(), ("a", "b"))
    moved = quantize_together(floats[0], mixed(*floats, 0.02), noise(), ("a", "b"))
    heard = q15(noise(seed=7))
    plain = reference.run(morph.at_way(first, second, 128), heard) / 2.0**-first.output_shift
    for way in (-77, 128, 333):
        model = morph.at_way(*moved, way)
        played = reference.run(model, heard) / 2.0**-model.output_shift
        wanted = 32768 * run_float(mixed(*floats, 0.02 * way / 256), (heard / 32768).astype(np.float32))
        assert (
            np.square(played - wanted).sum() < 0.05 * np.square(played - plain).sum() + 1e-4 * np.square(wanted).sum()
        )


def test_a_block_takes_no_more_weights_to_their_way_than_it_may() -> None:
    first, second = two_alike(SHAPES["standard's"])
    network = morph.Morph(first, second, 0)
    for way in range(1, 60):
        before = [conv.weight.copy() for conv in morph.convolutions(network.model)]
        network.step(way * 5)
        rows = [
            int((was != conv.weight).any(axis=(1, 2)).sum()) * was[0].size
            for was, conv in zip(before, morph.convolutions(network.model), strict=True)
        ]
        assert 0 < sum(rows) <= morph.WEIGHTS


def paired(first: IntegerModel, second: IntegerModel) -> bytes:
    return to_bytes(replace(first, pair=Pair(second, "morph", first.output_shift)))


def altered(model: IntegerModel, index: int, **changes: object) -> IntegerModel:
    """One convolution of the first array's layers changed."""
    array = model.arrays[0]
    layers = list(array.layers)
    layers[index] = replace(layers[index], conv=replace(layers[index].conv, **changes))
    return replace(model, arrays=(replace(array, layers=tuple(layers)), *model.arrays[1:]))


def test_what_is_no_morph_is_refused_by_both_readers() -> None:
    first, second = two_alike(SHAPES["feather's"])
    assert from_bytes(paired(first, second)).pair is not None
    conv = second.arrays[0].layers[1].conv
    loud = replace(
        second.arrays[0].layers[1].conv,
        weight=np.full_like(conv.weight, 127),
        multiplier=np.full_like(conv.multiplier, 32767),
    )
    other_skip = replace(second.arrays[0].layers[0], skip_weight=second.arrays[0].layers[0].skip_weight // 2 + 1)
    skips = replace(second.arrays[0], layers=(other_skip, *second.arrays[0].layers[1:]))
    for other, why in (
        (make_model("two_tanh_arrays"), "shapes"),
        (two_alike(SHAPES["nano's"])[1], "shapes"),
        (altered(second, 1, dilation=3), "shapes"),
        (altered(second, 1, mixin=None), "shapes"),
        (altered(second, 1, shift=conv.shift - 1), "scales"),
        (replace(second, output_shift=second.output_shift + 1), "scales"),
        (replace(second, arrays=(skips, *second.arrays[1:])), "scales"),
        (
            altered(second, 1, weight=loud.weight, multiplier=loud.multiplier, bias=np.full_like(conv.bias, 1 << 30)),
            "sum",
        ),
    ):
        with pytest.raises(GritError, match=f"morphs into.*{why}"):
            from_bytes(paired(first, other))
        with pytest.raises(EngineError):
            MorphEngine(*alone(first, other), 0)


def test_a_width_that_the_cortex_has_no_tile_for_is_refused_by_both() -> None:
    first, second = two_alike(TcnConfig((Array(10, (3,), (1,)),)))
    with pytest.raises(morph.NoMorph, match="10 inputs"):
        morph.check(first, second)
    with pytest.raises(EngineError):
        MorphEngine(*alone(first, second), 0)


def test_a_row_too_long_for_a_block_is_refused_by_both() -> None:
    first, second = two_alike(TcnConfig((Array(16, (17,), (1,)),)))
    with pytest.raises(morph.NoMorph, match="a row of 272 weights"):
        morph.check(first, second)
    with pytest.raises(EngineError):
        MorphEngine(*alone(first, second), 0)


def test_networks_of_two_shapes_are_not_quantized_together() -> None:
    with pytest.raises(UnsupportedNetwork, match="shapes differ"):
        quantize_together(floats_of(SHAPES["nano's"])[0], floats_of(SHAPES["lite's"])[0], noise(), ("a", "b"))


def test_as_opened_and_at_the_first_one_the_weights_are_as_fine_as_the_sum_lets_them_be() -> None:
    first, second = two_alike(SHAPES["feather's"])
    for conv in morph.convolutions(morph.at_way(first, second, 0)):
        sums = np.abs(conv.weight.astype(np.int64)).sum(axis=(1, 2))
        sums += 0 if conv.mixin is None else np.abs(conv.mixin.astype(np.int64))
        reach = sums * 32768 + np.abs(conv.bias.astype(np.int64))
        assert reach.max() < 2**31
        assert sums.max() <= 2**14 + conv.weight[0].size


def test_any_two_sets_of_weights_keep_their_sums_within_int32() -> None:
    """Weights, multipliers and biases at their ends: what the check lets through holds at every way."""
    rng = np.random.default_rng(5)
    first, second = two_alike(SHAPES["feather's"])
    let_through = 0
    for _ in range(40):
        sides = []
        for conv in (first.arrays[0].layers[1].conv, second.arrays[0].layers[1].conv):
            shape = conv.weight.shape
            top = 1 << int(rng.integers(8, 16))
            sides.append(
                replace(
                    conv,
                    weight=rng.choice([-128, 127], shape).astype(np.int8),
                    multiplier=rng.integers(0, top, shape[0]).astype(np.int16),
                    bias=(rng.choice([-1, 1], shape[0]) * (1 << int(rng.integers(0, 31)))).astype(np.int32),
                )
            )
        if not morph.fits(*sides):
            continue
        let_through += 1
        for way in range(-77, 334, 5):
            conv = morph.mixed(*sides, way)
            sums = np.abs(conv.weight.astype(np.int64)).sum(axis=(1, 2)) + np.abs(conv.mixin.astype(np.int64))
            assert (sums * 32768 + np.abs(conv.bias.astype(np.int64))).max() < 2**31
    assert let_through > 5
