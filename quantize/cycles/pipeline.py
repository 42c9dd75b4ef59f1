"""What an instruction trace costs on a Cortex-M7, by rules that were measured on a real one.

The rules are those of github.com/jnk0le/random ("pipeline cycle test", doc/cortex_m7.md, found by DWT.CYCCNT on an
STM32H743); their reading is ours, and where they leave a choice it is the dearer one. Two instructions a cycle, in
order; one multiplication, one store, one DSP instruction (in the older slot) a cycle; a product with no store, and with
no word that was loaded in the cycle before; lists of registers alone, two a cycle; nothing beside the target of a
branch. Caches and mispredicted branches are not in it: see `memory.py` and `branches.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from gritspace.quantize.cycles.build import CyclesError

ALU, DSP, MULTIPLY, LOAD, STORE, LIST, BRANCH, FLOAT, DIVIDE = range(9)
FLOAT_LATENCY = 3
FLOAT_MOVE_LATENCY = 3
DIVIDE_CYCLES = 12
LISTS = ("ldm", "stm", "push", "pop", "ldrd", "strd", "vldm", "vstm", "vpush", "vpop")

_CONDITION = "eq|ne|hs|cs|lo|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le"
_REGISTER = re.compile(r"\b(?:r\d+|s\d+|d\d+|sp|lr|pc)\b")
_RANGE = re.compile(r"\b([rsd])(\d+)\s*-\s*[rsd](\d+)\b")
_MULTIPLY = re.compile(r"^(?:mul|mla|mls|smla|smul|smml|smmu|smus|smlsd|umul|umla|umaal|usada)")
_TWO_RESULTS = re.compile(r"^(?:smull|umull|smlal|umlal|umaal)")
_DSP = re.compile(
    r"^(?:ssat|usat|pkh|q(?:add|sub|dadd|dsub|asx)|[us]h?(?:add|sub)(?:8|16)|[us]xt|[us]bfx|bfi|bfc|rev|rbit|clz|sel)"
)
_SHIFTED = re.compile(r"\b(?:lsl|lsr|asr|ror)\s+#|\brrx\b")
_EARLY = re.compile(r"^(?:add|sub|adr|mov|lsl|lsr|asr|ror)")


@dataclass(frozen=True)
class Step:
    """One instruction as the pipes see it.

    early: operands that addresses and shifts need a cycle sooner; late: an accumulator and what is stored, needed a
    cycle later. cycles: more than one only where it issues alone.
    """

    kind: int
    reads: tuple[str, ...]
    early: tuple[str, ...]
    late: tuple[str, ...]
    writes: tuple[str, ...]
    moved: tuple[str, ...] = ()
    """Address registers written back: ready as an addition's result."""
    cycles: int = 1
    narrow: bool = False
    """A load of less than a word."""
    simple: bool = False
    """May run in the early ALU."""
    shifted: bool = False
    bank: tuple[str, int] | None = None
    """Base register and word of a load whose bank is known."""


_BASES = frozenset(
    """
    adc add addw adr and asr b bfc bfi bic bl blx bx cbnz cbz clz cmn cmp eor ldm ldmdb ldmia ldr ldrb ldrd ldrh
    ldrsb ldrsh lsl lsr mla mls mov movt movw mul mvn nop orn orr pkhbt pkhtb pop push qadd qadd16 qsub rbit rev
    rev16 ror rrx rsb sbc sbfx sdiv sel smla smlabb smlabt smlad smladx smlal smlalbb smlalbt smlald smlaltb smlaltt
    smlatb smlatt smlawb smlawt smmla smmul smmulr smuad smulbb smulbt smull smultb smultt smulwb smulwt ssat stm
    stmdb stmia str strb strd strh sub subw sxtab sxtah sxtb sxth tbb tbh teq tst ubfx udiv umaal umlal umull usat
    usada8 uxtab uxtah uxtb uxth vabs vadd vcmp vcmpe vcvt vdiv vfma vldm vldmia vldr vmla vmls vmov vmrs vmul vneg vpop
    vpush vstm vstmia vstr vsub it ite itee itet itt itte ittt iteee ittee itttt
    """.split()  # noqa: SIM905
)


def _plain(name: str) -> tuple[str, tuple[str, ...]]:
    """A mnemonic without condition and without the s that sets flags; and what that s writes."""
    for condition in ("", *_CONDITION.split("|")):
        stem = name.removesuffix(condition)
        if stem in _BASES:
            return stem if stem != "b" or not condition else f"b{condition}", ()
        if stem.endswith("s") and stem[:-1] in _BASES:
            return stem[:-1], ("flags",)
    raise CyclesError(f"the measured rules know no instruction {name}")


