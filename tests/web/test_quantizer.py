"""The page's small quantizer: a capture in integers, nearly as good as quantize/ makes it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.web import loops, prices
from gritspace.host_tools.web.page_stamp import HERE
from gritspace.quantize.cycles.whole import price_whole
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import from_bytes, to_bytes
from gritspace.quantize.network.nam import read_nam, write_nam_text
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.quantize import quantize
from tests.quantize.conftest import make_model, make_tcn
from tests.web.browser import what_is_missing

ESBUILD = HERE / "node_modules" / ".bin" / "esbuild"
RUN = """
import { quantizeNam } from "./quantize.mjs";
import { readFileSync, writeFileSync } from "node:fs";
const [nam, audio, out] = process.argv.slice(2);
const bytes = readFileSync(audio);
const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
try {
  writeFileSync(out, quantizeNam(readFileSync(nam, "utf8"), "capture", samples, () => {}).bytes);
} catch (error) {
  console.error(error.message);
  process.exit(2);
}
"""


RUN_ROUND = """
import { readNam, roundOf } from "./sources.mjs";
import { readFileSync, writeFileSync } from "node:fs";
const [nam, audio, out] = process.argv.slice(2);
const bytes = readFileSync(audio);
const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
writeFileSync(out, Buffer.from(roundOf(readNam(readFileSync(nam, "utf8")), samples, () => {}).buffer));
"""
RUN_ALIGN = """
import { dryFirst, lagOf } from "./sources.mjs";
import { readFileSync } from "node:fs";
const [audio] = process.argv.slice(2);
const bytes = readFileSync(audio);
const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const take = (i) => all.subarray(i * 96000, (i + 1) * 96000);
const lags = Array.from({ length: all.length / 96000 - 1 }, (_, i) => lagOf(take(0), take(i + 1), 48000));
const named = [["take.wav", "other.wav"], ["amp out.wav", "DI.wav"]];
const pairs = [...named, ["dry.wav", "wet.wav"], ["input.wav", "target.wav"]];
const firsts = pairs.map(([a, b]) => dryFirst({ name: a, samples: take(1) }, { name: b, samples: take(0) })[0].name);
console.log(JSON.stringify({ lags, firsts }));
"""
RUN_SHAPE = """
import { onAModule, shapeOf } from "./sources.mjs";
import { readFileSync } from "node:fs";
const bytes = new Uint8Array(readFileSync(process.argv[2]));
console.log(JSON.stringify([shapeOf(bytes), onAModule(bytes, "x.grit")]));
"""
SOURCES = """
export { readNam } from "./quantizer/nam";
export { roundOf } from "./quantizer/original";
export { dryFirst, lagOf } from "./audio/align";
export { onAModule, shapeOf } from "./quantizer/price";
"""


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory, node: str) -> Path:
    """Node programs beside a bundle of the page's parts: round.mjs NAM AUDIO OUT, align.mjs AUDIO, shape.mjs GRIT."""
    if not ESBUILD.exists():
        pytest.skip("the page's packages are missing (make web, or npm ci --prefix host_tools/web)")
    folder = tmp_path_factory.mktemp("parts")
    command = [ESBUILD, "--bundle", "--format=esm", f"--outfile={folder / 'sources.mjs'}", "--log-level=error"]
    subprocess.run(command, input=SOURCES, text=True, check=True, cwd=HERE / "src")
    for name, text in (("round", RUN_ROUND), ("align", RUN_ALIGN), ("shape", RUN_SHAPE)):
        (folder / f"{name}.mjs").write_text(text)
    return folder


@pytest.fixture(scope="session")
def quantizer(tmp_path_factory: pytest.TempPathFactory, node: str) -> Path:
    """A Node program: run.mjs NAM AUDIO OUT."""
    if not ESBUILD.exists():
        pytest.skip("the page's packages are missing (make web, or npm ci --prefix host_tools/web)")
    folder = tmp_path_factory.mktemp("quantizer")
    source, bundle = HERE / "src" / "quantizer" / "quantize.ts", folder / "quantize.mjs"
    subprocess.run(
        [ESBUILD, source, "--bundle", "--format=esm", f"--outfile={bundle}", "--log-level=error"], check=True
    )
    (folder / "run.mjs").write_text(RUN)
    return folder / "run.mjs"


def heard() -> np.ndarray:
    audio = np.concatenate([loops.loop(name)[:12000] for name in loops.LOOPS]).astype(np.float32) / 32768
    audio[:64] = 0
    return audio


