"""Building the real module's firmware where it cannot be built."""

from __future__ import annotations

from pathlib import Path

import pytest

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.module.flashing import firmware_build


def test_without_platformios_registry_the_daisy_seeds_build_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretender = tmp_path / "platformio"  # the real one tries for a minute before it gives up with these lines
    pretender.mkdir()
    (pretender / "__init__.py").touch()  # without it the real one's __init__.py counts more
    (pretender / "__main__.py").write_text(
        "print('Platform Manager: Installing ststm32 @ ^19.6.0')\nprint('HTTPClientError: ')\nraise SystemExit(1)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RigError, match=r"registry cannot be reached.*gritspace build sim"):
        firmware_build.build("daisy_seed", build_dir=tmp_path / "build")


def test_an_unknown_board_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RigError, match="sim, daisy_seed"):
        firmware_build.build("daisy_petal")
