"""What a command said, as a small moving picture of a terminal: an SVG in which stages run and lines come.

    gritspace demo > demo.txt; python -m gritspace.host_tools.web.moving_picture "make demo" demo.txt docs/demo.svg

A stage's line tells how long it took (console.Stages); here it runs for a share of that, and the same text always makes
the same picture. No script, nothing else is loaded; whoever asks for no motion sees the last frame.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from gritspace.train.output_file import write_whole
from gritspace.train.plain_text import printable

COLUMNS, LINE_HEIGHT, MARGIN, FONT_SIZE = 104, 22, 20, 15
STAGE = re.compile(r"^✓ (?P<what>.*?) +(?P<seconds>\d+\.\d) s(?P<rest>.*)$")
TYPING_SECONDS, LINE_SECONDS, LAST_SECONDS = 1.2, 0.12, 8.0
SHORTEST_STAGE, LONGEST_STAGE, SPED_UP = 0.3, 3.0, 20.0
"""A stage runs for its time, sped up, within these seconds."""
GROUND, INK, DIM, GREEN = "#171412", "#e7e5e4", "#a8a29e", "#86efac"
STYLE = (
    "text{white-space:pre;opacity:0}.last{opacity:1}"
    "@media(prefers-reduced-motion:reduce){text{animation:none!important}.last{opacity:1!important}}"
)


@dataclass(frozen=True)
class Seen:
    """A line of text that is seen from one moment to another, in seconds; the last ones to the end."""

    row: int
    begin: float
    end: float | None
    spans: tuple[tuple[str, str], ...]
    """(colour, text)."""


def script(command: str, lines: Sequence[str]) -> tuple[list[Seen], float]:
    """What is seen when, and how long all of it takes.

    >>> seen, seconds = script("gritspace demo", ["✓ train a space   60.0 s  9 steps", "good"])
    >>> [(one.row, one.begin, one.end) for one in seen]
    [(0, 0.0, None), (1, 1.2, 4.2), (1, 4.2, None), (2, 4.32, None)]
    """
    at = TYPING_SECONDS
    seen = [Seen(0, 0.0, None, ((GREEN, "$ "), (INK, command)))]
    for row, line in enumerate(lines, 1):
        stage = STAGE.match(line)
        if stage:
            took = min(max(float(stage["seconds"]) / SPED_UP, SHORTEST_STAGE), LONGEST_STAGE)
            seen.append(Seen(row, at, round(at + took, 2), ((DIM, f"… {stage['what']}"),)))
            spans: tuple[tuple[str, str], ...] = (
                (GREEN, line[:1]),
                (INK, line[1 : stage.start("rest")]),
                (DIM, stage["rest"]),
            )
        else:
            took, good = LINE_SECONDS, line.startswith("good:")
            spans = ((GREEN, "good"), (INK, line[4:])) if good else ((INK, line),)
        at = round(at + took, 2)
        seen.append(Seen(row, at, None, spans))
    return seen, at + LAST_SECONDS


def drawn(command: str, lines: Sequence[str]) -> str:
    """The SVG: a prompt with the command, then every line at its time, from the beginning again after the last."""
    seen, whole = script(command, lines)
    height = 2 * MARGIN + LINE_HEIGHT * (len(lines) + 1)
    width = 2 * MARGIN + round(COLUMNS * FONT_SIZE * 0.6)
    styles, texts = [], []
    for number, one in enumerate(seen):
        begin, end = 100 * one.begin / whole, 100.0 if one.end is None else 100 * one.end / whole
        frames = f"0%,{begin:.2f}%{{opacity:0}}{begin + 0.01:.2f}%,{end - 0.01:.2f}%{{opacity:1}}"
        frames += "" if one.end is None else f"{end:.2f}%,100%{{opacity:0}}"
        styles.append(f"@keyframes k{number}{{{frames}}}#t{number}{{animation:k{number} {whole:.2f}s linear infinite}}")
        spans = "".join(f'<tspan fill="{colour}">{escape(printable(text))}</tspan>' for colour, text in _cut(one.spans))
        kind = ' class="last"' if one.end is None else ""
        y = MARGIN + LINE_HEIGHT * (one.row + 0.7)
        texts.append(f'<text id="t{number}"{kind} x="{MARGIN}" y="{y:.0f}">{spans}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(command)} in a terminal"><style>{STYLE}{"".join(styles)}</style>'
        f'<rect width="100%" height="100%" rx="10" fill="{GROUND}"/>'
        f'<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" '
        f'font-size="{FONT_SIZE}">{"".join(texts)}</g></svg>\n'
    )


def _cut(spans: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Up to the terminal's width."""
    room, kept = COLUMNS, []
    for colour, text in spans:
        kept.append((colour, text[:room]))
        room -= len(kept[-1][1])
    return kept


if __name__ == "__main__":
    typed, said, to = sys.argv[1:]
    text = Path(said).read_text(encoding="utf-8").rstrip("\n")
    write_whole(Path(to), drawn(typed, text.split("\n")).encode())
