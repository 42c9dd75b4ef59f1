"""A report as one HTML file: the template of a room on the one base, with the words and players that all have."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from gritspace.host_tools.console import esr_text
from gritspace.host_tools.pages.words import ESR_MEANS, mood_of, verdict_of
from gritspace.train.output_file import written_whole
from gritspace.train.plain_text import printable

SCRIPT = Path(__file__).with_name("player.js")


def rendered(package: str, template: str, **values: Any) -> str:
    """The page, with everything in it: nothing is loaded from elsewhere. package: where the template lies."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("gritspace.host_tools.pages", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=as_text,
        trim_blocks=True,
    )
    environment.globals.update(
        esr=esr_text,
        esr_means=ESR_MEANS,
        verdict_of=verdict_of,
        mood_of=mood_of,
        made_at=datetime.now().strftime("%Y-%m-%d %H:%M"),
        script=SCRIPT.read_text(encoding="utf-8"),
    )
    return environment.get_template(template).render(**values)


def as_text(value: Any) -> Any:
    """For templates: a text without characters that act on a reader or cannot be encoded; markup stays markup."""
    return type(value)(printable(value, lines=True)) if isinstance(value, str) else value


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all. Raises InputError, naming the file, when it cannot."""
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
