"""The built-in circuits."""

from __future__ import annotations

from gritspace.train.devices.big_muff import BigMuff
from gritspace.train.devices.buchla import BuchlaFolder
from gritspace.train.devices.circuit import Circuit
from gritspace.train.devices.diode_clipper import DiodeClipper
from gritspace.train.devices.rat import Rat
from gritspace.train.devices.tube_screamer import TubeScreamer

CIRCUITS: tuple[Circuit, ...] = (DiodeClipper(), TubeScreamer(), Rat(), BigMuff(), BuchlaFolder())
