"""Every command that reads a file, on files that nobody should send: exit code 2, one sentence, no file left, no
traceback, bounded memory and time. One case in sixty in `make test`, all in `make reliability`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from gritspace.host_tools.inputs import Reads
from gritspace.host_tools.outputs import _hints, _marked
from gritspace.quantize.model.grit import to_bytes
from gritspace.train.space.config import TrainConfig
from tests.host_tools.commands.test_outputs import commands
from tests.places import ROOT
from tests.quantize.conftest import make_model
from tests.readers import hostile_files as hostile
from tests.readers.test_mutated_files import (
    CHAIN,
    RIG,
    aidax_document,
    lstm_document,
    nam_document,
    preset_document,
    toml_of,
)
from tests.reliability import LONG, campaign
from tests.train.test_torch_file import a_space

EVERY = 1 if LONG else 61
HIL = {"differing_samples": 0, "frames": 480000, "firmware_version": "0.2.0", "model_name": "x", "xruns": 0}
LOOP = {"latency_ms": 2.0, "gain_db": 0.0, "noise_floor_dbfs": -90.0, "thd_n": 1e-5, "inverted": False}
ANSWERS = {"kind": "mushra", "person": True, "answers": [{"item": "a", "ratings": {"reference": 100, "x": 50}}]}
EVALUATED = {"space": "space.pt", "space_sha256": "0" * 64, "devices": {"rat": {"seen": {"esr": 0.1}}}}

LINES: dict[str, tuple[str, ...]] = {
    "grit": (
        "run EVIL dry.wav out.wav",
        "cycles EVIL",
        "export EVIL --to c -o out.c",
        "export EVIL --to tflite -o out.tflite",
        "upload EVIL",
        "build sim --model EVIL",
        "simulate EVIL",
        "flash --model EVIL",
        "loop measure dry.wav dry.wav --model EVIL",
        "presets choose space.pt --model EVIL -o out.json",
        "presets make space.pt --model EVIL --all -o out.json",
        "evaluate space.pt --model EVIL --device-seconds 0.2 --enroll-seconds 0 -o out.html",
        "listen --kind words --model EVIL -o out.html",
        "hil --port /dev/null --model EVIL --audio dry.wav -o out.html",
        "pair EVIL good.grit -o out.grit",
    ),
    "space": (
        "run EVIL dry.wav out.wav",
        "quantize EVIL -o out.grit",
        "export EVIL --to nam -o out.nam",
        "evaluate EVIL -o out.html",
        "even EVIL -o out.pt",
        "enroll EVIL --wet dry.wav -o out.json",
        "match dry.wav --space EVIL -o out.json",
        "presets make EVIL --model good.grit --all -o out.json",
        "presets choose EVIL --model good.grit -o out.json",
        "train --from EVIL --device nothing -o out.pt",
        "listen --space EVIL -o out.html",
        "devices --similar dry.wav --encoder EVIL",
    ),
    "nam": (
        "render EVIL dry.wav out.wav",
        "quantize EVIL --exact -o out.grit",
        "run EVIL dry.wav out.wav",
        "devices EVIL",
        "fit --device EVIL --knob nothing=1 -o out.grit",
        "apply EVIL dry.wav -o out",
        "train --captures EVIL --device nothing -o out.pt",
        "listen --sound a/reference=dry.wav --rival a/b=EVIL -o out.html",
        "pair good.grit EVIL -o out.grit",
    ),
    "capture": (
        "render EVIL dry.wav out.wav",
        "quantize EVIL --exact -o out.grit",
        "devices EVIL",
        "fit --device EVIL --knob nothing=1 -o out.grit",
        "evaluate space.pt --captures EVIL -o out.html",
    ),
    "presets": ("presets put EVIL --port /dev/null",),
    "chain": (
        "render EVIL dry.wav out.wav",
        "devices EVIL",
        "apply EVIL dry.wav -o out",
        "fit --device EVIL --knob nothing=1 -o out.pt",
    ),
    "config": ("train --config EVIL -o out.pt",),
    "rig": ("hil --rig EVIL --audio dry.wav -o out.html",),
    "hil report": ("accept GS-1 --hil EVIL --loop loop.json -o out.html",),
    "loop report": ("accept GS-1 --hil hil.json --loop EVIL -o out.html",),
    "answers": ("listen --results EVIL",),
    "evaluation": ("listen --report EVIL -o out.html",),
    "audio": (
        "run good.grit EVIL out.wav",
        "render rat EVIL out.wav",
        "match EVIL",
        "fit --dry EVIL --wet dry.wav -o out.grit",
        "fit --dry dry.wav --wet EVIL -o out.grit",
        "enroll space.pt --wet EVIL -o out.json",
        "quantize good.nam --audio EVIL -o out.grit",
        "quantize good.nam --ir EVIL -o out.grit",
        "pair good.grit good.grit --ir EVIL -o out.grit",
        "upload good.grit --ir EVIL --port /dev/null",
        "train --audio EVIL --device nothing -o out.pt",
        "apply rat EVIL -o out",
        "loop signal --audio EVIL -o out.wav",
        "loop measure EVIL dry.wav",
        "loop module --port /dev/null --audio EVIL",
        "listen --sound a/reference=EVIL --sound a/b=dry.wav -o out.html",
        "devices --similar EVIL",
        "hil --port /dev/null --audio EVIL -o out.html",
    ),
    "image": ("flash EVIL", "simulate --image EVIL"),
}
SUFFIXES = {
    "grit": ".grit",
    "space": ".pt",
    "nam": ".nam",
    "capture": ".json",
    "chain": ".toml",
    "config": ".toml",
    "rig": ".toml",
    "audio": ".wav",
    "image": ".elf",
}
MAY_BE_GOOD = {
    "audio": ("2 channels", "byte", "is 0", "fmt is", "bits is", "kind is", "1 channels", "is 2147483648", "RF64"),
    "chain": (),
    "capture": ("= ",),
    "nam": ("= ",),
    "presets": ("= ",),
    "answers": ("= ", "{}"),
    "evaluation": ("= ",),
    "hil report": ("= ",),
    "loop report": ("= ",),
    "config": (),
    "grit": ("word",),
    "image": ("an ELF",),
}
"""What a reader may take, or pass over, by parts of the cases' names: then exit code 0 or 1 is as good."""
HEAVY = (
    "build",
    "flash",
    "simulate",
    "evaluate",
    "even",
    "pair",
    "presets make",
    "presets choose",
    "listen",
    "quantize",
    "fit",
)
"""Commands that work for long on what is good: they meet only what is not. `research` trains, and is left out."""


