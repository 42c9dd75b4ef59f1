"""The browser's module: engine, module and the web board as one WebAssembly file, by clang and lld alone.

The file is kept under build/web, named by a hash of its sources and flags, so that a changed source is never mistaken
for an old one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from gritspace.host_tools.errors import RigError

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
KEPT = ROOT / "build" / "web"
FLAGS = (
    "--target=wasm32",
    "-std=c11",
    "-O2",
    "-mbulk-memory",
    "-ffreestanding",
    "-nostdlib",
    "-fno-strict-aliasing",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Werror",
    "-Wl,--no-entry",
    "-Wl,--strip-all",
    "-Wl,-z,stack-size=131072",
)
SIMD = "-msimd128"


def sources() -> list[Path]:
    """The C files, in order. The Cortex-M7's own kernels leave themselves out."""
    rooms = (FIRMWARE / "engine", FIRMWARE / "module", FIRMWARE / "boards" / "web")
    return sorted(path for room in rooms for path in room.rglob("*.c") if "m7" not in str(path.relative_to(FIRMWARE)))


def headers() -> list[Path]:
    """What they include."""
    rooms = (FIRMWARE / "engine", FIRMWARE / "module", FIRMWARE / "boards" / "web")
    return sorted(path for room in rooms for path in room.rglob("*.h"))


def clang() -> str | None:
    """A clang that builds WebAssembly, with its linker beside it; None if there is none."""
    brew = ("/opt/homebrew/opt/llvm/bin/clang", "/usr/local/opt/llvm/bin/clang")  # Apple's own builds no WebAssembly
    candidates = [os.environ.get("WASM_CLANG"), "clang", *(f"clang-{n}" for n in range(21, 13, -1)), *brew]
    for name in candidates:
        path = name and shutil.which(name)
        if path and _links(path):
            return path
    return None


def _links(compiler: str) -> bool:
    said = subprocess.run([compiler, "--print-targets"], capture_output=True, text=True, check=False)
    if "wasm32" not in said.stdout:
        return False
    named = subprocess.run([compiler, "--print-prog-name=wasm-ld"], capture_output=True, text=True, check=False)
    return shutil.which(named.stdout.strip()) is not None


def build_wasm(simd: bool = True, defines: tuple[str, ...] = ()) -> Path:
    """The module's WebAssembly; compiles it unless it is there already. simd: with SIMD128 kernels, as the page has it.

    Raises RigError, with what to install, where there is no such compiler, and with its first error where it fails.
    """
    flags = (*FLAGS, *((SIMD,) if simd else ()), *defines)
    digest = hashlib.sha256("\0".join(flags).encode())
    for path in (*sources(), *headers()):
        digest.update(str(path.relative_to(FIRMWARE)).encode() + b"\0" + path.read_bytes())
    wanted = KEPT / f"module-{digest.hexdigest()[:16]}.wasm"
    if wanted.exists():
        return wanted
    compiler = clang()
    if compiler is None:
        raise RigError(
            "there is no clang that builds WebAssembly: install clang and lld "
            "(Debian: apt install clang lld; macOS: brew install llvm lld)"
        )
    KEPT.mkdir(parents=True, exist_ok=True)
    web = FIRMWARE / "boards" / "web"
    includes = [f"-isystem{web / 'libc'}", f"-I{web}", f"-I{FIRMWARE / 'engine'}", f"-I{FIRMWARE / 'module'}"]
    with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
        built = Path(scratch) / wanted.name
        command = [compiler, *flags, *includes, *map(str, sources()), "-o", str(built)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=FIRMWARE)
        if done.returncode != 0:
            error = re.search(r"^.*error: .*$", done.stderr, re.MULTILINE)
            raise RigError(f"the browser's module did not compile: {error.group(0) if error else done.stderr.strip()}")
        os.replace(built, wanted)
    return wanted
