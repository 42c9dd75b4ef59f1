"""Figures in plain words. The lines for ESR are those of Neural Amp Modeler's trainer, the words are ours."""

from __future__ import annotations

ESR_WORDS = (
    (0.01, "hardly to be told apart", "good"),
    (0.035, "very much alike", "good"),
    (0.1, "a good likeness", "fair"),
    (0.3, "a relative, no copy", "fair"),
)
BEYOND = ("something else", "bad")
ESR_MEANS = (
    "ESR, the error-to-signal ratio, is the energy of the difference over the energy of the target: 0 is the same, "
    "1 is as wrong as silence. Below .01 hardly anybody hears a difference, up to .035 it takes care to hear one, "
    "up to .1 it is a good likeness, beyond .3 it is something else: as Neural Amp Modeler's trainer draws the lines."
)


def verdict_of(esr: float) -> str:
    """What an error-to-signal ratio means to who listens.

    >>> verdict_of(0.02), verdict_of(0.5)
    ('very much alike', 'something else')
    """
    return next((words for limit, words, _ in ESR_WORDS if esr < limit), BEYOND[0])


def mood_of(esr: float) -> str:
    """good, fair or bad."""
    return next((mood for limit, _, mood in ESR_WORDS if esr < limit), BEYOND[1])
