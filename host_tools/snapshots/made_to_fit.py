"""A capture that no module plays as it is becomes a smaller network of the same capture, in minutes.

A WaveNet loses the layers that are missed least and is trained on, with itself as teacher; anything else that can be
heard is fitted anew, as `gritspace fit` does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gritspace.host_tools.console import esr_text
from gritspace.host_tools.models.snapshot_files import integer_model_of
from gritspace.host_tools.models.verdict import draft_price, price_of
from gritspace.host_tools.sound.playing import play
from gritspace.quantize.cycles.real_time import LIMIT_CYCLES
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.network import from_tcn
from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.captures.wavenet import WaveNetCapture
from gritspace.train.devices.device import Device
from gritspace.train.devices.finding import device_named
from gritspace.train.errors import InputError
from gritspace.train.network.limits import ENGINE
from gritspace.train.network.shapes import TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.snapshot.descent import Clock
from gritspace.train.snapshot.fit import FitConfig, SnapshotFit
from gritspace.train.snapshot.shrink import shrunk, without_layer
from gritspace.train.snapshot.snapshot import Snapshot
from gritspace.train.snapshot.source import Source, from_device
from gritspace.train.snapshot.stretch import stretched

Audio = NDArray[np.float32]
Update = Callable[[float, float, str], None]

LEARN_SECONDS, GIVEN_SECONDS, HELD_SECONDS, PROBE_SECONDS = 80.0, 80.0, 8.0, 1.0
FEW_LAYERS = 0.5
"""Layers are taken out as long as so much of the network's products stays; what is larger is fitted anew."""
ON_RATE, ANEW_RATE = 2e-3, FitConfig.learning_rate
GOOD_ENOUGH = 3e-4
"""An ESR that nobody hears: people have hundreds of captures, and their minutes are better spent on the next."""
FIT_SHAPE = "a2-full"
PRODUCTS = 12_500
"""About what a module plays a frame, whatever the shape: only to choose the way."""


@dataclass(frozen=True)
class MadeToFit:
    """model plays on a module. esr: of its integers against the capture, on audio that it was not trained on.

    minutes: of training, by the clock. cpu_seconds: of everything, by the processor.
    """

    model: IntegerModel
    esr: float
    minutes: float
    cpu_seconds: float
    remark: str


def teacher_of(path: Path) -> Device:
    """The capture as a device that can be heard, whatever a module makes of it. Raises InputError if it cannot be."""
    return device_named(str(path))


def made_to_fit(
    teacher: Device,
    audio: tuple[Path, ...],
    name: str,
    minutes: float,
    update: Update,
    seed: int = 0,
    clock: Clock = time.monotonic,
) -> MadeToFit:
    """teacher: from teacher_of. audio: files or folders to train on, beside built-in signals. clock: of minutes.

    Raises InputError if the capture gives silence or numbers that are not finite.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, round((os.cpu_count() or 1) - os.getloadavg()[0])))
    torch.set_flush_denormal(True)
    began = time.process_time()
    learn, held = _audio(audio, seed)
    start = _start(teacher, held, update)
    update(0.0, 1.0, "playing the capture")
    source = from_device(teacher, np.zeros((1, len(teacher.knobs)), np.float32) + np.float32(0.5), learn, held)
    snapshot, spent = _trained(source, start, minutes, update, name, seed, clock)
    model = integer_model_of(snapshot, learn, name)
    price = price_of(model)
    if price is not None and not price.admitted and start is not None:  # a draft's price was a little too kind
        tcn = _one_less(snapshot.tcn, held)
        snapshot, more = _trained(source, tcn, minutes / 2, update, name, seed, clock)
        spent += more
        model = integer_model_of(snapshot, learn, name)
    esr = _esr(model, source, snapshot.tcn.config.receptive_field - 1)
    way = f"a new network ({FIT_SHAPE})" if start is None else _way(teacher, start)
    remark = f"made to fit: {way}, trained for {spent:.1f} minutes; ESR {esr_text(esr)} against the capture."
    return MadeToFit(model, esr, spent, time.process_time() - began, remark)


def _start(teacher: Device, held: Audio, update: Update) -> Tcn | None:
    """The capture, at the module's rate, with layers out until a module may play it; None where too many would be."""
    if not isinstance(teacher, WaveNetCapture) or FEW_LAYERS * teacher.tcn.config.macs_per_frame > PRODUCTS:
        return None
    whole = stretched(teacher.tcn, SAMPLE_RATE / teacher.rate)
    if not _in_the_engine(whole.config):
        return None

    def told(out: int, error: float) -> None:
        update(0.0, 1.0, f"{out} layers out, ESR {esr_text(error)} before training")

    def fits(tcn: Tcn) -> bool:
        price = draft_price(from_tcn(tcn))
        return price is None or price.admitted

    price = draft_price(from_tcn(whole))
    if price is None or price.admitted:
        return whole
    return shrunk(whole, fits, _probe(held), told, price.whole.pessimistic - LIMIT_CYCLES)