@cache
def step(text: str) -> Step:
    """An instruction in objdump's words."""
    name, _, rest = re.sub(r"\s+", " ", text.strip()).partition(" ")
    name, flags = _plain(name.split(".")[0])
    if name.startswith(LISTS) and not name.startswith(("ldrd", "strd")):
        return _list(name, rest)
    found = tuple(_REGISTER.findall(rest))
    if name.startswith("v"):
        return _float(name, rest, found)
    if re.match(rf"^(?:b|bl|bx|blx|cbz|cbnz|tbb|tbh|b(?:{_CONDITION}))$", name):
        reads = found if name not in ("b", "bl") else ()
        return Step(BRANCH, (*reads, "flags") if re.match(rf"^b(?:{_CONDITION})$", name) else reads, (), (), ())
    if name.startswith(("ldr", "str")):
        return _access(name, rest, found)
    if name in ("cmp", "cmn", "tst", "teq"):
        return Step(ALU, found, (), (), ("flags",), shifted=bool(_SHIFTED.search(rest)))
    if name.startswith(("sdiv", "udiv")):
        return Step(DIVIDE, found[1:], (), (), found[:1], cycles=DIVIDE_CYCLES)
    if not found:
        return Step(ALU, (), (), (), ())
    writes: tuple[str, ...] = found[:1]
    copies = name in ("mov", "movw", "mvn", "adr", "rev", "rev16", "rbit", "clz", "uxtb", "uxth", "sxtb", "sxth")
    sources = found if rest.count(",") == 1 and not copies else found[1:]  # of two operands the first is read, too
    if name.startswith("movt") or name.startswith("bfi"):
        sources = found
    if _MULTIPLY.match(name):
        if _TWO_RESULTS.match(name):
            return Step(
                MULTIPLY, found[2:], (), found[:2] if name.startswith(("smlal", "umlal", "umaal")) else (), found[:2]
            )
        return Step(MULTIPLY, found[1:3], (), found[3:], writes)
    if _DSP.match(name):
        early = found[1:] if name.startswith(("pkh", "rev", "rbit", "sbfx", "ubfx")) else found[2:]
        return Step(
            DSP,
            sources,
            early if name.startswith(("pkh", "uxta", "sxta", "bfi", "rev", "rbit", "sbfx", "ubfx")) else (),
            (),
            writes,
        )
    shifted = bool(_SHIFTED.search(rest)) and not name.startswith(("lsl", "lsr", "asr", "ror", "mov"))
    early = found[-1:] if shifted else ()
    return Step(
        ALU, sources, early, (), (*writes, *flags), simple=bool(_EARLY.match(name)) and not shifted, shifted=shifted
    )


def _list(name: str, rest: str) -> Step:
    inside = rest[rest.index("{") + 1 : rest.index("}")]
    base = tuple(_REGISTER.findall(rest[: rest.index("{")])) or ("sp",)
    names: list[str] = []
    for part in inside.split(","):
        found = _RANGE.search(part)
        if found:
            names += [f"{found[1]}{n}" for n in range(int(found[2]), int(found[3]) + 1)]
        else:
            names += _REGISTER.findall(part)
    words = sum(2 if n.startswith("d") else 1 for n in names)
    stores = name.startswith(("stm", "push", "vstm", "vpush"))
    cycles = (words + 1) // 2 + int(stores and words % 2 == 0)  # as if not aligned to eight bytes
    moved = base if "!" in rest or name.startswith(("push", "pop", "vpush", "vpop")) else ()
    return Step(LIST, tuple(names) if stores else (), base, (), () if stores else tuple(names), moved, cycles)


