"""How fast a browser plays: the page's engine beside Neural Amp Modeler Core's WebAssembly, in the same page and run,
and beside the C engine of this computer. Chromium, one core each.

    python -m gritspace.host_tools.web.bench        (make bench-web)

The networks: A2-Full's and A1 standard's shapes with random weights (what a network costs does not depend on its
weights), and the factory spaces. Core plays what is exported as a .nam at the default position.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.host_tools import console
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.web.server import served
from gritspace.host_tools.web.site import build_site, size_of
from gritspace.host_tools.web.wasm import ROOT, build_wasm
from gritspace.quantize.bench_engine import A1_STANDARD, a2_full, random_model
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.fold import at_position
from gritspace.quantize.model.grit import read_grit, to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.nam import write_nam_text
from gritspace.quantize.rounding.dequantize import dequantize

HERE = Path(__file__).resolve().parent
REPORT = ROOT / "out" / "bench-web.json"
SAMPLE_RATE = 48000
SECONDS = 1.0
"""Of audio, a round; the best of three rounds counts."""


def networks() -> list[IntegerModel]:
    """What is measured."""
    spaces = [read_grit(ROOT / "spaces" / f"{name}.grit") for name in ("circuits", "openamp")]
    return [a2_full(), random_model("A1 standard", A1_STANDARD), *spaces]


def as_nam(model: IntegerModel) -> str | None:
    """The same network for Neural Amp Modeler; None where it cannot be told it."""
    try:
        still = model if model.film is None else at_position(model, np.asarray(model.default_position, np.int16))
        return write_nam_text(dequantize(still), model.name)
    except ValueError:
        return None


def native(model: IntegerModel) -> float:
    """Times real time of the C engine here, one thread."""
    engine = Engine(to_bytes(model))
    audio = (np.random.default_rng(1).standard_normal(int(SECONDS * SAMPLE_RATE)) * 6000).astype(np.int16)
    engine.process(audio)
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        engine.process(audio)
        taken.append(time.perf_counter() - start)
    return SECONDS / min(taken)


def main() -> None:
    """Measures, prints the table, writes out/bench-web.json."""
    core = HERE / "node_modules" / "@opendaw" / "nam-wasm" / "dist"
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not core.is_dir() or chromium is None:
        raise RigError("Chromium or the page's packages are missing: apt install chromium, and make web")
    models = networks()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "site"
        site = build_site()
        shutil.copytree(site, folder)
        shutil.copytree(core, folder / "core")
        shutil.copyfile(HERE / "bench_page.mjs", folder / "bench_page.mjs")
        script = '<script type="module" src="bench_page.mjs"></script>'
        (folder / "bench.html").write_text(f"<!doctype html><title>bench</title>{script}")
        for index, model in enumerate(models):
            (folder / f"{index}.grit").write_bytes(to_bytes(model))
            text = as_nam(model)
            if text is not None:
                (folder / f"{index}.nam").write_text(text, encoding="utf-8")
        with served(folder) as server:
            asked = {
                "url": server.address,
                "seconds": SECONDS,
                "rows": [{"name": m.name, "nam": (folder / f"{i}.nam").exists()} for i, m in enumerate(models)],
            }
            command = ["node", str(HERE / "bench_drive.mjs"), json.dumps(asked)]
            environment = {**os.environ, "CHROMIUM": chromium}
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
            if done.returncode != 0:
                raise RigError(f"Chromium could not measure: {done.stderr.strip()[-400:]}")
            found: dict[str, Any] = json.loads(done.stdout)
    rows = [
        {
            "network": model.name,
            "page_x_real_time": round(row["page"], 2),
            "core_wasm_x_real_time": None if row["core"] is None else round(row["core"], 2),
            "native_x_real_time": round(native(model), 2),
        }
        for model, row in zip(models, found["rows"], strict=True)
    ]
    report = {
        "rows": rows,
        "start_to_first_sound_seconds": round(found["first_sound"], 3),
        "page_bytes": size_of(site),
        "module_wasm_bytes": build_wasm().stat().st_size,
        "core_wasm_bytes": (core / "nam.wasm").stat().st_size,
        "browser": found["browser"],
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    table = [
        [
            row["network"],
            f"{row['page_x_real_time']:.1f}",
            "-" if row["core_wasm_x_real_time"] is None else f"{row['core_wasm_x_real_time']:.1f}",
            f"{row['native_x_real_time']:.1f}",
        ]
        for row in rows
    ]
    console.print_table(["times real time", "page>", "Core as WebAssembly>", "native>"], table)
    console.say(
        f"page {report['page_bytes']:,} bytes, module {report['module_wasm_bytes']:,} bytes "
        f"(Core {report['core_wasm_bytes']:,}); from a cold page to the first sound {found['first_sound']:.2f} s"
    )


if __name__ == "__main__":
    main()
