"""The estimate of cycles: deterministic, complete, honest about overlap; its figures are held so that none is lost."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from gritspace.quantize.cycles import table
from gritspace.quantize.cycles.build import build_firmware
from gritspace.quantize.cycles.estimate import CycleReport, estimate_cycles
from gritspace.quantize.cycles.price import price, priced_form
from gritspace.quantize.cycles.shapes import NETWORKS, a2, random_model
from gritspace.quantize.cycles.trace import Trace
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from tests.firmware.engine.test_kernels_m7 import model_of

Array = LayerArrayConfig
MOST = {
    "A2-Full": (8215, 143_200),
    "A2-Lite": (2152, 51_000),
    "A1 standard": (9730, 145_300),
    "A1 feather": (2738, 99_500),
    "A1 nano": (1034, 63_600),
}
"""Most cycles a frame, most bytes of state: what the kernels reach today, held with half a percent to spare."""


@pytest.mark.parametrize("name", NETWORKS)
def test_no_change_makes_a_known_network_dearer_unseen_and_the_table_in_the_docs_is_of_today(name: str) -> None:
    report = estimate_cycles(random_model(NETWORKS[name], name))
    cycles, state_bytes = MOST[name]
    assert report.cycles_per_frame <= cycles
    assert report.state_bytes <= state_bytes
    is_of_today(name, report)


@pytest.mark.parametrize("name", table.SPACES)
def test_the_docs_figures_of_the_shipped_spaces_are_of_today(name: str) -> None:
    is_of_today(name, estimate_cycles(table.known()[name]()))


def is_of_today(name: str, report: CycleReport) -> None:
    """The network's line in docs/engine.md."""
    said, found = (figures(line) for line in (table.rows()[name], table.row(name, report)))
    assert said == pytest.approx(found, rel=0.02), "python -m gritspace.quantize.cycles.table writes it anew"


def figures(line: str) -> list[float]:
    """Of a line of the table; the last, whether it is admitted."""
    *cells, admitted = (cell.strip() for cell in line.strip("|").split("|"))
    return [*(float(cell.replace(",", "")) for cell in cells[1:]), float(admitted == "yes")]


def test_no_change_makes_a_moving_position_dearer_unseen() -> None:
    moving = estimate_cycles(model_of(a2(8, position_size=8))).moving_cycles_per_frame
    assert moving is not None
    assert 0 < moving < 177


def test_the_same_model_costs_the_same_every_time() -> None:
    model = model_of(TcnConfig((Array(4, (3,) * 4, (1, 2, 4, 60)),), position_size=2))
    assert estimate_cycles(model) == estimate_cycles(model)


def test_the_report_is_json_with_every_figure_and_says_what_it_leaves_out() -> None:
    model = model_of(TcnConfig((Array(4, (3,) * 4, (1, 2, 4, 60)),), position_size=2))
    fields = json.loads(json.dumps(asdict(estimate_cycles(model, block=32, clock_hz=240e6))))
    for name in ("cycles_per_frame", "instructions_per_frame", "mac_per_frame", "mac_per_cycle", "state_bytes"):
        assert fields[name] > 0
    assert fields["weight_bytes"] == model.macs_per_frame
    assert 100 < fields["stack_bytes"] < 4096
    assert fields["load"] == pytest.approx(fields["cycles_per_frame"] * 48000 / 240e6, abs=1e-3)
    assert sum(fields["per_layer"].values()) == pytest.approx(fields["cycles_per_frame"], rel=0.01)
    assert sum(fields["per_kernel"].values()) == pytest.approx(fields["cycles_per_frame"], rel=0.01)
    assert {"layer 0", "layer 3", "head 0", "rechannel 0"} <= fields["per_layer"].keys()
    assert "caches" in fields["note"]


def test_a_loop_costs_in_all_what_llvm_says_of_it_unrolled() -> None:
    """Pricing block by block must neither lose nor double what overlaps across a branch."""
    from gritspace.quantize.cycles.price import _total_cycles

    firmware = build_firmware()
    start = firmware.symbols["grit_m7_skip_8"]
    addresses = [a for a in sorted(firmware.text) if a >= start]
    first = next(i for i, a in enumerate(addresses) if not firmware.text[a].startswith("push"))
    last = next(i for i, a in enumerate(addresses) if firmware.text[a].startswith("blo"))
    body = (addresses[first], addresses[last] + firmware.sizes[addresses[last]] - addresses[first])
    trace = Trace([body] * 20, [""] * 20)
    unrolled = _total_cycles(["\n".join(priced_form(firmware, body) * 20)])[0]
    assert sum(price(firmware, trace)) == pytest.approx(unrolled, abs=2)


def test_a_block_below_one_frame_is_refused() -> None:
    model = model_of(TcnConfig((Array(2, (3,), (1,)),)))
    with pytest.raises(ValueError, match="at least one frame"):
        estimate_cycles(model, block=0)
