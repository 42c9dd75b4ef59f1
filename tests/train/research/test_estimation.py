"""Estimators, the matcher, the contrastive loss, the maps between positions and knobs."""

import numpy as np
import pytest
import torch

from gritspace.train.devices.chains.chain_file import parse_chain
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.errors import InputError
from gritspace.train.matching.contrastive import (
    EffectsEncoder,
    EffectsEncoderConfig,
    load_encoder,
    nt_xent,
    save_encoder,
    train_effects_encoder,
)
from gritspace.train.matching.estimator import WAYS, Estimator, EstimatorConfig, masked_error, train_estimator
from gritspace.train.matching.matching import FRAMES, KNOWN, load_matcher, save_matcher, train_matcher, windows
from gritspace.train.matching.similarity import embed_devices, embed_recording, most_similar
from gritspace.train.research.space_matching import fit_map
from gritspace.train.research.space_ways import Discriminator, permuted, total_correlation
from tests.conftest import tones

NAN = float("nan")


def test_knobs_a_device_has_not_do_not_count():
    settings = torch.tensor([[0.2, 0.4], [0.6, NAN]])
    estimate = torch.tensor([[0.2, 0.5], [0.8, 0.9]], requires_grad=True)
    error = masked_error(estimate, settings)
    assert float(error.detach()) == pytest.approx((0.1**2 + 0.2**2) / 3)
    error.backward()
    assert estimate.grad is not None
    assert float(estimate.grad[1, 1]) == 0


def task(count=300):
    """Pictures of three devices in which the knobs stand in plain sight: the level of one band each."""
    rng = np.random.default_rng(0)
    device = np.arange(count) % 3
    settings = rng.random((count, 3)).astype(np.float32)
    pictures = rng.normal(0, 0.1, (count, 16, 20)).astype(np.float32)
    for knob, size in ((0, (1, 2, 3)), (1, (2, 3)), (2, (3,))):
        has = np.isin(device + 1, size)
        pictures[has, knob * 2 : knob * 2 + 2] += settings[has, knob, None, None]
        settings[~has, knob] = np.nan
    pictures[np.arange(count), 10 + device] += 1
    return torch.from_numpy(pictures), torch.from_numpy(device), torch.from_numpy(settings)


@pytest.mark.parametrize("way", WAYS)
def test_each_way_learns_knobs_that_stand_in_plain_sight(way):
    pictures, device, settings = task()
    config = EstimatorConfig((1, 2, 3), way, 8, 16, 16)
    estimator = train_estimator(pictures[:240], device[:240], settings[:240], config, 150, 0, per_device=16)
    with torch.no_grad():
        knobs, logits = estimator(pictures[240:], device[240:])
    there = ~settings[240:].isnan()
    assert float((knobs - settings[240:]).abs()[there].mean()) < 0.12  # 0.25 is what 0.5 everywhere would give
    assert not knobs[~there].any()
    if way == "separate":
        assert logits is None
        with pytest.raises(ValueError, match="cannot tell devices apart"):
            estimator.devices(pictures)
    else:
        assert (logits.argmax(1) == device[240:]).float().mean() > 0.9


def test_only_the_separate_way_has_an_encoder_for_each_device_and_only_joint_joint_one_decoder():
    counts = {way: Estimator(EstimatorConfig((1, 2, 3), way)) for way in WAYS}
    assert [len(counts[way].encoders) for way in WAYS] == [3, 1, 1]
    assert [len(counts[way].decoders) for way in WAYS] == [3, 3, 1]
    with pytest.raises(ValueError, match="way is"):
        EstimatorConfig((1,), "apart")


def test_the_contrastive_loss_is_the_papers_sum():
    torch.manual_seed(0)
    one, other = torch.randn(5, 8), torch.randn(5, 8)
    rows = torch.nn.functional.normalize(torch.cat([one, other]))
    total = 0.0
    for i in range(10):
        alike = [float(rows[i] @ rows[j]) / 0.3 for j in range(10)]
        partner = (i + 5) % 10
        total -= alike[partner] - np.log(sum(np.exp(alike[j]) for j in range(10) if j != i))
    assert float(nt_xent(one, other, 0.3)) == pytest.approx(total / 10, rel=1e-5)


@pytest.fixture(scope="module")
def encoder():
    """Trained on bands that say the device, under content that says nothing."""
    rng = np.random.default_rng(0)
    device = np.repeat(np.arange(10), 8)
    pictures = rng.normal(0, 1, (80, 64, 1)) + rng.normal(0, 0.2, (80, 64, 40))
    pictures += 2 * np.random.default_rng(9).normal(size=(10, 64, 1))[device]
    pictures = torch.tensor(pictures, dtype=torch.float32)
    return train_effects_encoder(pictures, device, 60, 0, columns=24), pictures, device


def test_contrast_brings_a_device_together_over_what_is_played(encoder, tmp_path):
    trained, pictures, device = encoder
    places = trained.embed(pictures)
    assert np.allclose(np.linalg.norm(places, axis=1), 1, atol=1e-5)
    alike = places @ places.T
    same = device[:, None] == device[None]
    np.fill_diagonal(same, False)
    assert alike[same].mean() > alike[device[:, None] != device[None]].mean() + 0.5
    save_encoder(trained, tmp_path / "e.pt", ["MIT", "GPL-3.0-only", "MIT"])
    again = load_encoder(tmp_path / "e.pt")
    assert np.array_equal(again.embed(pictures), places)
    assert again.licences == ["GPL-3.0-only", "MIT"]
    (tmp_path / "bad.pt").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"bad\.pt"):
        load_encoder(tmp_path / "bad.pt")


