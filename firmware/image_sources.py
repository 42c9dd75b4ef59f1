"""PlatformIO's script for what an image takes beside the listed sources and flags: the model, the assembly kernels."""

import os
import sys
from pathlib import Path

Import("env")  # noqa: F821  (PlatformIO gives it)

project = Path(env.subst("$PROJECT_DIR"))  # noqa: F821
model = Path(os.environ.get("GRITSPACE_MODEL_C") or project / "models" / "factory.c")
if not model.is_file():
    sys.stderr.write(f"Error: there is no model at {model}; make one: gritspace export MODEL --to c -o {model}\n")
    env.Exit(1)  # noqa: F821
# PlatformIO names an object after its source's stem, and kernels_m7.S stands beside kernels_m7.c.
assembly = [
    env.Object(f"$BUILD_DIR/assembly/{source.stem}.o", str(source))  # noqa: F821
    for source in sorted(project.glob("engine/**/*.S"))
]
env.Append(PIOBUILDFILES=[env.Object("$BUILD_DIR/model.o", str(model)), *assembly])  # noqa: F821
if env.subst("$PIOENV").startswith("daisy_"):  # noqa: F821
    env.Append(LINKFLAGS=["-flto=auto"])  # noqa: F821

    def compile_alone(env, node):  # type: ignore[no-untyped-def]
        """The engine keeps out of link-time optimisation, which would draw its functions out of the fast memory."""
        return env.Object(node, CCFLAGS=[*env["CCFLAGS"], "-fno-lto"])

    def compile_small(env, node):  # type: ignore[no-untyped-def]
        """What the audio interrupt never runs is made small."""
        return env.Object(node, CCFLAGS=[*env["CCFLAGS"], "-Os"])

    env.AddBuildMiddleware(compile_alone, "*engine*")  # noqa: F821
    for folder in ("answers", "memory", "streaming", "wire"):
        env.AddBuildMiddleware(compile_small, f"*module/{folder}/*")  # noqa: F821
    for file in ("analog", "clock", "codec", "flash", "i2c", "memory", "pins", "sdram", "start", "stop"):
        env.AddBuildMiddleware(compile_small, f"*daisy_{file}.c")  # noqa: F821
