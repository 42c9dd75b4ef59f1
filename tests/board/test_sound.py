"""What comes out of the emulated board's codec is what the C sources play on this computer, to the bit."""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.audio_sources import riff
from tests.board.bench import Run, run_board
from tests.board.conftest import MODEL
from tests.firmware.host.host_module import HostModule
from tests.places import ROOT

DaisyImage = Callable[[str], Path]
RATE = 48014.32
BLOCK = 48
BLOCKS = 1000
PINS = [
    f"P{port}{bit}"
    for port, bit in re.findall(
        r"X\(\w+, \w+, '(\w)', (\d+)\) *\\?\n",
        re.search(
            r"#define GRIT_PANEL_ANALOG\(X\).*?\n\n",
            (ROOT / "firmware/module/panel/generated/panel.h").read_text(),
            re.DOTALL,
        )[0],  # type: ignore[index]
    )
]
KNOBS = 7


def turns() -> list[tuple[int, int, int]]:
    """(block, input, code): each knob once through all of its turn, in eight steps, one after the other."""
    steps = (0, 9000, 18000, 30000, 42000, 54000, 65535, 32768)
    return [(60 + 110 * knob + 13 * i, knob, code) for knob in range(KNOBS) for i, code in enumerate(steps)]


def sources_play(host: HostModule, heard: NDArray[np.int16]) -> NDArray[np.int16]:
    """int16 (frames, 2) in and out, block by block, with the same turns."""
    codes = np.full(len(PINS), 32768, np.uint16)
    out = []
    waiting = turns()
    for block in range(len(heard) // BLOCK):
        while waiting and waiting[0][0] <= block:
            _, place, code = waiting.pop(0)
            codes[place] = code
        host.panel(codes)
        host.switches(False, False)
        out.append(host.stereo(heard[block * BLOCK : (block + 1) * BLOCK].T).T)
    return np.concatenate(out)


def at_the_codec(samples: NDArray[np.int16]) -> NDArray[np.int32]:
    """The codec's 24 bits; the lowest value is as DaisyDuino had it."""
    return np.maximum(samples.astype(np.int32) << 8, -0x7FFF82)


def board_plays(image: Path, folder: Path, heard: NDArray[np.int16], cache: bool, turn_frames: int) -> Run:
    """turn_frames: when a block's turns come, from its beginning on: just after the panel was read for the last one, so
    that the converter has come around before it is read again."""
    start = run_board(image, folder, 1300).report["audio_started_ms"]
    script = [
        (start + (block * BLOCK + turn_frames) / RATE * 1e3, f"adc {PINS[place]} {code}")
        for block, place, code in turns()
    ]
    length = start + (len(heard) + 4 * BLOCK) / RATE * 1e3
    return run_board(image, folder, length, script=script, heard=heard, cache=cache)


@pytest.mark.parametrize(("environment", "cache"), [("daisy_seed", True), ("daisy_seed_16", False)])
def test_a_second_of_music_and_a_turn_of_every_knob_is_the_same_to_the_bit(
    environment: str, cache: bool, daisy_image: DaisyImage, host: HostModule, tmp_path: Path
) -> None:
    image = daisy_image(environment)
    unpacked = image.with_suffix(".unpacked.elf")  # the image itself has its model packed
    if not unpacked.is_file() or MODEL.read_bytes() not in unpacked.read_bytes():
        pytest.skip(f"{image} has another model than {MODEL.name} built in")
    music = (riff(BLOCKS * BLOCK / 48000) * 20000).astype(np.int16)[: BLOCKS * BLOCK]
    heard = np.stack([music, np.roll(music, 1000)], axis=1)
    run = board_plays(image, tmp_path, heard, cache, 12 if environment == "daisy_seed" else 16 + 4 - BLOCK)
    assert run.faults == []
    wanted = at_the_codec(sources_play(host, heard))
    assert np.abs(wanted).max() > 1 << 20
    delays = range(min(140, len(run.played) - len(wanted)))
    differing = [np.count_nonzero(run.played[at : at + len(wanted)] != wanted) for at in delays]
    assert min(differing) == 0, f"{min(differing)} of {wanted.size} samples differ at best"
    delay = int(np.argmin(differing))
    assert delay <= (2 * BLOCK if environment == "daisy_seed" else 2 * 16) + 8


def test_the_conversions_are_those_of_rounding_to_the_nearest(tmp_path: Path) -> None:
    """daisy_samples.h on this computer, beside NumPy; unity and the factors of other codecs. A half goes upwards."""
    source = tmp_path / "samples.c"
    source.write_text(
        '#include "daisy_samples.h"\n'
        "int16_t in(uint32_t w, uint32_t g);\nint16_t in(uint32_t w, uint32_t g) { return daisy_sample_in(w, g); }\n"
        "int32_t out(int16_t s, uint32_t g);\nint32_t out(int16_t s, uint32_t g) { return daisy_sample_out(s, g); }\n"
    )
    boards = ROOT / "firmware" / "boards" / "daisy_seed"
    engine = ROOT / "firmware" / "engine"
    command = [
        "gcc",
        "-O2",
        "-shared",
        "-fPIC",
        f"-I{boards}",
        f"-I{engine}",
        str(source),
        "-o",
        str(tmp_path / "s.so"),
    ]
    subprocess.run(command, check=True)
    library = ctypes.CDLL(str(tmp_path / "s.so"))
    library["in"].restype = ctypes.c_int16
    rng = np.random.default_rng(1)
    words = np.concatenate([rng.integers(-(1 << 23), 1 << 23, 4000), [-(1 << 23), 8388607, 128, 384, -128, -384, 0]])
    for gain in (4096, 5850, 2868):
        wanted = np.clip(np.floor(words * (gain / 4096) / 256 + 0.5), -32768, 32767)
        found = [library["in"](int(word) & 0xFFFFFF, gain) for word in words]
        np.testing.assert_array_equal(found, wanted)
    for sample in (-32768, -32767, -1, 0, 1, 32767):
        assert library.out(sample, 4096) == max(sample << 8, -0x7FFF82)
