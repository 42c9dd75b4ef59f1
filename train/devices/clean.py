"""No device at all: what was played comes out. So that a finder of pedals can say that there is none."""

from __future__ import annotations

from gritspace.train.devices.device import Audio, Settings, checked


class Clean:
    """Wet is dry; there is nothing to turn."""

    name = "clean"
    knobs: tuple[str, ...] = ()
    kind = "clean"
    licence = "MIT"

    def render(self, dry: Audio, settings: Settings) -> Audio:
        """(batch, frames) as it is."""
        return checked(self, dry, settings)[0].copy()
