"""A hardware-in-the-loop report as JUnit XML: what continuous integration shows as passed and failed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from gritspace.train.output_file import written_whole

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(report: dict[str, Any], suite: str = "gritspace hil") -> str:
    """One test case for each take, and for each of soak and late blocks where the report has them."""
    cases = []
    for module in report.get("modules", [report]):
        of = f"{suite}.{module['rig_module']}" if "rig_module" in module else suite
        for model in [module, *module.get("models", [])]:
            where = f"{of}.{model['model_name']}"
            cases += [
                (where, take["name"], take["seconds_of_audio"], _differ(take["differing_samples"]))
                for take in model["takes"]
            ]
        if "soak" in module:
            soak = module["soak"]
            cases.append(
                (of, f"soak, {soak['minutes']:g} minutes", 60 * soak["minutes"], _differ(soak["differing_samples"]))
            )
        late = module["xruns"] + module.get("soak", {}).get("xruns", 0)
        cases.append((of, "no block comes late", 0.0, f"{late} blocks came late" if late else ""))
    root = ElementTree.Element("testsuites")
    failures = sum(1 for case in cases if case[3])
    element = ElementTree.SubElement(
        root, "testsuite", name=suite, tests=str(len(cases)), failures=str(failures), errors="0", skipped="0"
    )
    for where, name, seconds, failure in cases:
        case = ElementTree.SubElement(
            element, "testcase", classname=_clean(where), name=_clean(name), time=f"{seconds:.3f}"
        )
        if failure:
            ElementTree.SubElement(case, "failure", message=failure).text = failure
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def write_junit(report: dict[str, Any], path: Path) -> None:
    """Writes the file whole or not at all. Raises InputError when it cannot."""
    with written_whole(path) as beside:
        beside.write_text(junit_xml(report), encoding="utf-8")


def _differ(samples: int) -> str:
    return f"{samples} samples differ from the integer model" if samples else ""


def _clean(text: str) -> str:
    return _NO_XML.sub("?", text)
