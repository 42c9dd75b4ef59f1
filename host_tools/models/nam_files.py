"""A `.nam` file becomes an integer model: which submodel, whether it runs in real time. And back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.arguments import position_q15, position_values
from gritspace.host_tools.models.model_files import read_space, rest_position
from gritspace.host_tools.models.snapshot_files import is_snapshot_file, nam_text_of
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.fold import at_position, network_at_position
from gritspace.quantize.model.grit import read_grit, to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.nam import read_nam, write_nam_text
from gritspace.quantize.network.network import Network, from_tcn
from gritspace.quantize.rounding.dequantize import dequantize
from gritspace.quantize.rounding.finetune import Tuning
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.errors import InputError
from gritspace.train.snapshot.snapshot import load_snapshot

CYCLES_A_FRAME = 10_000
"""480 MHz at 48 kHz: what a Daisy Seed has."""
STATE_BYTES = 440 * 1024
"""DTCM and AXI RAM of the STM32H750 less what the module itself needs."""


@dataclass(frozen=True)
class Choice:
    """What was made of a `.nam` file, and what a person should be told about it. cycles: None where not estimated."""

    model: IntegerModel
    submodel: str
    cycles_per_frame: float | None
    remarks: tuple[str, ...]


def model_from_nam(
    path: Path,
    audio: NDArray[np.float32],
    name: str,
    submodel: str | None = None,
    force: bool = False,
    tuning: Tuning | None = None,
) -> Choice:
    """Quantizes a `.nam` capture: of a container, the largest submodel that runs in real time, or the one named.

    audio: (frames,) at 48 kHz to calibrate with. force: take a model that is too slow all the same. Raises InputError,
    in one sentence, for what cannot run and says what would.
    """
    file = read_nam(path)
    if submodel is not None and submodel not in file.names:
        raise InputError(f"{path}: there is no submodel {submodel!r}; it has {', '.join(file.names)}.")
    chosen = file.names if submodel is None else (submodel,)
    slow: list[str] = []
    for candidate in reversed(chosen):  # the largest first
        network = file.networks[file.names.index(candidate)]
        choice = _choice(path, network, audio, name, candidate, tuning)
        cycles = choice.cycles_per_frame
        if cycles is None or cycles <= CYCLES_A_FRAME or force:
            if cycles is not None and cycles > CYCLES_A_FRAME:
                remark = f"about {cycles:,.0f} cycles a frame of {CYCLES_A_FRAME:,}: too slow for a module."
                choice = replace(choice, remarks=(*choice.remarks, remark))
            return choice
        slow.append(f"{candidate}: about {cycles:,.0f} cycles a frame, {choice.model.macs_per_frame:,} MAC")
    raise InputError(
        f"{path}: too slow for real time ({'; '.join(slow)}; a Daisy Seed has {CYCLES_A_FRAME:,} cycles a frame, "
        "enough for about 13,000 MAC); use a smaller capture, or --force to quantize it anyway."
    )


def nam_text(path: Path, position: str | None) -> str:
    """A space, a snapshot (`.pt`) or an integer model (`.grit`) at a position ("z1,z2"; None: its own) as `.nam` text.

    A space gives its float weights; an integer model the weights that its integers stand for.
    """
    if path.suffix.lower() == ".grit":
        model = read_grit(path)
        return write_nam_text(dequantize(at_position(model, position_q15(position, model))), path.stem)
    if is_snapshot_file(path):
        if position is not None:
            raise InputError(f"--position {position}: {path} is a snapshot and has no position; leave --position out.")
        return nam_text_of(load_snapshot(path))
    space = read_space(path)
    place = rest_position(space)
    if position is not None:
        place = position_values(position, place.size, path.name, place)
    return write_nam_text(network_at_position(from_tcn(space.decoder), place), path.stem)


def _choice(
    path: Path, network: Network, audio: NDArray[np.float32], name: str, submodel: str, tuning: Tuning | None
) -> Choice:
    remarks = []
    if network.sample_rate != 48000:
        remarks.append(
            f"made for {network.sample_rate} Hz; the module runs it at 48000 Hz unchanged, so its tone and delays "
            f"shift by {48000 / network.sample_rate:.3f}."
        )
    metadata: dict[str, Any] = {**network.metadata, "made_from": path.name, "submodel": submodel}
    try:
        model = quantize(replace(network, metadata=metadata), audio, name=name, tuning=tuning)
    except ValueError as error:
        raise InputError(f"{path}: {error}.") from error
    state = Engine(to_bytes(model)).state_bytes
    if state > STATE_BYTES:
        raise InputError(
            f"{path}: it needs {state // 1024} KB of state; the module has {STATE_BYTES // 1024} KB. Shorter dilations "
            "or fewer channels would fit."
        )
    return Choice(model, submodel, _cycles(model), tuple(remarks))


def _cycles(model: IntegerModel) -> float | None:
    from gritspace.quantize.cycles.build import CyclesError
    from gritspace.quantize.cycles.estimate import estimate_cycles

    try:
        return estimate_cycles(model).cycles_per_frame
    except CyclesError:  # the compiler or llvm-mca is not installed; quantizing does not need them
        return None
