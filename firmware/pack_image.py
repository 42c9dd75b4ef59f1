"""PlatformIO's script for the Daisy boards: packs the code that runs from ITCM into the place kept for it in flash."""

import shutil
import subprocess
import sys
from pathlib import Path

Import("env")  # noqa: F821  (PlatformIO gives it)

sys.path.insert(0, env.subst("$PROJECT_DIR"))  # noqa: F821
from packing import pack  # noqa: E402

FLASH = 0x0800_0000


def flash_bytes(sizes: str) -> int:
    """What `size -A` lists between the flash's first byte and its end, and what is copied from there into RAM."""
    rows = [line.split() for line in sizes.splitlines()]
    found = {row[0]: (int(row[1]), int(row[2])) for row in rows if len(row) == 3 and row[1].isdigit()}
    return sum(size for name, (size, at) in found.items() if name == ".data" or FLASH <= at < FLASH + 0x20000)


def pack_itcm(target, source, env):  # type: ignore[no-untyped-def]
    """After linking: .itcm goes into .itcm_packed, a length and an LZ4 block, and leaves the image.

    The image with both, for a debugger, stays beside it as *.unpacked.elf.
    """
    elf = Path(str(target[0]))
    objcopy = env.subst("$OBJCOPY")
    plain, packed = elf.with_suffix(".itcm"), elf.with_suffix(".packed")
    subprocess.run([objcopy, "-O", "binary", "-j", ".itcm", str(elf), str(plain)], check=True)
    subprocess.run([objcopy, "-O", "binary", "-j", ".itcm_packed", str(elf), str(packed)], check=True)
    room = packed.stat().st_size
    block = pack(plain.read_bytes())
    sys.stdout.write(f"ITCM: {plain.stat().st_size} bytes packed into {4 + len(block)}, room for {room}\n")
    if 4 + len(block) > room:
        sys.stderr.write(f"Error: the firmware will not fit: {4 + len(block) - room} bytes more than the flash has\n")
        return 1
    packed.write_bytes(len(block).to_bytes(4, "little") + block)
    shutil.copyfile(elf, elf.with_suffix(".unpacked.elf"))
    changes = ["--update-section", f".itcm_packed={packed}", "--remove-section", ".itcm"]
    said = subprocess.run([objcopy, *changes, str(elf)], capture_output=True, text=True)
    if said.returncode != 0:  # else it only wonders at the segment that is empty now
        sys.stderr.write(said.stderr)
        return 1
    image = subprocess.run([env.subst("$SIZETOOL"), "-A", str(elf)], check=True, capture_output=True, text=True)
    sys.stdout.write(f"Flash: {flash_bytes(image.stdout)} bytes\n")
    return 0


env.AddPostAction("$BUILD_DIR/${PROGNAME}.elf", pack_itcm)  # noqa: F821
