"""How late a window of the wet audio is, with how sure that is: a flat or ambiguous correlation is no estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]

SURE_SHARE, SURE_TIMES, SURE_LESS = 0.04, 1.6, 1.15
NEARLY_AS_MUCH = 0.9
PEAK_FRAMES = 24
"""So near to the best lag no other counts as a rival."""


@dataclass(frozen=True)
class Lag:
    """At `frame` of the dry audio the wet is so many `frames` late (a fraction too), explaining so much of its energy.

    rival: what the best lag elsewhere explains; an estimate is one where `explained` stands out from it. vague: so many
    frames to either side explain nearly as much; a bass note's phase tells little of time.
    """

    frame: int
    frames: float
    explained: float
    rival: float
    vague: float = 0.0

    @property
    def sure(self) -> bool:
        """Neither flat nor ambiguous: it explains much more than any other, or leaves clearly less unexplained."""
        stands_out = self.explained > SURE_TIMES * self.rival
        return self.explained > SURE_SHARE and (
            stands_out or (1 - self.rival > SURE_LESS * (1 - self.explained) + 1e-6 and self.explained > 0.3)
        )


def explained(made: Audio, heard: Audio) -> Floats:
    """made (frames + slack,), heard (frames,) -> which share of heard's energy made explains if it is 0..slack frames
    into it: (slack + 1,), negative where it would have to be turned over."""
    frames, slack = len(heard), len(made) - len(heard)
    size = next_fast_len(len(made), real=True)
    cross = irfft(rfft(made, size) * np.conj(rfft(heard, size)), size)[: slack + 1].astype(np.float64)
    total = np.concatenate([[0.0], np.cumsum(np.square(made, dtype=np.float64))])
    power = total[frames:] - total[: slack + 1]
    energy = float(np.square(heard, dtype=np.float64).sum())
    return np.sign(cross) * np.square(cross) / np.maximum(power * energy, 1e-6 * total[-1] * energy + 1e-30)


def lag_of(made: Audio, wet: Audio, frame: int, centre: int, reach: int, width: int) -> Lag | None:
    """Which lag within `reach` of `centre` places the wet audio about dry's `frame` best; None where there is none.

    made: the rough device's, in line with dry; wet: in its own time. width: frames of the window.
    """
    at = frame + centre
    if at < 0 or at + width > len(wet):
        return None
    first, last = frame - reach, frame + width + reach
    low, high = max(0, first), min(len(made), last)
    if high - low < width:
        return None
    here = np.pad(made[low:high], (low - first, last - high))
    share = explained(here, wet[at : at + width])[::-1]  # the later the wet, the earlier in made
    best = int(share.argmax())
    off = 0.0
    if 0 < best < len(share) - 1:
        left, top, right = share[best - 1 : best + 2]
        bend = left - 2 * top + right
        off = float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0
    apart = np.ones(len(share), bool)
    apart[max(0, best - PEAK_FRAMES) : best + PEAK_FRAMES + 1] = False
    near = share[max(0, best - PEAK_FRAMES) : best + PEAK_FRAMES + 1]
    vague = float((near >= NEARLY_AS_MUCH * share[best]).sum() - 1) / 2
    rival = float(share[apart].max(initial=0.0))
    return Lag(frame, centre + best - reach + off, float(share[best]), rival, vague)
