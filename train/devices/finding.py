"""Which devices there are: the built-in circuits, captures in files and folders, chains; and one by its name.

What reads captures loads PyTorch, what plays loads SciPy; both are loaded when they are needed.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.devices.device import Device
from gritspace.train.errors import InputError


def find_devices(paths: Sequence[Path] = ()) -> list[Device]:
    """The built-in circuits, then what lies under the paths: captures in files and folders (searched whole, in order of
    name), and chains in .toml files.

    Raises InputError if a path does not exist, holds no capture, or a capture is damaged.
    """
    devices: list[Device] = list(CIRCUITS)
    for path in paths:
        if Path(path).suffix.lower() == ".toml":
            from gritspace.train.devices.chains.chain_file import read_chain

            devices.append(read_chain(Path(path)))
        else:
            devices.extend(_captures_under(Path(path)))
    names = [device.name for device in devices]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name}: two devices have this name; rename one file or give fewer folders.")
    return devices


def _captures_under(path: Path) -> list[Device]:
    """.json and .nam captures; a folder's .nam files that are no WaveNets of the first kind are passed over."""
    from gritspace.train.devices.captures.files import SUFFIXES, find_captures, is_hidden
    from gritspace.train.devices.captures.nam import read_nam_capture
    from gritspace.train.devices.captures.wavenet import is_wavenet, read_wavenet

    if path.suffix.lower() == ".nam":
        return [read_nam_capture(path)]
    found: list[Device] = []
    files = [file for file in sorted(path.rglob("*")) if not is_hidden(file, path)]
    found += [read_wavenet(file) for file in files if file.suffix.lower() == ".nam" and is_wavenet(file)]
    if not found or any(file.suffix.lower() in SUFFIXES for file in files):
        found = [*find_captures(path), *found]
    return found


def device_named(name: str, paths: Sequence[Path] = ()) -> Device:
    """One of `find_devices`; a capture or a chain (TOML) may also be named by its file.

    Raises InputError if there is none such.
    """
    ending = Path(name).suffix.lower()
    if ending in (".json", ".aidax"):
        from gritspace.train.devices.captures.files import read_capture

        return read_capture(Path(name))
    if ending == ".nam":
        from gritspace.train.devices.captures.nam import read_nam_capture

        return read_nam_capture(Path(name))
    if ending == ".toml":
        from gritspace.train.devices.chains.chain_file import read_chain

        return read_chain(Path(name))
    devices = find_devices(paths)
    for device in devices:
        if device.name == name:
            return device
    known = [device.name for device in devices]
    near = difflib.get_close_matches(name.lower(), known, 1, 0.6)
    meant = f"is {near[0]} meant? There" if near else "there"
    raise InputError(f"{name}: no device has this name; {meant} are {', '.join(known)}.")
