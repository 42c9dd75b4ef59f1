"""The page's small quantizer: a capture in integers, nearly as good as quantize/ makes it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.web import loops
from gritspace.host_tools.web.page_stamp import HERE
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import from_bytes, to_bytes
from gritspace.quantize.network.nam import read_nam, write_nam_text
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.quantize import quantize
from tests.quantize.conftest import make_tcn

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
