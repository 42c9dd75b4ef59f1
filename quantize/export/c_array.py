"""The model as a C array, to be linked into a firmware: `grit_model_blob`, `grit_model_blob_bytes`, its SHA-256."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.output_file import write_whole


def c_array(model: IntegerModel, made_from: str) -> str:
    """The C source's text. made_from: what the model came from and how to make it again, for the file's first lines."""
    blob = to_bytes(model)
    name = model.name.replace("*/", "* /")
    digest = hashlib.sha256(blob).digest()
    about = "\n * ".join(line.rstrip().replace("*/", "* /") for line in made_from.splitlines())
    rows = [", ".join(f"0x{b:02x}" for b in blob[i : i + 20]) for i in range(0, len(blob), 20)]
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
            "",
            f"const unsigned int grit_model_blob_bytes = {len(blob)}u;",
            "const unsigned char grit_model_sha256[32] = {",
            "  " + ", ".join(f"0x{b:02x}" for b in digest),
            "};",
            f"alignas(8) const unsigned char grit_model_blob[{len(blob)}] = {{",
            "  " + ",\n  ".join(rows),
            "};",
            "",
        ]
    )


def write_c_array(model: IntegerModel, path: Path, made_from: str) -> None:
    """Writes the C source whole or not at all."""
    write_whole(Path(path), c_array(model, made_from).encode())
