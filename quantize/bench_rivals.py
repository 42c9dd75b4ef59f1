"""What the package registries carry that plays a `.nam`, for the benchmark of the C engine: how many times faster than
real time, by processor time.

npm: `@opendaw/nam-wasm`, Neural Amp Modeler Core in WebAssembly, in Node. PyPI: `neural-amp-modeler`, the trainer's own
network in PyTorch, which plays a whole second at once.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".mjs")
NPM_PACKAGE = Path("@opendaw", "nam-wasm", "dist")
PYPI_MODULE = "nam"
_PLAY = """
import json, sys, time, torch
from nam.models import init_from_nam
torch.set_num_threads(1)
seconds = float(sys.argv[2])
model = init_from_nam(json.load(open(sys.argv[1]))).eval()
audio = torch.randn(int(seconds * 48000)) * 0.2
taken = []
with torch.no_grad():
    for _ in range(4):
        began = time.process_time()
        model(audio)
        taken.append(time.process_time() - began)
print(seconds / min(taken[1:]))
"""


def npm_times(nam_text: str, modules: Path, seconds: float) -> float | None:
    """modules: a node_modules folder. None: Node or the package is not there. Raises RuntimeError with what it said."""
    if shutil.which("node") is None or not (modules / NPM_PACKAGE).is_dir():
        return None
    return _told(["node", str(SCRIPT), str((modules / NPM_PACKAGE).resolve())], nam_text, seconds)


def pypi_times(nam_text: str, python: str | None, seconds: float) -> float | None:
    """python: an interpreter that has the package; None: this one, and then None where it has not."""
    if python is None and importlib.util.find_spec(PYPI_MODULE) is None:
        return None
    return _told([python or sys.executable, "-c", _PLAY], nam_text, seconds)


def _told(command: list[str], nam_text: str, seconds: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.nam"
        file.write_text(nam_text, encoding="utf-8")
        ran = subprocess.run([*command, str(file), str(seconds)], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"{command[0]}: {(ran.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    return float(ran.stdout.split()[-1])
