"""What set-up installs: everything that pyproject.toml asks for is pinned by its hash, on every Python and system."""

from __future__ import annotations

import re
import tomllib

from tests.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / "constraints.txt").read_text(encoding="utf-8").strip())


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_pin_has_a_version_and_hashes() -> None:
    for pin in LOCK:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", pin), pin
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", pin), (
            f"{pin.splitlines()[0]} has no hash; run: make constraints"
        )


def test_everything_asked_for_is_pinned() -> None:
    installed = ("dev", "docs", "hardware", "research")
    asked = [*PROJECT["dependencies"], *(one for extra in installed for one in PROJECT["optional-dependencies"][extra])]
    pinned = {plain(re.match(r"[A-Za-z0-9._-]+", pin)[0]) for pin in LOCK} | {"torch"}  # type: ignore[index]
    missing = {re.match(r"[A-Za-z0-9._-]+", one)[0] for one in asked}  # type: ignore[index]
    assert {name for name in missing if plain(name) not in pinned} == set(), "run: make constraints"


def test_pytorch_is_pinned_by_version() -> None:
    assert re.search(r"^torch==\d+\.\d+\.\d+$", (ROOT / "constraints-torch.txt").read_text(), re.MULTILINE)


def test_a_pin_that_no_supported_python_can_have_is_bounded() -> None:
    """1.3 is for Python 3.10 and older, and uv heeds no upper bound of a Python: set-up failed from 3.12 on."""
    pin = next(pin for pin in LOCK if pin.startswith("backports-strenum=="))
    assert tuple(map(int, re.search(r"==(\d+)\.(\d+)", pin).groups())) < (1, 3)  # type: ignore[union-attr]
