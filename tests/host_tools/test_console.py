"""Nothing that a file says acts on the terminal or passes for markup."""

import json

import pytest

from gritspace.host_tools import cli, console
from gritspace.host_tools.pages.page import as_text
from gritspace.train.errors import InputError

EVIL = "\x1b]0;owned\x07\x1b[2J[red]x[/nothing]\ud800\x9b31m\u202e"


def harmless(text):
    text.encode("utf-8")
    assert not any((ord(one) < 32 and one != "\n") or 127 <= ord(one) < 160 or one == "\u202e" for one in text)
    assert "[red]x[/nothing]" in text


@pytest.mark.parametrize(
    "show",
    [
        console.say,
        lambda text: console.print_table(("a", "b>"), [(text, text)], text),
        lambda text: console.out().print(text, markup=False),
        lambda text: console.print_training(
            {"esr_by_device": {text: 0.1}, "median_esr": 0.1, "median_mrsl": 0.1, "space": text}
            | {"macs_per_frame": 1, "seed": 0}
        ),
    ],
)
def test_text_from_a_file_is_shown_and_does_nothing(capsys, show):
    show(EVIL)
    harmless(capsys.readouterr().out)


def test_an_error_that_quotes_a_file_is_one_harmless_line(capsys, monkeypatch):
    def fail(**_):
        raise InputError(EVIL + "\nsecond line")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    said = capsys.readouterr().err
    harmless(said)
    assert len(said.strip().splitlines()) == 1


def test_json_for_programs_holds_no_control_either(capsys):
    console.print_json({"name": EVIL})
    said = capsys.readouterr().out
    assert not any(ord(one) < 32 and one != "\n" for one in said)
    assert json.loads(said)["name"] == EVIL


def test_a_page_escapes_names_and_keeps_pictures():
    from jinja2 import Environment

    page = Environment(autoescape=True, finalize=as_text).from_string("<p>{{ name }}</p>{{ picture | safe }}{{ n }}")
    said = page.render(name="<script>\x1b\ud800", picture="<svg>\n</svg>", n=3)
    assert said == "<p>&lt;script&gt;??</p><svg>\n</svg>3"
