"""PlatformIO's script for what an image takes beside the listed sources and flags: the model, the assembly kernels."""

import os
import sys
from pathlib import Path

Import("env")  # noqa: F821  (PlatformIO gives it)

sys.path.insert(0, env.subst("$PROJECT_DIR"))  # noqa: F821
from compile_flags import flags_of  # noqa: E402

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

    def compile_in_its_place(env, node):  # type: ignore[no-untyped-def]
        """As compile_flags.py says; the node as it is where that says nothing."""
        flags = flags_of(Path(node.srcnode().get_abspath()), project)
        return env.Object(node, CCFLAGS=[*env["CCFLAGS"], *flags]) if flags else node

    env.AddBuildMiddleware(compile_in_its_place)  # noqa: F821
