"""SCons' part: compiler, flags, the image."""

import os
import shutil
import sys
from pathlib import Path

from SCons.Script import AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
project = Path(env.subst("$PROJECT_DIR"))


def stop(sentence: str) -> None:
    """Ends the build with a sentence."""
    sys.stderr.write(f"Error: {sentence}\n")
    env.Exit(1)


if shutil.which("arm-none-eabi-gcc") is None:
    stop(
        "arm-none-eabi-gcc is not on the PATH; install it "
        "(Debian: apt install gcc-arm-none-eabi libnewlib-arm-none-eabi)"
    )

machine = [f"-mcpu={board.get('build.cpu')}", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard"]
env.Replace(
    AR="arm-none-eabi-ar",
    AS="arm-none-eabi-as",
    CC="arm-none-eabi-gcc",
    CXX="arm-none-eabi-g++",
    OBJCOPY="arm-none-eabi-objcopy",
    RANLIB="arm-none-eabi-ranlib",
    SIZETOOL="arm-none-eabi-size",
    SIZECHECKCMD="$SIZETOOL -B -d $SOURCES",
    SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
    SIZEPROGREGEXP=r"^\s*(\d+)\s+(\d+)\s+\d+\s",
    SIZEDATAREGEXP=r"^\s*\d+\s+(\d+)\s+(\d+)\s+\d+",
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
    ENV=os.environ,
)
env.Append(
    ASFLAGS=machine,
    CCFLAGS=[
        *machine,
        "-O3",
        "-g",
        "-Wall",
        "-Wextra",
        "-Wconversion",
        "-Werror",
        "-ffunction-sections",
        "-fdata-sections",
    ],
    CFLAGS=["-std=c11"],
    LINKFLAGS=[*machine, "-O3", "-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections", "-Wl,--fatal-warnings"],
)
env.Replace(LDSCRIPT_PATH=str(project / board.get("build.ldscript")))

image = env.BuildProgram()
AlwaysBuild(env.Alias("size", image, env.VerboseAction("$SIZEPRINTCMD", "Calculating size $SOURCE")))
Default([image])
