"""What people type wrong, and what comes: docs/mistakes.md. `python -m tests.door.mistakes` writes its rows anew.

Each line is run as it stands, in a folder with a few files in it. Nothing is computed, so none may take a second of the
processor's time: PyTorch must not have been loaded.
"""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

from tests.places import ROOT

PAGE = ROOT / "docs" / "mistakes.md"
BEGIN, END = "<!-- rows -->\n", "<!-- end of rows -->\n"

MISTAKES = (
    "gritspace run circuits.grit dri.wav wet.wav",
    "gritspace run circuits.grit stereo.wav wet.wav",
    "gritspace run circuits.grit dry.wav wet.mp3",
    "gritspace run circuits.grit dry.wav dry.wav",
    "gritspace run circuits.grit dry.wav nowhere/wet.wav",
    "gritspace run dry.wav circuits.grit wet.wav",
    "gritspace run circuits.grit notes.wav wet.wav",
    "gritspace run circuits.grit song.mp3 wet.wav",
    "gritspace run circuits.grit empty wet.wav",
    "gritspace run circuits.grit dry.wav wet.wav --device rta",
    "gritspace run half.grit dry.wav wet.wav",
    "gritspace run half.pt dry.wav wet.wav",
    "gritspace run amp.nam dry.wav wet.wav",
    "gritspace render rta dry.wav wet.wav",
    "gritspace render rat dry.wav wet.wav --knob volume=1",
    "gritspace devices empty",
    "gritspace match silence.wav",
    "gritspace run circuits.pt dry.wav wet.wav --position a,b,c,d",
    "gritspace run circuits.grit dry.wav wet.wav --position 0,0,0",
    "gritspace run circuits.grit dry.wav wet.wav --bend feedbak",
    "gritspace run circuits.grit dry.wav wet.wav --gate 12",
    "gritspace render rat dry.wav wet.wav --knob distortion=loud",
    "gritspace pair circuits.grit amp.nam -o both.grit",
    "gritspace quantize circuits.pt --ir notes.wav -o model.grit",
    "gritspace even circuits.grit -o even.pt",
    "gritspace quantize https://example.org/amp.nam -o amp.grit",
    "gritspace quantize circuits.grit -o model.grit",
    "gritspace quantize circuits.pt -o model.wav",
    "gritspace quantize circuits.pt --audio empty -o model.grit",
    "gritspace train --captures captures -o space.pt",
    "gritspace train --device rta -o space.pt",
    "gritspace research tabel",
    "gritspace train -o nowhere/space.pt",
    "gritspace fit --dry dry.wav -o pedal.grit",
    "gritspace fit --dry dry.wav --wet dry.wav -o pedal.grit",
    "gritspace fit --dry dry.wav --wet silence.wav -o pedal.grit",
    "gritspace fit --dry dry.wav --wet stereo.wav -o pedal.vst",
    "gritspace fit --dry dry.wav --wet stereo.wav -o pedal.grit",
    "gritspace fit --dry dry.wav --wet dry.wav@gain=2 -o pedal.grit",
    "gritspace fit --device rat --knob distrotion=0.5 -o pedal.grit",
    "gritspace enroll circuits.pt --wet empty -o preset.json",
    "gritspace enroll circuits.pt --dry dry.wav --wet stereo.wav -o preset.json",
    "gritspace enroll circuits.pt --wet stereo.wav --refine -o preset.json",
    "gritspace listen --results notes.wav",
    "gritspace listen --report other.json -o test.html",
    "gritspace presets put",
    "gritspace presets put notes.wav",
    "gritspace simulate circuits.grit --flash empty",
    "gritspace play --export dry.wav",
    "gritspace export circuits.grit --to vst -o model.vst",
    "gritspace hil --rig notes.wav --audio dry.wav",
    "gritspace build daisy_sed",
    "gritspace evaluate circuits.grit",
    "gritspace evaluate matcher.pt",
    "gritspace export circuits.grit --to c -o model.tflite",
    "gritspace cycles circuits.pt",
    "gritspace apply fuzz.toml dry.wav -o wet",
    "gritspace build sim --frames 20",
    "gritspace simulate",
    "gritspace hil --audio dry.wav",
    "gritspace hil --port /dev/ttyNONE --audio dry.wav",
    "gritspace hil --port sim --audio dry.wav",
    "gritspace upload circuits.grit",
    "gritspace match dry.wav --space circuits.pt",
    "gritspace presets make circuits.grit --all -o presets.json",
    "gritspace calibrate --volts one,three",
    "gritspace flash notes.wav",
    "gritspace flash zeros.bin",
    "gritspace monitor --port sim",
    "gritspace play --edit /dev/ttyNONE",
    "gritspace listen --kind abc -o test.html",
    "gritspace trian -o space.pt",
    "gritspace run circuits.grit dry.wav wet.wav --pos 0,0,0,0",
)


def lay_out(folder: Path) -> None:
    """The files that the lines speak of."""
    tone = 0.3 * np.sin(np.arange(9600) / 10)
    soundfile.write(folder / "dry.wav", tone, 48000)
    soundfile.write(folder / "stereo.wav", np.stack([tone, tone], 1), 48000)
    soundfile.write(folder / "silence.wav", np.zeros(48000), 48000)
    (folder / "notes.wav").write_text("buy strings\n", encoding="utf-8")
    (folder / "empty").mkdir()
    for name in ("circuits.pt", "circuits.grit", "matcher.pt"):
        shutil.copy(ROOT / "spaces" / name, folder / name)
    for name in ("half.pt", "half.grit"):
        (folder / name).write_bytes((ROOT / "spaces" / name.replace("half", "circuits")).read_bytes()[:3000])
    (folder / "amp.nam").write_text('{"architecture": "WaveNet",', encoding="utf-8")
    (folder / "song.mp3").write_bytes(b"ID3" + bytes(400))
    (folder / "other.json").write_text('{"devices": {}}', encoding="utf-8")
    (folder / "zeros.bin").write_bytes(bytes(4096))


def what_comes(line: str, folder: Path) -> tuple[int, str, float]:
    """Exit code, the last lines on stderr as one, and processor seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        [sys.executable, "-m", "gritspace", *shlex.split(line)[1:]],
        cwd=folder,
        env={
            **{k: v for k, v in os.environ.items() if k != "GRITSPACE_PORT"},
            "NO_COLOR": "1",
            "TERM": "dumb",
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    said = [text.strip(" │") for text in result.stderr.splitlines()]
    kept = [text for text in said if text and not text.startswith(("Usage:", "Try ", "╭", "╰"))]
    assert not result.stdout, f"{line}: {result.stdout}"
    return result.returncode, " ".join(kept), seconds


def row(line: str, said: str) -> str:
    """One line of the page's table."""
    return f"| `{line}` | {said.removeprefix('gritspace: ').replace('|', chr(92) + '|').replace('<', '&lt;')} |\n"


def main() -> None:
    """Runs them all, and puts what came into the page."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        lay_out(Path(name))
        found = [(line, *what_comes(line, Path(name))) for line in MISTAKES]
    for line, code, said, seconds in found:
        print(f"{seconds:5.2f} {code} {line}\n        {said}")
    text = PAGE.read_text(encoding="utf-8")
    head, tail = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    PAGE.write_text(head + "".join(row(line, said) for line, _, said, _ in found) + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
