"""The Cortex-M7's own kernels, in an emulated core, against the numpy reference: the same bits, the same work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gritspace.quantize.cycles import build
from gritspace.quantize.cycles import trace as cycles_trace
from gritspace.quantize.cycles.trace import EmulatedEngine, Trace
from gritspace.quantize.model import c_engine as engine_library
from gritspace.quantize.model import grit
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.reference import run
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn

Array = LayerArrayConfig
SHAPES = {
    "leaky, kernels of 6 and 15, a head of 16": TcnConfig(
        (Array(8, (6, 6, 15, 6, 6), (1, 17, 13, 41, 101), "leaky_relu", head_kernel_size=16),)
    ),
    "tanh, two arrays": TcnConfig(
        (Array(16, (3,) * 8, (1, 2, 4, 8, 16, 32, 64, 128), head_size=8), Array(8, (3, 3), (1, 200)))
    ),
    "two channels at last": TcnConfig((Array(4, (3,) * 4, (1, 2, 60, 8), head_size=2), Array(2, (3,) * 3, (1, 2, 4)))),
    "four and two channels, a layer in one pass": TcnConfig(
        (
            Array(4, (3,) * 6, (1, 2, 64, 80, 200, 7), head_size=2),
            Array(2, (3,) * 6, (128, 1, 130, 300, 5, 16)),
        ),
        position_size=2,
    ),
    "four channels, a history too long to slide": TcnConfig((Array(4, (3,) * 4, (1, 600, 8, 2)),)),
    "two channels, more layers than slots": TcnConfig((Array(2, (3,) * 33, (1, 2, 150) * 11),)),
    "odd widths and every kernel length": TcnConfig(
        (
            Array(10, (2, 5, 1, 7, 4), (1, 2, 64, 5, 16), "relu", head_size=12),
            Array(12, (3,) * 3, (1, 20, 49), "hardtanh", head_kernel_size=3),
        ),
        position_size=2,
    ),
    "gated, with a position": TcnConfig((Array(6, (3,) * 5, (1, 2, 4, 8, 16), gated=True),), position_size=3),
    "fourteen channels": TcnConfig((Array(14, (4, 3), (3, 9), "leaky_relu"),), position_size=1),
    "three channels in two planes": TcnConfig(
        (Array(3, (6, 6, 15, 6, 5, 2), (1, 17, 13, 41, 101, 60), "leaky_relu", head_kernel_size=16),), position_size=2
    ),
    "sixteen numbers in a position": TcnConfig((Array(4, (3,) * 3, (1, 2, 4)),), position_size=16, film_hidden=24),
    "eight numbers, nine hidden ones": TcnConfig((Array(2, (3,) * 2, (1, 2)),), position_size=8, film_hidden=9),
    "wider than the tiles": TcnConfig((Array(24, (3, 4), (1, 9), "tanh"),)),
}


def model_of(config: TcnConfig, seed: int = 0) -> IntegerModel:
    torch.manual_seed(seed)
    network = Tcn(config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.5)
    generator = np.random.default_rng(seed)
    audio = (generator.standard_normal(4800) * 0.2).astype(np.float32)
    size = config.position_size
    return quantize(from_tcn(network), audio, generator.uniform(-1, 1, (3, size)) if size else [])


def loud_audio(frames: int, seed: int = 3) -> NDArray[np.int16]:
    audio = (np.random.default_rng(seed).standard_normal(frames) * 8000).clip(-32768, 32767).astype(np.int16)
    audio[frames // 2 : frames // 2 + 60] = 32767
    audio[frames // 2 + 60 : frames // 2 + 90] = -32768
    return audio


def play(engine: EmulatedEngine, audio: NDArray[np.int16], cuts: Sequence[int]) -> NDArray[np.int16]:
    return np.concatenate([engine.process(part) for part in np.split(audio, cuts)])


@pytest.mark.parametrize("name", SHAPES)
def test_the_emulated_module_puts_out_the_references_bits(name: str) -> None:
    model = model_of(SHAPES[name])
    audio = loud_audio(700)
    position = np.random.default_rng(5).integers(-30000, 30000, model.position_count).astype(np.int16)
    engine = EmulatedEngine(grit.to_bytes(model), position if position.size else None)
    cuts = np.cumsum(np.random.default_rng(7).integers(1, 90, 14))
    out = play(engine, audio, cuts[cuts < len(audio)].tolist())
    np.testing.assert_array_equal(out, run(model, audio, position if position.size else None))


@pytest.mark.parametrize("name", ["odd widths and every kernel length", "fourteen channels", "tanh, two arrays"])
def test_a_board_without_the_rare_widths_puts_out_the_same_bits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-DGRIT_M7_COMMON_WIDTHS"))
    monkeypatch.setattr(cycles_trace, "build_firmware", build.build_firmware.__wrapped__)
    model = model_of(SHAPES[name])
    audio = loud_audio(300)
    position = np.full(model.position_count, 12000, np.int16)
    engine = EmulatedEngine(grit.to_bytes(model), position if position.size else None)
    np.testing.assert_array_equal(
        play(engine, audio, range(48, 300, 48)), run(model, audio, position if position.size else None)
    )


@pytest.mark.parametrize("block", [1, 2, 3, 47, 48, 49, 256])
def test_any_block_size_puts_out_the_same_bits(block: int) -> None:
    model = model_of(SHAPES["leaky, kernels of 6 and 15, a head of 16"])
    audio = loud_audio(260)
    engine = EmulatedEngine(grit.to_bytes(model))
    np.testing.assert_array_equal(play(engine, audio, range(block, len(audio), block)), run(model, audio))


@pytest.mark.parametrize("block", [1, 2, 47, 49, 256])
def test_any_block_size_puts_out_the_same_bits_of_layers_in_one_pass(block: int) -> None:
    model = model_of(SHAPES["four and two channels, a layer in one pass"])
    audio = loud_audio(700)
    position = np.full(2, -9000, np.int16)
    engine = EmulatedEngine(grit.to_bytes(model), position)
    np.testing.assert_array_equal(play(engine, audio, range(block, len(audio), block)), run(model, audio, position))


@pytest.mark.parametrize("channels", [(8, 4), (4, 2)])
def test_histories_that_slide_go_round_and_put_out_the_same_bits(channels: tuple[int, int]) -> None:
    """As feather and nano come. The longest one begins anew in front after 1,168 frames."""
    first = Array(channels[0], (3,) * 7, tuple(2**n for n in range(7)), head_size=channels[1])
    model = model_of(TcnConfig((first, Array(channels[1], (3,) * 13, (128, 256, 512, *(2**n for n in range(10)))))))
    audio = loud_audio(3000)
    cuts = np.cumsum(np.random.default_rng(7).integers(1, 90, 100))
    engine = EmulatedEngine(grit.to_bytes(model))
    np.testing.assert_array_equal(play(engine, audio, cuts[cuts < len(audio)].tolist()), run(model, audio))


@pytest.mark.parametrize("block", [1, 47, 49])
def test_any_block_size_puts_out_the_same_bits_of_three_channels(block: int) -> None:
    """Blocks of odd sizes leave the second plane's words on half-words."""
    model = model_of(SHAPES["three channels in two planes"])
    audio = loud_audio(260)
    engine = EmulatedEngine(grit.to_bytes(model))
    np.testing.assert_array_equal(play(engine, audio, range(block, len(audio), block)), run(model, audio))


