"""Where in a space a device's setting lies that was never trained at: between the settings around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

from gritspace.train.devices.device import Device, label
from gritspace.train.space.knob_map import mapped
from gritspace.train.space.space import Space


def setting_of(device: Device, text: str) -> list[float] | None:
    """The knobs in a label that `devices.label` made, in the device's order; None if it is not this device's."""
    name, _, rest = text.partition("@")
    values = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
    if name != device.name or tuple(values) != device.knobs:
        return None
    return [float(values[knob]) for knob in device.knobs]


def known_settings(space: Space, device: Device) -> NDArray[np.float32]:
    """The settings of a device that the space has positions for, (n, knobs), in the order of its file."""
    found = [one for one in (setting_of(device, text) for text in space.positions) if one is not None]
    return np.array(found, np.float32).reshape(len(found), len(device.knobs))


def position_between(space: Space, device: Device, setting: NDArray[np.floating]) -> NDArray[np.float32]:
    """Where a setting (knobs,) lies that was never trained at: linear between the trained settings around it.

    With one knob between its two neighbours, with more within the triangle (Delaunay) it falls in; outside all of
    them the nearest. Where the places were kept to a polynomial of the knobs (`knob_map`), its value.
    """
    known = known_settings(space, device)
    places = np.array([space.positions[label(device, one)] for one in known])
    smooth = mapped(known, places, np.asarray(setting)[None])
    if smooth is not None:
        return smooth[0].astype(np.float32)
    if len(device.knobs) == 1:
        order = np.argsort(known[:, 0])
        found = [np.interp(setting[0], known[order, 0], column) for column in places[order].T]
        return np.array(found, np.float32)
    found_there = LinearNDInterpolator(known, places)(setting[None])[0]
    if not np.isfinite(found_there).all():
        found_there = NearestNDInterpolator(known, places)(setting[None])[0]
    return np.asarray(found_there, np.float32)


def positions_between(
    space: Space, devices: Sequence[Device], settings: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    """By label: positions of those of the devices' settings, by name (n, knobs), that the space has none of, where it
    has positions around them."""
    return {
        label(device, setting): position_between(space, device, setting)
        for device in devices
        if len(known_settings(space, device)) > len(device.knobs)
        for setting in settings[device.name]
        if label(device, setting) not in space.positions
    }
