"""What is kept beside its sources is what they give."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gritspace.host_tools.web import device_clips, generate, loops, page_stamp
from gritspace.host_tools.web.site import MAX_BYTES, build_site, size_of
from gritspace.host_tools.web.wasm import clang


@pytest.mark.parametrize("name", generate.FILES)
def test_the_typescript_is_what_the_tables_give(name: str) -> None:
    kept = (generate.GENERATED / name).read_text(encoding="utf-8")
    assert kept == generate.FILES[name](), "make it anew: make web"


def test_the_pages_scripts_are_what_their_sources_give() -> None:
    assert page_stamp.STAMP.read_text(encoding="utf-8") == page_stamp.stamp(), "make them anew: make web"


def test_typescript_finds_nothing_to_complain_about() -> None:
    tsc = page_stamp.HERE / "node_modules" / ".bin" / "tsc"
    if shutil.which("node") is None or not tsc.exists():
        pytest.skip("TypeScript is missing (make web, or npm ci --prefix host_tools/web)")
    done = subprocess.run([str(tsc), "--noEmit", "-p", str(page_stamp.HERE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_loops_are_whole_blocks_without_a_seam() -> None:
    assert loops.FRAMES % 48 == 0
    for name in loops.LOOPS:
        loop = loops.loop(name).astype(int)
        assert len(loop) == loops.FRAMES
        step = np.abs(np.diff(loop))
        assert abs(loop[0] - loop[-1]) <= step.max()


@pytest.mark.slow
def test_a_devices_clip_is_the_devices_sound() -> None:
    label = "rat@distortion=0.5,filter=0.5"
    kept, _ = soundfile.read(device_clips.CLIPS / device_clips.clip_name(label), dtype="float32")
    wet = device_clips.round_of(label)
    assert wet is not None
    lag = int(np.argmax(np.correlate(kept[: 48000 + 4000], wet[:48000], "valid")))
    part = slice(4800, loops.FRAMES - 4800)
    error = kept[lag:][part] - wet[part]
    assert np.sum(error**2) / np.sum(wet[part] ** 2) < 0.03, "more than an MP3 loses"


def test_the_page_with_both_factory_spaces_is_small_and_names_no_other_server() -> None:
    if clang() is None:
        pytest.skip("a clang for WebAssembly is missing (apt install clang lld)")
    folder: Path = build_site()
    assert size_of(folder) <= MAX_BYTES
    for path in folder.rglob("*"):
        if path.suffix in (".html", ".js", ".css", ".json"):
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org", "")
            assert "http://" not in text, path
            assert "https://" not in text, path
