"""What to buy: manufacturer numbers, second sources, footprints and estimated unit prices.

Prices are estimates in euro for ten pieces, made without a distributor's quotation on PRICE_DATE; order numbers follow
the makers' published numbering. Check both before ordering.
"""

from __future__ import annotations

from dataclasses import dataclass

from .quantities import capacitor_code, parse, resistor_code, vishay_code

PRICE_DATE = "2026-11"
CURRENCY = "EUR"


@dataclass(frozen=True)
class Item:
    """One thing to order. tolerance: relative (0.01 is 1 %), 0 where none applies."""

    description: str
    manufacturer_number: str
    second_source: str
    footprint: str
    unit_cost: float
    tolerance: float = 0.0
    library: str = ""
    symbol: str = ""


def resistor(value: str, size: str = "0805") -> Item:
    """A 1 % thick-film resistor, 100 ppm/K; size 0805 (125 mW) or 1206 (250 mW)."""
    metric = {"0805": "2012", "1206": "3216"}[size]
    return Item(
        f"resistor {value} 1 % {size}",
        f"Yageo RC{size}FR-07{resistor_code(value)}L",
        f"Vishay CRCW{size}{vishay_code(value)}FKEA",
        f"Resistor_SMD:R_{size}_{metric}Metric",
        0.02 if size == "0805" else 0.04,
        0.01,
        "Device",
        "R",
    )


def capacitor(value: str) -> Item:
    """A ceramic capacitor, 50 V: C0G 5 % up to 10 nF (signal path), X7R 10 % above (supplies and knob filters)."""
    c0g = parse(value) <= 10e-9
    # 10 nF C0G in 0805 exists from both makers; larger values are X7R.
    first = f"KEMET C0805C{capacitor_code(value)}{'J5GACTU' if c0g else 'K5RACTU'}"
    second = f"Yageo CC0805{'J' if c0g else 'K'}{'RNPO' if c0g else 'RX7R'}9BB{capacitor_code(value)}"
    if c0g:
        second = f"Yageo CC0805JRNPO9BN{capacitor_code(value)}"
    return Item(
        f"capacitor {value}F {'C0G 5 %' if c0g else 'X7R 10 %'} 50 V 0805",
        first,
        second,
        "Capacitor_SMD:C_0805_2012Metric",
        0.06 if c0g else 0.03,
        0.05 if c0g else 0.10,
        "Device",
        "C",
    )


