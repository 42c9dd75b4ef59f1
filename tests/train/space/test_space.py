from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gritspace.train.errors import InputError
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.space import space as space_module
from gritspace.train.space.encoder import EncoderConfig, mel_filters
from gritspace.train.space.space import Space, SpaceConfig, load_space, save_space
from gritspace.train.space.steps import rescale


def small(seed: int = 0, stored: int = 2) -> Space:
    torch.manual_seed(seed)
    decoder = TcnConfig((LayerArrayConfig(4, (3, 3), (1, 2), activation="leaky_relu"),), 4 + stored, film_hidden=5)
    return Space(SpaceConfig(decoder, EncoderConfig(mels=24, channels=4))).eval()


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return 0.2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_a_saved_space_comes_back_with_all_it_knows(tmp_path: Path) -> None:
    space = small()
    space.positions = {"rat@distortion=0,filter=1": [0.1, -0.2, 0.3, 1.0, 0.0, -1.0]}
    space.gains, space.licences = {"rat": 0.5}, {"rat": "MIT"}
    space.attributes = {"rat@distortion=0,filter=1": [-40.0, 0.5, -90.0, 1.0]}
    save_space(space, tmp_path / "s.pt")
    again = load_space(tmp_path / "s.pt")
    assert again.config == space.config
    assert (again.positions, again.gains, again.licences) == (space.positions, space.gains, space.licences)
    assert again.attributes == space.attributes
    dry, position = noise(2, 4000), noise(2, 6)
    assert torch.equal(again.render(dry, position), space.render(dry, position))
    assert torch.equal(again.encoder(dry, dry)[0], space.encoder(dry, dry)[0])


def test_a_long_clip_in_pieces_sounds_as_in_one(monkeypatch) -> None:
    space = small()
    dry, position = noise(1, 70_000), noise(1, 6)
    with torch.no_grad():
        whole = space.decoder(F.pad(dry, (space.decoder.config.receptive_field - 1, 0)), space.decoder.film(position))
    assert torch.allclose(space.render(dry, position), whole, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_bytes(b"nothing of the kind"), "no space"),
        (lambda path: torch.save({"format": "something"}, path), "no space"),
        (lambda path: torch.save([1, 2], path), "no space"),
        (lambda path: torch.save({"format": "gritspace space", "version": 99}, path), "version 99"),
        (lambda path: torch.save({"format": "gritspace space", "version": 1}, path), "damaged"),
    ],
)
def test_a_file_that_is_no_space_is_refused(tmp_path: Path, make, reason: str) -> None:
    path = tmp_path / "s.pt"
    make(path)
    with pytest.raises(InputError, match=reason) as caught:
        load_space(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_space_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    save_space(small(), tmp_path / "s.pt")
    whole = (tmp_path / "s.pt").read_bytes()
    for share in (0.1, 0.5, 0.9, 0.999):
        (tmp_path / "cut.pt").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(InputError):
            load_space(tmp_path / "cut.pt")


def test_code_hidden_in_a_file_is_not_run(tmp_path: Path) -> None:
    class Hidden:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"format": "gritspace space", "version": 1, "config": Hidden()}, tmp_path / "s.pt")
    with pytest.raises(InputError):
        load_space(tmp_path / "s.pt")
    assert not (tmp_path / "ran").exists()


def test_a_full_disk_keeps_the_old_space(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "s.pt"
    save_space(small(), path)
    before = path.read_bytes()

    def full(*args: object) -> None:
        raise RuntimeError("[enforce fail at inline_container.cc] . PytorchStreamWriter failed writing file")

    monkeypatch.setattr(space_module.torch, "save", full)
    with pytest.raises(InputError, match="could not be written"):
        save_space(small(1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_rescaling_moves_positions_and_nothing_that_is_heard() -> None:
    space = small()
    dry, wet = noise(3, 8000), noise(3, 8000, seed=1)
    with torch.no_grad():
        mean, log_variance = space.encoder(dry, wet)
        before = space.render(dry, mean)
        centre, half = torch.linspace(-0.3, 0.4, 6), torch.linspace(0.2, 3.0, 6)
        rescale(space, centre, half)
        moved, moved_log_variance = space.encoder(dry, wet)
    assert torch.allclose(moved, (mean - centre) / half, atol=1e-5)
    assert torch.allclose(moved_log_variance, log_variance - 2 * half.log(), atol=1e-5)
    assert torch.allclose(space.render(dry, moved), before, atol=1e-5)


def test_mel_filters_cover_every_frequency_once_and_average() -> None:
    filters = mel_filters(40, 2048).numpy()
    assert np.allclose(filters.sum(1), 1, atol=1e-6)
    centres = filters.argmax(1)
    assert (np.diff(centres) >= 0).all()
    hz = np.arange(1025) * 48_000 / 2048
    mel_1000 = np.abs(hz[centres] - 1000).argmin()
    below = 2595 * np.log10(1 + 1000 / 700) - 2595 * np.log10(1 + 40 / 700)
    whole = 2595 * np.log10(1 + 24_000 / 700) - 2595 * np.log10(1 + 40 / 700)
    assert abs(mel_1000 + 1 - 41 * below / whole) < 1


def test_the_encoder_sees_a_full_scale_sine_at_its_level() -> None:
    space = small()
    sine = torch.sin(2 * torch.pi * 1000 * torch.arange(8192) / 48_000)[None]
    loud, soft = space.encoder.views(sine), space.encoder.views(sine / 100)
    assert torch.allclose(
        (loud - soft).max(1).values, torch.tensor(2.0), atol=0.01
    )  # 40 dB, half a decade of power each


def test_a_space_has_at_least_the_played_dimensions() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        SpaceConfig(TcnConfig((LayerArrayConfig(4, (3,), (1,)),), position_size=3))
