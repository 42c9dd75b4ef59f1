"""No bytes whatever on the link make the module leave its memory, answer twice, or stop: libFuzzer, ASan, UBSan.

A long run: `python -m tests.firmware.wire.test_fuzz_link 1000000`.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

from gritspace.host_tools.link.frames import Frame, encode_frame
from gritspace.host_tools.link.messages import message_frame
from gritspace.host_tools.link.schema import schema
from gritspace.quantize.export.c_array import write_c_array
from gritspace.quantize.firmware_sources import ENGINE, MODULE, sources
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from tests.firmware.engine.test_fuzz_model import clang
from tests.fuzzing import run_fuzzer
from tests.quantize.conftest import noise

HERE = Path(__file__).parent
HOST = HERE.parent / "host"


def tiny_model(position_size: int) -> IntegerModel:
    """As little as a model can be: what is fuzzed here is the module around it."""
    torch.manual_seed(1)
    tcn = Tcn(TcnConfig((LayerArrayConfig(2, (2,), (1,)),), position_size=position_size, film_hidden=2))
    positions = np.random.default_rng(2).uniform(-1, 1, (4, position_size)) if position_size else []
    return quantize(from_tcn(tcn), noise(), positions, name="tiny")


def conversations() -> dict[str, list[Frame]]:
    """What the fuzzer grows its inputs from: every message at least once, and those that belong together in a row."""
    upload = to_bytes(tiny_model(0))
    begin = message_frame("upload_start", 0, bytes=len(upload), sha256=hashlib.sha256(upload).digest(), slot=0)
    chunks = [
        message_frame("upload_chunk", 0, tail=upload[at : at + 512], offset=at, slot=0)
        for at in range(0, len(upload), 512)
    ]
    stream = [
        message_frame("stream_start", 0, [1, 2, 3, 4], stream=1),
        message_frame("stream_block", 0, np.ones(52), stream=1, index=0, blocks=1, moves=1),
        message_frame("stream_block", 0, np.ones(192), stream=1, index=1, blocks=4, moves=0),
        message_frame("stream_stop", 0, stream=1),
    ]
    select, delete = message_frame("select_model", 0, model=1), message_frame("delete_model", 0, slot=0)
    preset = message_frame(
        "put_preset",
        0,
        played=(1,) * 4,
        stored=(2,) * 12,
        level_q12=3,
        model=0,
        used=1,
        index=4,
        turns=(5,) * 4,
        bend=2,
        gate=60,
        model_id=bytes(range(1, 9)),
    )
    calibration = message_frame("put_calibration", 0, offset_uv=1661148, gain_ppm=-301000, input=1, measured=1)
    live = message_frame("live_start", 0, [1, 2, 3, 4, 5, 6, 7], stream=1)
    bend = message_frame("select_bend", 0, bend=3, gate=50)
    ends = message_frame("put_knob_ends", 0, left=1000, right=64000, knob=2, measured=1)
    found = {
        "upload": [begin, *chunks, *[message_frame("get_slot", 0, slot=0)] * 4, select, delete],
        "stream": stream,
        "live": [
            live,
            message_frame("stream_block", 0, np.ones(55), stream=1, index=0, blocks=1, moves=1),
            stream[-1],
        ],
        "live while another model comes": [begin, *chunks, *[message_frame("get_slot", 0, slot=0)] * 4, select, live],
        "bent": [bend, *stream, message_frame("select_bend", 0, bend=1, gate=0), stream[0]],
        "knobs": [ends, message_frame("get_knob_ends", 0)],
        "loop": [message_frame("loop_block", 0, np.ones(48), index=0, want=0, running=1, blocks=1), select],
        "settings": [preset, calibration, message_frame("put_settings", 0, morph_ms=5)],
    }
    for message in schema().messages:
        if message.sender == "laptop":
            found[message.name] = [Frame(message.id, 0, bytes(message.fixed_bytes))]
    return found


def corpus(folder: Path) -> None:
    """Each conversation as bytes of the line, and as a list of messages, with pauses and without."""
    for name, frames in conversations().items():
        (folder / f"{name}.line").write_bytes(b"\0" + b"".join(map(encode_frame, frames)))
        listed = b"".join(len(f.payload).to_bytes(2, "little") + bytes([f.message]) + f.payload for f in frames)
        (folder / f"{name}.list").write_bytes(b"\xf1" + listed)
        (folder / f"{name}.hurry").write_bytes(b"\x03" + listed)


def fuzz(folder: Path, runs: int) -> subprocess.CompletedProcess[str]:
    """Builds the harness in folder and feeds it `runs` inputs."""
    compiler = clang()
    assert compiler is not None
    write_c_array(tiny_model(4), folder / "model.c", made_from="the tests' small space")
    includes = [f"-I{path}" for path in (ENGINE, MODULE, HOST)]
    # The engine has a fuzzer of its own; here it is only to be quick.
    engine = [str(source) for source in sources(ENGINE, ".c")]
    subprocess.run([compiler, "-O2", "-std=c11", *includes, "-c", *engine], cwd=folder, check=True)
    files = [
        *sources(MODULE, ".c"),
        *(HERE / "fuzz_link.c", HOST / "host_flash.c", folder / "model.c"),
        *folder.glob("*.o"),
    ]
    flags = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all", "-O1", "-g", "-std=c11"]
    program = folder / "fuzz_link"
    # 80 sectors: the store and two slots, so that an empty flash is quickly made
    subprocess.run(
        [compiler, *flags, "-DHOST_FLASH_SECTORS=80u", *includes, *map(str, files), "-o", str(program)], check=True
    )
    seeds = folder / "corpus"
    seeds.mkdir(exist_ok=True)
    corpus(seeds)
    return run_fuzzer(program, seeds, runs, longest=2048)


@pytest.mark.skipif(clang() is None, reason="libFuzzer is missing: apt-get install clang libclang-rt-14-dev")
def test_no_bytes_make_the_module_leave_its_memory_answer_twice_or_stop(tmp_path: Path) -> None:
    result = fuzz(tmp_path, 3_000)
    assert result.returncode == 0, result.stderr[-3000:]
    assert "DONE" in result.stderr


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        outcome = fuzz(Path(scratch), int(sys.argv[1]))
        print(outcome.stderr[-2000:])
        sys.exit(outcome.returncode)