def _access(name: str, rest: str, found: tuple[str, ...]) -> Step:
    pair = name.startswith(("ldrd", "strd"))
    count = 2 if pair else 1
    data, address = found[:count], found[count:]
    writes_back = "!" in rest or ("]" in rest and not rest.rstrip().endswith("]"))
    moved = address[:1] if writes_back else ()
    if pair:
        loads = name.startswith("ldr")
        return Step(LIST, () if loads else data, address, (), data if loads else (), moved, 1)
    if name.startswith("str"):
        return Step(STORE, (), address, data, (), moved)
    narrow = name.startswith(("ldrb", "ldrh", "ldrsb", "ldrsh"))
    offset = re.search(r"#(-?\d+)", rest)
    bank = None
    if len(address) == 1 and not writes_back:
        bank = (address[0], int(offset[1]) // 4 if offset else 0)
    return Step(LOAD, (), address, (), data, moved, narrow=narrow, bank=bank)


def _float(name: str, rest: str, found: tuple[str, ...]) -> Step:
    if name.startswith("vldr"):
        return Step(LOAD, (), found[1:], (), found[:1], narrow=True)
    if name.startswith("vstr"):
        return Step(STORE, (), found[1:], found[:1], ())
    if name.startswith("vmov") and any(r.startswith(("r", "lr")) for r in found):
        return Step(FLOAT, found[1:], (), (), found[:1], cycles=1)
    if name.startswith(("vcmp", "vmrs")):
        return Step(FLOAT, found, (), (), ("flags",))
    return Step(FLOAT, found[1:] or found, (), (), found[:1])


def cycles(texts: Sequence[str]) -> int:
    """Cycles of a straight line of instructions, from the first one's issue to the last one's."""
    late: dict[str, int] = {}
    early: dict[str, int] = {}
    operand: dict[str, int] = {}
    added: dict[str, int] = {}
    cycle, slots = 0, 0
    taken: list[Step] = []
    for text in texts:
        s = step(text)
        at = cycle
        for register in s.reads:
            table = operand if s.kind == MULTIPLY else late
            at = max(at, table.get(register, 0))
        for register in s.early:
            at = max(at, early.get(register, 0))
        for register in s.late:
            at = max(at, added.get(register, 0) if s.kind == MULTIPLY else late.get(register, 0) - 1)
        alone = s.kind in (LIST, DIVIDE) or (s.kind == FLOAT and s.cycles == 1 and "vmov" in text)
        if at > cycle:
            cycle, slots, taken = at, 0, []
        elif slots == 2 or (slots and (alone or _clash(taken[0], s))):
            cycle, slots, taken = cycle + 1, 0, []
        slots, taken = slots + 1, [*taken, s]
        ran_early = s.simple and slots == 1 and all(early.get(r, 0) <= cycle for r in s.reads)
        for register in s.writes:
            _set(register, s, cycle, ran_early, late, early, operand, added)
        for register in s.moved:
            late[register], early[register] = cycle + 1, cycle + 1
            operand[register], added[register] = cycle + 1, cycle
        if alone:
            cycle, slots, taken = cycle + s.cycles, 0, []
        elif s.kind == BRANCH:
            slots = 2  # nothing beside what comes next
    return cycle + int(slots > 0)


def _clash(older: Step, younger: Step) -> bool:
    """Whether they may not issue in one cycle."""
    kinds = {older.kind, younger.kind}
    if older.kind in (LIST, DIVIDE):
        return True
    if younger.kind == DSP:
        return True  # older slot only
    if older.kind == younger.kind and younger.kind in (MULTIPLY, STORE, FLOAT):
        return True
    if kinds == {MULTIPLY, STORE}:
        return True
    if younger.shifted and (older.kind == DSP or older.shifted):
        return True
    if older.kind == younger.kind == LOAD:
        known = older.bank is not None and younger.bank is not None and older.bank[0] == younger.bank[0]
        return not known or (older.bank[1] - younger.bank[1]) % 2 == 0  # type: ignore[index]
    return False


def _set(
    register: str,
    s: Step,
    cycle: int,
    ran_early: bool,
    late: dict[str, int],
    early: dict[str, int],
    operand: dict[str, int],
    added: dict[str, int],
) -> None:
    if s.kind == MULTIPLY:
        values = (cycle + 2, cycle + 3, cycle + 2, cycle + 1)
    elif s.kind == LOAD and not s.narrow:
        values = (cycle + 1, cycle + 2, cycle + 2, cycle + 1)
    elif s.kind == LOAD:
        values = (cycle + 2, cycle + 3, cycle + 2, cycle + 1)
    elif s.kind in (LIST, DIVIDE):
        end = cycle + s.cycles
        values = (end, end + 1, end + 1, end)
    elif s.kind == FLOAT:
        values = (cycle + FLOAT_LATENCY, cycle + FLOAT_LATENCY + 1, cycle + FLOAT_LATENCY, cycle + FLOAT_LATENCY)
    elif ran_early and register != "flags":
        values = (cycle, cycle + 1, cycle, cycle)
    else:
        values = (cycle + 1, cycle + 2, cycle + 1, cycle)
    late[register], early[register], operand[register], added[register] = values
