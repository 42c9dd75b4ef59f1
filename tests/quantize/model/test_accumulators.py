"""No accumulator of a model that passes the check leaves int32, on any addition on the way, rounding included."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gritspace.quantize.model import reference
from gritspace.quantize.model.c_engine import Engine, check_blob
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.rounding.limits import UnsupportedNetwork, check_accumulators
from tests.firmware.engine.test_fuzz_model import build_harness, clang
from tests.quantize.conftest import SHAPES, make_model
from tests.quantize.model.extremes import PARTS, TOP, loud, model_at_the_edge
from tests.reliability import campaign, cases

OVERFLOW = 8


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("shift", "bias", "good"), [(1, TOP, False), (1, TOP - 1, True), (0, TOP, True)])
def test_a_films_row_that_only_rounding_takes_out_of_int32_is_refused(
    part: str, shift: int, bias: int, good: bool
) -> None:
    """A row at int32's end, shifted by one, met `(acc >> 0) + 1`: laptop and module then differed in every sample."""
    model = make_model("tanh_space")
    assert model.film is not None
    dense = getattr(model.film, part)
    edge = replace(dense, weight=dense.weight.copy(), bias=dense.bias.copy(), shift=dense.shift.copy())
    edge.weight[0], edge.bias[0], edge.shift[0] = 0, bias, shift
    made = replace(model, film=replace(model.film, **{part: edge}))
    if part == "bias" and shift == 0:
        good = False  # no convolution has room for such a bias
    assert check_blob(to_bytes(made)) == (0 if good else OVERFLOW)
    if good:
        check_accumulators(made)
    else:
        with pytest.raises(UnsupportedNetwork, match="overflow"):
            check_accumulators(made)


@pytest.mark.skipif(clang() is None, reason="libFuzzer is missing: apt-get install clang libclang-rt-14-dev")
def test_models_at_the_edge_never_overflow_and_give_the_references_samples(tmp_path: Path) -> None:
    """The engine under UBSan and natively, beside the reference in 64 bits; checker and quantizer agree."""
    rng = np.random.default_rng(11)
    shapes = [make_model(shape) for shape in SHAPES]
    passed: list[Path] = []
    with campaign("models at the accumulators' edge, under UBSan and against numpy") as told:
        for turn in range(cases(150, 3_000)):
            model = model_at_the_edge(shapes[turn % len(shapes)], rng)
            blob = to_bytes(model)
            status = check_blob(blob)
            told.cases += 1
            try:
                check_accumulators(model)
            except UnsupportedNetwork:
                assert status != 0
                continue
            assert status in (0, OVERFLOW)
            if status == OVERFLOW:
                continue
            (tmp_path / f"{turn}.grit").write_bytes(b"\1" + blob)
            passed.append(tmp_path / f"{turn}.grit")
            audio = loud(64, rng)
            position = rng.choice(np.array([-32768, 32767], np.int16), model.position_count)
            engine = Engine(blob, position if model.position_count else None)
            expected = reference.run(model, audio, position if model.position_count else None)
            assert np.array_equal(engine.process(audio), expected)
        assert len(passed) > told.cases // 10
        told.notes = f"{len(passed):,} of them pass the check and are run"
        program = build_harness(tmp_path)
        for start in range(0, len(passed), 200):
            result = subprocess.run(
                [program, *passed[start : start + 200]], capture_output=True, text=True, cwd=tmp_path, check=False
            )
            assert result.returncode == 0, result.stderr[-3000:]
