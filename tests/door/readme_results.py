"""What each of README's commands must leave behind: by what it says, and by what stands in the files it wrote."""

from __future__ import annotations

import json
import re
import urllib.request
import xml.etree.ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile


@dataclass(frozen=True)
class Walked:
    """Where a command ran, and what it said."""

    folder: Path
    said: str

    def sound(self, name: str) -> np.ndarray:
        """A file's audio, (frames,)."""
        audio, rate = soundfile.read(self.folder / name)
        assert rate == 48000, name
        return np.asarray(audio)


def levelled(found: np.ndarray, wanted: np.ndarray) -> float:
    """Error-to-signal ratio at the level that suits best: a model is brought to the loudness of others."""
    level = float(found @ wanted / (found @ found))
    return float(np.sum((level * found - wanted) ** 2) / np.sum(wanted**2))


Result = Callable[[Walked], str]
"""What is wrong; nothing: all is well."""


def says(*patterns: str) -> Result:
    """Every pattern is found in what was said."""
    return lambda walked: "".join(f"it does not say {p!r}; " for p in patterns if not re.search(p, walked.said))


def writes(name: str, begins: bytes) -> Result:
    """A file is there and begins so."""

    def look(walked: Walked) -> str:
        path = walked.folder / name
        return "" if path.is_file() and path.read_bytes().startswith(begins) else f"{name} is missing or no such file"

    return look


def both(*results: Result) -> Result:
    """All of them."""
    return lambda walked: "; ".join(filter(None, (result(walked) for result in results)))


def _page_is_served(walked: Walked) -> str:
    address = walked.said.split()[-1]
    with urllib.request.urlopen(address, timeout=30) as page:
        return "" if b"<title>" in page.read() else f"{address} gives no page"


def _wet(walked: Walked) -> str:
    dry, wet = walked.sound("guitar.wav"), walked.sound("wet.wav")
    if len(dry) != len(wet):
        return f"{len(wet)} frames came of {len(dry)}"
    alike = abs(np.corrcoef(dry, wet)[0, 1])
    return "" if 0.05 < alike < 0.999 and np.abs(wet).max() > 0.01 else f"correlation {alike:.3f} with the dry sound"


def _in_integers(name: str, walked: Walked) -> str:
    """NAME.grit against the network that PyTorch runs, from NAME.nam."""
    import torch

    from gritspace.host_tools.sound.playing import play
    from gritspace.quantize.model.grit import read_grit
    from gritspace.train.devices.finding import device_named

    torch.set_num_threads(1)
    dry = walked.sound("guitar.wav").astype(np.float32)
    model = read_grit(walked.folder / f"{name}.grit")
    wanted = device_named(str(walked.folder / f"{name}.nam"), []).render(dry[None], np.zeros((1, 0), np.float32))[0]
    error = levelled(play(model, dry, np.asarray(model.rest_position, np.int16), "c"), wanted)
    return "" if error < 1e-2 else f"ESR {error:.1e} between {name}.nam and its integers"


def _library(walked: Walked) -> str:
    rows = json.loads((walked.folder / "models" / "table.json").read_text())
    there = [row for row in rows if (walked.folder / "models" / str(row.get("file"))).is_file()]
    return "" if rows and len(there) == len(rows) else f"models of {len(there)} captures of {len(rows)}"


def _space(walked: Walked) -> str:
    from gritspace.train.space.space import load_space

    known = load_space(walked.folder / "space.pt").positions
    return "" if known else "it knows no positions"


def _preset(walked: Walked) -> str:
    (row,) = json.loads((walked.folder / "preset.json").read_text())["presets"]
    played = list(row["played"].values())
    return "" if len(played) == 4 and all(-1 <= x <= 1 for x in played) else f"the preset's place: {played}"


def _presets(count: int, name: str) -> Result:
    def look(walked: Walked) -> str:
        rows = json.loads((walked.folder / name).read_text())["presets"]
        named = [row for row in rows if row.get("name")]
        return "" if len(named) == count else f"{len(named)} presets with names in {name}"

    return look


def _soak(walked: Walked) -> str:
    suites = xml.etree.ElementTree.parse(walked.folder / "junit.xml").getroot()
    bad = [case.get("name") for case in suites.iter("testcase") if case.find("failure") is not None]
    return f"failed: {bad}" if bad or not list(suites.iter("testcase")) else ""


RESULTS: dict[str, Result] = {
    "gritspace play": _page_is_served,
    "gritspace simulate": says(r"runs on a simulated module", r"(?m)^/dev/"),
    "gritspace doctor": says("Python", "arm-none-eabi-gcc"),
    "gritspace monitor": says("(?i)drive", "(?i)load"),
    "gritspace devices captures/": says(r"\brat\b", r"(?m)^amp\b"),
    "gritspace match": says(r"nearest is big_muff \("),
    "gritspace render": both(says(r"distortion 0\.8"), _wet),
    "gritspace quantize amp.nam": both(says("plays"), partial(_in_integers, "amp")),
    "gritspace quantize captures/": _library,
    "gritspace cycles": says("A module plays it", "per layer"),
    "gritspace fit --dry": both(
        says("on held-out audio"), partial(_in_integers, "pedal"), writes("pedal.html", b"<!doctype html>")
    ),
    "gritspace fit --device": writes("amp.grit", b"GRIT"),
    "gritspace train": _space,
    "gritspace quantize space.pt": both(says("sha256"), writes("space.grit", b"GRIT")),
    "gritspace run": both(says("through circuits|through space"), _wet),
    "gritspace evaluate": both(says("ESR"), writes("report.html", b"<!doctype html>")),
    "gritspace enroll": both(says("position"), _preset),
    "gritspace export": writes("model.c", b"/* Integer model"),
    "gritspace upload": says("plays"),
    "gritspace presets list": says(r"(?m)^ +16 +\S"),
    "gritspace presets put": says("16 presets are in the module's flash"),
    "gritspace presets make": _presets(2, "mine.json"),
    "gritspace presets get": _presets(16, "presets.json"),
    "gritspace hil": both(says(r"good: 0 of [\d,]+ samples differ"), writes("report.html", b"<!doctype html>")),
    "gritspace hil --rig": both(says(r"0 of [\d,]+ samples differ"), _soak),
}
"""By a line's beginning; the most exact counts."""
