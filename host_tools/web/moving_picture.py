"""What a command says, as it says it, as a small moving picture: an SVG whose lines appear one after the other.

    gritspace demo | python -m gritspace.host_tools.web.moving_picture "gritspace demo" docs/demo.svg

Long waits are shortened: a line stays away for at most LONGEST_WAIT_SECONDS. No script, and nothing else is loaded.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from gritspace.train.output_file import write_whole
from gritspace.train.plain_text import printable

COLUMNS, LINE_HEIGHT, MARGIN, FONT_SIZE = 100, 22, 20, 15
LONGEST_WAIT_SECONDS, LAST_SECONDS, TYPING_SECONDS = 1.6, 4.0, 1.2


def timed(lines: Iterable[str]) -> list[tuple[float, str]]:
    """Each line with the seconds from the beginning to it."""
    began = time.monotonic()
    return [(time.monotonic() - began, line.rstrip("\n")) for line in lines]


def drawn(command: str, lines: Sequence[tuple[float, str]]) -> str:
    """The SVG: a prompt with the command, then every line at its time, from the beginning again after the last.

    >>> drawn("gritspace --version", [(0.1, "gritspace 1.0")]).count("<text")
    2
    """
    shown, at, before = [(0.0, f"$ {command}")], TYPING_SECONDS, 0.0
    for seconds, line in lines:
        at += min(seconds - before, LONGEST_WAIT_SECONDS)
        before = seconds
        shown.append((at, line))
    whole = at + LAST_SECONDS
    height = 2 * MARGIN + LINE_HEIGHT * len(shown)
    width = 2 * MARGIN + round(COLUMNS * FONT_SIZE * 0.6)
    texts = []
    for row, (when, line) in enumerate(shown):
        share = 100 * when / whole
        text = escape(printable(line[:COLUMNS]))
        name = f"l{row}"
        texts.append(
            f"<style>@keyframes {name}{{0%,{share:.2f}%{{opacity:0}}{min(share + 0.01, 100):.2f}%,100%{{opacity:1}}}}"
            f".{name}{{animation:{name} {whole:.1f}s steps(1) infinite}}</style>"
            f'<text class="{name}" x="{MARGIN}" y="{MARGIN + LINE_HEIGHT * (row + 0.7):.0f}">{text}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(command)} in a terminal">'
        f'<rect width="100%" height="100%" rx="10" fill="#171412"/>'
        f'<g font-family="ui-monospace,Menlo,Consolas,monospace" font-size="{FONT_SIZE}" fill="#e7e5e4" '
        'style="white-space:pre">'
        f"{''.join(texts)}</g></svg>\n"
    )


if __name__ == "__main__":
    write_whole(Path(sys.argv[2]), drawn(sys.argv[1], timed(sys.stdin)).encode())
