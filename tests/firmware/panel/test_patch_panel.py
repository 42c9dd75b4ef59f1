"""The second panel, Electrosmith's Patch.Init(): the same sources, other data."""

from __future__ import annotations

import copy
import ctypes

import numpy as np
import pytest

from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.reference import run
from hardware.panels import header as panel_header
from hardware.panels import patch_panel
from hardware.panels.panel_map import PanelMapError
from tests.firmware.host.host_module import HostModule, compile_module
from tests.firmware.host.sound_path import TOLERANCE, heard

KNOBS = CVS = 4


@pytest.fixture(scope="module")
def patch_library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return compile_module(tmp_path_factory.mktemp("patch"), ("-DGRIT_PANEL_PATCH_INIT",))


def codes(turn: float, volts: float) -> np.ndarray:
    """A knob gives 0 to 5 V, as a jack may; the Submodule's stage makes full scale to zero of -5 to 5 V."""
    stage = [(5 - 5 * turn) / 10] * KNOBS + [(5 - volts) / 10] * CVS
    return np.round(np.asarray(stage) * 65535).astype(np.uint16)


def test_the_header_is_the_generators() -> None:
    assert panel_header.PATCH_HEADER.read_text(encoding="utf-8") == panel_header.render_patch_init()


@pytest.mark.parametrize(("turn", "volts"), [(0.0, 0.0), (1.0, 0.0), (0.5, 2.0), (0.25, -4.0)])
def test_knobs_and_jacks_read_as_they_stand(patch_library: ctypes.CDLL, turn: float, volts: float) -> None:
    rows = np.tile(codes(turn, volts), (20, 1))
    knobs, found = np.zeros((20, KNOBS), np.uint16), np.zeros((20, CVS), np.int32)
    played = np.zeros((20, CVS), np.int16)
    at = [ctypes.c_void_p(array.ctypes.data) for array in (rows, knobs, found, played)]
    patch_library.host_controls(at[0], ctypes.c_size_t(20), *at[1:])
    assert np.abs(knobs[-1] / 65535 - turn).max() < 0.006  # the margin at either end
    assert np.abs(found[-1] / 1e6 - volts).max() < 0.001
    assert np.abs(played[-1] / 32768 - np.clip(2 * turn - 1 + volts / 5, -1, 1)).max() < 0.012


def test_without_knobs_for_them_gain_mix_and_level_stand_at_the_model_alone(
    patch_library: ctypes.CDLL, blob: bytes, model: IntegerModel
) -> None:
    module = HostModule(patch_library, blob)
    audio = np.round(8000 * np.sin(np.arange(48 * 60) / 20)).astype(np.int16)
    out = []
    for block in range(60):
        module.panel(codes(0.5, 0.0))
        out.append(module.audio(audio[48 * block : 48 * block + 48]))
    wet = run(model, audio, module.position())
    assert np.abs(np.concatenate(out) - heard(model, wet, module.position())).max() <= TOLERANCE


@pytest.mark.parametrize("spoil", ["unknown pin", "pin twice", "other order"])
def test_a_panel_that_contradicts_itself_is_refused(spoil: str) -> None:
    raw = copy.deepcopy(patch_panel.load())
    if spoil == "unknown pin":
        raw["knob"][0]["pin"] = "CV_9"
    elif spoil == "pin twice":
        raw["knob"][0]["pin"] = raw["cv"][0]["pin"]
    else:
        raw["cv"].reverse()
    with pytest.raises(PanelMapError, match=r"patch_init\.toml"):
        patch_panel.controls_of(raw)
