"""A `.nam` file becomes an integer model: which submodel, whether it runs in real time. And back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.arguments import network_position_q15, position_values
from gritspace.host_tools.models.model_files import read_space, rest_position
from gritspace.host_tools.models.snapshot_files import is_snapshot_file, nam_text_of
from gritspace.host_tools.models.verdict import price_of, too_slow
from gritspace.host_tools.sound.playing import play
from gritspace.quantize.cycles.whole import WholePrice
from gritspace.quantize.model.fold import at_position, network_at_position
from gritspace.quantize.model.grit import read_grit
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.nam import read_nam, write_nam_text
from gritspace.quantize.network.network import Network, from_tcn
from gritspace.quantize.network.run import run_float, single_precision
from gritspace.quantize.rounding.dequantize import dequantize
from gritspace.quantize.rounding.finetune import Tuning
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.errors import InputError
from gritspace.train.snapshot.snapshot import load_snapshot

ESR_SECONDS, ESR_SEED = 2.0, 2_000_003
MADE_TO_FIT = "`gritspace quantize`, without --exact and --submodel, makes a network of it that fits, in minutes"


class TooSlow(InputError):
    """No module plays this as it is: too slow, or of another sample rate."""


@dataclass(frozen=True)
class Choice:
    """What was made of a `.nam` file, and what a person should be told about it. price: None where not estimated.

    esr: of the integers against the capture's floats, on built-in signals; None if there is silence.
    """

    model: IntegerModel
    submodel: str
    price: WholePrice | None
    remarks: tuple[str, ...]
    esr: float | None = None


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
        if network.sample_rate != SAMPLE_RATE and not force:
            raise TooSlow(
                f"{path}: made for {network.sample_rate} Hz, and the module runs at {SAMPLE_RATE} Hz. {MADE_TO_FIT}; "
                f"--force takes it as it is, its tone and delays shifted by {SAMPLE_RATE / network.sample_rate:.3f}."
            )
        why = None if force else too_slow(network)
        if why is None:
            choice = _choice(path, network, audio, name, candidate, tuning)
            if choice.price is None or choice.price.admitted or force:
                return choice
            why = choice.price.verdict()
        slow.append(f"{candidate}: {why}")
    raise TooSlow(f"{path}: {'; '.join(slow)}. {MADE_TO_FIT}; --force takes it as it is.")


def nam_text(path: Path, position: str | None) -> str:
    """A space, a snapshot (`.pt`) or an integer model (`.grit`) at a position ("z1,z2"; None: its own) as `.nam` text.

    A space gives its float weights; an integer model the weights that its integers stand for.
    """
    if path.suffix.lower() == ".grit":
        model = read_grit(path)
        return write_nam_text(dequantize(at_position(model, network_position_q15(position, model))), path.stem)
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
    return Choice(model, submodel, price_of(model), tuple(remarks), _esr(model, network))


def _esr(model: IntegerModel, network: Network) -> float | None:
    dry = signals.synthetic(ESR_SECONDS, ESR_SEED)
    wanted = run_float(single_precision(network), dry).astype(np.float64)
    power = float(np.square(wanted).sum())
    return float(np.square(play(model, dry, None, "c") - wanted).sum()) / power if power > 0 else None
