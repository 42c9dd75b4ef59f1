"""JSON and TOML from strangers: read whole, or refused in one sentence that names the file."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, NoReturn

from gritspace.train.errors import InputError

MAX_BYTES = 512 << 20


def read_text(path: Path) -> str:
    """UTF-8, with or without a byte order mark. Raises InputError."""
    path = Path(path)
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: it has more than {MAX_BYTES >> 20} MB, as no such file has; check what it is.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file; check the path.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: this is no text in UTF-8 ({error.reason}); check what it is.") from error
    except OSError as error:
        raise InputError(f"{path}: it could not be read ({error.strerror}); check the name.") from error


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
