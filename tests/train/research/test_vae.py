"""The variational objectives against torch.distributions, sampling, and sums over a grid; IDX files."""

import gzip
import json
import math
import struct

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from gritspace.train.errors import InputError
from gritspace.train.research.bernoulli_vae import BernoulliVae, train_bernoulli_vae
from gritspace.train.research.idx import mnist_images, read_idx
from gritspace.train.research.mel_vae import MelVaeConfig, kl_by_dimension, measured, train_mel_vae
from gritspace.train.research.tables.digits import spread


def test_the_divergence_is_pytorchs():
    mean, log_variance = torch.randn(7, 3), torch.randn(7, 3)
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).mean(0)
    assert torch.allclose(kl_by_dimension(mean, log_variance), expected, atol=1e-6)


@pytest.fixture(scope="module")
def small_vae():
    """Two dimensions, 16 pixels: stripes of either direction."""
    torch.manual_seed(0)
    rows = torch.bernoulli(torch.full((400, 4, 1), 0.5)).expand(400, 4, 4)
    turned = torch.where(torch.rand(400, 1, 1) < 0.5, rows, rows.transpose(1, 2)).reshape(400, 16)
    noisy = (turned - (torch.rand(400, 16) < 0.05).float()).abs()
    return train_bernoulli_vae(noisy, 2, 32, 800, 0), noisy


def test_the_grid_sums_to_what_a_decoder_that_ignores_its_input_says():
    torch.manual_seed(0)
    vae = BernoulliVae(6, 2, 4)
    with torch.no_grad():
        vae.decoder[2].weight.zero_()
    pictures = torch.bernoulli(torch.full((5, 6), 0.5))
    chance = torch.sigmoid(vae.decoder[2].bias)
    expected = (pictures * chance.log() + (1 - pictures) * (1 - chance).log()).sum(1)
    assert torch.allclose(vae.by_quadrature(pictures), expected.detach(), atol=1e-4)


def test_the_bound_lies_below_the_likelihood_and_many_samples_come_up_to_it(small_vae):
    vae, pictures = small_vae
    torch.manual_seed(1)
    with torch.no_grad():
        bound = float(np.mean([float(vae.bound(pictures)) for _ in range(50)]))
    one = float(np.mean([float(vae.importance_weighted(pictures, 1).mean()) for _ in range(50)]))
    many = float(vae.importance_weighted(pictures, 2000).mean())
    exact = float(vae.by_quadrature(pictures).mean())
    assert one == pytest.approx(bound, abs=0.15)  # one sample is the bound
    assert bound < exact
    assert many == pytest.approx(exact, abs=0.05)
    assert exact > -16 * math.log(2) + 0.5  # it learned something


def test_a_grid_over_three_dimensions_is_refused():
    with pytest.raises(ValueError, match="3 dimensions"):
        BernoulliVae(4, 3, 4).by_quadrature(torch.zeros(1, 4))


def pictures_of_two_factors(count):
    """(count, 16, 16): a bump whose place and height vary."""
    rng = np.random.default_rng(0)
    place, height = rng.uniform(3, 13, (count, 1)), rng.uniform(0.5, 2, (count, 1))
    bump = height * np.exp(-((np.arange(16) - place) ** 2) / 8)
    return torch.tensor(np.repeat(bump[:, :, None], 16, axis=2), dtype=torch.float32)


def test_beta_trades_reconstruction_for_nats_and_puts_dimensions_to_sleep():
    pictures = pictures_of_two_factors(300)
    config = MelVaeConfig(16, 16, 6, hidden=32)
    free, tight = (measured(train_mel_vae(pictures, config, beta, 250, 0), pictures) for beta in (0.0, 60.0))
    assert tight.kl_nats < 0.5 * free.kl_nats
    assert tight.error_db > free.error_db
    assert tight.active < free.active
    spread = float((pictures - pictures.mean((0, 2)).unsqueeze(1)).square().mean().sqrt()) * 20
    assert free.error_db < 0.35 * spread


def test_pictures_that_do_not_halve_three_times_are_refused():
    with pytest.raises(ValueError, match="multiples of 8"):
        train_mel_vae(torch.zeros(4, 20, 16), MelVaeConfig(20, 16), 1.0, 1, 0)


def idx_bytes(images):
    return struct.pack(">BBBBIII", 0, 0, 8, 3, *images.shape) + images.tobytes()


@pytest.mark.parametrize("packed", [False, True])
def test_mnists_files_are_read_plain_or_packed(tmp_path, packed):
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8)
    name = "t10k-images-idx3-ubyte" + (".gz" if packed else "")
    (tmp_path / name).write_bytes(gzip.compress(idx_bytes(images)) if packed else idx_bytes(images))
    assert np.array_equal(mnist_images(tmp_path, "test"), images)


@pytest.mark.parametrize("damage", ["short", "long", "magic", "type", "head", "gzip"])
def test_damaged_idx_files_are_told(tmp_path, damage):
    data = idx_bytes(np.zeros((2, 3, 3), np.uint8))
    path = tmp_path / ("x.gz" if damage == "gzip" else "x")
    broken = {"short": data[:-1], "long": data + b"\0", "magic": b"x" + data[1:], "type": data[:2] + b"\r" + data[3:]}
    path.write_bytes(broken.get(damage, data[:7]))
    with pytest.raises(InputError, match="fetch it again"):
        read_idx(path)


def test_a_folder_without_mnist_is_told(tmp_path):
    with pytest.raises(InputError, match="train-images-idx3-ubyte"):
        mnist_images(tmp_path, "train")


def test_the_packaged_digits_are_parted_by_their_place_and_damage_is_told(tmp_path):
    folder = tmp_path / "src" / "digits"
    folder.mkdir(parents=True)
    shares = np.random.default_rng(3).random((10, 10, 28, 28)).round(3)
    for digit in range(10):
        (folder / f"{digit}.json").write_text(json.dumps({"data": shares[digit].ravel().tolist()}))
    train, test = (mnist_images(tmp_path, part) for part in ("train", "test"))
    assert train.shape == (80, 28, 28)
    assert test.shape == (20, 28, 28)
    assert np.abs(test[3] / 255 - shares[1, 5]).max() <= 0.5 / 255 + 1e-9
    assert np.abs(train[0] / 255 - shares[0, 1]).max() <= 0.5 / 255 + 1e-9
    (folder / "7.json").write_text('{"data": [0, 1, 0]}')
    with pytest.raises(InputError, match="these are no digits"):
        mnist_images(tmp_path, "test")


def test_pictures_to_measure_are_from_all_kinds_though_they_come_kind_by_kind() -> None:
    kinds = torch.arange(10.0).repeat_interleave(800)[:, None]
    found = spread(kinds, 2000)
    assert found.unique(return_counts=True)[1].tolist() == pytest.approx([200] * 10, abs=1)
    assert torch.equal(spread(kinds[::800], 2000), kinds[::800])