def _in_the_engine(config: TcnConfig) -> bool:
    """Slow rates leave kernels with many taps."""
    kernels = [k for array in config.arrays for k in (*array.kernel_sizes, array.head_kernel_size)]
    dilations = [dilation for array in config.arrays for dilation in array.dilations]
    widths = [array.channels for array in config.arrays]
    within = max(kernels) <= ENGINE.kernel and max(dilations) <= ENGINE.dilation and max(widths) <= ENGINE.channels
    return within and len(config.arrays) <= ENGINE.arrays


def _probe(held: Audio) -> torch.Tensor:
    """The beginning of each half: built-in signals, and of what was given, if something was."""
    frames, half = int(PROBE_SECONDS * SAMPLE_RATE), len(held) // 2
    return torch.from_numpy(np.concatenate([held[:frames], held[half : half + frames]]))


def _way(teacher: Device, start: Tcn) -> str:
    whole = isinstance(teacher, WaveNetCapture) and _layers(start) == _layers(teacher.tcn)
    ours = "its own network, of its own weights" if whole else "a smaller network from its own weights"
    rate = getattr(teacher, "rate", SAMPLE_RATE)
    return ours if rate == SAMPLE_RATE else f"{ours}, from {rate} Hz to {SAMPLE_RATE} Hz"


def _layers(tcn: Tcn) -> int:
    return sum(len(array.dilations) for array in tcn.config.arrays)


def _one_less(tcn: Tcn, held: Audio) -> Tcn:
    asked = iter((False, True))
    return shrunk(tcn, lambda _: next(asked), _probe(held)) or without_layer(tcn, 0, 0)


def _trained(
    source: Source, start: Tcn | None, minutes: float, update: Update, name: str, seed: int, clock: Clock
) -> tuple[Snapshot, float]:
    """With the minutes that it took by the clock, whatever the budget was counted by."""

    def told(step: int, share: float, esr: float, seconds_left: float) -> None:
        update(share, 1.0, f"step {step}, ESR {esr_text(esr)}, {seconds_left:.0f} s left")

    rate = ANEW_RATE if start is None else ON_RATE
    config = FitConfig(
        FIT_SHAPE,
        minutes=minutes,
        target_esr=GOOD_ENOUGH if start is not None else 0.0,
        learning_rate=rate,
        seed=seed,
        stft_weight=0.0 if start is not None else 2e-4,
    )
    fit = SnapshotFit(source.dry, source.wet, source.held_dry, source.held_wet, config, start=start, clock=clock)
    began = time.monotonic()
    result = fit.run(told)
    spent = (time.monotonic() - began) / 60
    facts = {"made_from": source.name, "esr": result.esr, "minutes": round(spent, 2), "seed": seed}
    return Snapshot(result.tcn, name, source.licence, facts), spent


def _audio(paths: tuple[Path, ...], seed: int) -> tuple[Audio, Audio]:
    """Built-in signals, and phrases of what was given, to learn from; other files, or seeds, to measure on."""
    learn, held = [signals.synthetic(LEARN_SECONDS, seed)], [signals.synthetic(HELD_SECONDS, seed + 1_000_000)]
    for split, parts, seconds in (("train", learn, GIVEN_SECONDS), ("validation", held, HELD_SECONDS)):
        notes = [note for path in paths for note in signals.read_folder(path, split)]
        if notes:
            parts.append(signals.phrases_from(notes, seconds, seed + len(split)))
    return np.concatenate(learn), np.concatenate(held)


def _esr(model: IntegerModel, source: Source, lead_in: int) -> float:
    heard, target = play(model, source.held_dry, None, "c")[lead_in:], source.held_wet[lead_in:].astype(np.float64)
    power = float(np.square(target).sum())
    if power <= 0:
        raise InputError(f"{source.name}: the capture gives silence; there is nothing to make fit.")
    return float(np.square(heard - target).sum()) / power
