"""What a release is made of: a bill of materials (CycloneDX 1.5), and the notices that others' code asks for.

Parts of an image: firmware/third_party.toml, their versions from platformio.ini. What it takes to build and to use the
tools: the pinned Python packages of constraints.txt, with their hashes.
"""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gritspace.host_tools.errors import RigError
from gritspace.quantize.firmware_sources import FIRMWARE
from gritspace.train.errors import InputError
from gritspace.train.text_file import read_text, read_toml

ENVIRONMENT = "env:daisy_seed"
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_EXACT = re.compile(r"^(?:[\w-]+/)?([\w-]+)@(\d+(?:\.\d+)+)$")


@dataclass(frozen=True)
class Component:
    """One of third_party.toml. version: its own, or of what it is a part of."""

    name: str
    version: str
    title: str
    in_image: bool
    licences: tuple[str, ...]
    source: str
    notice: str


def platformio_versions(path: Path = FIRMWARE / "platformio.ini") -> dict[str, str]:
    """The exact versions of a Daisy's platform and packages. Raises RigError for one that is not exact."""
    settings = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";",))
    settings.read_string(read_text(path))
    section = settings[ENVIRONMENT]
    wanted = [section["platform"], *section["platform_packages"].split()]
    found = {}
    for one in wanted:
        exact = _EXACT.match(one.strip())
        if exact is None:
            raise RigError(f"{path}: {one!r} is no exact version; write NAME@1.2.3.")
        found[exact[1]] = exact[2]
    return found


def components(path: Path = FIRMWARE / "third_party.toml") -> list[Component]:
    """What others wrote. Raises RigError if platformio.ini and the list do not go together."""
    versions = platformio_versions()
    rows = read_toml(path)["component"]
    made = []
    for row in rows:
        of = row.get("part_of", row["name"])
        if of not in versions:
            raise RigError(f"{path}: {row['name']} belongs to {of}, which platformio.ini does not name.")
        licences = tuple(row["licences"])
        made.append(
            Component(
                row["name"], versions[of], row["title"], row["in_image"], licences, row["source"], row["notice"].strip()
            )
        )
    missing = versions.keys() - {one.name for one in made}
    if missing:
        raise RigError(f"{path}: {sorted(missing)[0]} is in platformio.ini and not in this list; add it.")
    return made


def python_packages(path: Path = FIRMWARE.parent / "constraints.txt") -> dict[str, str]:
    """The pinned packages. Raises InputError if the file is not there."""
    return dict(_PINNED.findall(read_text(path)))


def bill_of_materials(version: str, commit: str) -> dict[str, Any]:
    """CycloneDX 1.5, as JSON. The same inputs give the same bytes: no time, no random number."""
    parts = [
        {
            "type": "library" if one.in_image else "application",
            "bom-ref": f"firmware/{one.name}",
            "name": one.name,
            "version": one.version,
            "description": one.title,
            "scope": "required" if one.in_image else "excluded",
            "licenses": [{"expression": " AND ".join(_expression(name) for name in one.licences)}],
            "externalReferences": [{"type": "website", "url": one.source}],
        }
        for one in components()
    ]
    packages = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name.lower()}@{pinned}",
            "name": name,
            "version": pinned,
            "purl": f"pkg:pypi/{name.lower()}@{pinned}",
            "scope": "excluded",
        }
        for name, pinned in sorted(python_packages().items(), key=lambda pair: pair[0].lower())
    ]
    about = {"type": "firmware", "bom-ref": "gritspace", "name": "gritspace", "version": version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {**about, "properties": [{"name": "commit", "value": commit}]}},
        "components": parts + packages,
        "dependencies": [
            {"ref": "gritspace", "dependsOn": [f"firmware/{one.name}" for one in components() if one.in_image]}
        ],
    }


def notices() -> str:
    """The text that goes with an image."""
    lines = ["Gritspace's images contain code of others, beside Gritspace's own (MIT licence, file LICENSE).", ""]
    for one in components():
        if one.in_image:
            heading = f"{one.title} ({one.name} {one.version})"
            lines += [heading, "=" * len(heading), f"Licences: {', '.join(one.licences)}", f"From: {one.source}"]
            lines += [one.notice, ""]
    return "\n".join(lines)


def project_version(path: Path = FIRMWARE.parent / "pyproject.toml") -> str:
    """Of this checkout. Raises InputError."""
    try:
        return str(read_toml(path)["project"]["version"])
    except KeyError as error:
        raise InputError(f"{path}: the key {error} is missing; mend it.") from error


def _expression(licence: str) -> str:
    return f"({licence})" if " " in licence else licence
