"""Opens `.nam` files: JSON, checked against the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from gritspace.train.errors import InputError
from gritspace.train.network.nam.records import Container, Model, NamError, Record, refusal
from gritspace.train.text_file import read_json

R = TypeVar("R", bound=Record)


OLDEST, NEWEST = (0, 5), (0, 7)
"""Formats, as (major, minor): what NeuralAmpModelerCore 0.5 loads."""


def read_model(path: Path) -> Model:
    """A file's outermost record. Raises NamError, which names the file."""
    try:
        document = read_json(path)
    except InputError as error:
        raise NamError(str(error).replace(": ", ": not a .nam file, ", 1)) from error
    with naming(path):
        model = record(Model, document)
        _refuse_other_formats(model)
        return model


def _refuse_other_formats(model: Model) -> None:
    """A file that states no version is taken for what it looks like."""
    version = model.version
    if version is None:
        return
    found = re.fullmatch(r"(\d{1,6})\.(\d{1,6})\.\d{1,6}", version) if isinstance(version, str) else None
    if found is None:
        raise NamError(f"its version is {version!r:.40}; it should be a text like '0.5.4'; export it again")
    said = int(found[1]), int(found[2])
    if not OLDEST <= said <= NEWEST:
        which = "older than 0.5, which is all that" if said < OLDEST else "newer than 0.7, which is all that"
        raise NamError(f"it is of format {version}, {which} can be read; export it again as 0.5 to 0.7")


def record(kind: type[R], given: Any) -> R:
    """What was given as one of `records`. Raises NamError, without a file's name."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise NamError(refusal(error)) from None


def submodels(model: Model) -> list[tuple[str, Model]]:
    """A container's models with their names, smallest first as they stand; of any other file itself, "whole".

    What a submodel does not say of its rate and metadata, its container says for it. A container in a container is the
    last of its own, as Core opens it.
    """
    if model.architecture != "SlimmableContainer":
        return [("whole", model)]
    found = []
    for one in record(Container, model.config).submodels:
        _refuse_other_formats(one.model)
        own = {
            "sample_rate": one.model.sample_rate or model.sample_rate,
            "metadata": model.metadata if one.model.metadata is None else one.model.metadata,
        }
        inner = submodels(one.model.model_copy(update=own))
        if not inner:
            raise NamError("a container in it is a container of nothing; export it again")
        found.append((f"{one.max_value:g}", inner[-1][1]))
    return found


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Refusals that come from inside name the file."""
    try:
        yield
    except NamError as error:
        raise type(error)(f"{path}: {error}") from None
