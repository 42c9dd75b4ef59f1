"""The page as a folder of static files, which any web server can hold: scripts, the module, both factory spaces with
their maps, loops, and the sound of the devices themselves. Nothing in it names another server."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import soundfile

from gritspace.host_tools.console import Update
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.module import presets_file
from gritspace.host_tools.web import device_clips, loops, maps
from gritspace.host_tools.web.wasm import KEPT, ROOT, build_wasm

PAGE = Path(__file__).resolve().parent / "generated" / "page"
"""What Vite made of index.html and src/: `make web` makes it anew."""
SPACES = ROOT / "spaces"
TITLES = {"circuits": "circuits", "openamp": "amplifiers"}
MAX_BYTES = 3_000_000


def build_site(update: Update | None = None) -> Path:
    """The page's folder, made unless it is there already. Raises RigError where something for it is missing."""
    if not (PAGE / "index.html").is_file():
        raise RigError("the page's scripts are missing: make web builds them")
    wasm = build_wasm()
    digest = hashlib.sha256(wasm.name.encode())
    parts = [
        *sorted(PAGE.rglob("*")),
        *(SPACES / f"{name}{end}" for name in TITLES for end in (".grit", ".pt", "-presets.json")),
    ]
    parts += sorted(Path(__file__).parent.glob("*.py"))
    for path in parts:
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    wanted = KEPT / f"site-{digest.hexdigest()[:16]}"
    if wanted.is_dir():
        return wanted
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
        folder = Path(scratch) / "site"
        shutil.copytree(PAGE, folder)
        shutil.copyfile(wasm, folder / "module.wasm")
        _fill(folder, digest.hexdigest()[:16], update or (lambda done, of, words: None))
        try:
            os.replace(folder, wanted)
        except OSError:  # another process was first
            if not wanted.is_dir():
                raise
    return wanted


def _fill(folder: Path, version: str, update: Update) -> None:
    for part in ("spaces", "loops", "devices"):
        (folder / part).mkdir()
    found: list[dict[str, Any]] = []
    for name in loops.LOOPS:
        update(len(found), len(loops.LOOPS), f"the {name} loop")
        file = f"loops/{name}.flac"
        soundfile.write(folder / file, loops.loop(name), loops.SAMPLE_RATE, subtype="PCM_16")
        found.append({"name": name, "file": file, "frames": loops.FRAMES})
    spaces = []
    for name, title in TITLES.items():
        grit = SPACES / f"{name}.grit"
        shutil.copyfile(grit, folder / "spaces" / grit.name)
        update(0, 0, f"the map of {name}")
        known = maps.space_map(SPACES / f"{name}.pt", grit)
        first = [{"name": one, "numbers": numbers} for one, numbers in presets_file.first_presets(known["model"])]
        spaces.append({"name": name, "title": title, "file": f"spaces/{grit.name}", **known, "presets": first})
        for device in spaces[-1]["devices"]:
            clip = device_clips.CLIPS / device_clips.clip_name(device["label"])
            if clip.is_file():
                shutil.copyfile(clip, folder / "devices" / clip.name)
                device["clip"] = f"devices/{clip.name}"
    site = {"version": version, "wasm": "module.wasm", "spaces": spaces, "loops": found}
    (folder / "site.json").write_text(json.dumps(site, separators=(",", ":")), encoding="utf-8")


def size_of(folder: Path) -> int:
    """Bytes of all its files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
