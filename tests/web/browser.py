"""Chromium for tests: the page served on loopback and driven by playwright-core."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from gritspace.host_tools.web.wasm import ROOT

HERE = Path(__file__).resolve().parent
PACKAGE = ROOT / "host_tools" / "web" / "package.json"
SECONDS = 600


def what_is_missing() -> str | None:
    """Why Chromium cannot be driven here, and how it could; None if it can."""
    if shutil.which("node") is None:
        return "Node is missing (apt install nodejs)"
    if browser() is None:
        return "Chromium is missing (apt install chromium)"
    if not (PACKAGE.parent / "node_modules" / "playwright-core").is_dir():
        return "playwright-core is missing (make web, or npm ci --prefix host_tools/web)"
    return None


def browser() -> str | None:
    """Chromium's path."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def firefox() -> str | None:
    """Firefox's path."""
    return os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")


def drive_firefox(url: str, **asked: Any) -> dict[str, Any]:
    """Runs firefox.mjs and returns what it found."""
    environment = {**os.environ, "FIREFOX": firefox() or ""}
    arguments = ["node", "--experimental-websocket", str(HERE / "firefox.mjs"), url, json.dumps(asked, default=str)]
    return _found(arguments, environment)


def command(scenario: str, url: str, asked: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """How a scenario is run, and its environment."""
    environment = {**os.environ, "CHROMIUM": browser() or "", "NODE_PATH_FROM": str(PACKAGE)}
    return ["node", str(HERE / "drive.mjs"), scenario, url, json.dumps(asked, default=str)], environment


def drive(scenario: str, url: str, **asked: Any) -> dict[str, Any]:
    """Runs a scenario of drive.mjs and returns what it found."""
    return _found(*command(scenario, url, asked))


def _found(arguments: list[str], environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