def cases_of(kind: str, folder: Path) -> Iterator[tuple[str, hostile.Make]]:
    """All hostile files of a kind, by name."""
    documents: dict[str, Callable[[], Any]] = {
        "nam": nam_document,
        "capture": lstm_document,
        "presets": preset_document,
        "hil report": lambda: HIL,
        "loop report": lambda: LOOP,
        "answers": lambda: ANSWERS,
        "evaluation": lambda: EVALUATED,
    }
    if kind in documents:
        yield from hostile.of_json(documents[kind]())
        if kind == "capture":
            yield from hostile.of_json(aidax_document())
    elif kind in ("chain", "config", "rig"):
        table = {"chain": CHAIN, "config": asdict(TrainConfig()), "rig": RIG}[kind]
        yield from hostile.of_toml(toml_of(table).decode())
    elif kind == "grit":
        yield from hostile.of_grit()
    elif kind == "space":
        yield from hostile.of_pt(folder)
    elif kind == "audio":
        yield from hostile.of_audio(folder)
    else:
        yield from hostile.of_elf()


class Sweep:
    """The program that runs commands."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.readers.sweep"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"},
        )

    def run(self, arguments: list[str], folder: Path) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps({"arguments": arguments, "folder": str(folder)}), file=self.process.stdin, flush=True)
        return dict(json.loads(self.process.stdout.readline()))


@pytest.fixture(scope="module")
def sweep() -> Iterator[Sweep]:
    made = Sweep()
    yield made
    assert made.process.stdin is not None
    made.process.stdin.close()
    made.process.wait()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands beside the hostile file."""
    folder = tmp_path_factory.mktemp("good")
    soundfile.write(folder / "dry.wav", 0.3 * np.sin(np.arange(48_000) / 10), 48_000)
    a_space(folder / "space.pt")
    (folder / "good.grit").write_bytes(to_bytes(make_model("relu_snapshot")))
    (folder / "good.nam").write_text(json.dumps(nam_document()))
    (folder / "hil.json").write_text(json.dumps(HIL))
    (folder / "loop.json").write_text(json.dumps(LOOP))
    return folder


def laid_out(folder: Path, good: Path) -> None:
    for one in folder.iterdir():
        shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()
    for one in good.iterdir():
        (folder / one.name).symlink_to(one)


def complaint(said: dict[str, Any], may_be_good: bool) -> str | None:
    """What is wrong with how a command ended, if anything is."""
    lines = said["err"].strip().splitlines()
    told = [line for line in lines if not line.startswith("note: ")]
    if "Traceback" in said["err"] or "fault of the program" in said["err"]:
        return "a fault of the program"
    if "not enough memory" in said["err"]:
        return "it took all memory"
    if said["code"] == 2:
        return None if told and told[-1].startswith("gritspace: ") and len(told[-1]) < 2000 else "no sentence"
    return None if may_be_good and said["code"] in (0, 1) else f"exit code {said['code']}"


@pytest.mark.parametrize("kind", LINES)
def test_no_file_makes_a_command_fail_otherwise_than_in_a_sentence(
    tmp_path: Path, sweep: Sweep, good: Path, kind: str
) -> None:
    name = "evil" + SUFFIXES.get(kind, ".json")
    scratch, folder = tmp_path / "scratch", tmp_path / "here"
    scratch.mkdir()
    folder.mkdir()
    found, turn = [], 0
    with campaign(f"whole commands on hostile files: {kind}") as told:
        for what, make in cases_of(kind, scratch):
            for line in LINES[kind]:
                may_be_good = any(part in what for part in MAY_BE_GOOD.get(kind, ()))
                if may_be_good and line.startswith(HEAVY):
                    continue
                turn += 1
                if (turn - 1) % (EVERY if len(LINES[kind]) > 3 or LONG else 19):
                    continue
                laid_out(folder, good)
                make(folder / name)
                before = sorted(folder.iterdir())
                said = sweep.run(
                    [name if word == "EVIL" else word.replace("EVIL", name) for word in line.split()], folder
                )
                wrong = complaint(said, may_be_good)
                if wrong is None and said["code"] == 2 and sorted(folder.iterdir()) != before:
                    wrong = f"left {sorted(set(folder.iterdir()) - set(before))}"
                if wrong is not None:
                    found.append((line, what, wrong, said["seconds"], said["out"][-100:], said["err"][-600:]))
                told.cases += 1
        assert not found, "\n".join(map(repr, found))
    assert told.cases > 0


def test_every_command_that_reads_a_file_is_in_the_sweep() -> None:
    swept = [line.split() for lines in LINES.values() for line in lines]
    for name, command in commands():
        if name != "research" and any(_marked(hint, Reads) is not None for hint in _hints(command).values()):
            assert any(line[: len(name.split())] == name.split() for line in swept), name
