"""The built-in circuits."""

from __future__ import annotations

from gritspace.train.devices.analog.bit_crusher import BitCrusher
from gritspace.train.devices.analog.diode_ladder import DiodeLadder
from gritspace.train.devices.analog.full_drive import FullDrive
from gritspace.train.devices.analog.germanium_boost import GermaniumBoost
from gritspace.train.devices.analog.octave_rectifier import OctaveRectifier
from gritspace.train.devices.analog.transistor_fuzz import TransistorFuzz
from gritspace.train.devices.analog.tube_sag import TubeSag
from gritspace.train.devices.big_muff import BigMuff
from gritspace.train.devices.buchla import BuchlaFolder
from gritspace.train.devices.circuit import Circuit
from gritspace.train.devices.diode_clipper import DiodeClipper
from gritspace.train.devices.rat import Rat
from gritspace.train.devices.tube_screamer import TubeScreamer

CIRCUITS: tuple[Circuit, ...] = (
    DiodeClipper(),
    TubeScreamer(),
    Rat(),
    BigMuff(),
    BuchlaFolder(),
    TransistorFuzz(),
    GermaniumBoost(),
    TubeSag(),
    FullDrive(),
    OctaveRectifier(),
    DiodeLadder(),
    BitCrusher(),
)
