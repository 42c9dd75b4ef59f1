"""PlatformIO's script for the Daisy boards: packs all that does not run from flash into the place kept for it there."""

import shutil
import subprocess
import sys
import zlib
from pathlib import Path

Import("env")  # noqa: F821  (PlatformIO gives it)

sys.path.insert(0, env.subst("$PROJECT_DIR"))  # noqa: F821
from packing import pack  # noqa: E402

FLASH_BYTES = 128 << 10
PARTS = {
    "ITCM": (".itcm",),
    "Tables": (".fast_constants",),
    "Code": (".code", ".ARM", ".data"),
    "Constants": (".constants",),
}
"""Sections by the memory that boards/daisy_seed/daisy_boot.c unpacks them into, in its order."""


def bytes_of(objcopy: str, elf: Path, *words: str) -> bytes:
    """What lies in some sections, from the first byte to the last."""
    out = elf.with_suffix(".part")
    subprocess.run([objcopy, "-O", "binary", *words, str(elf), str(out)], check=True)
    return out.read_bytes()


def flash_image(objcopy: str, elf: Path, without: tuple[str, ...]) -> bytes:
    """What lies in flash from its first byte on, without some sections. Raises ValueError where a gap would be left to
    whoever writes it: the image's CRC is of every byte."""
    removed = [word for section in without for word in ("-R", section)]
    made = [bytes_of(objcopy, elf, "--gap-fill", filler, *removed) for filler in ("0x00", "0xff")]
    if made[0] != made[1]:
        raise ValueError("the image has a gap between two sections; see boards/daisy_seed/daisy_seed.ld")
    return made[0]


def word(value: int) -> bytes:
    """Of 32 bits, as the processor reads it."""
    return value.to_bytes(4, "little")


def pack_image(target, source, env):  # type: ignore[no-untyped-def]
    """After linking: the parts go into .packed (a length, the image's CRC-32, each part's length and stream) and leave
    the image. The image with both, for a debugger, stays beside it as *.unpacked.elf.
    """
    elf = Path(str(target[0]))
    objcopy = env.subst("$OBJCOPY")
    sections = [section for part in PARTS.values() for section in part]
    before = flash_image(objcopy, elf, (*sections, ".packed"))
    streams = b""
    for name, part in PARTS.items():
        plain = bytes_of(objcopy, elf, *(option for section in part for option in ("-j", section)))
        stream = pack(plain)
        streams += word(len(stream)) + stream
        sys.stdout.write(f"{name}: {len(plain)} bytes packed into {len(stream)}\n")
    length = word(len(streams))
    packed = elf.with_suffix(".packed")
    packed.write_bytes(length + word(zlib.crc32(streams, zlib.crc32(before + length))) + streams)
    total = len(before) + packed.stat().st_size
    if total > FLASH_BYTES:
        sys.stderr.write(f"Error: the firmware will not fit: {total - FLASH_BYTES} bytes more than the flash has\n")
        return 1
    shutil.copyfile(elf, elf.with_suffix(".unpacked.elf"))
    changes = ["--update-section", f".packed={packed}", *(f"--remove-section={section}" for section in sections)]
    said = subprocess.run([objcopy, *changes, str(elf)], capture_output=True, text=True)
    if said.returncode != 0:  # else it only wonders at the segments that are empty now
        sys.stderr.write(said.stderr)
        return 1
    if flash_image(objcopy, elf, ()) != before + packed.read_bytes():
        sys.stderr.write("Error: the packed image is not what its CRC is of\n")
        return 1
    sys.stdout.write(f"Flash: {total} bytes of {FLASH_BYTES}, {FLASH_BYTES - total} free\n")
    return 0


env.Replace(SIZEPROGREGEXP=r"^(?:\.boot_vectors|\.boot|\.packed)\s+(\d+).*")  # noqa: F821
env.AddPostAction("$BUILD_DIR/${PROGNAME}.elf", pack_image)  # noqa: F821
