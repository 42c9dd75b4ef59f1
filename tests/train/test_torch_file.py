"""Rot in what is kept: one flipped bit anywhere is noticed before a weight is used, and what can be remade is."""

import hashlib
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gritspace.train import sealed_file
from gritspace.train.audio.signals import synthetic
from gritspace.train.errors import InputError
from gritspace.train.network.tcn import LayerArrayConfig, Tcn, TcnConfig
from gritspace.train.sealed_file import sealed
from gritspace.train.snapshot.snapshot import Snapshot, load_snapshot, save_snapshot
from gritspace.train.space import checkpoint
from gritspace.train.space.data.pairs import render_pairs
from gritspace.train.space.data.renders import RenderCache
from gritspace.train.space.encoder import EncoderConfig
from gritspace.train.space.space import Space, SpaceConfig, load_space, save_space
from gritspace.train.torch_file import load_torch
from tests.places import ROOT
from tests.reliability import campaign, cases

FLIPS = cases(200, 1_000)


def flipped(data: bytes, rng: random.Random) -> bytes:
    """One bit, anywhere."""
    at = rng.randrange(8 * len(data))
    changed = bytearray(data)
    changed[at // 8] ^= 1 << at % 8
    return bytes(changed)


def a_space(path: Path) -> Callable[[Path], object]:
    decoder = TcnConfig((LayerArrayConfig(4, (3, 3), (1, 2), activation="leaky_relu"),), 6, film_hidden=5)
    save_space(Space(SpaceConfig(decoder, EncoderConfig(mels=24, channels=4))), path)
    return load_space


def a_snapshot(path: Path) -> Callable[[Path], object]:
    save_snapshot(Snapshot(Tcn(TcnConfig((LayerArrayConfig(4, (3,), (1,)),))), "x"), path)
    return load_snapshot


def a_checkpoint(path: Path) -> Callable[[Path], object]:
    model = nn.Linear(30, 20)
    optimizer = torch.optim.AdamW(model.parameters())
    checkpoint.save(path, "print", checkpoint.Progress(3), model, optimizer)
    return lambda path: checkpoint.load(path, "print", model, optimizer)


@pytest.mark.parametrize("make", [a_space, a_snapshot, a_checkpoint])
def test_each_of_many_flipped_bits_is_noticed(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path, rng = tmp_path / "x.pt", random.Random(make.__name__)
    load = make(path)
    load(path)
    data = path.read_bytes()
    with campaign(f"one flipped bit: {make.__name__.removeprefix('a_')}") as told:
        for _ in range(FLIPS):
            path.write_bytes(flipped(data, rng))
            with pytest.raises(InputError, match="damaged"):
                load(path)
            told.cases += 1
    path.write_bytes(data)
    load(path)


@pytest.mark.parametrize("end", ["cut", "longer", "seal gone"])
def test_what_is_cut_or_grown_is_noticed(tmp_path: Path, end: str) -> None:
    path = tmp_path / "x.pt"
    load = a_space(path)
    data = path.read_bytes()
    path.write_bytes({"cut": data[:-1], "longer": data + b"x", "seal gone": data[: -sealed_file.COMMENT_BYTES]}[end])
    with pytest.raises(InputError, match="damaged"):
        load(path)


def test_a_sealed_file_is_an_archive_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    a_space(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.comment.startswith(b"gritspace sha256 ")
    assert torch.load(path, weights_only=True)["format"] == "gritspace space"


def test_an_old_file_loads_and_says_that_it_carries_no_checksum(tmp_path: Path, capsys) -> None:
    torch.save({"old": torch.ones(3)}, tmp_path / "old.pt")
    for _ in range(2):
        assert load_torch(tmp_path / "old.pt", "space")["old"].sum() == 3
    assert capsys.readouterr().err.count("carries no checksum") == 1


def test_an_old_file_that_a_list_beside_it_knows_is_checked_by_the_list(tmp_path: Path, capsys) -> None:
    path = tmp_path / "old.pt"
    torch.save({"old": torch.ones(300)}, path)
    data = path.read_bytes()
    (tmp_path / "SHA256SUMS").write_text(f"{hashlib.sha256(data).hexdigest()}  old.pt\n{'0' * 64}  other.pt\n")
    load_torch(path, "space")
    assert capsys.readouterr().err == ""
    rng = random.Random(1)
    for _ in range(50):
        path.write_bytes(flipped(data, rng))
        with pytest.raises(InputError, match="damaged"):
            load_torch(path, "space")


def test_only_an_archive_without_a_comment_can_be_sealed(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "x.pt")
    once = sealed((tmp_path / "x.pt").read_bytes())
    with pytest.raises(ValueError, match="no zip archive"):
        sealed(once)


class Counting:
    kind, licence, knobs, name = "circuit", "MIT", ("drive",), "counting"

    def render(self, dry: np.ndarray, settings: np.ndarray) -> np.ndarray:
        return np.tanh(dry * (1 + 3 * settings)).astype(np.float32)


def test_renders_with_a_flipped_bit_are_made_again(tmp_path: Path) -> None:
    dry = synthetic(0.4, 3)

    def rendered() -> tuple[torch.Tensor, RenderCache]:
        cache = RenderCache(tmp_path, 1.0)
        return render_pairs([Counting()], dry, 0.1, with_attributes=False, cache=cache).wet[:].clone(), cache

    whole, _ = rendered()
    rng, files = random.Random(5), sorted(one for one in tmp_path.iterdir() if one.suffix in (".f32", ".json"))
    kept = {path: path.read_bytes() for path in files}
    again, cache = rendered()
    assert (cache.found, cache.made) == (1, 0)
    with campaign("one flipped bit: render in the cache, remade each time") as told:
        for turn in range(cases(40, 1_000)):
            path = files[turn % 4 == 0]  # three times in four the samples
            path.write_bytes(flipped(kept[path], rng))
            again, cache = rendered()
            assert (cache.remade, cache.found) == (1, 0), path
            assert torch.equal(again, whole)
            told.cases += 1


@pytest.mark.parametrize("path", sorted((ROOT / "spaces").glob("*.pt")), ids=lambda path: path.name)
def test_the_spaces_that_come_along_are_whole_and_known(path: Path, capsys) -> None:
    kind = "matcher" if path.stem == "matcher" else "space"
    assert load_torch(path, kind)["format"] == f"gritspace {kind}"
    assert capsys.readouterr().err == "", f"cd spaces && sha256sum {path.name} >>SHA256SUMS, or save it with a checksum"
