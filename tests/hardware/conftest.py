"""What the hardware tests share: the circuit once, the whole build once, and a plain word where a tool is missing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from hardware.build import Built, build  # noqa: E402
from hardware.circuit.circuit import SYMBOLS, Circuit  # noqa: E402
from hardware.circuit.whole import build_circuit  # noqa: E402
from hardware.panels.panel_map import PanelMap, load  # noqa: E402


@pytest.fixture(scope="session")
def panel_map() -> PanelMap:
    return load()


@pytest.fixture(scope="session")
def symbols() -> None:
    pytest.importorskip("skidl", reason="SKiDL is missing: pip install skidl==3.0.0")
    if not (SYMBOLS / "Device.kicad_sym").exists():
        pytest.skip(f"no KiCad symbols in {SYMBOLS}: apt-get install kicad-symbols")


@pytest.fixture(scope="session")
def circuit(symbols: None, panel_map: PanelMap) -> Circuit:
    return build_circuit(panel_map)


@pytest.fixture(scope="session")
def ngspice() -> None:
    if shutil.which("ngspice") is None:
        pytest.skip("ngspice is missing: apt-get install ngspice")


@pytest.fixture(scope="session")
def built(symbols: None, ngspice: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Built, Path]:
    out = tmp_path_factory.mktemp("hardware")
    return build(out), out
