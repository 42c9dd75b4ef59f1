"""PlatformIO's script for the Daisy boards: packs the code that runs from ITCM into the place kept for it in flash."""

import subprocess
import sys
from pathlib import Path

Import("env")  # noqa: F821  (PlatformIO gives it)

sys.path.insert(0, env.subst("$PROJECT_DIR"))  # noqa: F821
from packing import pack  # noqa: E402


def pack_itcm(target, source, env):  # type: ignore[no-untyped-def]
    """After linking: .itcm goes into .itcm_packed, a length and an LZ4 block, and is not loaded by itself any more."""
    elf = Path(str(target[0]))
    objcopy = env.subst("$OBJCOPY")
    plain, packed = elf.with_suffix(".itcm"), elf.with_suffix(".packed")
    subprocess.run([objcopy, "-O", "binary", "-j", ".itcm", str(elf), str(plain)], check=True)
    subprocess.run([objcopy, "-O", "binary", "-j", ".itcm_packed", str(elf), str(packed)], check=True)
    room = packed.stat().st_size
    block = pack(plain.read_bytes())
    sys.stdout.write(f"ITCM: {plain.stat().st_size} bytes packed into {4 + len(block)} of {room}\n")
    if 4 + len(block) > room:
        sys.stderr.write("Error: the packed code needs more room; raise ITCM_PACKED_BYTES in the linker script\n")
        return 1
    packed.write_bytes((len(block).to_bytes(4, "little") + block).ljust(room, b"\xff"))
    changes = ["--update-section", f".itcm_packed={packed}", "--set-section-flags", ".itcm=alloc"]
    subprocess.run([objcopy, *changes, str(elf)], check=True)
    return 0


env.AddPostAction("$BUILD_DIR/${PROGNAME}.elf", pack_itcm)  # noqa: F821
