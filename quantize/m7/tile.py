"""Tiles: the products of two outputs by three frames (or one by six) with their loads, in the order they are to run.

Six accumulators, as many as leave registers for operands loaded a step ahead. Per pair of inputs a tile loads two words
of weights and three of audio for six SMLADs (12 MACs), every load in the shadow of a SMLAD. Registers: r0 to r5
accumulators (output r, frame f in r[frames * r + f]), r6 to r8 audio, r9 and r10 weights, r11 how far into the audio,
r12 where the tap's audio stands, lr the block (its layout: blocks_m7.h).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """rows outputs by frames, over `pairs` input pairs; a loop's body may hold several taps."""

    rows: int
    frames: int
    pairs: int

    @property
    def tap_bytes(self) -> int:
        """A tap in a block: where its audio stands, and its weights."""
        return 4 * (1 + self.rows * self.pairs)

    @property
    def step(self) -> int:
        """How far a tile moves on in the audio, in bytes."""
        return 4 * self.pairs * self.frames

    def accumulator(self, row: int, frame: int) -> str:
        """The register of one output of one frame."""
        return f"r{self.frames * row + frame}"

    def audio(self, tap: int, pair: int, frame: int) -> tuple[str, str]:
        """Register and load of one audio word; registers rotate through pairs and taps."""
        register = f"r{6 + ((tap * self.pairs + pair) * self.frames + frame) % AUDIO_REGISTERS}"
        return register, f"ldr {register}, [r12, #{4 * (self.pairs * frame + pair)}]"

    def weight(self, tap: int, pair: int, row: int) -> tuple[str, str]:
        """Register and load of one word of weights."""
        word = pair * self.rows + row
        register = f"r{9 + (tap * self.pairs * self.rows + word) % WEIGHT_REGISTERS}"
        return register, f"ldr {register}, [lr, #{tap * self.tap_bytes + 4 + 4 * word}]"

    def audio_loads(self, tap: int, pair: int) -> list[str]:
        """Of a pair of inputs, every frame's."""
        return [self.audio(tap, pair, frame)[1] for frame in range(self.frames)]

    def weight_loads(self, tap: int, pair: int) -> list[str]:
        """Of a pair of inputs, every row's."""
        return [self.weight(tap, pair, row)[1] for row in range(self.rows)]

    def row_products(self, tap: int, pair: int) -> list[list[str]]:
        """Of a pair of inputs, each row's SMLADs."""
        rows = []
        for row in range(self.rows):
            places = [(self.accumulator(row, f), self.audio(tap, pair, f)[0]) for f in range(self.frames)]
            weight = self.weight(tap, pair, row)[0]
            rows.append([f"smlad {a}, {weight}, {x}, {a}" for a, x in places])
        return rows

    def products(self, tap: int, offset: int = 0) -> list[str]:
        """Loads and SMLADs of one tap; offset: of the first tap from lr."""
        lines: list[str] = []
        for pair in range(self.pairs):
            for row in range(self.rows):
                w, load = self.weight(tap, pair, row)
                lines.append(load.replace("[lr, #", f"[lr, #{offset}+"))
                for frame in range(self.frames):
                    x, fetch = self.audio(tap, pair, frame)
                    if row == 0:
                        lines.append(fetch)
                    a = self.accumulator(row, frame)
                    lines.append(f"smlad {a}, {w}, {x}, {a}")
        return [_folded(line) for line in lines]


AUDIO_REGISTERS, WEIGHT_REGISTERS = 3, 2


