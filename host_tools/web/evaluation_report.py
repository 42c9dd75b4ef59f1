"""What a listening test reads of a report of `gritspace evaluate`. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gritspace.train.records import OpenRecord, read_record
from gritspace.train.text_file import read_json


class SplitRecord(OpenRecord):
    """How well a space knows a device's settings."""

    esr: float | None = None


class DeviceRecord(OpenRecord):
    """A device of the report. seen: the settings that were trained at."""

    seen: SplitRecord | None = None


class ReportRecord(OpenRecord):
    """What is read of a report of `gritspace evaluate`. space: its file's name."""

    space: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00]*$")]
    space_sha256: str
    devices: dict[str, DeviceRecord]


def read_report(path: Path) -> ReportRecord:
    """A report's JSON. Raises InputError for what is none."""
    advice = "give the .json that `gritspace evaluate -o report.html` writes beside its page"
    return read_record(ReportRecord, read_json(path, advice), str(path), advice)
