"""The demo at a reduced size: every stage is the real one, only the training, the riff and the excerpts are short."""

import hashlib
import json
import re
import shutil

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.skipif(
    not (shutil.which("qemu-system-arm") and shutil.which("arm-none-eabi-gcc")),
    reason="needs qemu-system-arm and gcc-arm-none-eabi: run `make setup`",
)


@pytest.fixture(scope="module")
def demo(gritspace, tmp_path_factory):
    """Exit code, output and folder of one small demo."""
    folder = tmp_path_factory.mktemp("demo")
    arguments = ("--train-seconds", 6, "--audio-seconds", 1.5, "--device-seconds", 0.5, "-o", folder / "out")
    return gritspace("demo", *arguments, cwd=folder, timeout=400), folder / "out"


def test_the_demo_succeeds_and_says_where_its_report_is(demo):
    result = demo[0]
    assert result.returncode == 0, result.stderr
    assert "0 of" in result.stdout
    assert "report.html" in result.stdout
    told = result.stderr.splitlines()
    assert all("GB of renders" in line and "\r" not in line for line in told), told  # no progress bars in a pipe


def test_the_report_has_every_promised_field_with_sane_values(demo):
    report = json.loads((demo[1] / "report.json").read_text())
    assert report["differing_samples"] == 0
    assert 0 < report["esr_integer_vs_float"] < 0.1
    circuits = {"diode_clipper", "tube_screamer", "rat", "big_muff", "buchla_folder"}
    assert report["esr_vs_device"].keys() == circuits
    assert all(np.isfinite(value) and value > 0 for value in report["esr_vs_device"].values())
    assert report["frames"] == int((1.5 + 5 * 0.5) * 48000)
    assert report["cycles_per_frame"] > report["macs_per_frame"] / 4
    assert len(report["model_sha256"]) == 64
    assert report["firmware_version"]
    assert {"train", "quantize", "export", "build", "hil"} <= report["seconds"].keys()


def test_the_module_was_played_while_the_four_dimensions_moved(demo):
    report = json.loads((demo[1] / "report.json").read_text())
    sweep = report["takes"][0]
    assert sweep["device"] is None
    assert sweep["differing_samples"] == 0
    page = (demo[1] / "report.html").read_text()
    for dimension in ("drive", "tone", "symmetry", "dynamics"):
        assert f">{dimension}<" in page


def test_the_page_stands_alone(demo):
    page = (demo[1] / "report.html").read_text()
    assert page.count("<svg") == 4
    assert len(page) < 5_000_000
    assert page.count("<audio") == 2 + 3 * 3
    for outside in ("<script src", "<link", "src=", "@import", "url(http", 'href="http'):
        assert outside not in page.replace('xlink:href="#', "").replace('src="data:audio/mpeg;base64,', "")


def test_the_wav_files_are_what_went_in_and_what_came_out(demo):
    report = json.loads((demo[1] / "report.json").read_text())
    assert len(report["wav_files"]) == 2 + 5 * 3
    for name in report["wav_files"]:
        audio, rate = soundfile.read(demo[1] / name)
        assert rate == 48000
        assert np.abs(audio).max() > 0.001


def test_the_exported_model_is_the_one_that_was_measured(demo):
    report = json.loads((demo[1] / "report.json").read_text())
    model = (demo[1] / "space.grit").read_bytes()
    assert hashlib.sha256(model).hexdigest() == report["model_sha256"]
    _, _, array = (demo[1] / "model.c").read_text().rpartition("char grit_model_blob[")
    assert bytes(int(number, 16) for number in re.findall(r"0x([0-9a-f]{2})\b", array)) == model
