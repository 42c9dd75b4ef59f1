"""What a release carries: the images of all boards, the shipped spaces, what both are made of, SHA-256, a manifest.

python -m gritspace.host_tools.module.flashing.release images build/images  # builds them: needs PlatformIO's registry
python -m gritspace.host_tools.module.flashing.release pack build/images build/release
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.module.flashing import sbom
from gritspace.host_tools.module.flashing.firmware_build import ENVIRONMENTS, build
from gritspace.host_tools.module.flashing.firmware_image import read_image
from gritspace.quantize.firmware_sources import FIRMWARE, SPACES
from gritspace.train.errors import InputError

BOARDS = tuple(environment for environment in ENVIRONMENTS if environment.startswith("daisy_"))


def build_images(out: Path) -> list[Path]:
    """out/BOARD.bin and out/BOARD.elf for every board of real hardware. Raises RigError if one cannot be built."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for board in BOARDS:
        elf = build(board)
        for suffix in (".bin", ".elf"):
            made.append(Path(shutil.copyfile(elf.with_suffix(suffix), out / f"{board}{suffix}")))
    return made


def pack(images: Path, out: Path) -> dict[str, Any]:
    """Images, spaces, bill of materials and notices into out, with SHA256SUMS (for `sha256sum -c`) and manifest.json.

    Returns the manifest. Raises RigError if an image is missing, InputError if one is none that a module could start.
    """
    out.mkdir(parents=True, exist_ok=True)
    files: list[dict[str, Any]] = []
    for board in BOARDS:
        path = images / f"{board}.bin"
        if not path.is_file():
            raise RigError(f"{path} is missing; make the images first: make images")
        image = read_image(path)
        files.append(_entry(Path(shutil.copyfile(path, out / path.name)), "firmware", board=board, flash=image.address))
    for path in sorted(SPACES.glob("*.grit")):
        files.append(_entry(Path(shutil.copyfile(path, out / path.name)), "space"))
    bill = json.dumps(sbom.bill_of_materials(sbom.project_version(), _commit()), indent=2) + "\n"
    for name, kind, text in (("sbom.cdx.json", "sbom", bill), ("THIRD-PARTY-NOTICES.txt", "notices", sbom.notices())):
        (out / name).write_text(text, encoding="utf-8")
        files.append(_entry(out / name, kind))
    manifest = {"format": 1, "files": files}
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    sums = "".join(f"{entry['sha256']}  {entry['name']}\n" for entry in files)
    (out / "SHA256SUMS").write_text(sums, encoding="utf-8")
    return manifest


def _commit() -> str:
    command = ["git", "-C", str(FIRMWARE), "rev-parse", "HEAD"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return said.stdout.strip() or "unknown"


def _entry(path: Path, kind: str, **more: Any) -> dict[str, Any]:
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return {"name": path.name, "kind": kind, **more, "bytes": len(data), "sha256": digest}


def main() -> None:
    """The command line of this file; exit 2 with a sentence."""
    parser = argparse.ArgumentParser(prog="python -m gritspace.host_tools.module.flashing.release")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("images").add_argument("out", type=Path)
    packing = commands.add_parser("pack")
    packing.add_argument("images", type=Path)
    packing.add_argument("out", type=Path)
    arguments = parser.parse_args()
    try:
        if arguments.command == "images":
            for path in build_images(arguments.out):
                print(f"{path}: {path.stat().st_size} bytes")
        else:
            for entry in pack(arguments.images, arguments.out)["files"]:
                print(f"{entry['sha256']}  {entry['name']}")
    except (RigError, InputError) as error:
        print(f"release: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
