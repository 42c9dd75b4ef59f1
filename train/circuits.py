"""The built-in circuits."""

from __future__ import annotations

from gritspace.train.circuit import Circuit
from gritspace.train.circuit_big_muff import BigMuff
from gritspace.train.circuit_buchla import BuchlaFolder
from gritspace.train.circuit_diode_clipper import DiodeClipper
from gritspace.train.circuit_rat import Rat
from gritspace.train.circuit_tube_screamer import TubeScreamer

CIRCUITS: tuple[Circuit, ...] = (DiodeClipper(), TubeScreamer(), Rat(), BigMuff(), BuchlaFolder())
