import json
import math
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from gritspace.train.audio.rows import Rows
from gritspace.train.audio.signals import synthetic
from gritspace.train.bench import compare_networks as compare
from gritspace.train.bench.compare_networks import NETWORKS, Contestant, Row, as_table, trained
from gritspace.train.space.data.pairs import PairSet


def pair_set(seconds: float, seed: int) -> PairSet:
    dry = torch.from_numpy(synthetic(seconds, seed)).repeat(3, 1)
    wet = torch.tanh(dry * torch.tensor([[1.0], [5.0], [20.0]]))
    return PairSet(["a", "b", "c"], ["a", "b", "c"], Rows(list(dry)), Rows(list(wet)), {})


def test_every_network_is_one_the_engine_can_run_within_its_budget() -> None:
    for name, config in NETWORKS.items():
        assert config.macs_per_frame <= 12_000, name
        assert config.arrays[0].channels % 2 == 0


def test_a_low_rank_contestant_bends_its_weights_by_the_sum_of_its_products() -> None:
    torch.manual_seed(0)
    contestant = Contestant("tanh-16-low-rank", 2)
    assert contestant.low_rank is not None
    place = torch.randn(16)
    with torch.no_grad():
        bent = contestant.low_rank(contestant.decoder, place)
        layer, name = contestant.decoder.arrays[0].layers[3], "arrays.0.layers.3.conv.weight"
        amounts = contestant.low_rank.amounts(place).view(10, compare.RANK)[3]
        left, right = contestant.low_rank.left[3], contestant.low_rank.right[3]
        expected = layer.conv.weight + torch.einsum("r,ro,ri->oi", amounts, left, right).view_as(layer.conv.weight)
        assert torch.allclose(bent[name], expected, atol=1e-6)
        dry = torch.randn(2, 2500)
        together = contestant(dry, torch.tensor([0, 1]))
        assert torch.allclose(together[1:], contestant(dry[1:], torch.tensor([1])), atol=1e-5)
    assert contestant.control_macs() > Contestant("tanh-16", 2).control_macs()


@pytest.mark.parametrize("name", ["tanh-12", "tanh-16-low-rank"])
def test_a_row_says_what_was_trained_and_how_well(name: str, monkeypatch) -> None:
    monkeypatch.setattr(compare, "BATCH", 2)
    row = trained(name, pair_set(1.0, 0), pair_set(0.3, 1), 0.02)
    assert row.steps >= 2
    assert row.macs_per_frame == NETWORKS[name].macs_per_frame
    assert 0 < row.q25 <= row.median <= row.q75 < math.inf


@pytest.mark.parametrize("name", ["tanh-12", "tanh-16-low-rank"])
def test_a_contestant_learns_with_all_it_has(name: str) -> None:
    """A fixed number of steps, so that a slow machine changes nothing."""
    torch.manual_seed(0)
    contestant, pairs = Contestant(name, 3), pair_set(0.2, 0)
    lead_in = contestant.decoder.config.receptive_field - 1
    dry, wet = torch.stack(list(pairs.dry)), torch.stack(list(pairs.wet))[:, lead_in:]
    optimizer, errors = torch.optim.Adam(contestant.parameters(), lr=2e-3), []
    start = None if contestant.low_rank is None else contestant.low_rank.amounts.weight.detach().clone()
    for _ in range(60):
        error = (contestant(dry, torch.arange(3)) - wet).square().mean() / wet.square().mean()
        errors.append(error.item())
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    assert errors[-1] < 0.5 * errors[0]
    if contestant.low_rank is not None and start is not None:
        assert not torch.allclose(contestant.low_rank.amounts.weight, start)


def test_a_row_that_was_interrupted_goes_on_where_it_was(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(compare, "BATCH", 2)
    monkeypatch.setattr(compare, "KEEP_EVERY", 0.0)
    checkpoint, steps = tmp_path / "row.checkpoint", 0
    real_step = torch.optim.AdamW.step

    def interrupted(self, *arguments):
        nonlocal steps
        steps += 1
        if steps == 4:
            raise KeyboardInterrupt
        return real_step(self, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained("tanh-12", pair_set(1.0, 0), pair_set(0.3, 1), 1.0, checkpoint=checkpoint)
    kept = torch.load(checkpoint, weights_only=True)
    assert kept["steps"] == 3
    row = trained("tanh-12", pair_set(1.0, 0), pair_set(0.3, 1), kept["spent"] / 60, checkpoint=checkpoint)
    assert row.steps == 3  # its budget was spent
    assert not checkpoint.exists()


def test_rows_that_are_done_are_not_trained_again_and_the_best_comes_first(tmp_path: Path, monkeypatch, capsys) -> None:
    rows = [
        Row(name, 1000, 10, 5, 3.0, 7, 8, 0.1, median, 0.9) for name, median in (("tanh-16", 0.5), ("a2-full", 0.2))
    ]
    out = tmp_path / "rows.json"
    out.write_text(json.dumps([asdict(row) for row in rows]))
    monkeypatch.setattr(compare, "trained", lambda *_, **__: pytest.fail("nothing is missing"))
    arguments = ["compare", "--captures", "x", "--audio", "x", "--only", "tanh-16,a2-full", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", arguments)
    compare.main()
    said = capsys.readouterr().out.splitlines()
    assert said == as_table(rows).splitlines()
    assert [line.split()[1] for line in said[2:]] == ["a2-full", "tanh-16"]
