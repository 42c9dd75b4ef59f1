"""Whether every pinned package has a wheel for every promised Python and system: `make test-platforms`.

uv asks the package index and installs nothing. Packages that come as source everywhere are pure Python and are told.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.places import ROOT

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = ("x86_64-manylinux_2_36", "aarch64-manylinux_2_36", "aarch64-apple-darwin")
"""Linux as Debian 12 has it and newer ones."""
FROM_SOURCE = {"hierplace", "kinet2pcb", "skidl"}
"""Pure Python without wheels: of the hardware's extra."""
FILES = ("constraints.txt", "constraints-torch.txt")


def pins(file: Path) -> str:
    """The file's requirements but those from source."""
    blocks = re.split(r"\n(?=\S)", file.read_text(encoding="utf-8"))
    return "\n".join(block for block in blocks if re.split(r"[=\[ ]", block)[0] not in FROM_SOURCE) + "\n"


def asked(file: Path, python: str, system: str) -> tuple[bool, str]:
    """Whether all of it could be installed, and what uv says of it."""
    uv = Path(sys.executable).with_name("uv")
    how = ["--dry-run", "--no-deps", "--only-binary", ":all:", "--python-version", python, "--python-platform", system]
    with tempfile.TemporaryDirectory() as folder:  # another folder: pyproject.toml's settings are for its own packages
        (Path(folder) / "pins.txt").write_text(pins(file), encoding="utf-8")
        done = subprocess.run(
            [uv, "pip", "install", *how, "--target", "there", "-r", "pins.txt"],
            cwd=folder,
            env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0"},  # the oldest that PyTorch has wheels for
            capture_output=True,
            text=True,
            check=False,
        )
    told = re.search(r"Would install (\d+)", done.stderr)
    return done.returncode == 0, f"{told[1]} packages" if told else done.stderr.strip()[-400:]


def main() -> int:
    """1 if a wheel is missing."""
    missing = 0
    for file in FILES:
        for system in SYSTEMS:
            for python in PYTHONS:
                good, told = asked(ROOT / file, python, system)
                missing += not good
                print(f"{file:<22} {system:<24} Python {python:<5} {told}", flush=True)
    print(f"from source everywhere, pure Python: {', '.join(sorted(FROM_SOURCE))}")
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main())