def pipelined(tile: Tile, taps: int, loop: bool) -> tuple[list[str], list[str]]:
    """(what is loaded before the first tap, `taps` taps in the order in which they are to run).

    r11: how far into the audio; r12: where the tap's audio stands. loop: a loop's body, which goes on with the next
    taps and moves lr on; the loop ends at a tap that stands at an odd address. Otherwise these are all taps there are.

    A pair of inputs, by cycles, for products a0 a1 a2 of the first row and b0 b1 b2 of the second:

        load x2, a0   load b, a1   -, a2   load next a, b0   load next x0, b1   load next x1, b2

    The empty slot takes what the loop itself needs. A tap's last pair finds the next tap's place before it can load
    from there; the next tap's first pair begins with its loads a cycle later, just in time:

        load x2, a0   load b, a1   load place, a2   add, b0   load next a, b1   load next x0, b2
        load x1, a0   load x2, a1  load b, a2   ...
    """
    size = taps * tile.tap_bytes
    base = 0  # what lr has moved on
    lines: list[str] = []
    for tap in range(taps):
        for pair in range(tile.pairs):
            next_tap, next_pair = (tap, pair + 1) if pair + 1 < tile.pairs else (tap + 1, 0)
            x, w = tile.audio_loads(tap, pair), tile.weight_loads(tap, pair)
            next_x, next_w = tile.audio_loads(next_tap, next_pair), tile.weight_loads(next_tap, next_pair)
            a, b = tile.row_products(tap, pair)
            moves_on = [f"add lr, lr, #{size}"] if loop and tap + 1 == taps and pair == 0 else []
            second = _moved(w[1], -base)
            lines += [x[1], a[0], x[2], a[1], second, a[2]] if pair == 0 else [x[2], a[0], second, a[1]]
            if next_tap == taps and not loop:
                lines += b if pair == 0 else [a[2], *b]
                continue
            base += size if moves_on else 0
            first = _moved(next_w[0], -base)
            if next_pair != 0:
                lines += moves_on
                lines += (
                    [first, b[0], next_x[0], b[1], next_x[1], b[2]]
                    if pair == 0
                    else [a[2], first, b[0], next_x[0], b[1], next_x[1], b[2]]
                )
                continue
            place = f"ldr r12, [lr, #{next_tap * tile.tap_bytes - base}]"
            tested = ["tst r12, #1"] if loop and next_tap == taps else []
            lines += moves_on
            lines += (
                [place, b[0], *tested, "add r12, r12, r11", b[1], first, b[2], next_x[0]]
                if pair == 0
                else [place, a[2], *tested, "add r12, r12, r11", b[0], first, b[1], next_x[0], b[2]]
            )
    return [tile.weight_loads(0, 0)[0], tile.audio_loads(0, 0)[0]], lines


def looped(tile: Tile, taps: int) -> tuple[list[str], list[str]]:
    """As pipelined, for a tile of one row: a loop's body, not yet in order."""
    size = taps * tile.tap_bytes
    ahead = _loads_ahead(tile.products(0))
    body: list[str] = []
    for tap in range(taps):
        products = [line for line in tile.products(tap) if tap > 0 or line not in ahead]
        # the last tap's loads count back from the next round's first tap, so that the loop's end can be known early
        base = size if tap + 1 == taps else 0
        body += [f"add lr, lr, #{size}"] if base else []
        body += [*(_moved(line, -base) for line in products), f"ldr r12, [lr, #{(tap + 1) * tile.tap_bytes - base}]"]
        body += ["tst r12, #1"] if base else []
        body.append("add r12, r12, r11")
    assert _registers_match(tile, taps)
    return ahead, [*body, *ahead]


def _loads_ahead(products: list[str]) -> list[str]:
    """As many of the first loads as find a register of their own."""
    ahead: list[str] = []
    written: set[str] = set()
    for line in (line for line in products if line.startswith("ldr")):
        register = line.split()[1]
        if register in written:
            break
        written.add(register)
        ahead.append(line)
    return ahead


def _registers_match(tile: Tile, taps: int) -> bool:
    """Registers rotate with the words: a loop's end must find its beginning's names."""
    words = taps * tile.pairs
    return (words * tile.frames) % AUDIO_REGISTERS == 0 and (words * tile.rows) % WEIGHT_REGISTERS == 0


def _moved(line: str, size: int) -> str:
    return _folded(line.replace("[lr, #", f"[lr, #{size}+")) if "[lr" in line else line


def _folded(line: str) -> str:
    """'[lr, #24+8]' -> '[lr, #32]'."""
    if "+" not in line:
        return line
    head, tail = line.split("#")
    return f"{head}#{sum(int(part) for part in tail.rstrip(']').split('+'))}]"
