"""`.nam` captures through the command line: which submodel is taken, what is refused, and the way back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.models import nam_files
from gritspace.host_tools.models.nam_files import model_from_nam
from gritspace.host_tools.models.verdict import price_remark
from gritspace.quantize.cycles.whole import Price, WholePrice
from gritspace.quantize.network.nam import read_nam
from gritspace.quantize.network.run import run_float
from gritspace.train.errors import InputError
from tests.conftest import Cli
from tests.quantize.conftest import noise
from tests.quantize.network.test_nam import document


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "capture.nam"
    path.write_text(json.dumps(document()))
    return path


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """Two submodels, the second with more layers."""
    models = [document(dilations=d) for d in ([1, 2], [1, 2])]
    submodels = [{"max_value": v, "model": m} for v, m in zip((0.5, 1.0), models, strict=True)]
    path = tmp_path / "container.nam"
    path.write_text(
        json.dumps({"version": "0.7.0", "architecture": "SlimmableContainer", "config": {"submodels": submodels}})
    )
    return path


@pytest.fixture(autouse=True)
def no_draft(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here is too slow before it is made."""
    monkeypatch.setattr(nam_files, "too_slow", lambda network: None)


def priced(cycles: float) -> WholePrice:
    """A price of so many cycles a frame."""
    return WholePrice(Price(cycles, cycles), Price(cycles, cycles), {"fast": 1, "slow": 0}, True, {})


def test_a_container_gives_its_largest_submodel_that_runs_in_real_time(
    container: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nam_files, "price_of", lambda model: priced(9000.0))
    assert model_from_nam(container, noise(), "x").submodel == "1"
    assert model_from_nam(container, noise(), "x", submodel="0.5").submodel == "0.5"
    with pytest.raises(InputError, match=r"no submodel '0\.7'; it has 0\.5, 1"):
        model_from_nam(container, noise(), "x", submodel="0.7")


def test_what_is_too_slow_is_refused_with_its_cycles_unless_forced(
    container: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nam_files, "price_of", lambda model: priced(12345.0))
    with pytest.raises(InputError, match=r"does not play it: 12,345 of 9,500 cycles.*--force"):
        model_from_nam(container, noise(), "x")
    assert "12,345" in price_remark(model_from_nam(container, noise(), "x", force=True).price)


def test_another_sample_rate_is_told(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nam_files, "price_of", lambda model: None)
    capture.write_text(json.dumps(document() | {"sample_rate": 44100}))
    with pytest.raises(InputError, match="44100 Hz"):
        model_from_nam(capture, noise(), "x")
    assert "44100 Hz" in model_from_nam(capture, noise(), "x", force=True).remarks[0]


def test_the_command_line_quantizes_a_capture_and_writes_it_back(gritspace: Cli, capture: Path, tmp_path: Path) -> None:
    made = gritspace("quantize", capture, "-o", tmp_path / "c.grit", "--json")
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert facts["submodel"] == "whole"
    assert facts["position_size"] == 0
    assert facts["admitted"] is True
    assert (
        facts["engine"]["optimistic"] <= facts["engine"]["pessimistic"] < facts["whole"]["pessimistic"] < facts["limit"]
    )
    back = gritspace("export", tmp_path / "c.grit", "--to", "nam", "-o", tmp_path / "back.nam")
    assert back.returncode == 0, back.stderr
    audio = noise(2400)
    first = run_float(read_nam(capture).networks[0], audio)
    second = run_float(read_nam(tmp_path / "back.nam").networks[0], audio)
    assert np.sum((first - second) ** 2) / np.sum(first**2) < 1e-3  # int8 weights lie between


def test_a_broken_capture_is_one_sentence_and_leaves_no_file(gritspace: Cli, capture: Path, tmp_path: Path) -> None:
    capture.write_text(json.dumps(document(activation="Softer")))
    made = gritspace("quantize", capture, "-o", tmp_path / "c.grit")
    assert made.returncode == 2
    assert "Softer" in made.stderr
    assert "Traceback" not in made.stderr
    assert not (tmp_path / "c.grit").exists()


def test_a_space_at_a_position_is_written_as_a_capture(gritspace: Cli, space_file: Path, tmp_path: Path) -> None:
    made = gritspace("export", space_file, "--to", "nam", "--position", "0.5,0,0,-0.5", "-o", tmp_path / "s.nam")
    assert made.returncode == 0, made.stderr
    assert read_nam(tmp_path / "s.nam").networks[0].position_size == 0
    wrong = gritspace("export", space_file, "--to", "nam", "--position", "0.5", "-o", tmp_path / "t.nam")
    assert wrong.returncode == 2
    assert "wants 4 numbers" in wrong.stderr
