"""The test bench tested: a double of the module that is right, or wrong in one known way, and what the bench says."""

import json
from dataclasses import replace
from unittest.mock import ANY

import numpy as np
import pytest

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.console import Stages
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.hil import expected, measure, plan, session, takes
from gritspace.host_tools.link.client import ModuleHealth, ModuleInfo, ModuleStatus, StreamResult
from gritspace.host_tools.models.model_files import model_sha256
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import read_grit, to_bytes
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.devices.finding import device_named
from gritspace.train.errors import InputError
from gritspace.train.space.space import load_space

WORK = 4800


class ModuleDouble:
    """Speaks as `Module` does and computes with the C engine, block by block; `spoil` may change what comes out."""

    model = None
    told_sha256 = ""
    spoil = staticmethod(lambda samples: samples)

    def __init__(self, port):
        assert port == "double"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def info(self):
        numbers = dict.fromkeys(ModuleInfo.__dataclass_fields__, 0)
        texts = {"work_unit": "instructions", "firmware_version": "1.2.3", "model_name": self.model.name}
        return ModuleInfo(**{**numbers, **texts, "model_sha256": self.told_sha256})

    def status(self):
        return ModuleStatus(**{**dict.fromkeys(ModuleStatus.__dataclass_fields__, 0), "xruns": 3})

    def health(self):
        numbers = dict.fromkeys(ModuleHealth.__dataclass_fields__, 0)
        return ModuleHealth(**{**numbers, "flags": (), "why": "nothing", "bend": "none", "gate": 0})

    def stream(self, audio, positions, progress, knobs=None):
        glided = expected.glide(positions)
        engine = Engine(to_bytes(self.model), glided[0])
        blocks = []
        for index, position in enumerate(glided):
            engine.set_position(position)
            blocks.append(engine.process(audio[48 * index : 48 * index + 48]))
        progress(len(audio), len(audio))
        samples = self.spoil(np.concatenate(blocks))
        return StreamResult(samples, np.full(len(positions), WORK), 2, 1, 0, 0.1)


@pytest.fixture
def model(model_file, monkeypatch):
    loaded = read_grit(model_file)
    monkeypatch.setattr(measure, "Module", ModuleDouble)
    monkeypatch.setattr(session, "Module", ModuleDouble)
    monkeypatch.setattr(ModuleDouble, "model", loaded)
    monkeypatch.setattr(ModuleDouble, "told_sha256", model_sha256(loaded))
    return loaded


def silent(done, total, words):
    pass


def test_a_right_module_differs_in_no_sample_even_while_the_position_moves(model, space_file):
    space = load_space(space_file)
    planned = plan.plan(model, riff(0.6), space=space, devices=[device_named("rat")], device_seconds=0.2)
    report = measure.as_report(measure.measure("double", model, planned, plan.player(space), silent))
    assert report["good"]
    assert report["differing_samples"] == 0
    assert report["esr_integer_vs_float"] < 1e-3
    assert report["esr"] == {"integer": 0, "float": pytest.approx(report["esr_integer_vs_float"]), "target": ANY}
    assert report["esr"]["target"] == report["esr_vs_device"]["rat"]
    assert report["load"] == {"p50": None, "p99": None, "max": None}
    assert report["xruns"] == 0
    assert report["cycles_per_frame"] == WORK / 48
    assert report["link"] == {"retries": 4, "crc_errors": 2, "frame_errors": 0}
    assert [take["name"] for take in report["takes"]] == ["sweep", "rat@distortion=0.5,filter=0.5"]


def test_one_wrong_bit_in_one_sample_is_found(model, monkeypatch):
    def flip(samples):
        samples = samples.copy()
        samples[1234] ^= 1
        return samples

    monkeypatch.setattr(ModuleDouble, "spoil", staticmethod(flip))
    measured = measure.measure("double", model, [takes.sweep(riff(0.3), model.default_position, 4)], None, silent)
    report = measure.as_report(measured)
    assert report["differing_samples"] == 1
    assert not report["good"]
    assert report["esr_integer_vs_float"] is None


