"""What is named is made ready to play: a model as it is, a space on the way and only once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gritspace.host_tools.models import ready_model as ready
from gritspace.quantize.model import grit
from gritspace.train.errors import InputError


def test_a_space_is_quantized_on_the_way_once(
    space_file: Path, model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told: list[str] = []
    made = ready.ready_model(space_file, told.append)
    assert len(told) == 1
    assert "gritspace quantize" in told[0]
    assert made.metadata["made_from"] == space_file.name

    def again(path: Path) -> None:
        raise AssertionError("quantized twice")

    monkeypatch.setattr(ready, "_quantized", again)
    assert grit.to_bytes(ready.ready_model(space_file, told.append)) == grit.to_bytes(made)
    assert grit.to_bytes(ready.ready_model(model_file)) == model_file.read_bytes()
    assert len(told) == 1


def test_what_no_module_plays_as_it_is_says_how_to_go_on(tmp_path: Path) -> None:
    capture = tmp_path / "amp.json"
    capture.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"gritspace quantize .*amp\.json -o model\.grit"):
        ready.ready_model(capture)
