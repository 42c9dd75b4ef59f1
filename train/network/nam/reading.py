"""Opens `.nam` files: JSON, checked against the schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from gritspace.train.errors import InputError
from gritspace.train.network.nam.records import Container, Model, NamError, Record, refusal
from gritspace.train.text_file import read_json

R = TypeVar("R", bound=Record)


def read_model(path: Path) -> Model:
    """A file's outermost record. Raises NamError, which names the file."""
    try:
        document = read_json(path)
    except InputError as error:
        raise NamError(str(error).replace(": ", ": not a .nam file, ", 1)) from error
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
