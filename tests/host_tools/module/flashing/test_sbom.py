"""The bill of materials: all that is pinned is in it, at the version that is pinned, and nothing is left open."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.module.flashing import sbom
from tests.places import ROOT


def test_every_version_of_the_firmware_s_build_is_exact_and_in_the_bill() -> None:
    text = (ROOT / "firmware" / "platformio.ini").read_text()
    pinned = re.findall(r"([\w-]+)@(\d[\d.]*)", text)
    assert len(pinned) >= 3
    bill = {one["name"]: one["version"] for one in sbom.bill_of_materials("1", "c")["components"]}
    for name, version in pinned:
        assert bill[name] == version
    platforms = re.findall(r"^platform = (.*)$", text, re.MULTILINE)
    assert all("@" in one or "symlink://" in one for one in platforms)


def test_every_pinned_python_package_is_in_the_bill_and_has_a_hash() -> None:
    text = (ROOT / "constraints.txt").read_text()
    blocks = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#") and "==" in block]
    assert len(blocks) > 50
    assert all("--hash=sha256:" in block for block in blocks)
    names = {one["name"] for one in sbom.bill_of_materials("1", "c")["components"]}
    assert {block.split("==")[0] for block in blocks} <= names


def test_the_bill_is_cyclonedx_and_the_same_every_time() -> None:
    bill = sbom.bill_of_materials("1.2.3", "abc")
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert json.dumps(bill) == json.dumps(sbom.bill_of_materials("1.2.3", "abc"))
    refs = [one["bom-ref"] for one in bill["components"]]
    assert len(refs) == len(set(refs))
    assert set(bill["dependencies"][0]["dependsOn"]) <= set(refs)
    assert all(one.get("licenses") for one in bill["components"] if one["scope"] == "required")


def test_the_bill_fits_cyclonedx_s_own_schema_and_a_wrong_one_does_not() -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_5)
    bill = sbom.bill_of_materials("1.2.3", "abc")
    assert validator.validate_str(json.dumps(bill)) is None
    bill["components"][0]["type"] = "nonsense"
    assert validator.validate_str(json.dumps(bill)) is not None


def test_the_notices_name_each_part_of_an_image_its_licences_and_where_it_is_from() -> None:
    text = sbom.notices()
    for one in sbom.components():
        if one.in_image:
            assert f"{one.name} {one.version}" in text
            assert one.source in text
            assert all(licence in text for licence in one.licences)
            assert one.notice in text


@pytest.mark.parametrize("version", ["ststm32", "ststm32@^19", "ststm32@~19.6.0", "ststm32@19"])
def test_a_version_that_is_not_exact_is_refused(tmp_path: Path, version: str) -> None:
    path = tmp_path / "platformio.ini"
    path.write_text(f"[env:daisy_seed]\nplatform = {version}\nplatform_packages =\n  a/b@1.2.3\n")
    with pytest.raises(RigError, match="no exact version"):
        sbom.platformio_versions(path)
