"""Every `gritspace` line that a page shows names a command that exists, with options and as many names as it has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gritspace.host_tools.cli import app
from tests.door.test_docs import PAGES
from tests.places import ROOT

LINE = re.compile(r"^ {4}(?:\.venv/bin/)?(gritspace [^#\n]*)", re.MULTILINE)
INLINE = re.compile(r"`(gritspace [^`\n]*)`")


def shown(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [line.strip() for line in LINE.findall(text) + INLINE.findall(text)]


def unknown(line: str) -> str | None:
    """What is wrong with a command as it is shown; None: nothing."""
    words = [word for word in shlex.split(line)[1:] if word not in ("...", "…")]
    command: Any = get_command(app)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        name = words.pop(0)
        if "|" in name:  # presets get|put
            name = name.split("|")[0]
        if name not in command.commands:
            return f"there is no command {name!r}"
        command = command.commands[name]
    options = {"-h", "--help"}.union(*(one.opts + one.secondary_opts for one in command.params))
    for word in words:
        name = word.split("=")[0].strip("[]")
        if name.startswith("-") and not re.fullmatch(r"-\.?\d.*", name) and name not in options:
            return f"{name} is no option of it"
    return None


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if shown(page) and page.name != "mistakes.md"],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_commands_that_a_page_shows_exist(page: Path) -> None:
    wrong = {line: problem for line in shown(page) if (problem := unknown(line))}
    assert not wrong
