"""What Neural Amp Modeler Core makes of every invented capture: makes core_says.json anew.

    python -m tests.train.network.nam.ask_core RENDER

RENDER: Core's own tool of that name, built from its public repository (`tools/render.cpp`). The file holds the last
samples of each output, as Core 0.5.5 gave them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import soundfile

from tests.train.network.nam import inventing

ANSWERS = Path(__file__).with_name("core_says.json")
KEPT = 24


def main() -> None:
    """Asks about one after the other."""
    said = {}
    with tempfile.TemporaryDirectory() as folder:
        model, dry, wet = (Path(folder) / name for name in ("model.nam", "dry.wav", "wet.wav"))
        soundfile.write(dry, inventing.dry(), 48_000, subtype="FLOAT")
        for name, document in inventing.every_kind().items():
            model.write_text(json.dumps(document))
            subprocess.run([sys.argv[1], model, dry, wet], check=True, capture_output=True)
            said[name] = [float(f"{value:.7g}") for value in soundfile.read(wet, dtype="float32")[0][-KEPT:]]
    rows = [f'"{name}": {json.dumps(values)}' for name, values in said.items()]
    ANSWERS.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
