"""A chain file from a stranger: no file is read or written, no library is loaded, nothing runs without an end."""

import shutil

import numpy as np
import pedalboard
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gritspace.train.devices.chains import effect_plugins, plugin_grammar
from gritspace.train.devices.chains.chain_file import parse_chain
from gritspace.train.errors import InputError

NEEDS_SOX = pytest.mark.skipif(shutil.which("sox") is None, reason="SoX is missing: apt-get install sox")
NOISE = np.random.default_rng(0).uniform(-0.3, 0.3, (1, 4000)).astype(np.float32)


def sox(effect: str, *arguments: str) -> str:
    """A chain of one SoX effect, in TOML."""
    return f"[[effect]]\nkind = 'sox.{effect}'\narguments = [{', '.join(repr(one) for one in arguments)}]"


@NEEDS_SOX
@pytest.mark.parametrize(
    ("effect", "arguments"),
    [
        ("gain", ["0", "noiseprof", "VICTIM"]),
        ("noiseprof", ["VICTIM"]),
        ("spectrogram", ["-o", "VICTIM"]),
        ("gain", ["0", ":", "noiseprof", "VICTIM"]),
        ("gain", ["0", "output", "VICTIM"]),
        ("output", ["VICTIM"]),
    ],
)
def test_no_file_is_overwritten(tmp_path, effect, arguments):
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    text = sox(effect, *(str(victim) if one == "VICTIM" else one for one in arguments))
    with pytest.raises(InputError, match=r"^chain\.toml"):
        parse_chain(text, "chain.toml").render(NOISE, np.zeros((1, 0), np.float32))
    assert victim.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [victim]


@NEEDS_SOX
@pytest.mark.parametrize(
    ("effect", "arguments"),
    [
        ("ladspa", ["./x.so", "label"]),
        ("gain", ["0", "ladspa", "./x.so", "label"]),
        ("fir", ["/etc/passwd"]),
        ("noisered", ["/etc/passwd"]),
        ("gain", ["0", "gain", "3"]),
        ("gain", ["{gain:>1000000000}"]),
        ("gain", ["{gain.__class__}"]),
        ("gain", ["{gain!r}"]),
        ("gain", ["{{gain}}"]),
        ("gain", ["0\\n"]),
        ("gain", ["1e9"]),
        ("gain", ["0;1"]),
        ("gain", ["0"] * 100),
        ("repeat", ["-"]),
        ("pad", ["0", "1e9"]),
        ("overdrive", ["@/etc/passwd"]),
        ("gain", ["-n", "/dev/stdout"]),
        ("-n", []),
        ("gain -n synth", []),
    ],
)
def test_what_names_a_file_a_library_or_another_effect_is_refused(effect, arguments):
    with pytest.raises(InputError, match=r"^chain\.toml, effect 1"):
        parse_chain(sox(effect, *arguments) + "\ngain = 3", "chain.toml")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(plugin_grammar.SOX_WORDS)), st.lists(st.text(max_size=12), max_size=4))
def test_no_argument_is_a_path_or_an_effect(effect, arguments):
    try:
        plugin_grammar.refuse_arguments(effect, arguments, "x")
    except InputError:
        return
    for one in arguments:
        assert "/" not in one
        assert one not in plugin_grammar.SOX_WORDS or one in plugin_grammar.SOX_WORDS[effect]


def test_no_word_of_an_effect_is_the_name_of_an_effect_or_holds_a_path():
    words = {word for words in plugin_grammar.SOX_WORDS.values() for word in words}
    assert not words & set(plugin_grammar.SOX_WORDS)
    assert not any(set(word) & set("/\\@:") for word in words)


@pytest.mark.parametrize(
    "name", ["VST3Plugin", "AudioUnitPlugin", "ExternalPlugin", "Convolution", "_klass", "Chain", "load_plugin", "io"]
)
def test_pedalboard_loads_no_plugin_and_no_file(name, tmp_path):
    for line in ("", "path_to_plugin_file = './x.vst3'", "impulse_response_filename = '/etc/passwd'", "mix = 1"):
        with pytest.raises(InputError, match=r"^chain\.toml, effect 1"):
            parse_chain(f"[[effect]]\nkind = 'pedalboard.{name}'\n{line}", "chain.toml")


def test_pedalboard_has_every_effect_and_parameter_of_the_list_and_takes_the_ends_of_each_range():
    for name, ranges in plugin_grammar.PEDALBOARD_RANGES.items():
        made = getattr(pedalboard, name)()
        assert isinstance(made, pedalboard.Plugin)
        for parameter, ends in ranges.items():
            assert hasattr(made, parameter), (name, parameter)
            for end in ends:
                values = {parameter: np.array([[end]], np.float64)}
                try:
                    wet = effect_plugins.through_pedalboard(f"pedalboard.{name}", NOISE, values, "x")
                except InputError:
                    continue
                assert wet.shape == NOISE.shape


@pytest.mark.parametrize("value", ["1e9", "-1", "{ knob = 'd', low = 0, high = 1e9 }"])
def test_a_delay_that_would_take_all_memory_is_refused(value):
    with pytest.raises(InputError, match="must lie from 0 to 10"):
        parse_chain(f"[[effect]]\nkind = 'pedalboard.Delay'\ndelay_seconds = {value}", "chain.toml")


@NEEDS_SOX
def test_a_sox_that_does_not_end_is_stopped(monkeypatch, tmp_path):
    (tmp_path / "sox").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "sox").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(effect_plugins, "SOX_SECONDS", 0.3)
    with pytest.raises(InputError, match=r"not done .* after 0\.3 s"):
        parse_chain(sox("overdrive", "20"), "c").render(NOISE, np.zeros((1, 0), np.float32))


@NEEDS_SOX
@pytest.mark.parametrize(
    ("effect", "arguments"),
    [
        ("overdrive", ["{gain}", "20"]),
        ("compand", ["0.3,1", "6:-70,-60,-20", "-5", "-90", "0.2"]),
        ("sinc", ["300-3k"]),
        ("sinc", ["-n", "255", "-4k"]),
        ("equalizer", ["{gain}k", "1.5q", "-6"]),
        ("reverb", ["-w", "50"]),
        ("vol", ["{gain}dB"]),
        ("chorus", ["0.7", "0.9", "55", "0.4", "0.25", "2", "-t"]),
        ("flanger", ["0", "2", "0", "71", "0.5", "sine", "25", "linear"]),
        ("phaser", ["0.8", "0.74", "3", "0.4", "0.5", "-t"]),
        ("bend", ["-f", "25", "0.01,180,0.02"]),
    ],
)
def test_what_a_distortion_needs_still_works(effect, arguments):
    text = sox(effect, *arguments)
    if any("{gain}" in one for one in arguments):
        text += "\ngain = { knob = 'drive', low = 1, high = 10 }"
        setting = np.array([[0.5]], np.float32)
    else:
        setting = np.zeros((1, 0), np.float32)
    wet = parse_chain(text, "c").render(NOISE, setting)
    assert wet.shape == NOISE.shape
    assert np.isfinite(wet).all()
