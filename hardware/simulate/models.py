"""SPICE models written from datasheet figures. Each says what it leaves out.

Op-amp: one integrator (gain-bandwidth product, slew rate by a tanh transconductance), a cubic in the output voltage
set so that a unity-gain follower shows the datasheet's distortion, hard limits at the output swing, an output
resistance and current limit, input voltage noise, input clamp diodes. Left out: 1/f noise, common-mode errors, the
second pole, temperature, crossover of the output stage, supply rejection.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_BOLTZMANN_T = 1.380649e-23 * 300.15


@dataclass(frozen=True)
class OpAmp:
    """Datasheet figures of one op-amp. distortion: (THD ratio, volts peak, hertz) of a follower at its rated load."""

    name: str
    source: str
    gain_bandwidth_hz: float
    slew_volts_per_second: float
    open_loop_gain: float
    noise_volts_per_root_hz: float
    output_margin_volts: float
    short_circuit_amperes: float
    output_ohm: float
    supply_amperes_per_amplifier: float
    offset_volts_maximum: float
    distortion: tuple[float, float, float] | None
    dead_below_volts: float = 1.2

    def cubic(self) -> float:
        """k in v + k v^3 so that a follower's third harmonic is the datasheet's THD: THD * |A(3 f)| = k V^2 / 4."""
        if self.distortion is None:
            return 0.0
        thd, peak, hertz = self.distortion
        loop_gain = self.gain_bandwidth_hz / (3.0 * hertz)
        return 4.0 * thd * loop_gain / peak**2

    def subcircuit(self) -> str:
        """The model: pins non-inverting, inverting, positive supply, negative supply, output, ground; parameter vos."""
        capacitance = 30e-12
        transconductance = 2 * math.pi * self.gain_bandwidth_hz * capacitance
        limit = self.slew_volts_per_second * capacitance
        noise_ohm = self.noise_volts_per_root_hz**2 / (4 * _BOLTZMANN_T)
        output = f"V(g,gnd)+{self.cubic():.6g}*V(g,gnd)*V(g,gnd)*V(g,gnd)"
        margin = self.output_margin_volts
        return "\n".join(
            [
                f".subckt {self.name} inp inn vcc vee out gnd vos=0",
                f"rnoise nn gnd {noise_ohm:.6g}",
                "enoise a inp nn gnd 1",
                "voffset b a {vos}",
                "rin inp inn 1e10",
                "cin inp inn 4p",
                "dcp inn vcc clamp",
                "dcm vee inn clamp",
                f"bgm gnd g I={limit:.6g}*tanh({transconductance / limit:.6g}*V(b,inn))",
                f"rg g gnd {self.open_loop_gain / transconductance:.6g} noisy=0",
                f"cg g gnd {capacitance:.6g}",
                # A wind-up limit a little beyond the swing; the swing itself is the min/max of the output stage.
                "bhigh high gnd V=V(vcc,gnd)",
                "blow low gnd V=V(vee,gnd)",
                "dhigh g high windup",
                "dlow low g windup",
                f"bout o gnd V=max(min({output},V(vcc,gnd)-{margin}),V(vee,gnd)+{margin})",
                # Below some 3 V between its supplies the output stage is dead; its protection diodes are always there.
                f"blimit gnd out I={self.short_circuit_amperes / 2:.6g}"
                f"*(1+tanh((V(vcc,vee)-{self.dead_below_volts})/0.2))"
                f"*tanh(V(o,out)/{self.output_ohm * self.short_circuit_amperes:.6g})",
                "dop out vcc clamp",
                "dom vee out clamp",
                ".ends",
            ]
        )


OPA1678 = OpAmp(
    name="opa1678",
    source="Texas Instruments SBOS855 (OPA1678): 16 MHz, 9 V/us, 4.5 nV/rtHz, THD 0.0001 % at 1 kHz 3 Vrms unity gain, "
    "swing to 0.8 V of the rails at 2 k, 50 mA, 2 mA per amplifier, 2 mV",
    gain_bandwidth_hz=16e6,
    slew_volts_per_second=9e6,
    open_loop_gain=10 ** (114 / 20),
    noise_volts_per_root_hz=4.5e-9,
    output_margin_volts=0.8,
    short_circuit_amperes=50e-3,
    output_ohm=40.0,
    supply_amperes_per_amplifier=2e-3,
    offset_volts_maximum=2e-3,
    distortion=(1e-6, 3 * math.sqrt(2), 1e3),
    dead_below_volts=3.0,
)

MCP6004 = OpAmp(
    name="mcp6004",
    source="Microchip DS21733 (MCP6004): 1 MHz, 0.6 V/us, 28 nV/rtHz, 112 dB, swing to 25 mV of the rails, 23 mA, "
    "100 uA per amplifier, 4.5 mV",
    gain_bandwidth_hz=1e6,
    slew_volts_per_second=0.6e6,
    open_loop_gain=10 ** (112 / 20),
    noise_volts_per_root_hz=28e-9,
    output_margin_volts=0.025,
    short_circuit_amperes=23e-3,
    output_ohm=200.0,
    supply_amperes_per_amplifier=1e-4,
    offset_volts_maximum=4.5e-3,
    distortion=None,
)

# Diodes: forward voltages of the data sheets. Transistor: hFE 100..300, 4 pF, 8 pF, fT 300 MHz, ts 200 ns (MMBT3904).
_MODELS = """
.model clamp d(is=1e-14 n=1 rs=50 cjo=1p)
.model windup d(is=1e-12 n=0.5)
.model d1n5819 d(is=1e-6 n=1.05 rs=0.075 cjo=110p bv=40 ibv=100u)
.model d1n4148 d(is=2.5n n=1.75 rs=0.6 cjo=2p tt=6n bv=100 ibv=5u)
* BAT54 (Diodes Inc. DS11005): 240 mV at 0.1 mA, 320 mV at 1 mA, 400 mV at 10 mA.
.model dbat54 d(is=80n n=1.3 rs=3 cjo=10p bv=30 ibv=100u)
* An MCP6004 without supply: only its clamps are left.
.subckt mcp6004_off inp inn vcc vee out gnd
dcp inn vcc clamp
dcm vee inn clamp
dop out vcc clamp
dom vee out clamp
.ends
.model dledr d(is=1e-18 n=1.9 rs=5)
.model dledg d(is=5e-19 n=1.9 rs=8)
.model q3904 npn(is=7f bf=200 vaf=75 ikf=60m rb=10 rc=1 cje=8p cjc=4p tf=350p tr=240n)
* LM4040-2.5 (Texas Instruments SLOS456): regulates above 60 uA, 0.3 ohm; below it starves, which the diode shows.
.subckt lm4040_2v5 k a volts=2.5
vset k m {volts-0.0038}
dreg m n dshunt
rreg n a 0.3
dfwd a k clamp
.ends
.model dshunt d(is=1e-6 n=0.02)
.model q3906 pnp(is=7f bf=180 vaf=50 ikf=40m rb=10 rc=1 cje=8p cjc=5p tf=400p tr=240n)
* BZT52C8V2 (Diodes Inc. DS18004): 8.2 V at 5 mA, 15 ohm.
.model dz8v2 d(is=1e-14 bv=8.13 ibv=5m rs=10 cjo=60p)
* 2N7002K (onsemi): the worst one of the data sheet, threshold 2.5 V, 1.6 ohm at 10 V; 50 pF, 15 pF, 4 pF typical.
.subckt n7002k d g s
m1 d g s s mn7002k w=1 l=1
cgs g s 40p
cgd g d 5p
.ends
.model mn7002k nmos(level=1 vto=2.5 kp=0.1 lambda=0.005 rd=0.15 rs=0.15 cbd=20p is=1e-12)
* PESD24VL1BA (Nexperia): stands off 24 V both ways, 11 pF at 0 V.
.subckt tvs24 a b
d1 m a dtvs
d2 m b dtvs
.ends
.model dtvs d(is=1e-12 bv=26.5 ibv=1m rs=1 cjo=22p vj=0.7 m=0.33)
"""


def library() -> str:
    """Every model, to stand at the head of a deck."""
    return "\n".join([OPA1678.subcircuit(), MCP6004.subcircuit(), _MODELS.strip()])
