"""Opens `.nam` files: JSON, checked against the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from gritspace.train.network.nam.records import Container, Model, NamError, Record, refusal

R = TypeVar("R", bound=Record)


def read_model(path: Path) -> Model:
    """A file's outermost record. Raises NamError, which names the file."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise NamError(f"{path}: it cannot be read ({error.strerror}); check the name.") from error
    except (ValueError, RecursionError) as error:
        reason = f"this is no JSON, or it is cut short ({error})"
        raise NamError(f"{path}: not a .nam file, {reason}; fetch the file again.") from error
    with naming(path):
        return record(Model, document)


def record(kind: type[R], given: Any) -> R:
    """What was given as one of `records`. Raises NamError, without a file's name."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise NamError(refusal(error)) from None


def submodels(model: Model) -> list[tuple[str, Model]]:
    """A container's models with their names, smallest first as they stand; of any other file itself, "whole"."""
    if model.architecture != "SlimmableContainer":
        return [("whole", model)]
    return [(f"{one.max_value:g}", one.model) for one in record(Container, model.config).submodels]


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Refusals that come from inside name the file."""
    try:
        yield
    except NamError as error:
        raise NamError(f"{path}: {error}") from None
