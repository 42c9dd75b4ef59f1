"""What quantization costs real `.nam` captures: the table of docs/engine.md.

    python -m gritspace.host_tools.models.nam_table CAPTURES AUDIO

CAPTURES: a folder of `.nam` files, searched whole; AUDIO: a folder of dry audio. Calibrated on its training files,
measured on the others, phrases of which the integer engine and the float network both hear in 16 bits; the same
integers again with int8 activations, by TensorFlow Lite. Prints Markdown.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import calibration_audio
from gritspace.host_tools.models.verdict import price_of
from gritspace.quantize.cycles.whole import WholePrice
from gritspace.quantize.export.tflite import run_tflite, to_tflite
from gritspace.quantize.export.tflite_graph import INT8
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.network.nam import read_nam
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.audio.signals import phrases_from, read_folder
from gritspace.train.network.nam.records import NamError
from gritspace.train.plain_text import printable

SECONDS = 6.0
MAX_MACS = 14_000
"""Captures beyond this cannot run in real time; their cycles are not worth the emulator's time."""


@dataclass(frozen=True)
class Row:
    """One network: ESR of the integers and of the same integers with int8 activations; cycles where it fits."""

    name: str
    macs: int
    esr: float
    esr_int8: float
    price: WholePrice | None


def rows(captures: Path, audio: Path) -> list[Row]:
    """Best ESR first."""
    heard = calibration_audio([audio])
    dry = phrases_from(read_folder(audio, "validation"), SECONDS, seed=3)
    samples = np.clip(np.round(dry * 32768), -32768, 32767).astype(np.int16)
    found = []
    for path in sorted(captures.rglob("*.nam")):
        try:
            file = read_nam(path)
        except NamError as error:
            print(f"left out: {printable(error)}", file=sys.stderr)
            continue
        for network, submodel in zip(file.networks, file.names, strict=True):
            model = quantize(network, heard, name=path.stem)
            wanted = run_float(network, (samples / 32768).astype(np.float32))
            full_scale = 2.0**model.output_shift / 32768
            got = Engine(to_bytes(model)).process(samples) * full_scale
            coarse = run_tflite(to_tflite(model, activations=INT8), samples) * full_scale
            price = price_of(model) if model.macs_per_frame <= MAX_MACS else None
            name = path.stem if submodel == "whole" else f"{path.stem}, submodel {submodel}"
            found.append(Row(name, model.macs_per_frame, _esr(wanted, got), _esr(wanted, coarse), price))
    return sorted(found, key=lambda row: row.esr)


def _esr(wanted: NDArray[np.float64], got: NDArray[np.float64]) -> float:
    return float(np.sum((got - wanted) ** 2) / np.sum(wanted**2))


def main() -> None:
    """Prints the table and its medians."""
    table = rows(Path(sys.argv[1]), Path(sys.argv[2]))
    print("| capture | MAC a frame | ESR, integers against float | with int8 activations | cycles a frame |")
    print("|---|---|---|---|---|")
    for row in table:
        words = (
            "not in real time"
            if row.price is None
            else f"{row.price.whole.pessimistic:,.0f}" + ("" if row.price.admitted else " (too slow)")
        )
        print(f"| {printable(row.name)[:60]} | {row.macs:,} | {row.esr:.1e} | {row.esr_int8:.1e} | {words} |")
    fitting = [row for row in table if row.macs <= MAX_MACS]
    print(f"\nAll {len(table)}: {_summary(table)} The {len(fitting)} of up to {MAX_MACS:,} MAC: {_summary(fitting)}")


def _summary(table: list[Row]) -> str:
    errors, coarse = np.array([row.esr for row in table]), np.array([row.esr_int8 for row in table])
    return (
        f"median {np.median(errors):.1e}, worst {errors.max():.1e}; with int8 activations "
        f"median {np.median(coarse):.1e}, worst {coarse.max():.1e}."
    )


if __name__ == "__main__":
    main()
