"""The model as a C array, to be linked into a firmware: `grit_model_blob`, `grit_model_blob_bytes`, its SHA-256.

And the presets that a module with it begins with: `grit_model_presets`, firmware/module/memory/first_presets.h.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.output_file import write_whole

POSITION, END = 16, -1
"""Numbers of a preset before its level; the level that ends the table."""

FirstPreset = tuple[str, Sequence[int]]
"""A name, for who reads the file; the position in Q15, played and stored; the level in Q12."""


def c_array(model: IntegerModel, made_from: str, presets: Sequence[FirstPreset] = ()) -> str:
    """The C source's text. made_from: what the model came from and how to make it again, for the file's first lines."""
    blob = to_bytes(model)
    name = _in_comment(model.name)
    digest = hashlib.sha256(blob).digest()
    about = "\n * ".join(_in_comment(line.rstrip()) for line in made_from.splitlines())
    rows = [", ".join(f"0x{b:02x}" for b in blob[i : i + 20]) for i in range(0, len(blob), 20)]
    places = [f"  {{{', '.join(map(str, numbers))}}}, /* {_in_comment(name)} */" for name, numbers in presets]
    assert all(len(numbers) == POSITION + 1 for _, numbers in presets)
    return "\n".join(
        [
            f"/* Integer model '{name}', {len(blob)} bytes, {model.macs_per_frame} MAC a frame.",
            f" * SHA-256 {digest.hex()}",
            f" * {about} */",
            "/* clang-format off */",
            "#include <stdalign.h>",
            "",
            "extern const unsigned char grit_model_blob[];",
            "extern const unsigned int grit_model_blob_bytes;",
            "extern const unsigned char grit_model_sha256[32];",
            f"extern const short grit_model_presets[][{POSITION + 1}];",
            "",
            f"const unsigned int grit_model_blob_bytes = {len(blob)}u;",
            "const unsigned char grit_model_sha256[32] = {",
            "  " + ", ".join(f"0x{b:02x}" for b in digest),
            "};",
            f"alignas(8) const unsigned char grit_model_blob[{len(blob)}] = {{",
            "  " + ",\n  ".join(rows),
            "};",
            f"const short grit_model_presets[][{POSITION + 1}] = {{",
            *places,
            f"  {{{', '.join(['0'] * POSITION)}, {END}}}",
            "};",
            "",
        ]
    )


def write_c_array(model: IntegerModel, path: Path, made_from: str, presets: Sequence[FirstPreset] = ()) -> None:
    """Writes the C source whole or not at all."""
    write_whole(Path(path), c_array(model, made_from, presets).encode())


def _in_comment(text: str) -> str:
    return text.replace("*/", "* /").replace("/*", "/ *")