@pytest.mark.parametrize("shape", ["two_tanh_arrays", "relu_snapshot"])
def test_a_capture_is_rounded_nearly_as_well_as_by_quantize(
    shape: str, quantizer: Path, node: str, tmp_path: Path
) -> None:
    nam = tmp_path / "capture.nam"
    nam.write_text(write_nam_text(from_tcn(make_tcn(shape)), shape))
    network = read_nam(nam).networks[-1]
    heard().tofile(tmp_path / "audio.f32")
    out = tmp_path / "capture.grit"
    done = subprocess.run(
        [node, quantizer, nam, tmp_path / "audio.f32", out], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    test = loops.loop("guitar")[100000:124000]
    target = run_float(network, test.astype(np.float32) / 32768)

    def esr(blob: bytes) -> float:
        played = Engine(blob).process(test) / 32768 * 2.0 ** from_bytes(blob).output_shift
        return float(np.sum((played - target) ** 2) / np.sum(target**2))

    ours, best = esr(out.read_bytes()), esr(to_bytes(quantize(network, heard())))
    assert ours < 5 * best + 1e-5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{]", "no JSON"),
        ("[]", "missing"),
        ('{"architecture": "LSTM"}', "LSTM"),
        ('{"architecture": "WaveNet", "config": {"layers": []}, "weights": [1]}', "no list"),
        ('{"architecture": "WaveNet", "config": {}, "weights": ["<b>"]}', "not numbers"),
    ],
)
def test_what_is_no_capture_is_refused_in_words(
    text: str, words: str, quantizer: Path, node: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.nam").write_text(text)
    heard().tofile(tmp_path / "audio.f32")
    command = [node, quantizer, tmp_path / "bad.nam", tmp_path / "audio.f32", tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr


@pytest.mark.parametrize("shape", ["two_tanh_arrays", "relu_snapshot"])
def test_a_captures_own_sound_in_the_page_is_its_float_networks_round_and_round(
    shape: str, parts: Path, node: str, tmp_path: Path
) -> None:
    nam = tmp_path / "capture.nam"
    nam.write_text(write_nam_text(from_tcn(make_tcn(shape)), shape))
    clip = loops.loop("guitar")[:30000].astype(np.float32) / 32768
    clip.tofile(tmp_path / "audio.f32")
    subprocess.run([node, parts / "round.mjs", nam, tmp_path / "audio.f32", tmp_path / "out"], check=True)
    heard = np.fromfile(tmp_path / "out", np.float32)
    twice = run_float(read_nam(nam).networks[-1], np.concatenate([clip, clip]))
    assert len(heard) == len(clip)
    np.testing.assert_allclose(heard, twice[len(clip) :], atol=1e-4 * np.abs(twice).max())


def test_a_pairs_wet_half_is_found_whichever_way_it_lies(parts: Path, node: str, tmp_path: Path) -> None:
    dry = np.roll(loops.loop("guitar").astype(np.float32) / 32768, 20000)[:96000]
    lags = [0, 1, 13, -7, 4321, -900, 11999]
    wets = [sign * np.tanh(6 * np.roll(dry, lag)) for lag, sign in zip(lags, [1, -1, 1, 1, -1, 1, 1], strict=True)]
    np.stack([dry, *wets]).astype(np.float32).tofile(tmp_path / "audio.f32")
    done = subprocess.run(
        [node, parts / "align.mjs", tmp_path / "audio.f32"], check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert found["lags"] == lags
    assert found["firsts"] == ["other.wav", "DI.wav", "dry.wav", "input.wav"]


def test_the_page_knows_what_a_module_pays_for_a_shape(parts: Path, node: str, tmp_path: Path) -> None:
    text = prices.FILE.read_text(encoding="utf-8")
    for name in ("circuits", "openamp", "small"):
        blob = prices.known()[name]() if name != "small" else to_bytes(make_model("relu_snapshot"))
        (tmp_path / "x.grit").write_bytes(blob)
        command = [node, parts / "shape.mjs", tmp_path / "x.grit"]
        shape, words = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        assert shape == prices.shape_of(blob)
        if name == "small":
            assert words == "whether a module plays it, `gritspace cycles` says of x.grit"
        else:
            assert json.dumps(shape) in text, "make it anew: python -m gritspace.host_tools.web.prices"
            assert words.startswith("a module plays it too: ")


@pytest.mark.skipif(what_is_missing() is not None, reason=f"left to make test-web: {what_is_missing()}")
def test_the_pages_price_is_the_one_price() -> None:
    blob = prices.known()["circuits"]()
    row = {"name": "circuits", "cycles": round(price_whole(blob).whole.pessimistic), "admitted": True}
    assert f"{json.dumps(prices.shape_of(blob))}: {json.dumps(row)}," in prices.FILE.read_text(encoding="utf-8")
