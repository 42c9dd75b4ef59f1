"""PlatformIO's script for the Daisy boards: packs the code that runs from ITCM into the place kept for it in flash."""

import shutil
import subprocess
import sys
import zlib
from pathlib import Path

Import("env")  # noqa: F821  (PlatformIO gives it)

try:
    import lz4.block  # noqa: F401
except ImportError:  # a PlatformIO of the user's own has Python packages of its own
    env.Execute("$PYTHONEXE -m pip install --quiet lz4==4.4.5")  # noqa: F821

FLASH_BYTES = 128 << 10


def flash_image(objcopy: str, elf: Path, without: tuple[str, ...]) -> bytes:
    """What lies in flash from its first byte on, without some sections. Raises ValueError where a gap would be left to
    whoever writes it: the image's CRC is of every byte."""
    removed = [word for section in without for word in ("-R", section)]
    made = []
    for filler in ("0x00", "0xff"):
        out = elf.with_suffix(".flash")
        subprocess.run([objcopy, "-O", "binary", "--gap-fill", filler, *removed, str(elf), str(out)], check=True)
        made.append(out.read_bytes())
    if made[0] != made[1]:
        raise ValueError("the image has a gap between two sections; see boards/daisy_seed/daisy_seed.ld")
    return made[0]


def pack_itcm(target, source, env):  # type: ignore[no-untyped-def]
    """After linking: .itcm goes into .itcm_packed (a length, the image's CRC-32, an LZ4 block) and leaves the image.

    The image with both, for a debugger, stays beside it as *.unpacked.elf.
    """
    elf = Path(str(target[0]))
    objcopy = env.subst("$OBJCOPY")
    plain, packed = elf.with_suffix(".itcm"), elf.with_suffix(".packed")
    subprocess.run([objcopy, "-O", "binary", "-j", ".itcm", str(elf), str(plain)], check=True)
    before = flash_image(objcopy, elf, (".itcm", ".itcm_packed"))
    # by a process of its own: LZ4's best level needs more stack than the builder's threads have, which ended the build
    # without a word
    packing = Path(env.subst("$PROJECT_DIR")) / "packing.py"
    subprocess.run([env.subst("$PYTHONEXE"), str(packing), str(plain), str(packed)], check=True)
    block = packed.read_bytes()
    length = len(block).to_bytes(4, "little")
    crc = zlib.crc32(block, zlib.crc32(before + length))
    packed.write_bytes(length + crc.to_bytes(4, "little") + block)
    total = len(before) + packed.stat().st_size
    sys.stdout.write(f"ITCM: {plain.stat().st_size} bytes packed into {len(block)}\n")
    if total > FLASH_BYTES:
        sys.stderr.write(f"Error: the firmware will not fit: {total - FLASH_BYTES} bytes more than the flash has\n")
        return 1
    shutil.copyfile(elf, elf.with_suffix(".unpacked.elf"))
    changes = ["--update-section", f".itcm_packed={packed}", "--remove-section", ".itcm"]
    said = subprocess.run([objcopy, *changes, str(elf)], capture_output=True, text=True)
    if said.returncode != 0:  # else it only wonders at the segment that is empty now
        sys.stderr.write(said.stderr)
        return 1
    if flash_image(objcopy, elf, ()) != before + packed.read_bytes():
        sys.stderr.write("Error: the packed image is not what its CRC is of\n")
        return 1
    sys.stdout.write(f"Flash: {total} bytes of {FLASH_BYTES}, {FLASH_BYTES - total} free\n")
    return 0


env.AddPostAction("$BUILD_DIR/${PROGNAME}.elf", pack_itcm)  # noqa: F821
