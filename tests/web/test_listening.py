"""Listening tests: how they are made, answered in Chromium by a model of hearing (no person), and read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.sound.loudness import lufs
from gritspace.host_tools.web import hearing_model, listening, listening_results, loops
from gritspace.host_tools.web.wasm import ROOT
from gritspace.train.errors import InputError
from tests.conftest import Cli
from tests.web.browser import drive, what_is_missing

needs_chromium = pytest.mark.skipif(what_is_missing() is not None, reason=what_is_missing() or "")


def items() -> list[listening.Item]:
    """Two items of loops that were bent more and less."""
    made = []
    for name in ("guitar", "bass"):
        reference = np.tanh(6 * loops.loop(name).astype(np.float32) / 32768)[: 2 * 48000]
        sounds = {
            "reference": reference,
            "near": np.tanh(1.02 * reference),
            "anchor, 3.5 kHz": listening.low_anchor(reference),
            "anchor, another device": np.sign(reference) * np.abs(reference) ** 0.3,
        }
        made.append(listening.Item(f"<b>{name}", {k: v.astype(np.float32) for k, v in sounds.items()}))
    return made


def test_every_sound_of_a_test_is_as_loud_within_a_tenth() -> None:
    for item in items():
        for sound in item.sounds.values():
            assert abs(lufs(listening.as_loud(sound)) - listening.TARGET_LUFS) <= listening.LOUDNESS_TOLERANCE


def test_silence_and_what_would_clip_are_refused() -> None:
    with pytest.raises(RigError, match="silent"):
        listening.as_loud(np.zeros(48000, np.float32))
    peaky = np.zeros(48000, np.float32)
    peaky[::4800] = 1
    with pytest.raises(RigError, match="clip"):
        listening.as_loud(peaky)


def test_the_model_of_hearing_hears_small_changes_as_small() -> None:
    item = items()[0]
    said = {name: hearing_model.rating(item.sounds["reference"], sound) for name, sound in item.sounds.items()}
    assert said["reference"] == 100
    assert said["near"] > said["anchor, 3.5 kHz"]
    assert said["anchor, 3.5 kHz"] < 60


@needs_chromium
def test_mushra_is_answered_in_the_page_and_read_with_its_intervals(tmp_path: Path) -> None:
    made = items()
    test = listening.ListeningTest("mushra", "a <test>", made, seed=3)
    (tmp_path / "test.html").write_text(listening.page(test))
    loud = {item.name: {k: listening.as_loud(v) for k, v in item.sounds.items()} for item in made}
    ratings = {
        name: {k: hearing_model.rating(sounds["reference"], v) for k, v in sounds.items()}
        for name, sounds in loud.items()
    }
    found = drive("listen", (tmp_path / "test.html").as_uri(), ratings=ratings, answers=tmp_path / "a.json")
    assert found == {"trials": 2, "choices": 5, "complaints": []}
    report = listening_results.together(listening_results.read_results([tmp_path / "a.json"]))
    assert report["listeners"] == 0
    assert report["models_of_hearing"] == 1
    assert report["systems"]["reference"]["mean"] == 100
    for system in loud["<b>guitar"]:
        values = [ratings[name][system] for name in ratings]
        figures = report["systems"][system]
        assert figures["mean"] == pytest.approx(np.mean(values))
        assert min(values) <= figures["low"] <= figures["mean"] <= figures["high"] <= max(values)


@needs_chromium
def test_abx_counts_sixteen_trials_and_the_exact_chance_of_guessing_them(tmp_path: Path) -> None:
    short = [listening.Item("one", {k: v for k, v in items()[0].sounds.items() if k in ("reference", "near")})]
    (tmp_path / "test.html").write_text(listening.page(listening.ListeningTest("abx", "abx", short, seed=1)))
    found = drive("listen", (tmp_path / "test.html").as_uri(), tells=True, answers=tmp_path / "a.json")
    assert found["trials"] == listening.TRIALS
    saved = json.loads((tmp_path / "a.json").read_text())
    assert saved["summary"]["near"] == {"right": 16, "trials": 16, "p": pytest.approx(binom.sf(15, 16, 0.5))}
    assert 0 < sum(answer["right"] for answer in saved["answers"]) == 16


def test_the_chance_of_guessing_and_the_intervals_are_scipys() -> None:
    for right in range(17):
        assert listening_results.guessing(right, 16) == pytest.approx(binom.sf(right - 1, 16, 0.5))
    values = np.random.default_rng(1).normal(60, 10, 40)
    mean, low, high = listening_results.bootstrap(values)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert (mean, low, high) == pytest.approx((values.mean(), mean - half, mean + half), abs=0.7)


def test_who_does_not_hear_the_hidden_reference_is_left_out() -> None:
    good = {"kind": "mushra", "answers": [{"item": "a", "ratings": {"reference": 100, "x": 50}}]}
    deaf = {"kind": "mushra", "answers": [{"item": "a", "ratings": {"reference": 20, "x": 90}}]}
    report = listening_results.together([good, deaf])
    assert report["left_out"] == 1
    assert report["systems"]["x"]["mean"] == 50


def test_a_test_is_made_of_a_space_and_names_no_answer_in_its_order(gritspace: Cli, tmp_path: Path) -> None:
    out = tmp_path / "words.html"
    space = ROOT / "spaces" / "circuits.grit"
    done = gritspace("listen", "--kind", "words", "--model", space, "--count", 2, "-o", out)
    assert done.returncode == 0, done.stderr
    text = out.read_text()
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert json.loads(text.split('id="test">')[1].split("</script>")[0])["words"][-1] == "nothing"


def test_bad_requests_meet_one_sentence(gritspace: Cli, tmp_path: Path) -> None:
    (tmp_path / "no.json").write_text("[]")
    for arguments, words in (
        (["--kind", "taste", "-o", "x.html"], "'taste' is not one of"),
        (["-o", "x.txt"], "call it x.html"),
        (["--results", "no.json"], "answers of a listening test"),
        (["--sound", "rat=x.wav", "-o", "x.html"], "ITEM/SYSTEM=FILE"),
    ):
        done = gritspace("listen", *arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert words in done.stderr
    assert not (tmp_path / "x.html").exists()
    for kind in ("abx", "mushra"):
        (tmp_path / f"{kind}.json").write_text(json.dumps({"kind": kind, "answers": []}))
    with pytest.raises(InputError, match="different kinds"):
        listening_results.read_results([tmp_path / "abx.json", tmp_path / "mushra.json"])
