"""Hosted continuous integration cannot run here; what can be checked is that its files are well-formed and that every
step is a make target that can."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.door.test_docs import TARGETS
from tests.places import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_workflows_are_what_their_schema_allows() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_step_is_a_make_target_that_exists(path: Path) -> None:
    for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
        targets = job.get("strategy", {}).get("matrix", {}).get("target", [])
        for step in job["steps"]:
            if "run" in step and not step["run"].startswith("gh release"):
                named = re.fullmatch(r"make (\$\{\{ matrix\.target \}\}|[a-z-]+)", step["run"])
                assert named, step["run"]
                assert set(targets if named[1].startswith("$") else [named[1]]) <= TARGETS