def test_plain_c_puts_out_the_same_bits_of_three_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a laptop AVX2 takes the place of what the engine does with two planes elsewhere."""
    monkeypatch.setattr(engine_library, "FLAGS", (*engine_library.FLAGS, "-DGRIT_KERNELS_PLAIN"))
    monkeypatch.setattr(engine_library, "_library", engine_library._library.__wrapped__)
    model = model_of(SHAPES["three channels in two planes"])
    audio = loud_audio(700)
    engine = engine_library.Engine(grit.to_bytes(model))
    parts = [engine.process(part) for part in np.split(audio, [1, 48, 95, 300])]
    np.testing.assert_array_equal(np.concatenate(parts), run(model, audio))


@pytest.mark.parametrize(
    "name",
    [
        "odd widths and every kernel length",
        "three channels in two planes",
        "four and two channels, a layer in one pass",
        "sixteen numbers in a position",
        "eight numbers, nine hidden ones",
    ],
)
def test_a_moving_position_puts_out_the_references_bits(name: str) -> None:
    model = model_of(SHAPES[name])
    audio = loud_audio(480)
    generator = np.random.default_rng(11)
    start, *targets = generator.integers(-32768, 32767, (6, model.position_count)).astype(np.int16)
    moves = [(frame, target) for frame, target in zip((0, 48, 60, 200, 201), targets, strict=True)]
    engine = EmulatedEngine(grit.to_bytes(model), start)
    parts = []
    for (frame, target), end in zip(moves, [f for f, _ in moves[1:]] + [len(audio)], strict=True):
        engine.set_position(target)
        parts.append(play(engine, audio[frame:end], range(31, end - frame, 31)))
    np.testing.assert_array_equal(np.concatenate(parts), run(model, audio, start, moves))


@pytest.mark.parametrize(
    "name",
    [
        "leaky, kernels of 6 and 15, a head of 16",
        "tanh, two arrays",
        "gated, with a position",
        "four and two channels, a layer in one pass",
    ],
)
def test_what_is_executed_does_not_depend_on_the_audio(name: str) -> None:
    blob = grit.to_bytes(model_of(SHAPES[name]))
    executed = []
    for audio in (np.zeros(240, np.int16), loud_audio(240), np.full(240, -32768, np.int16)):
        engine, trace = EmulatedEngine(blob), Trace()
        for part in np.split(audio, 5):
            engine.process(part, trace)
        executed.append(trace.runs)
    assert executed[0] == executed[1] == executed[2]
