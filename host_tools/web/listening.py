"""Listening tests as one offline page each: ABX, MUSHRA with a hidden reference and two anchors, and words for what a
dimension changes. Sources: ITU-R BS.1534-3 (MUSHRA); BS.1770-4 (loudness).
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.sound.loudness import lufs
from gritspace.host_tools.web import loops
from gritspace.quantize.model import grit
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.q15 import to_q15
from gritspace.train.audio.audio_file import read_audio
from gritspace.train.devices.device import Device
from gritspace.train.devices.finding import find_devices
from gritspace.train.plain_text import printable
from gritspace.train.space.space import Space, load_space

Audio = NDArray[np.float32]

SCRIPT = Path(__file__).resolve().parent / "generated" / "page_listen" / "listen.js"
KINDS = ("abx", "mushra", "words")
DIMENSIONS = ("drive", "tone", "symmetry", "dynamics")
TARGET_LUFS = -23.0
LOUDNESS_TOLERANCE = 0.1
TRIALS = 16
ANCHOR_HZ = 3500.0
QUESTIONS = {
    "abx": "A and B may differ. Which of them is X?",
    "mushra": "How like the reference is each sound?",
    "words": "What has grown from the first sound to the second?",
}
_STYLE = """
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
.row{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;margin:.6rem 0}
button{font:inherit;padding:.5rem 1rem;min-height:2.6rem}
button[aria-pressed=true]{outline:3px solid #c2571a}
input[type=range]{flex:1;min-width:9rem}
pre{overflow:auto}
"""


@dataclass
class Item:
    """One thing to judge: sounds by system, each (frames,) at 48 kHz. word: what was changed, in a test of words."""

    name: str
    sounds: dict[str, Audio]
    word: str = ""


@dataclass
class ListeningTest:
    """A test before it is a page."""

    kind: str
    title: str
    items: list[Item]
    seed: int = 0
    trials: int = TRIALS
    made_from: dict[str, Any] = field(default_factory=dict)


def as_loud(sound: Audio) -> Audio:
    """The sound at TARGET_LUFS, within LOUDNESS_TOLERANCE. Raises RigError for silence, and where it would clip."""
    now = lufs(sound)
    if not math.isfinite(now):
        raise RigError("a sound of the test is silent: there is nothing to compare.")
    out = np.asarray(sound * 10 ** ((TARGET_LUFS - now) / 20), np.float32)
    if np.abs(out).max() >= 1:
        raise RigError("a sound of the test would clip at the common loudness; take less peaky audio.")
    return out


def low_anchor(sound: Audio) -> Audio:
    """MUSHRA's: the reference without what lies above 3.5 kHz."""
    return np.asarray(sosfiltfilt(butter(8, ANCHOR_HZ, fs=loops.SAMPLE_RATE, output="sos"), sound), np.float32)


def _integers(engine: Engine, shift: int, dry: Audio, position: NDArray[np.int16]) -> Audio:
    engine.reset(position)
    samples = np.clip(np.round(dry * 32768), -32768, 32767).astype(np.int16)
    return np.asarray(engine.process(samples) / 32768 * 2.0**shift, np.float32)


def _one_round(play: Callable[[Audio], Audio], loop: str) -> Audio:
    """A loop's second round, so that it begins as it ends."""
    dry = loops.loop(loop).astype(np.float32) / 32768
    return play(np.concatenate([dry, dry]))[loops.FRAMES :]


def _known(space: Space) -> list[tuple[str, Device, list[float]]]:
    """The space's devices that are here: label, device, setting."""
    here = {device.name: device for device in find_devices()}
    found = []
    for label in space.positions:
        name, _, knobs = label.partition("@")
        if name in here and knobs:
            found.append((label, here[name], [float(knob.partition("=")[2]) for knob in knobs.split(",")]))
    return found


def space_items(
    space_file: Path, model_file: Path, count: int, seed: int, loop: str, devices: Sequence[str] = ()
) -> list[Item]:
    """Devices of a space at `count` settings, drawn by a seed: the device, the float network, the integers, and the two
    anchors. devices: one setting of each of these, in this order, instead.

    Raises RigError where the space knows none of the devices that are here.
    """
    space, model = load_space(space_file), grit.read_grit(model_file)
    known = _known(space)
    if len(known) < 2:
        raise RigError(f"{space_file}: it knows none of the built-in circuits; name sounds with --sound instead.")
    engine = Engine(grit.to_bytes(model))
    drawn = np.random.default_rng(seed).permutation(len(known)).tolist()
    if devices:
        first = [next(index for index in drawn if known[index][1].name == name) for name in devices]
        drawn = first + [index for index in drawn if index not in first]
        count = len(devices)
    chosen = drawn[: max(count, 2)]
    references: dict[int, Audio] = {}
    for index in chosen:
        _, device, setting = known[index]
        settings = np.array([setting], np.float32)
        references[index] = _one_round(lambda dry, d=device, s=settings: d.render(dry[None], s)[0], loop)  # type: ignore[misc]
    items = []
    for place, index in enumerate(chosen[:count]):
        label = known[index][0]
        position = np.asarray(space.positions[label], np.float32)
        q15 = to_q15(position.astype(np.float64))

        def by_float(dry: Audio, at: Audio = position) -> Audio:
            with torch.no_grad():
                return np.asarray(space.render(torch.from_numpy(dry)[None], torch.from_numpy(at)[None])[0].numpy())

        other = references[chosen[(place + 1) % len(chosen)]]
        sounds = {
            "reference": references[index],
            "integers": _one_round(lambda dry, q=q15: _integers(engine, model.output_shift, dry, q), loop),  # type: ignore[misc]
            "float": _one_round(by_float, loop),
            "anchor, 3.5 kHz": low_anchor(references[index]),
            "anchor, another device": other,
        }
        items.append(Item(label, sounds))
    return items


def word_items(model_file: Path, count: int, seed: int, loop: str) -> list[Item]:
    """Places drawn by a seed, each with one dimension moved from low to high."""
    model = grit.read_grit(model_file)
    if model.film is None:
        raise RigError(f"{model_file}: a snapshot has no dimensions; name a space's .grit.")
    rng = np.random.default_rng(seed)
    engine = Engine(grit.to_bytes(model))
    items = []
    for number in range(count):
        dimension = number % len(DIMENSIONS)
        middle = rng.uniform(-0.5, 0.5, model.position_count)
        sounds = {}
        for name, value in (("low", -0.6), ("high", 0.6)):
            at = middle.copy()
            at[dimension] = value
            q15 = to_q15(at)
            sounds[name] = _one_round(lambda dry, q=q15: _integers(engine, model.output_shift, dry, q), loop)  # type: ignore[misc]
        items.append(Item(f"place {number + 1}", sounds, DIMENSIONS[dimension]))
    return items


def file_items(named: Sequence[str]) -> list[Item]:
    """ITEM/SYSTEM=FILE, repeated -> items. Files of an item are cut to the shortest. Raises RigError for what is not so
    named, an item without a reference or with nothing beside it; InputError for files that are no audio."""
    items: dict[str, Item] = {}
    for one in named:
        place, equals, file = one.partition("=")
        name, slash, system = place.partition("/")
        if not (equals and slash and name and system and file):
            raise RigError(f"--sound {one}: write ITEM/SYSTEM=FILE, like rat/reference=rat.wav.")
        items.setdefault(name, Item(name, {})).sounds[system] = read_audio(Path(file))
    for item in items.values():
        if "reference" not in item.sounds or len(item.sounds) < 2:
            raise RigError(f"the item {item.name} wants a sound named reference, and one to compare with it.")
        frames = min(map(len, item.sounds.values()))
        item.sounds = {system: sound[:frames] for system, sound in item.sounds.items()}
        item.sounds.setdefault("anchor, 3.5 kHz", low_anchor(item.sounds["reference"]))
    return list(items.values())


def for_kind(items: Sequence[Item], kind: str) -> list[Item]:
    """ABX compares with the reference alone: no anchors."""
    if kind != "abx":
        return list(items)
    return [
        Item(item.name, {name: sound for name, sound in item.sounds.items() if not name.startswith("anchor")})
        for item in items
    ]


def page(test: ListeningTest) -> str:
    """The test as one HTML file. Every sound is as loud as every other. Raises RigError as `as_loud` does."""
    if not SCRIPT.is_file():
        raise RigError("the listening test's script is missing: make web builds it")
    audio: dict[str, str] = {}
    items = []
    for item in test.items:
        sounds = {}
        for system, sound in item.sounds.items():
            loud = as_loud(sound)
            data = io.BytesIO()
            soundfile.write(data, loud, loops.SAMPLE_RATE, format="FLAC", subtype="PCM_16")
            key = hashlib.sha256(data.getvalue()).hexdigest()[:16]  # says nothing of what it is
            audio[key] = base64.b64encode(data.getvalue()).decode()
            sounds[printable(system)] = key
        items.append({"name": printable(item.name), "sounds": sounds, **({"word": item.word} if item.word else {})})
    values = {
        "kind": test.kind,
        "title": printable(test.title),
        "question": QUESTIONS[test.kind],
        "seed": test.seed,
        "trials": test.trials,
        "words": [*DIMENSIONS, "nothing"],
        "items": items,
        "audio": audio,
        "made_from": test.made_from,
    }
    told = json.dumps(values).replace("<", "\\u003c")
    script = SCRIPT.read_text(encoding="utf-8").replace("</script", "<\\/script")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(printable(test.title))}</title><style>{_STYLE}</style></head><body>"
        f'<script type="application/json" id="test">{told}</script><script>{script}</script></body></html>\n'
    )
