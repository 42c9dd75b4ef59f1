"""A backup is looked at as a whole before a module hears of it: every mutation is refused in words, or harmless."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gritspace.host_tools.link.messages import message_frame
from gritspace.host_tools.web.page_stamp import HERE

ESBUILD = HERE / "node_modules" / ".bin" / "esbuild"
RUN = """
import { readBackup } from "./backup_file.mjs";
import { readFileSync } from "node:fs";
const answers = [];
for (const text of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const taken = ({ blobs, ...backup }) => ({ backup });
  answers.push(await readBackup(text).then(taken, ({ constructor, message }) => ({ by: constructor.name, message })));
}
console.log(JSON.stringify(answers));
"""
ODD = (None, True, -1, 1e308, 0.5, 40_000, 2**40, "", "x" * 9000, "\x1b[2J<b>", [], {}, [[]], {"__proto__": 1})
GONE = object()
BLOB = b"a model's bytes"
HASH = hashlib.sha256(BLOB).hexdigest()


def good() -> dict[str, Any]:
    return {
        "kind": "gritspace-backup",
        "version": 1,
        "morph_ms": 250,
        "names": {"0": "loud one"},
        "presets": [
            {"index": 0, "played": [1, -2, 3, 32767], "stored": [0] * 12, "level_q12": 4096, "model": HASH},
            {
                "index": 2,
                "played": [0] * 4,
                "stored": [-32768] * 12,
                "turns": [1, 2, 3, 4],
                "bend": 3,
                "gate": 55,
                "level_q12": 0,
                "model": None,
            },
        ],
        "cv": [{"input": 1, "offset_uv": 1_650_000, "gain_ppm": -300_000}],
        "knobs": [{"knob": 6, "left": 10, "right": 65_000}],
        "models": [{"slot": 0, "name": "m", "sha256": HASH, "bytes": base64.b64encode(BLOB).decode()}],
    }


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*at, key)
        yield from places(one, (*at, key))


def mutated(at: tuple[Any, ...], odd: Any) -> str:
    """The good one, with one value replaced, or gone."""
    whole = copy.deepcopy(good())
    holder: Any = whole
    for key in at[:-1]:
        holder = holder[key]
    if odd is GONE:
        del holder[at[-1]]
    else:
        holder[at[-1]] = odd
    return json.dumps(whole)


def read(texts: list[str], tmp_path: Path, node: str) -> list[dict[str, Any]]:
    """What the page's reader says of each."""
    if not ESBUILD.exists():
        pytest.skip("the page's packages are missing (make web, or npm ci --prefix host_tools/web)")
    source, bundle = HERE / "src" / "link" / "backup_file.ts", tmp_path / "backup_file.mjs"
    command = [ESBUILD, source, "--bundle", "--format=esm", f"--outfile={bundle}", "--log-level=error"]
    subprocess.run(command, check=True)
    (tmp_path / "run.mjs").write_text(RUN)
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    done = subprocess.run(
        [node, tmp_path / "run.mjs", tmp_path / "texts.json"], capture_output=True, text=True, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def as_messages(backup: dict[str, Any]) -> None:
    """Packs what a restore would send; struct refuses what does not go into a message's fields."""
    message_frame("put_settings", 0, morph_ms=backup["morph_ms"])
    for one in backup["presets"]:
        rest = {"turns": [0] * 4, "bend": 0, "gate": 0, **one, "model": 0, "used": 1, "model_id": bytes(8)}
        message_frame("put_preset", 0, **rest)
    for one in backup["cv"]:
        message_frame("put_calibration", 0, **one, measured=1)
    for one in backup["knobs"]:
        message_frame("put_knob_ends", 0, **one, measured=1)


def test_a_good_backup_comes_back_as_it_is(tmp_path: Path, node: str) -> None:
    (found,) = read([json.dumps(good())], tmp_path, node)
    assert found == {"backup": good()}
    as_messages(found["backup"])


def test_every_mutation_is_refused_in_a_sentence_or_goes_whole_into_the_links_messages(
    tmp_path: Path, node: str
) -> None:
    cases = [(at, odd) for at in places(good()) for odd in (GONE, *ODD)]
    answers = read([mutated(*case) for case in cases], tmp_path, node)
    for (at, odd), found in zip(cases, answers, strict=True):
        if "backup" in found:
            as_messages(found["backup"])
        else:
            assert found["by"] == "LinkError", (at, odd, found)
            assert found["message"].startswith("this "), found
            assert "backup" in found["message"]
            assert len(found["message"]) < 200, found["message"][:300]
    taken = [(at, odd) for (at, odd), found in zip(cases, answers, strict=True) if "backup" in found]
    of_presets = {("presets", 1, name) for name in ("turns", "bend", "gate")}
    harmless = {("names", "0"), ("names",), ("models", 0, "name"), *of_presets}
    for at, odd in taken:
        number = isinstance(odd, int) and not isinstance(odd, bool)
        assert number or at in harmless or odd in (None, []) or (odd is GONE and isinstance(at[-1], int)), (at, odd)


def test_texts_that_are_no_backup_and_backups_that_contradict_themselves_are_refused(tmp_path: Path, node: str) -> None:
    twice, lost, other = good(), good(), good()
    twice["presets"][1]["index"] = 0
    lost["presets"][0]["model"] = "0" * 64
    other["models"][0]["bytes"] = base64.b64encode(b"another").decode()
    texts = ["", "{]", "[" * 100_000, "null", "[]", '"x"', '{"kind": "<b>"}', json.dumps({**good(), "version": 2})]
    answers = read([*texts, *map(json.dumps, (twice, lost, other))], tmp_path, node)
    words = (
        ["not JSON"] * 3 + ["no backup of"] * 4 + ["another version", "twice", "preset 1 plays a model", "its model"]
    )
    for found, wanted in zip(answers, words, strict=True):
        assert found["by"] == "LinkError"
        assert wanted in found["message"], found