def test_what_a_recording_is_like_is_found_by_likeness():
    torch.manual_seed(0)
    untrained = EffectsEncoder(EffectsEncoderConfig()).eval()
    kinds = ("soft_clip", "bit_crush", "rate_reduce", "peak")
    chains = [parse_chain(f'name = "{kind}"\n[[effect]]\nkind = "{kind}"', kind) for kind in kinds]
    found, places = embed_devices(untrained, chains)
    assert [one.label for one in found] == list(kinds)
    wet = tones(48_000)
    near = most_similar(untrained, wet, chains, count=3)
    assert [one.likeness for one in near] == sorted((one.likeness for one in near), reverse=True)
    expected = dict(zip([one.label for one in found], places @ embed_recording(untrained, wet), strict=True))
    assert near[0].likeness == pytest.approx(max(expected.values()))
    assert near[0].likeness == pytest.approx(expected[near[0].label])
    with pytest.raises(InputError, match="silence"):
        embed_recording(untrained, np.zeros(48_000, np.float32))
    with pytest.raises(InputError, match="too short"):
        embed_recording(untrained, wet[:1000])


def test_a_matcher_is_the_same_after_a_file_and_refuses_what_is_no_sound(tmp_path):
    matcher = train_matcher(clips=12, steps=30)
    wet = CIRCUITS[0].render(tones(24_000)[None], np.array([[0.9, 0.5]], np.float32))[0]
    found = matcher.match(wet)
    assert {match.device for match in found} == {device.name for device in KNOWN}
    assert sum(match.chance for match in found) == pytest.approx(1, abs=1e-5)
    assert all(0 <= value <= 1 for match in found for value in match.knobs.values())
    assert [match.chance for match in found] == sorted((match.chance for match in found), reverse=True)
    save_matcher(matcher, tmp_path / "m.pt")
    assert load_matcher(tmp_path / "m.pt").match(wet) == found
    louder = matcher.match(0.1 * wet)
    assert louder[0].device == found[0].device  # level says nothing
    for bad, words in ((np.zeros(24_000, np.float32), "silence"), (wet[: FRAMES - 1], "too short")):
        with pytest.raises(InputError, match=words):
            windows(bad)


def positions_of(knobs, device):
    """A bent space of four dimensions: two say the knobs, by device in another way, two say nothing."""
    rng = np.random.default_rng(1)
    x, y = knobs.T
    one = np.stack([np.exp(x) + 0.3 * y, y - 0.5 * x**2], 1)
    other = np.stack([np.sin(1.5 * y), 2 - x], 1)
    told = np.where(device[:, None] == 0, one, other)
    return np.concatenate([told, rng.normal(size=(len(x), 2))], 1) + rng.normal(0, 0.01, (len(x), 4))


def test_a_flow_closes_exactly_and_knows_the_knobs_while_regressors_only_nearly_close():
    rng = np.random.default_rng(0)
    knobs, device = rng.random((900, 2)), rng.integers(2, size=900)
    places = positions_of(knobs, device)
    everything = [torch.tensor(v, dtype=t) for v, t in ((places, torch.float32), (knobs, torch.float32))]
    kinds = torch.from_numpy(device)
    held, held_kinds = everything[1][700:], kinds[700:]
    flow = fit_map("flow", everything[0][:700], everything[1][:700], kinds[:700], 0)
    back = flow.knobs(flow.positions(held, held_kinds), held_kinds)
    assert float((back - held).abs().max()) < 0.01
    assert float((flow.knobs(everything[0][700:], held_kinds) - held).abs().mean()) < 0.05
    assert flow.macs() > 0
    regressors = fit_map("regressors", everything[0][:700], everything[1][:700], kinds[:700], 0)
    assert float((regressors.knobs(everything[0][700:], held_kinds) - held).abs().mean()) < 0.05


def test_the_flows_volume_change_is_its_jacobians():
    torch.manual_seed(0)
    flow = fit_map("flow", torch.randn(64, 3), torch.rand(64, 2), torch.zeros(64, dtype=torch.long), 0)
    place, kind = torch.randn(1, 3), torch.zeros(1, dtype=torch.long)
    transform = flow._transform(kind)
    _, ladj = transform.call_and_ladj(place)
    jacobian = torch.autograd.functional.jacobian(lambda z: transform(z)[0], place)[:, 0]
    assert float(ladj.detach()) == pytest.approx(float(torch.linalg.slogdet(jacobian).logabsdet), abs=1e-4)


def test_a_discriminator_finds_correlation_where_there_is_some():
    torch.manual_seed(0)
    rho = 0.9
    for correlated in (False, True):
        x, y = torch.randn(2, 4000)
        places = torch.stack([x, rho * x + (1 - rho**2) ** 0.5 * y if correlated else y], 1)
        discriminator = Discriminator(2)
        optimizer = torch.optim.Adam(discriminator.parameters(), 3e-3)
        for _ in range(150):
            own, apart = discriminator(places), discriminator(permuted(places))
            loss = torch.nn.functional.softplus(-own).mean() + torch.nn.functional.softplus(apart).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        expected = -0.5 * np.log(1 - rho**2) if correlated else 0.0
        assert float(total_correlation(discriminator, places).detach()) == pytest.approx(expected, abs=0.25)
