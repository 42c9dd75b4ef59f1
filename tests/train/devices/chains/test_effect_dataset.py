"""A folder through a device: the same for a seed, settings beside each file, nothing half-written."""

import json

import numpy as np
import pytest
import soundfile

from gritspace.train.audio.audio_file import read_audio, write_audio
from gritspace.train.devices.chains.chain_file import parse_chain
from gritspace.train.devices.chains.effect_dataset import apply_to_folder
from gritspace.train.errors import InputError
from tests.conftest import tones

CHAIN = parse_chain(
    '[[effect]]\nkind = "soft_clip"\ndrive_db = { knob = "drive" }\n'
    '[[effect]]\nkind = "low_pass"\ncutoff_hz = { knob = "tone" }',
    "chain.toml",
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dry" / "a").mkdir(parents=True)
    write_audio(tmp_path / "dry" / "one.wav", tones(4800))
    write_audio(tmp_path / "dry" / "a" / "two.wav", tones(6000))
    return tmp_path / "dry"


def test_a_seed_gives_the_same_files_however_many_work_on_it(folder, tmp_path):
    for name, jobs in (("x", 1), ("y", 2)):
        assert apply_to_folder(CHAIN, folder, tmp_path / name, count=3, seed=4, jobs=jobs) == 6
    files = sorted(file.name for file in (tmp_path / "x").iterdir())
    assert len(files) == 12
    for name in files:
        assert (tmp_path / "x" / name).read_bytes() == (tmp_path / "y" / name).read_bytes()


def test_what_stands_beside_a_file_makes_it_again(folder, tmp_path):
    apply_to_folder(CHAIN, folder, tmp_path / "out", count=2, seed=1)
    about = json.loads((tmp_path / "out" / "a_two_0001.json").read_text())
    again = parse_chain(about["chain"], "again")
    knobs = np.array([[about["knobs"][name] for name in again.knobs]], np.float32)
    wet = again.render(read_audio(folder / about["dry"])[None], knobs)[0]
    assert np.allclose(wet, soundfile.read(tmp_path / "out" / "a_two_0001.wav")[0], atol=1e-5)
    assert about["effects"][0]["drive_db"] == pytest.approx(40 * about["knobs"]["drive"], rel=1e-4)


def test_a_grid_has_every_combination(folder, tmp_path):
    assert apply_to_folder(CHAIN, folder / "one.wav", tmp_path / "out", grid=3) == 9
    knobs = {tuple(json.loads(file.read_text())["knobs"].values()) for file in (tmp_path / "out").glob("*.json")}
    assert knobs == {(a, b) for a in (0, 0.5, 1) for b in (0, 0.5, 1)}


@pytest.mark.parametrize("what", ["silent", "damaged", "empty", "there already"])
def test_unusable_input_leaves_nothing_behind(folder, tmp_path, what):
    out = tmp_path / "out"
    if what == "silent":
        write_audio(folder / "quiet.wav", np.zeros(4800))
    elif what == "damaged":
        (folder / "noise.wav").write_bytes(b"no audio")
    elif what == "empty":
        folder = tmp_path / "none"
        folder.mkdir()
    else:
        out.mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"silence|no audio file|exists already"):
        apply_to_folder(CHAIN, folder, out)
    assert sorted(tmp_path.iterdir()) == before


def test_the_command_says_what_it_made_and_refuses_in_one_sentence(gritspace, folder, tmp_path):
    (tmp_path / "fuzz.toml").write_text('[[effect]]\nkind = "fuzz"\ndrive_db = { knob = "drive" }\n')
    good = gritspace("apply", tmp_path / "fuzz.toml", folder, "-o", tmp_path / "wet", "--count", 2)
    assert good.returncode == 0, good.stderr
    assert len(list((tmp_path / "wet").glob("*.wav"))) == 4
    (tmp_path / "bad.toml").write_text('[[effect]]\nkind = "fuzz"\ndrive_db = 99\n')
    bad = gritspace("apply", tmp_path / "bad.toml", folder, "-o", tmp_path / "wet2")
    assert bad.returncode == 2
    assert len(bad.stderr.strip().splitlines()) == 1
    assert "drive_db is 99" in bad.stderr
    assert not (tmp_path / "wet2").exists()
