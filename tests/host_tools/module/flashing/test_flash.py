"""Flashing: what is no firmware for this chip is refused; a script that notes what it was asked plays dfu-util."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import time
from pathlib import Path

import pytest

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.module.flashing import dfu
from gritspace.host_tools.module.flashing.firmware_image import FLASH_BYTES, FLASH_START, FirmwareImage, read_image
from gritspace.train.errors import InputError
from tests.conftest import Cli

DAISY = (
    'Found DFU: [0483:df11] ver=0200, devnum=12, cfg=1, intf=0, path="1-2", alt=1, '
    'name="@Option Bytes   /0x5200201C/01*128 e", serial="200364500000"\n'
    'Found DFU: [0483:df11] ver=0200, devnum=12, cfg=1, intf=0, path="1-2", alt=0, '
    'name="@Internal Flash   /0x08000000/16*128Kg", serial="200364500000"\n'
)
ELECTROSMITH = (
    'Found DFU: [0483:df11] ver=0200, devnum=5, cfg=1, intf=0, path="1-2", alt=0, '
    'name="@Flash /0x90000000/64*4Kg,0x90040000/60*64Kg,0x90400000/60*64Kg", serial="395B377C3330"\n'
)


def vectors(stack: int = 0x20020000, reset: int = FLASH_START + 0x401, handler: int = FLASH_START + 0x421) -> bytes:
    return struct.pack("<16I", stack, reset, handler, handler, handler, handler, handler, 0, 0, 0, 0, *[handler] * 5)


def firmware(size: int = 4096, **wrong: int) -> bytes:
    return vectors(**wrong) + bytes(range(256)) * ((size - 64) // 256) + bytes((size - 64) % 256)


def elf(pieces: list[tuple[int, bytes]], machine: int = 40) -> bytes:
    """A 32-bit little-endian ELF file with these bytes at these load addresses."""
    head, table = 52, 32 * len(pieces)
    body, rows = b"", b""
    for address, data in pieces:
        rows += struct.pack("<8I", 1, head + table + len(body), address, address, len(data), len(data), 5, 4)
        body += data
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    header = struct.pack(
        "<16sHHIIIIIHHHHHH", ident, 2, machine, 1, FLASH_START | 1, head, 0, 0, 52, 32, len(pieces), 0, 0, 0
    )
    return header + rows + body


def test_a_bin_and_an_elf_of_the_same_firmware_are_the_same_bytes(tmp_path: Path) -> None:
    data = firmware()
    (tmp_path / "f.bin").write_bytes(data)
    (tmp_path / "f.elf").write_bytes(elf([(FLASH_START, data[:1000]), (FLASH_START + 1004, data[1004:])]))
    assert read_image(tmp_path / "f.bin").data == data
    image = read_image(tmp_path / "f.elf")
    assert image.address == FLASH_START
    assert image.data == data[:1000] + b"\xff" * 4 + data[1004:]


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="needs gcc-arm-none-eabi: run `make setup`")
def test_an_elf_that_a_linker_made_gives_what_objcopy_gives(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "x.c").write_text(
        "extern int top; int answer = 42; void start(void) { for (;;) answer++; }\n"
        'const void *table[16] __attribute__((section(".vectors"))) = {(void *)0x20020000, start, start};\n'
    )
    code, data = (
        ".vectors 0x08000000 : { KEEP(*(.vectors)) *(.text*) }",
        ".data 0x20000000 : AT(0x08000100) { *(.data*) }",
    )
    script = f"SECTIONS {{ {code} {data} }}"
    (tmp_path / "x.ld").write_text(script)
    compile_ = ["arm-none-eabi-gcc", "-mcpu=cortex-m7", "-mthumb", "-nostdlib", "-Wl,-e,start", "-T", "x.ld", "x.c"]
    subprocess.run([*compile_, "-o", "x.elf"], cwd=tmp_path, check=True)
    convert = ["arm-none-eabi-objcopy", "-O", "binary", "--gap-fill", "0xff", "x.elf", "x.bin"]
    subprocess.run(convert, cwd=tmp_path, check=True)
    assert read_image(tmp_path / "x.elf").data == (tmp_path / "x.bin").read_bytes()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 bytes are no firmware"),
        (firmware(stack=0x20400000), "stack would begin at 0x20400000"),
        (firmware(stack=0x2001FFFC), "stack would begin"),
        (firmware(reset=0x401), "start at 0x00000401, which is outside"),
        (firmware(reset=FLASH_START + 0x400), "start at 0x08000400"),
        (firmware(reset=FLASH_START + 8193), "outside"),
        (firmware(handler=0x90040001), "handler 2 at 0x90040001"),
        (firmware(FLASH_BYTES + 1), "131,073 bytes are more"),
        (b"\xff" * 4096, "stack would begin at 0xFFFFFFFF"),
        (b"RIFF" + bytes(4096), "stack would begin"),
        (elf([(0, firmware())]), "it is for 0x00000000"),
        (elf([(0x90040000, firmware())]), "it is for 0x90040000"),
        (elf([(FLASH_START, firmware())], machine=62), "not for a 32-bit ARM"),
        (elf([(FLASH_START, firmware())])[:200], "cut"),
        (elf([(FLASH_START, firmware())])[:20], "cut"),
        (elf([(FLASH_START, firmware()), (0xC0000000, b"1234")]), "too far apart"),
    ],
)
def test_what_this_chip_could_not_start_from_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "wrong.bin").write_bytes(data)
    with pytest.raises(InputError, match=r"wrong\.bin: .*" + words.replace(".", r"\.")):
        read_image(tmp_path / "wrong.bin")


def test_a_wrong_address_is_refused_before_anything_is_plugged_in(tmp_path: Path, gritspace: Cli) -> None:
    (tmp_path / "f.bin").write_bytes(firmware())
    result = gritspace("flash", tmp_path / "f.bin", "--address", "0x90040000")
    assert result.returncode == 2
    assert "it is for 0x90040000; the chip's own flash begins at 0x08000000" in result.stderr
    assert gritspace("flash", tmp_path / "f.bin", "--address", "flash").returncode == 2


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """A dfu-util that lists what `listing` says, writes down what it is asked, and fails if there is a file `fail`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "dfu-util"
    script.write_text(
        f"""#!/bin/sh
cd {tmp_path}
case "$1" in
  --version) echo "dfu-util 0.11" ;;
  --list) echo "dfu-util 0.11"; cat listing ;;
  *)
    printf '%s\\n' "$@" >asked
    for last; do :; done
    cp "$last" received.bin
    printf 'Erase   \\t[=========================] 100%%         4096 bytes\\r'
    printf 'Download\\t[============             ]  50%%         2048 bytes\\r'
    if [ -e fail ]; then echo; echo "dfu-util: Error during special command \\"ERASE_PAGE\\" get_status"; exit 74; fi
    printf 'Download\\t[=========================] 100%%         4096 bytes\\n'
    echo "File downloaded successfully"
    echo "dfu-util: Error during download get_status"
    exit 74 ;;
esac
"""
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "listing").write_text(DAISY)
    return folder


