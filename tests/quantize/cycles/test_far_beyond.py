"""A model that is far too large is refused by its shapes, without running it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gritspace.host_tools.cli import app
from gritspace.quantize.cycles import estimate
from gritspace.quantize.cycles.real_time import LIMIT_CYCLES
from gritspace.quantize.cycles.shapes import a1, random_model
from gritspace.quantize.model.grit import to_bytes
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig


def test_a_huge_model_is_answered_without_an_emulated_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = random_model(TcnConfig((LayerArrayConfig(32, (15,) * 14, (1, 2) * 7),)), "huge")
    products = 14 * (32 * 32 * 15 + 32 * 32) + 32 * 2 + 14 * 32  # convolutions, 1x1, input, head and mixin
    assert huge.macs_per_frame == pytest.approx(products, rel=0.02)
    (tmp_path / "huge.grit").write_bytes(to_bytes(huge))

    def must_not_run(*_: object) -> None:
        raise AssertionError("it was run")

    monkeypatch.setattr(estimate, "EmulatedEngine", must_not_run)
    said = CliRunner().invoke(app, ["cycles", str(tmp_path / "huge.grit")])
    assert said.exit_code == 0, said.output
    assert "does not play it" in said.output
    assert f"{huge.macs_per_frame:,}" in said.output


def test_what_might_be_admitted_is_always_run() -> None:
    small = random_model(a1(4, 2, 7), "small")
    assert estimate.far_beyond(small) is None
    assert small.macs_per_frame < 2 * LIMIT_CYCLES
