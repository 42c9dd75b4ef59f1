"""The one verdict: by products at once, by a draft in seconds, by the model itself; all the same limit."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from gritspace.host_tools.models import verdict
from gritspace.quantize.cycles.real_time import LIMIT_CYCLES
from gritspace.quantize.cycles.shapes import NETWORKS
from gritspace.quantize.cycles.whole import Price, WholePrice
from gritspace.quantize.network.network import Network, from_tcn
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.network.tcn import LayerArrayConfig, Tcn, TcnConfig
from tests.quantize.conftest import noise

ONE = Price(1.0, 1.0)


def network(channels: int, layers: int) -> Network:
    """Tanh, three taps."""
    torch.manual_seed(0)
    return from_tcn(
        Tcn(TcnConfig((LayerArrayConfig(channels, (3,) * layers, tuple(2 ** (n % 9) for n in range(layers))),)))
    )


def test_products_that_no_core_can_do_are_refused_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_work(*_: object) -> None:
        raise AssertionError("nothing is to be made or priced")

    monkeypatch.setattr(verdict, "quantize", no_work)
    large = network(16, 20)
    assert large.macs_per_frame > 2 * LIMIT_CYCLES
    why = verdict.too_slow(large)
    assert why is not None
    assert f"{large.macs_per_frame:,} products" in why
    assert f"{LIMIT_CYCLES:,}" in why


def test_a_draft_is_priced_as_the_model_is_and_judged_by_the_same_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    small = network(4, 4)
    assert verdict.too_slow(small) is None
    price = WholePrice(ONE, Price(9000.0, LIMIT_CYCLES + 200.0), {"fast": 1, "slow": 0}, True, {})
    monkeypatch.setattr(verdict, "price_of", lambda model: price)
    assert verdict.too_slow(small) == price.verdict()
    assert not price.admitted
    assert "does not play" in price.verdict()
    monkeypatch.setattr(verdict, "price_of", lambda model: replace(price, whole=Price(9000.0, LIMIT_CYCLES + 50.0)))
    assert verdict.too_slow(small) is None  # too near: only the model itself can tell
    monkeypatch.setattr(verdict, "price_of", lambda model: replace(price, whole=ONE, has_room=False))
    assert "no room" in (verdict.too_slow(small) or "")


def test_the_limit_itself_is_admitted_and_a_tenth_above_it_is_not() -> None:
    at = WholePrice(ONE, Price(1.0, float(LIMIT_CYCLES)), {"fast": 1, "slow": 0}, True, {})
    assert at.admitted
    assert not replace(at, whole=Price(1.0, LIMIT_CYCLES + 0.1)).admitted
    assert not replace(at, has_room=False).admitted


@pytest.mark.slow
def test_a1_standard_is_refused_before_any_work_at_the_figure_that_the_model_itself_has() -> None:
    torch.manual_seed(1)
    standard = from_tcn(Tcn(NETWORKS["A1 standard"]))
    before = verdict.too_slow(standard)
    assert before is not None
    price = verdict.price_of(quantize(standard, noise()))
    assert price is not None
    assert not price.admitted
    assert "does not play" in before
    said = re.search(r"([\d,]+) of", before)
    assert said is not None
    assert int(said[1].replace(",", "")) == pytest.approx(price.whole.pessimistic, rel=1e-3)