PARTS: dict[str, Item] = {
    "bulk_22u": Item(
        "electrolytic capacitor 22u 35 V 5 x 5.8 mm",
        "Panasonic EEE-FK1V220R",
        "Nichicon UWT1V220MCL1GS",
        "Capacitor_SMD:CP_Elec_5x5.8",
        0.25,
        0.20,
        "Device",
        "C_Polarized",
    ),
    "bulk_220u": Item(
        "electrolytic capacitor 220u 25 V 8 x 10.2 mm",
        "Panasonic EEE-FK1E221P",
        "Nichicon UWT1E221MNL1GS",
        "Capacitor_SMD:CP_Elec_8x10",
        0.45,
        0.20,
        "Device",
        "C_Polarized",
    ),
    "ferrite": Item(
        "ferrite bead 600 ohm at 100 MHz 1.5 A 1206",
        "Murata BLM31PG601SN1L",
        "TDK MPZ2012S601AT000",
        "Inductor_SMD:L_1206_3216Metric",
        0.08,
        0.0,
        "Device",
        "FerriteBead",
    ),
    "fuse_500m": Item(
        "resettable fuse 0.5 A hold 30 V 1812",
        "Littelfuse 1812L050/30PR",
        "Bourns MF-MSMF050/30X-2",
        "Fuse:Fuse_1812_4532Metric",
        0.30,
        0.0,
        "Device",
        "Polyfuse",
    ),
    "fuse_200m": Item(
        "resettable fuse 0.2 A hold 30 V 1812",
        "Bourns MF-MSMF020-2",
        "Littelfuse 1812L020PR",
        "Fuse:Fuse_1812_4532Metric",
        0.30,
        0.0,
        "Device",
        "Polyfuse",
    ),
    "schottky": Item(
        "Schottky diode 1 A 40 V",
        "Diodes Inc. 1N5819HW-7-F",
        "MCC B5819W-TP",
        "Diode_SMD:D_SOD-123",
        0.20,
        0.0,
        "Device",
        "D_Schottky",
    ),
    "signal_diode": Item(
        "switching diode 100 V 0.3 A",
        "Diodes Inc. 1N4148W-7-F",
        "Vishay 1N4148W-E3-08",
        "Diode_SMD:D_SOD-123",
        0.05,
        0.0,
        "Diode",
        "1N4148W",
    ),
    "clamp_pair": Item(
        "Schottky pair in series 30 V 0.2 A",
        "Diodes Inc. BAT54S-7-F",
        "Nexperia BAT54S,215",
        "Package_TO_SOT_SMD:SOT-23",
        0.06,
        0.0,
        "Diode",
        "BAT54S",
    ),
    "zener_8v2": Item(
        "Zener diode 8.2 V 0.5 W",
        "Diodes Inc. BZT52C8V2-7-F",
        "Nexperia BZT52-C8V2,115",
        "Diode_SMD:D_SOD-123",
        0.05,
        0.05,
        "Device",
        "D_Zener",
    ),
    "suppressor": Item(
        "ESD suppressor, bidirectional, 24 V, 11 pF",
        "Nexperia PESD24VL1BA,115",
        "Littelfuse SD24C-01FTG",
        "Diode_SMD:D_SOD-323",
        0.12,
        0.0,
        "Device",
        "D_TVS",
    ),
    "reference_2v5": Item(
        "shunt reference 2.5 V 0.5 %",
        "Diodes Inc. LM4040C25FTA",
        "Texas Instruments LM4040C25IDBZR",
        "Package_TO_SOT_SMD:SOT-23",
        0.60,
        0.005,
        "Reference_Voltage",
        "LM4040DBZ-2.5",
    ),
    "cv_op_amp": Item(
        "quad op-amp, rail to rail, 1 MHz",
        "Microchip MCP6004-I/SL",
        "Texas Instruments TLV9004IDR",
        "Package_SO:SOIC-14_3.9x8.7mm_P1.27mm",
        0.60,
        0.0,
        "Amplifier_Operational",
        "MCP6004",
    ),
    "audio_op_amp": Item(
        "dual audio op-amp",
        "Texas Instruments OPA1678IDR",
        "onsemi MC33078DR2G",
        "Package_SO:SOIC-8_3.9x4.9mm_P1.27mm",
        1.20,
        0.0,
        "Amplifier_Operational",
        "OPA1678",
    ),
    "npn": Item(
        "NPN transistor 40 V 0.2 A",
        "Diodes Inc. MMBT3904-7-F",
        "onsemi MMBT3904LT1G",
        "Package_TO_SOT_SMD:SOT-23",
        0.04,
        0.0,
        "Transistor_BJT",
        "MMBT3904",
    ),
    "pnp": Item(
        "PNP transistor 40 V 0.2 A",
        "Diodes Inc. MMBT3906-7-F",
        "onsemi MMBT3906LT1G",
        "Package_TO_SOT_SMD:SOT-23",
        0.04,
        0.0,
        "Transistor_BJT",
        "MMBT3906",
    ),
    "n_mosfet": Item(
        "N-channel MOSFET 60 V 0.3 A, 20 V gate",
        "Nexperia 2N7002BK,215",
        "onsemi 2N7002K",
        "Package_TO_SOT_SMD:SOT-23",
        0.06,
        0.0,
        "Transistor_FET",
        "2N7002K",
    ),
    "potentiometer": Item(
        "potentiometer 10k linear 9 mm, vertical",
        "Alpha RD901F-40-15R1-B10K",
        "Song Huei R0904N-B10K",
        "Potentiometer_THT:Potentiometer_Alpha_RD901F-40-00D_Single_Vertical",
        0.90,
        0.20,
        "Device",
        "R_Potentiometer",
    ),
    "jack": Item(
        "3.5 mm mono jack, switched, vertical",
        "QingPu WQP-PJ398SM",
        "QingPu WQP-PJ301M-12",
        "Connector_Audio:Jack_3.5mm_QingPu_WQP-PJ398SM_Vertical_CircularHoles",
        0.45,
        0.0,
        "Connector",
        "AudioJack2_SwitchT",
    ),
    "button": Item(
        "push button 6 mm, plunger for a cap",
        "E-Switch TL1105SPF250Q",
        "Wuerth 430186130716",
        "Button_Switch_THT:SW_PUSH_6mm_H13mm",
        0.25,
        0.0,
        "Switch",
        "SW_Push",
    ),
    "led": Item(
        "LED 3 mm red/green, common cathode",
        "Kingbright WP3WEGW",
        "Lite-On LTL1BEKVJNN",
        "LED_THT:LED_D3.0mm-3",
        0.25,
        0.0,
        "Device",
        "LED_Dual_AKA",
    ),
    "power_header": Item(
        "box header 2 x 5, 2.54 mm, keyed",
        "Wuerth 61201021621",
        "Amphenol T821110A1S100CEU",
        "Connector_IDC:IDC-Header_2x05_P2.54mm_Vertical",
        0.40,
        0.0,
        "Connector_Generic",
        "Conn_02x05_Odd_Even",
    ),
    # Revisions: 1.2 (Rev 7, codec PCM3060) is what is sold; 1.1 (Rev 5, WM8731) and 1.0 (Rev 4, AK4556) fit as well.
    "seed": Item(
        "Daisy Seed revision 1.2 (Rev 7, PCM3060), 64 MB, with pin strips",
        "Electrosmith Daisy Seed 1.2 (Rev 7)",
        "Electrosmith Daisy Seed2 DFM",
        "gritspace:Daisy_Seed",
        29.00,
        0.0,
        "Connector_Generic",
        "Conn_02x20_Counter_Clockwise",
    ),
    "test_point": Item("bare pad", "", "", "gritspace:Test_Point", 0.0, 0.0, "Connector", "TestPoint"),
}

