"""`gritspace match` and `gritspace devices --similar`: what is trained on first use, what is found, as plain values."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.host_tools import audio_sources, console
from gritspace.host_tools.models.model_files import read_space
from gritspace.host_tools.outputs import refuse_unwritable
from gritspace.host_tools.pages.page import write_text
from gritspace.host_tools.spaces.enrolling import EnrollRequest, as_preset
from gritspace.quantize.firmware_sources import SPACES
from gritspace.train.audio.audio_file import read_audio
from gritspace.train.devices.finding import find_devices
from gritspace.train.errors import InputError
from gritspace.train.space.enroll import enroll

SHORTEST_SECONDS = 0.5
PROBE_SECONDS = 6.0
LISTED = 10


def cache_folder() -> Path:
    """Where what is trained on first use is kept, beside the compiled native core."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gritspace"


def match_recording(
    wet: Path, out: Path | None, space: Path | None, model: Path | None, place: int, quiet: bool = False
) -> dict[str, Any]:
    """The nearest built-in device and its settings; with `space`, a preset of them for the module in `out`.

    Raises InputError for unusable input, before anything is trained or written.
    """
    if (out is None) != (space is None):
        raise InputError("match: a preset needs a space and a file to write: give both --space and --out, or neither.")
    audio = read_audio(wet, SHORTEST_SECONDS)
    known = None
    if out is not None and space is not None:
        if out.suffix.lower() != ".json":
            raise InputError(f"{out}: a preset is written as JSON; name it .json.")
        refuse_unwritable(out)
        known = read_space(space)
    from gritspace.train.matching.matching import KNOWN, ready_matcher, windows

    windows(audio)  # refuses silence before a matcher is trained
    told = (lambda words: None) if quiet else console.tell
    found = ready_matcher(cache_folder(), told, SPACES / "matcher.pt").match(audio)
    values: dict[str, Any] = {
        "matches": [
            {"device": m.device, "chance": m.chance, "confidence": m.confidence, "knobs": m.knobs, "spread": m.spread}
            for m in found
        ],
        "preset": None,
    }
    if known is not None and out is not None and space is not None:
        best = found[0]
        dry = audio_sources.riff(PROBE_SECONDS)
        settings = np.array([list(best.knobs.values())], np.float32).clip(0, 1)
        enrolled = enroll(known, dry, next(d for d in KNOWN if d.name == best.device).render(dry[None], settings)[0])
        preset = as_preset(enrolled, EnrollRequest(space, wet, out, model=model, place=place))
        write_text(out, json.dumps(preset, indent=2) + "\n")
        values["preset"] = {"file": str(out), "position": [float(x) for x in enrolled.position], "esr": enrolled.esr}
    return values


def print_match(wet: Path, values: dict[str, Any]) -> None:
    """The devices in order; then how to hear the first."""
    rows = []
    for match in values["matches"]:
        knobs = ", ".join(f"{k} {v:.2f} ±{match['spread'][k] / 2:.2f}" for k, v in match["knobs"].items())
        rows.append((match["device"], f"{100 * match['chance']:.0f} %", knobs))
    console.print_table(("device", "chance>", "settings, if it is this one"), rows)
    best = values["matches"][0]
    if best["device"] == "clean":
        console.say(f"{wet}: no device, as far as can be heard: it sounds clean ({best['confidence']})")
        return
    knobs = " ".join(f"--knob {k}={v:.2f}" for k, v in best["knobs"].items())
    heard = f"gritspace render {best['device']} DRY.wav OUT.wav {knobs}"
    console.say(f"{wet}: nearest is {best['device']} ({best['confidence']}); hear it: {heard}")
    if values["preset"]:
        console.say(
            f"{values['preset']['file']}: a preset; the space plays that device with ESR {values['preset']['esr']:.3f}"
        )


def similar_devices(
    recording: Path, paths: Sequence[Path], encoder: Path | None, told: Callable[[str], None] = console.tell
) -> list[dict[str, Any]]:
    """The circuits' settings and the captures under `paths` that sound most like the recording, the nearest first."""
    from gritspace.train.matching import similarity
    from gritspace.train.matching.contrastive import load_encoder

    audio = read_audio(recording, SHORTEST_SECONDS)
    found = find_devices(paths)
    trained = load_encoder(encoder) if encoder else similarity.ready_encoder(cache_folder(), told)
    near = similarity.most_similar(trained, audio, found, LISTED, cache_folder() / "likeness")
    return [{"device": one.device, "label": one.label, "likeness": one.likeness} for one in near]