def test_the_esr_against_a_device_is_that_of_its_rendered_and_levelled_sound(model, space_file):
    """Computed here from the device, the gain and the engine, without the bench."""
    space, device = load_space(space_file), device_named("diode_clipper")
    label = "diode_clipper@drive=0.8,tone=0.5"
    take = plan.device_take(space, device, label, riff(0.5))
    measured = measure.measure("double", model, [take], None, silent)
    dry = np.round(riff(0.5) * 32768).astype(np.int16)[: len(take.audio)]
    target = device.render(dry[None] / np.float32(32768), np.array([[0.8, 0.5]], np.float32))[0] * 1.5
    position = np.round(np.array(space.positions[label]) * 32768).astype(np.int16)
    ours = Engine(to_bytes(model), position).process(dry) / 32768 * 2.0**model.output_shift
    by_hand = np.sum((target - ours) ** 2) / np.sum(target.astype(np.float64) ** 2)
    assert measured.esr_vs_device["diode_clipper"] == pytest.approx(by_hand, rel=1e-5)
    space.levels[label] = 0.5  # of a space whose settings are all equally loud
    np.testing.assert_allclose(plan.device_take(space, device, label, riff(0.5)).target, target / 2, rtol=1e-6)


def test_esr_is_pooled_over_takes_not_averaged():
    a = (np.array([10.0, 0.0]), np.array([10.0, 1.0]))
    b = (np.array([1.0, 0.0]), np.array([0.0, 0.0]))
    assert measure.pooled([a, b]) == pytest.approx((1 + 1) / (100 + 1))
    assert measure.pooled([(np.zeros(3), np.ones(3))]) is None


def test_a_module_that_runs_another_model_is_refused_before_it_is_played(model, monkeypatch):
    monkeypatch.setattr(ModuleDouble, "told_sha256", "ab" * 32)
    with pytest.raises(RigError, match="abababababab"):
        measure.measure("double", model, [takes.sweep(riff(0.1), model.default_position, 4)], None, silent)


@pytest.fixture
def folder(tmp_path, space_file, model_file):
    for file in (space_file, model_file):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    write_audio(tmp_path / "riff.wav", riff(0.5))
    return tmp_path


def test_a_session_finds_model_and_space_by_their_hashes_and_writes_everything_beside_the_report(model, folder):
    request = session.Request("double", folder / "riff.wav", folder / "report.html", device_seconds=0.2)
    report = session.run_test(request, Stages(quiet=True))
    assert report["differing_samples"] == 0
    assert report["esr_vs_device"].keys() == {"rat", "diode_clipper"}
    assert json.loads((folder / "report.json").read_text()) == report
    assert (folder / "report.html").read_text().startswith("<!doctype html>")
    assert len(report["wav_files"]) == 8
    assert all((folder / name).is_file() for name in report["wav_files"])
    assert {"devices", "hil", "streaming"} <= report["seconds"].keys()


def test_a_space_that_was_changed_since_is_not_taken_for_the_models_own(model, folder, space_file):
    (folder / space_file.name).write_bytes(space_file.read_bytes() + b" ")
    request = session.Request("double", folder / "riff.wav", folder / "report.html")
    report = session.run_test(request, Stages(quiet=True))
    assert report["esr_integer_vs_float"] is None
    assert report["esr_vs_device"] == {}


def test_without_the_modules_model_file_the_session_says_which_it_needs(model, folder, model_file):
    (folder / model_file.name).unlink()
    request = session.Request("double", folder / "riff.wav", folder / "report.html")
    with pytest.raises(InputError, match="--model"):
        session.run_test(request, Stages(quiet=True))
    assert not (folder / "report.html").exists()


def test_a_position_and_a_device_can_be_chosen(model, folder):
    request = session.Request("double", folder / "riff.wav", folder / "report.html", device_seconds=0.1)
    request = replace(request, position="0.5,0,0,-1", devices=("rat",))
    report = session.run_test(request, Stages(quiet=True))
    assert [take["name"] for take in report["takes"]] == ["audio at one position", "rat@distortion=0.5,filter=0.5"]
    with pytest.raises(InputError, match="big_muff"):
        session.run_test(replace(request, devices=("big_muff",)), Stages(quiet=True))


def test_a_page_of_names_with_markup_in_them_stays_a_page(model, folder, monkeypatch):
    monkeypatch.setattr(ModuleDouble, "model", replace(model, name="<b>x</b>"))
    odd = replace(model, name="<b>x</b>")
    monkeypatch.setattr(ModuleDouble, "told_sha256", model_sha256(odd))
    measured = measure.measure("double", odd, [takes.sweep(riff(0.1), odd.default_position, 4)], None, silent)
    report = session.write_down(measured, folder / "odd.html", Stages(quiet=True), "a <title>")
    assert report["model_name"] == "<b>x</b>"
    assert "<b>x" not in (folder / "odd.html").read_text()
