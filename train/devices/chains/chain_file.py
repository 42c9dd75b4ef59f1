"""Chains in TOML.

name = "broken_radio"

[[effect]]
kind = "asymmetric_clip"
drive_db = { knob = "drive" }                       # a knob over the parameter's whole range
bias = 0.3

[[effect]]
kind = "bit_crush"
bits = { knob = "bits", low = 4, high = 12 }        # or over a part of it; low may be above high
mix = 0.7                                           # 1, the default, is all wet

[[effect]]
kind = "pedalboard.LadderFilter"                    # its parameters have no known range: low and high are needed
cutoff_hz = { knob = "filter", low = 200, high = 8000, logarithmic = true }

[[effect]]
kind = "sox.overdrive"                              # SoX's own arguments, {name} for a value; see plugin_grammar.py
arguments = ["{gain}", "20"]
gain = { knob = "drive", low = 0, high = 40 }
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gritspace.train.devices.chains import effect_plugins, plugin_grammar
from gritspace.train.devices.chains.effect import Effect, Parameter
from gritspace.train.devices.chains.effect_catalogue import effect_named
from gritspace.train.devices.chains.effect_chain import Chain, Link, Turned
from gritspace.train.errors import InputError
from gritspace.train.text_file import parse_toml, read_text

LARGEST = 1e300
"""Of a number in a chain."""


def read_chain(path: Path) -> Chain:
    """Raises InputError that names the file, the effect, and what is wrong."""
    return parse_chain(read_text(path), str(path), Path(path).stem)


def parse_chain(text: str, where: str, name: str = "chain") -> Chain:
    """where: what to call the text in complaints; name: of the chain, if the text gives none."""
    table = parse_toml(text, where)
    unknown = set(table) - {"name", "licence", "effect"}
    if unknown:
        raise InputError(f"{where}: {sorted(unknown)[0]!r} is unknown; a chain has name, licence and [[effect]].")
    effects = table.get("effect")
    if not isinstance(effects, list) or not effects or not all(isinstance(one, dict) for one in effects):
        raise InputError(f"{where}: a chain needs at least one [[effect]] with a kind.")
    for key in ("name", "licence"):
        if not isinstance(table.get(key, ""), str):
            raise InputError(f"{where}: {key} must be a text.")
    links = tuple(_link(one, f"{where}, effect {i + 1}") for i, one in enumerate(effects))
    return Chain(table.get("name") or name, links, text, table.get("licence", "MIT"))


def _link(table: Mapping[str, Any], where: str) -> Link:
    kind = table.get("kind")
    if not isinstance(kind, str):
        raise InputError(f'{where}: it needs a kind, such as kind = "soft_clip".')
    mix = _number(table.get("mix", 1), "mix", where)
    Parameter("mix", 0, 1, 1).refuse_outside(mix, where)
    given = {key: value for key, value in table.items() if key not in ("kind", "mix", "arguments")}
    arguments = table.get("arguments", [])
    if "arguments" in table and not kind.startswith(effect_plugins.SOX):
        raise InputError(f"{where}: arguments are for SoX effects only; name the parameters one by one.")
    if not isinstance(arguments, list) or not all(isinstance(one, str) for one in arguments):
        raise InputError(f'{where}: arguments must be a list of texts, such as ["{{gain}}", "20"].')
    if kind.startswith((effect_plugins.PEDALBOARD, effect_plugins.SOX)):
        _refuse_unusable_plugin(kind, given, arguments, where)
        values = {name: _plugin_value(name, value, where) for name, value in given.items()}
        return Link(kind, values, None, tuple(arguments), mix)
    effect = effect_named(kind, where)
    turned = {name: _value(effect, name, value, where) for name, value in given.items()}
    values = {one.name: turned.get(one.name, one.default) for one in effect.parameters}
    return Link(kind, values, effect, (), mix)


def _refuse_unusable_plugin(kind: str, given: Mapping[str, Any], arguments: list[str], where: str) -> None:
    if kind.startswith(effect_plugins.SOX):
        effect_plugins.refuse_bad_sox(kind, arguments, where)
        used = {name for text in arguments for name in plugin_grammar.places(text, where)}
        if used != set(given):
            odd = sorted(used ^ set(given))[0]
            raise InputError(f"{where}: {odd!r} must both stand in the arguments as {{{odd}}} and be given a value.")
        return
    effect_plugins.pedalboard_class(kind, where)
    effect = kind.removeprefix(effect_plugins.PEDALBOARD)
    for name, value in given.items():
        plugin_grammar.range_of(effect, name, where)
        for end in [value[key] for key in ("low", "high") if key in value] if isinstance(value, dict) else [value]:
            plugin_grammar.refuse_outside(effect, name, _number(end, name, where), where)


def _value(effect: Effect, name: str, value: Any, where: str) -> float | Turned:
    parameter = effect.parameter(name, where)
    if not isinstance(value, dict):
        number = _number(value, name, where)
        parameter.refuse_outside(number, where)
        return number
    _knob(value, name, where, {"knob", "low", "high"})
    low = _number(value.get("low", parameter.low), "low", where)
    high = _number(value.get("high", parameter.high), "high", where)
    for bound in (low, high):
        parameter.refuse_outside(bound, where)
    return Turned(value["knob"], parameter, low, high)


def _plugin_value(name: str, value: Any, where: str) -> float | Turned:
    if not isinstance(value, dict):
        return _number(value, name, where)
    _knob(value, name, where, {"knob", "low", "high", "logarithmic"})
    if "low" not in value or "high" not in value:
        raise InputError(f"{where}: {name} is a plugin's and has no known range; give low and high.")
    low, high = _number(value["low"], "low", where), _number(value["high"], "high", where)
    logarithmic = value.get("logarithmic", False)
    if not isinstance(logarithmic, bool) or (logarithmic and min(low, high) <= 0):
        raise InputError(f"{where}: {name}: logarithmic is true or false, and needs low and high above 0.")
    return Turned(value["knob"], Parameter(name, min(low, high), max(low, high), low, "", logarithmic), low, high)


def _knob(value: Mapping[str, Any], name: str, where: str, known: set[str]) -> None:
    unknown = set(value) - known
    if unknown or not isinstance(value.get("knob"), str) or not value["knob"].isidentifier():
        raise InputError(
            f'{where}: {name} = {{ knob = "NAME", low = ..., high = ... }} is what a turned parameter looks like.'
        )


def _number(value: Any, name: str, where: str) -> float:
    if type(value) not in (int, float) or not abs(value) <= LARGEST:  # a NaN is no less than anything
        raise InputError(f"{where}: {name} must be a number, and is {value!r:.60}.")
    return float(value)
