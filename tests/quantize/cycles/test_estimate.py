"""The estimate of cycles: deterministic, complete, honest about overlap; its figures are held so that none is lost."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from gritspace.quantize.cycles.build import build_firmware
from gritspace.quantize.cycles.estimate import estimate_cycles
from gritspace.quantize.cycles.price import price, priced_form
from gritspace.quantize.cycles.trace import Trace
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from tests.firmware.engine.test_kernels_m7 import model_of

Array = LayerArrayConfig
SEVEN = (1, 3, 7, 17, 41, 101, 239)
POWERS = tuple(2**i for i in range(10))


def a2(channels: int, position_size: int = 0) -> TcnConfig:
    kernels = (6,) * 14 + (15, 15) + (6,) * 7
    layers = Array(channels, kernels, (*SEVEN, *SEVEN, 1, 13, *SEVEN), "leaky_relu", head_kernel_size=16)
    return TcnConfig((layers,), position_size)


def a1(wide: int, narrow: int, layers: int = 10) -> TcnConfig:
    """layers: of the first array. Standard's dilations run twice through the powers of two; the smaller networks' first
    array ends at 64 and the second goes on from there, as Neural Amp Modeler's trainer and real captures have it."""
    dilations = POWERS + POWERS
    first = Array(wide, (3,) * layers, dilations[:layers], head_size=narrow)
    return TcnConfig((first, Array(narrow, (3,) * (20 - layers), dilations[layers:])))


NETWORKS = {
    "A2-Full": (a2(8), 8296, 141_100),
    "A2-Lite": (a2(3), 2145, 48_750),
    "A1 standard": (a1(16, 8), 9737, 143_200),
    "A1 feather": (a1(8, 4, 7), 2734, 97_650),
    "A1 nano": (a1(4, 2, 7), 1032, 61_800),
}
"""Shape, most cycles a frame, most bytes of state: what the kernels reach today, held with half a percent to spare."""


@pytest.mark.parametrize("name", NETWORKS)
def test_no_change_makes_a_known_network_dearer_unseen(name: str) -> None:
    config, cycles, state_bytes = NETWORKS[name]
    report = estimate_cycles(model_of(config))
    assert report.cycles_per_frame <= cycles
    assert report.state_bytes <= state_bytes


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
