"""An estimate of what a model costs on the module: executed instructions, priced by LLVM's Cortex-M7 schedule.

It is an estimate. It takes all memory for zero-wait (ITCM, DTCM) and leaves out caches, bus waits and mispredicted
branches. Same model, same figures.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.cycles.build import CyclesError
from gritspace.quantize.cycles.price import price
from gritspace.quantize.cycles.real_time import LIMIT_CYCLES
from gritspace.quantize.cycles.trace import EmulatedEngine, Trace, instructions
from gritspace.quantize.cycles.whole import WholePrice, price_whole
from gritspace.quantize.model import grit
from gritspace.quantize.model.model import IntegerModel

NOTE = (
    "An estimate: executed instructions priced with LLVM's Cortex-M7 schedule, all memory zero-wait. "
    "Not in it: caches, bus waits, mispredicted branches."
)
SAMPLE_RATE = 48000
WARM_UP_FRAMES = 4096
TRACED_FRAMES = 960
"""Rings wrap at different times: the mean over this many frames (rounded up to whole blocks) is the steady state."""


@dataclass(frozen=True)
class CycleReport:
    """cycles per frame: mean over the traced blocks; worst: the dearest block. per_layer, per_kernel: cycles a frame.

    moving_cycles_per_frame: what a position set anew every block adds; None for a snapshot. engine, whole: optimistic
    and pessimistic, in blocks of 48, while everything moves (`whole.py`). builds: the whole in other builds of the
    module; None where a second channel has no room.
    """

    name: str
    block: int
    clock_hz: float
    cycles_per_frame: float
    worst_cycles_per_frame: float
    instructions_per_frame: float
    mac_per_frame: int
    mac_per_cycle: float
    load: float
    moving_cycles_per_frame: float | None
    state_bytes: int
    weight_bytes: int
    model_bytes: int
    code_bytes: int
    stack_bytes: int
    per_layer: dict[str, float]
    per_kernel: dict[str, float]
    engine: dict[str, float]
    whole: dict[str, float]
    admitted: bool
    limit: int
    regions: dict[str, int]
    builds: dict[str, dict[str, float] | None]
    note: str = NOTE


PRODUCTS_A_CYCLE = 2
"""An SMLAD makes two, and a Cortex-M7 begins one in a cycle."""
FAR_BEYOND = 10
"""Times the limit: what so many products alone take is told without running them, which would take minutes."""


@dataclass(frozen=True)
class FarBeyond:
    """A model that no module plays, by the count of its products. cycles_at_least: a frame, for nothing but those."""

    name: str
    mac_per_frame: int
    cycles_at_least: int
    limit: int = LIMIT_CYCLES
    admitted: bool = False


def far_beyond(model: IntegerModel) -> FarBeyond | None:
    """The verdict that its shapes alone allow; None where it has to be run to know."""
    least = -(-model.macs_per_frame // PRODUCTS_A_CYCLE)
    return FarBeyond(model.name, model.macs_per_frame, least) if least > FAR_BEYOND * LIMIT_CYCLES else None


def estimate_cycles(
    model: IntegerModel, block: int = 48, clock_hz: float = 480e6, builds: bool = False, bend: int = 0, gate: int = 0
) -> CycleReport:
    """Runs the model's engine on an emulated Cortex-M7 in blocks of `block` frames and prices what it executes.

    Then the whole module, under a bend (as the link numbers them; 0: none) and behind a gate (dB below full scale).
    builds: the module's other builds, too.

    Raises CyclesError if the tools are missing or the engine refuses the model, ValueError for a block below 1.
    """
    if block < 1:
        raise ValueError(f"a block has at least one frame, not {block}")
    blob = grit.to_bytes(model)
    engine = EmulatedEngine(blob)
    audio = _test_audio(WARM_UP_FRAMES)
    engine.process(audio)
    blocks = max(2, -(-TRACED_FRAMES // block))
    resting = _cost(engine, audio, block, blocks)
    frames = blocks * block
    moving = None
    if model.position_count:
        moved = _cost(engine, audio, block, blocks, positions=model.position_count)
        moving = moved.total / frames - resting.total / frames
    per_frame = resting.total / frames
    whole = price_whole(blob, bend=bend, gate=gate)
    return CycleReport(
        name=model.name,
        block=block,
        clock_hz=clock_hz,
        cycles_per_frame=round(per_frame, 1),
        worst_cycles_per_frame=round(max(resting.blocks) / block, 1),
        instructions_per_frame=round(resting.instructions / frames, 1),
        mac_per_frame=model.macs_per_frame,
        mac_per_cycle=round(model.macs_per_frame / per_frame, 3),
        load=round(per_frame * SAMPLE_RATE / clock_hz, 4),
        moving_cycles_per_frame=None if moving is None else round(moving, 1),
        state_bytes=engine.state_bytes,
        weight_bytes=_weight_bytes(model),
        model_bytes=len(blob),
        code_bytes=engine.firmware.code_bytes,
        stack_bytes=engine.stack_bytes(),
        per_layer={place: round(cycles / frames, 1) for place, cycles in resting.places.items()},
        per_kernel={
            name: round(cycles / frames, 1) for name, cycles in sorted(resting.kernels.items(), key=lambda kv: -kv[1])
        },
        engine=asdict(whole.engine),
        whole=asdict(whole.whole),
        admitted=whole.admitted,
        limit=LIMIT_CYCLES,
        regions=whole.regions,
        builds=_builds(blob, whole, bend, gate) if builds else {},
    )


BUILDS = {"48 mono": (48, False), "48 stereo": (48, True), "16 mono": (16, False), "16 stereo": (16, True)}
"""Frames a piece; whether each input has a channel."""


def _builds(blob: bytes, mono: WholePrice, bend: int, gate: int) -> dict[str, dict[str, float] | None]:
    found: dict[str, dict[str, float] | None] = {}
    for name, (frames, stereo) in BUILDS.items():
        try:
            price = mono if name == "48 mono" else price_whole(blob, frames, stereo, bend, gate)
            found[name] = asdict(price.whole) if price.has_room else None
        except CyclesError:
            found[name] = None
    return found


@dataclass
class _Cost:
    total: int
    instructions: int
    blocks: list[int]
    places: dict[str, int]
    kernels: dict[str, int]


def _cost(engine: EmulatedEngine, audio: NDArray[np.int16], block: int, blocks: int, positions: int = 0) -> _Cost:
    trace, ends = Trace(), []
    generator = np.random.default_rng(1)
    for index in range(blocks):
        if positions:
            engine.set_position(generator.integers(-20000, 20000, positions).astype(np.int16), trace)
        start = index * block % (len(audio) - block) if block < len(audio) else 0
        engine.process(np.resize(audio[start:], block), trace)
        ends.append(len(trace.runs))
    cycles = price(engine.firmware, trace)
    lengths = {run: sum(1 for _ in instructions(engine.firmware, run)) for run in set(trace.runs)}
    cost = _Cost(sum(cycles), sum(lengths[run] for run in trace.runs), [], defaultdict(int), defaultdict(int))
    for run, place, spent in zip(trace.runs, trace.places, cycles, strict=True):
        cost.places[place or "around"] += spent
        cost.kernels[engine.firmware.function_at(run[0])] += spent
    for start, end in zip([0, *ends], ends, strict=False):
        cost.blocks.append(sum(cycles[start:end]))
    return cost


def _weight_bytes(model: IntegerModel) -> int:
    convolutions = [c for a in model.arrays for c in (a.rechannel, a.head)]
    convolutions += [
        c for a in model.arrays for layer in a.layers for c in (layer.conv, layer.residual) if c is not None
    ]
    return sum(c.weight.size + (0 if c.mixin is None else c.mixin.size) for c in convolutions)


def _test_audio(frames: int) -> NDArray[np.int16]:
    """A tone in noise, always the same. What the engine executes does not depend on it; a test holds it to that."""
    t = np.arange(frames) / SAMPLE_RATE
    tone = 0.5 * np.sin(2 * np.pi * 110 * t) + 0.05 * np.random.default_rng(0).standard_normal(frames)
    return np.asarray(np.clip(tone * 32767, -32768, 32767)).astype(np.int16)