def run_flash(gritspace: Cli, fake: Path, *arguments: object) -> tuple[int, str, str]:
    result = gritspace("flash", *arguments, PATH=f"{fake}{os.pathsep}{os.environ['PATH']}")
    return result.returncode, result.stdout, result.stderr


def test_a_good_image_is_written_to_the_internal_flash_and_started(tmp_path: Path, gritspace: Cli, fake: Path) -> None:
    (tmp_path / "f.bin").write_bytes(firmware())
    code, out, err = run_flash(gritspace, fake, tmp_path / "f.bin")
    assert (code, out, err) == (0, "4,096 bytes are in the flash; the module starts.\n", "")
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:-1] == [
        *("--device", "0483:df11,0483:df11", "--alt", "0", "--serial", "200364500000"),
        *("--dfuse-address", "0x08000000:leave", "--download"),
    ]
    assert (tmp_path / "received.bin").read_bytes() == firmware()


@pytest.mark.parametrize(
    ("listing", "words"),
    [
        ("", "no module waits for firmware; hold BOOT"),
        (ELECTROSMITH, "not the chip's own"),
        (DAISY + DAISY.replace("200364500000", "ABC"), "2 modules wait for firmware (200364500000, ABC)"),
        (DAISY.replace("16*128Kg", "01*064Kg"), "not a Daisy's (0x08000000, 65,536 bytes)"),
    ],
)
def test_a_bootloader_that_is_not_there_or_not_the_right_one_is_one_sentence(
    tmp_path: Path, fake: Path, monkeypatch: pytest.MonkeyPatch, listing: str, words: str
) -> None:
    (tmp_path / "listing").write_text(listing)
    monkeypatch.setenv("PATH", f"{fake}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(RigError) as error:
        dfu.find_bootloader()
    assert words in str(error.value)
    assert not (tmp_path / "asked").exists()


def test_of_two_modules_the_named_one_is_taken(tmp_path: Path, fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "listing").write_text(DAISY + DAISY.replace("200364500000", "ABC"))
    monkeypatch.setenv("PATH", f"{fake}{os.pathsep}{os.environ['PATH']}")
    assert dfu.find_bootloader("ABC").serial == "ABC"


def test_progress_is_told_and_a_failure_carries_dfu_utils_words(
    tmp_path: Path, fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{fake}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "f.bin").write_bytes(firmware())
    image, heard = read_image(tmp_path / "f.bin"), []
    dfu.flash(image, dfu.find_bootloader(), lambda done, of, words: heard.append((done, words)))
    assert heard == [(100, "erase"), (50, "download"), (100, "download")]
    (tmp_path / "fail").touch()
    with pytest.raises(
        RigError, match='could not write the firmware: dfu-util: Error during special command "ERASE_PAGE"'
    ):
        dfu.flash(image, dfu.find_bootloader(), lambda done, of, words: None)


def test_without_dfu_util_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RigError, match="dfu-util was not found; run: "):
        dfu.find_bootloader()


@pytest.mark.parametrize("at", ["--list", "--download"])
def test_a_dfu_util_that_hangs_is_ended_and_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    script = tmp_path / "dfu-util"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *{at}*) echo "Opening DFU capable USB device..."; exec sleep 60;; esac\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(dfu, "SILENCE_SECONDS", 0.5)
    started = time.monotonic()
    image, there = FirmwareImage(FLASH_START, firmware()), dfu.Bootloader(0, FLASH_START, 128 << 10, "x")
    hangs = dfu.find_bootloader if at == "--list" else lambda: dfu.flash(image, there, lambda done, of, what: None)
    with pytest.raises(RigError, match=r"dfu-util .* 0\.5 s"):
        hangs()
    assert time.monotonic() - started < 30
