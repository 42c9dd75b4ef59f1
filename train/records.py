"""What a file may say, as pydantic models: checked whole, and refused in one sentence, before anything is computed."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from gritspace.train.errors import InputError


class Record(BaseModel):
    """Numbers are numbers, finite, and nothing is converted; a key that is not known is refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class OpenRecord(Record):
    """The same, for a format that others write too: keys that are not known are passed over."""

    model_config = ConfigDict(extra="ignore")


R = TypeVar("R", bound=Record)


def read_record(kind: type[R], values: object, where: str, advice: str) -> R:
    """Values from a file -> its record. where: what to call the file in the complaint; advice: what to do about it.

    Raises InputError that names the first thing wrong.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{where}: {fault(error, kind)}; {advice}.") from error


def refuse_odd_facts(facts: dict[str, Any]) -> None:
    """Raises ValueError unless they are plain values: they go into other files as they are."""
    try:
        json.dumps(facts, allow_nan=False)
    except (TypeError, RecursionError) as error:
        raise ValueError("its facts are no plain values") from error


def fault(error: ValidationError, kind: type[BaseModel]) -> str:
    """The first thing wrong with a record, in words."""
    first: Any = error.errors(include_url=False)[0]
    name = _place(first["loc"])
    if first["type"] == "missing":
        return f"the key {name!r} is missing"
    if first["type"] == "extra_forbidden":
        beside = f"; there are {', '.join(kind.model_fields)}" if len(first["loc"]) == 1 else ""
        return f"{name!r} is unknown{beside}"
    if first["type"] == "value_error":
        said = str(first["ctx"]["error"])
        return said if not name else f"{name}: {said}"
    wanted = re.sub(r" or instance of \w+$", "", first["msg"].replace("Input should be ", ""))
    wanted = wanted.replace("a valid dictionary", "an object of keys and values")
    return f"{name or 'it'} is {_shown(first['input'])}, and should be {wanted}"


def _place(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text[:80]


def _shown(value: object) -> str:
    try:
        return f"{value!r:.40}"
    except ValueError:  # a whole number of more digits than Python turns into text
        return "a number too long to show"
