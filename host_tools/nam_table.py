"""What quantization costs real `.nam` captures: the table of docs/engine.md.

    python -m gritspace.host_tools.nam_table CAPTURES AUDIO

CAPTURES: a folder of `.nam` files, searched whole; AUDIO: a folder of dry audio. Calibrated on its training files,
measured on the others, phrases of which the integer engine and the float network both hear in 16 bits. Prints Markdown.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from gritspace.host_tools.audio_sources import calibration_audio
from gritspace.host_tools.nam_files import CYCLES_A_FRAME
from gritspace.quantize.cycles import estimate_cycles
from gritspace.quantize.engine import Engine
from gritspace.quantize.float_network import run_float
from gritspace.quantize.grit import to_bytes
from gritspace.quantize.integer import quantize
from gritspace.quantize.nam import NamError, read_nam
from gritspace.train.signals import phrases_from, read_folder

SECONDS = 6.0
MOST_MACS = 14_000
"""Captures beyond this cannot run in real time; their cycles are not worth the emulator's time."""


def rows(captures: Path, audio: Path) -> list[tuple[str, int, float, float | None]]:
    """(name, multiplications a frame, ESR, cycles a frame or None), best ESR first."""
    heard = calibration_audio([audio])
    dry = phrases_from(read_folder(audio, "validation"), SECONDS, seed=3)
    samples = np.clip(np.round(dry * 32768), -32768, 32767).astype(np.int16)
    found = []
    for path in sorted(captures.rglob("*.nam")):
        try:
            file = read_nam(path)
        except NamError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        for network, submodel in zip(file.networks, file.names, strict=True):
            model = quantize(network, heard, name=path.stem)
            wanted = run_float(network, (samples / 32768).astype(np.float32))
            got = Engine(to_bytes(model)).process(samples) / 32768 * 2.0**model.output_shift
            esr = float(np.sum((got - wanted) ** 2) / np.sum(wanted**2))
            cycles = estimate_cycles(model).cycles_per_frame if model.macs_per_frame <= MOST_MACS else None
            name = path.stem if submodel == "whole" else f"{path.stem}, submodel {submodel}"
            found.append((name, model.macs_per_frame, esr, cycles))
    return sorted(found, key=lambda row: row[2])


def main() -> None:
    """Prints the table and its medians."""
    table = rows(Path(sys.argv[1]), Path(sys.argv[2]))
    print("| capture | MAC a frame | ESR, integers against float | cycles a frame |\n|---|---|---|---|")
    for name, macs, esr, cycles in table:
        words = (
            "not in real time" if cycles is None else f"{cycles:,.0f}" + ("" if cycles <= CYCLES_A_FRAME else " (slow)")
        )
        print(f"| {name[:60]} | {macs:,} | {esr:.1e} | {words} |")
    errors = np.array([esr for _, _, esr, _ in table])
    fitting = np.array([esr for _, macs, esr, _ in table if macs <= MOST_MACS])
    print(f"\nAll {len(errors)}: median {np.median(errors):.1e}, worst {errors.max():.1e}. ", end="")
    print(f"The {len(fitting)} of up to {MOST_MACS:,} MAC: median {np.median(fitting):.1e}, worst {fitting.max():.1e}.")


if __name__ == "__main__":
    main()
