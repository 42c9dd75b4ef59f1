"""What no module plays as it is becomes a network that one plays, and says so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
import torch
from numpy.typing import NDArray
from typer.testing import CliRunner

from gritspace.host_tools.cli import app
from gritspace.host_tools.snapshots import made_to_fit as fitting
from gritspace.host_tools.sound.playing import play
from gritspace.quantize.model.grit import read_grit
from gritspace.quantize.network.nam import read_nam, write_nam_text
from gritspace.quantize.network.run import run_float
from gritspace.train.audio import signals
from gritspace.train.devices.captures.files import read_capture
from gritspace.train.devices.captures.nam import read_nam_capture
from gritspace.train.devices.captures.wavenet import read_wavenet
from gritspace.train.errors import InputError
from gritspace.train.network.play import played
from gritspace.train.network.tcn import Tcn
from tests.places import DATA
from tests.train.devices.captures.test_recurrent_nam import by_equations, invented
from tests.train.network.nam.inventing import every_kind

CAPTURE = DATA / "captures" / "neuralseed_mit" / "gru4_ts9_pytorch.json"


@pytest.fixture(autouse=True)
def little_audio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "LEARN_SECONDS", 6.0)
    monkeypatch.setattr(fitting, "HELD_SECONDS", 3.0)


@pytest.mark.skipif(not CAPTURE.is_file(), reason="needs the captures of shared/data (or GRITSPACE_DATA)")
def test_a_recurrent_capture_is_fitted_anew_and_says_how_well(tmp_path: Path) -> None:
    out = tmp_path / "amp.grit"
    told = CliRunner().invoke(app, ["quantize", str(CAPTURE), "-o", str(out), "--minutes", "0.1", "--json"])
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    held = fitting._audio((), 0)[1]
    target = read_capture(CAPTURE).render(held[None], np.zeros((1, 0), np.float32))[0].astype(np.float64)
    heard = play(read_grit(out), held, None, "c")
    first = 8192  # longer than the network's memory: what was played before matters no more
    esr = np.square(heard - target)[first:].sum() / np.square(target[first:]).sum()
    assert report["made_to_fit"]["esr"] == pytest.approx(esr, rel=0.25)
    assert 0 < report["made_to_fit"]["minutes"] < 3
    assert "admitted" in report


@pytest.mark.skipif(not CAPTURE.is_file(), reason="needs the captures of shared/data (or GRITSPACE_DATA)")
def test_exact_refuses_instead(tmp_path: Path) -> None:
    shutil.copy(CAPTURE, tmp_path / "amp.json")
    told = CliRunner().invoke(app, ["quantize", str(tmp_path / "amp.json"), "-o", str(tmp_path / "a.grit"), "--exact"])
    assert isinstance(told.exception, InputError)
    assert not (tmp_path / "a.grit").exists()


def told_of(tmp_path: Path, document: dict[str, Any]) -> tuple[Path, NDArray[np.float32], NDArray[np.float64], float]:
    """A capture made to fit in seconds: its file, dry audio that it did not learn from, what the integers make of
    that, and the ESR that is told."""
    path, out = tmp_path / "amp.nam", tmp_path / "amp.grit"
    path.write_text(json.dumps(document))
    refused = CliRunner().invoke(app, ["quantize", str(path), "-o", str(out), "--exact"])
    assert isinstance(refused.exception, InputError)
    assert str(path) in str(refused.exception)
    assert not out.exists()
    told = CliRunner().invoke(
        app, ["quantize", str(path), "-o", str(out), "--minutes", "0.1", "--by-processor", "--json"]
    )
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    assert report["made_to_fit"]["minutes"] > 0
    assert 0 < report["made_to_fit"]["cpu_seconds"] < 200
    assert report["admitted"] in (True, None)
    held = fitting._audio((), 0)[1]
    return path, held, play(read_grit(out), held, None, "c"), report["made_to_fit"]["esr"]


def esr(heard: NDArray[Any], target: NDArray[Any]) -> float:
    """Behind what any network here remembers."""
    error, power = (np.square(one[8192:].astype(np.float64)).sum() for one in (heard - target, target))
    return float(error / power)


def test_an_lstm_of_neural_amp_modeler_is_fitted_anew(tmp_path: Path) -> None:
    document = invented(1, 8)
    _, held, heard, told = told_of(tmp_path, document)
    error = esr(heard, by_equations(document, held))
    assert told == pytest.approx(error, rel=0.25)
    assert error < 0.2


def test_a_wavenet_with_a_condition_network_is_fitted_anew(tmp_path: Path) -> None:
    path, held, heard, told = told_of(tmp_path, every_kind()["condition"])
    device = read_nam_capture(path)  # which tests/readers holds against Neural Amp Modeler Core
    error = esr(heard, device.render(held[None], np.zeros((1, 0), np.float32))[0])
    assert told == pytest.approx(error, rel=0.25)
    assert error < 0.2


@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_a_capture_of_another_rate_sounds_as_it_does_between_two_resamplers(tmp_path: Path, rate: int) -> None:
    document = {**every_kind()["two_arrays"], "sample_rate": rate}
    path, held, heard, told = told_of(tmp_path, document)
    network = read_nam(path).networks[0]
    native = run_float(network, soxr.resample(held, 48_000, rate, quality="VHQ"))
    target = soxr.resample(native, rate, 48_000, quality="VHQ")
    frames = min(len(target), len(heard)) - 500
    error = esr(heard[:frames], target[:frames])
    assert told == pytest.approx(error, rel=0.25, abs=1e-4)
    assert error < 0.02


def written(folder: Path, document: dict[str, Any], rate: int) -> Path:
    path = folder / f"{rate}.nam"
    path.write_text(json.dumps({**document, "sample_rate": rate}))
    return path


def test_a_capture_of_another_rate_is_played_at_its_own(tmp_path: Path) -> None:
    """A sine through a network is as far along as through the same one at its own rate."""
    from gritspace.quantize.network.network import from_tcn
    from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
    from gritspace.train.snapshot.snapshot import fresh

    network = from_tcn(fresh(TcnConfig((LayerArrayConfig(4, (3, 3), (1, 8)),))))
    document = json.loads(write_nam_text(network, "amp"))
    dry = signals.synthetic(2, 3)
    at_own = read_wavenet(written(tmp_path, document, 48_000))
    for rate in (44_100, 88_200, 96_000, 192_000):
        native = soxr.resample(dry, 48_000, rate, quality="VHQ")
        expected = soxr.resample(
            at_own.render(native[None], np.zeros((1, 0), np.float32))[0], rate, 48_000, quality="VHQ"
        )
        wet = read_wavenet(written(tmp_path, document, rate)).render(dry[None], np.zeros((1, 0), np.float32))[0]
        frames = min(len(wet), len(expected)) - 500
        error = np.square(wet[500:frames] - expected[500:frames]).sum() / np.square(expected[500:frames]).sum()
        assert error < 1e-5, rate
    assert read_nam(tmp_path / "44100.nam").networks[0].sample_rate == 44_100


def test_a_capture_of_another_rate_begins_as_its_own_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its taps are written for 48 kHz before a step is trained: nearer to it than its weights as they are."""
    from gritspace.quantize.network.network import from_tcn
    from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
    from gritspace.train.snapshot.snapshot import fresh

    monkeypatch.setattr(fitting, "draft_price", lambda network: None)  # what it costs is another test's
    torch.manual_seed(0)
    network = from_tcn(fresh(TcnConfig((LayerArrayConfig(4, (3, 3, 3), (1, 8, 64)),))))
    document = json.loads(write_nam_text(network, "amp"))
    (tmp_path / "a.nam").write_text(json.dumps({**document, "sample_rate": 44_100}))
    teacher = read_wavenet(tmp_path / "a.nam")
    dry = signals.synthetic(1, 3)
    start = fitting._start(teacher, dry, lambda *_: None)
    assert start is not None
    assert [array.dilations for array in start.config.arrays] == [(1, 9, 70)]
    assert "its own network, of its own weights, from 44100 Hz to 48000 Hz" in fitting._way(teacher, start)
    wanted = teacher.render(dry[None], np.zeros((1, 0), np.float32))[0]

    def error(tcn: Tcn) -> float:
        return float(np.square(played(tcn, torch.from_numpy(dry)).numpy() - wanted)[1000:-1000].sum())

    assert error(start) < 0.5 * error(teacher.tcn)
