"""How commands speak: results to stdout, progress to stderr when that is a terminal; tables, JSON, stages."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from gritspace.train.plain_text import printable

PIPE_COLUMNS = 120
"""Width of what goes into a pipe or a file, where there is no terminal to ask."""

Update = Callable[[float, float, str], None]
"""Called with (done, total, a few words): how far a long piece of work is. total 0: not known."""


class _Screen(Console):
    """Prints no text that acts on a terminal, even where one forgot `shown`."""

    def print(self, *objects: Any, **how: Any) -> None:
        """Rich's print; texts are made printable first."""
        super().print(*(printable(one, lines=True) if isinstance(one, str) else one for one in objects), **how)


def out() -> Console:
    """Where results go. Made anew each time, so that it follows a redirected sys.stdout."""
    return _Screen(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else PIPE_COLUMNS)


def err() -> Console:
    """Where progress and complaints go."""
    return _Screen(file=sys.stderr, highlight=False, width=None if sys.stderr.isatty() else PIPE_COLUMNS)


def shown(text: str, lines: bool = False) -> str:
    """Text from anywhere, as the consoles may print it: nothing in it acts on the terminal, nothing is markup."""
    return escape(printable(text, lines))


def say(text: str) -> None:
    """One line of result, verbatim and unwrapped."""
    out().print(shown(text), soft_wrap=True)


def tell(words: str) -> None:
    """On stderr, in a pipe too: a minute's silence would look like a fault."""
    err().print(shown(words), style="dim", soft_wrap=True)


def print_json(value: Any) -> None:
    """A result for programs, as JSON and nothing else."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> None:
    """A table; columns whose name ends in '>' are set flush right."""
    name = None if title is None else shown(title)
    table = Table(title=name, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.rstrip(">"), justify="right" if column.endswith(">") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(shown(cell, lines=True) for cell in row))
    out().print(table)


def esr_text(value: float | None) -> str:
    """An error-to-signal ratio for people: 0.0312, or 3.1e-06 when small."""
    if value is None:
        return "-"
    return f"{value:.1e}" if 0 < value < 1e-3 else f"{value:.4f}"


@contextmanager
def progress(description: str) -> Iterator[Update]:
    """A bar on stderr for one long piece of work, when stderr is a terminal; in a pipe, nothing."""
    if not sys.stderr.isatty():
        yield _untold
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[words]}", style="dim"),
    )
    with Progress(*columns, console=err(), transient=True) as bars:
        task = bars.add_task(shown(description), total=None, words="")

        def update(done: float, total: float, words: str = "") -> None:
            bars.update(task, completed=done, total=total or None, words=shown(words))

        yield update


def _untold(done: float, total: float, words: str = "") -> None:
    """Progress in a pipe: none."""


class Stages:
    """A piece of work in named stages: each shows progress while it runs, then one line with its time.

    quiet: the lines are left out (with --json). `seconds` has every finished stage's wall time, by name.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, description: str) -> Iterator[Update]:
        """Runs a stage; the summary's words can be set by the last update."""
        started, last = time.perf_counter(), [""]
        with progress(description) as update:

            def remember(done: float, total: float, words: str = "") -> None:
                last[0] = words
                update(done, total, words)

            yield remember
        self.seconds[name] = round(time.perf_counter() - started, 2)
        if not self.quiet:
            tail = f"  [dim]{shown(last[0])}[/dim]" if last[0] else ""
            out().print(f"[green]✓[/green] {shown(description):<48} {self.seconds[name]:7.1f} s{tail}", soft_wrap=True)


def print_report(report: Mapping[str, Any]) -> None:
    """What a person wants to know first of a test's report, and where the rest is."""
    good = report["differing_samples"] == 0
    verdict = "[bold green]good[/bold green]" if good else "[bold red]not good[/bold red]"
    screen = out()
    screen.print()
    screen.print(
        f"{verdict}: {report['differing_samples']:,} of {report['frames']:,} samples differ from the integer model"
    )
    facts = [
        ("ESR, integer model against float model", esr_text(report["esr_integer_vs_float"])),
        (f"{report['cycles_unit']} a frame, mean", f"{report['cycles_per_frame']:,.0f}"),
        ("load from converter to converter, p99", _share(report["load"].get("p99"))),
        ("blocks that came late", str(report["xruns"])),
        ("model", f"{report['model_name']}, {report['macs_per_frame']:,} multiplications a frame"),
        ("firmware", str(report["firmware_version"])),
    ]
    for name, value in facts:
        screen.print(f"  {shown(name):<40} {shown(value)}", soft_wrap=True)
    for model in report.get("models", []):
        word = f"{model['differing_samples']:,} of {model['frames']:,} samples differ"
        screen.print(f"  {shown('model ' + model['model_name']):<40} {word}", soft_wrap=True)
    if "soak" in report:
        soak = report["soak"]
        word = f"{soak['rounds']:,} rounds, {soak['differing_samples']:,} of {soak['frames']:,} samples differ"
        screen.print(f"  {'soak':<40} {word}, {soak['xruns']} blocks came late", soft_wrap=True)
    if report["esr_vs_device"]:
        screen.print()
        rows = sorted(report["esr_vs_device"].items(), key=lambda pair: pair[1])
        print_table(("device", "ESR, module against device>"), [(name, esr_text(value)) for name, value in rows])
    screen.print()
    if report["wav_files"]:
        folder = (Path(report["report_html"]).parent / report["wav_files"][0]).parent
        screen.print(f"  to listen to: {shown(str(folder))}/", soft_wrap=True)
    screen.print(f"  report:       {shown(report['report_html'])} and {shown(report['report_json'])}", soft_wrap=True)


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.1f} %"


def print_training(report: Mapping[str, Any]) -> None:
    """What came of a training: each device's error on audio that was not trained on, and what the space costs."""
    if not report["esr_by_device"]:
        return
    print_table(
        ("device", "ESR, held-out audio>"),
        [(name, esr_text(value)) for name, value in sorted(report["esr_by_device"].items(), key=lambda pair: pair[1])],
    )
    say(f"median ESR {esr_text(report['median_esr'])}, median MRSL {report['median_mrsl']:.3f}")
    say(f"{report['space']}: {report['macs_per_frame']:,} multiplications a frame, seed {report['seed']}")
