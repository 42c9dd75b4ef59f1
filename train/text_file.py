"""JSON and TOML from strangers: read whole, or refused in one sentence that names the file."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, NoReturn

from gritspace.train.errors import InputError
from gritspace.train.whole_file import read_bytes


def read_text(path: Path) -> str:
    """UTF-8, with or without a byte order mark. Raises InputError."""
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: this is no text in UTF-8 ({error.reason}); check what it is.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: Path, advice: str = "fetch the file again") -> Any:
    """Whatever the file holds; no NaN, no infinities, no halves of characters. Raises InputError."""
    text = read_text(path)
    try:
        value = json.loads(text, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{path}: a text in it is no text: it holds half a character; {advice}.") from error
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{path}: this is no JSON, or it is cut short ({why}); {advice}.") from error
    return value


def read_toml(path: Path, advice: str = "mend it") -> dict[str, Any]:
    """Raises InputError."""
    return parse_toml(read_text(path), str(path), advice)


def parse_toml(text: str, where: str, advice: str = "mend it") -> dict[str, Any]:
    """where: what to call the text in complaints. Raises InputError."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{where}: this is no TOML that can be read ({why}); {advice}.") from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