# Order numbers that stand in parts lists which others have published (looked up in 2026-11 in public repositories, the
# exact string). What is not here is spelt by the makers' rules and was not met: look before you order.
CONFIRMED = frozenset(
    [
        "EEE-FK1E221P",
        "EEE-FK1V220R",
        "BLM31PG601SN1L",
        "1812L050/30PR",
        "MF-MSMF020-2",
        "PESD24VL1BA,115",
        "BZT52C8V2-7-F",
        "1N5819HW-7-F",
        "LM4040C25FTA",
        "MCP6004-I/SL",
        "OPA1678IDR",
        "MMBT3904-7-F",
        "MMBT3906-7-F",
        "BAT54S-7-F",
        "1N4148W-7-F",
        "2N7002BK,215",
        "61201021621",
        "TL1105SPF250Q",
        "RD901F-40-15R1-B10K",
        "SSW-120-01-T-S",
        "C0805C104K5RACTU",
        "C0805C105K5RACTU",
        "C0805C103J5GACTU",
        "C0805C332J5GACTU",
        "C0805C151J5GACTU",
        "C0805C270J5GACTU",
        "RC0805FR-07100KL",
        "RC0805FR-0745K3L",
        "RC0805FR-0780K6L",
    ]
)

# Parts without a net: bought or made, and mounted.
MECHANICAL: tuple[tuple[str, int, Item], ...] = (
    ("SOCKET", 2, Item("socket strip 1 x 20, 2.54 mm", "Samtec SSW-120-01-T-S", "Sullins PPTC201LFBN-RC", "", 1.10)),
    ("PANEL1", 1, Item("front panel, 2 mm aluminium or FR4", "build/panel.dxf", "build/panel.pdf", "", 9.0)),
    ("KNOB", 7, Item("knob for 6 mm shaft, 11 mm wide", "Sifam 11 mm collet knob", "Rogan PT-0P", "", 0.60)),
    ("CABLE1", 1, Item("ribbon cable 10 to 16 way, 30 cm", "Doepfer Bus cable 10-16", "Wuerth 687610300002", "", 2.0)),
    (
        "USB1",
        1,
        Item("micro-USB extension for a panel, two M2.5 screws 17 mm apart", "Adafruit 3258", "Delock 85245", "", 5.0),
    ),
    ("CAP1", 1, Item("cap for the button, 6 mm round, black", "E-Switch 1RBLK", "E-Switch 1RRED", "", 0.20)),
    (
        "SPACER",
        2,
        Item("spacer M3 x 10, female to female, and a screw", "Wuerth 970100321", "Ettinger 05.13.103", "", 0.40),
    ),
    ("SCREW", 4, Item("screw M3 x 6 with nylon washer", "DIN 965 M3x6", "DIN 7985 M3x6", "", 0.05)),
)
