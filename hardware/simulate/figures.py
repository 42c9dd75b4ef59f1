"""A measured figure with its limits: what every simulation returns and every report prints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """name: snake_case. low, high: the limits, None for none. note: how it was measured, in a few words."""

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the value is within its limits (a NaN is not)."""
        return (
            self.value == self.value
            and (self.low is None or self.value >= self.low)
            and (self.high is None or self.value <= self.high)
        )

    def limit_text(self) -> str:
        """The limits as people write them."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} .. {self.high:g}"
        if self.low is not None:
            return f"≥ {self.low:g}"
        return f"≤ {self.high:g}" if self.high is not None else ""
