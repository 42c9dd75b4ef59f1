"""The simulated module's flash, in QEMU: power is cut by killing it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.link.client import Module
from gritspace.host_tools.link.frames import LinkError
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.memory import Preset
from gritspace.host_tools.module.simulator import Simulator
from gritspace.host_tools.module.simulator_line import bad_line
from gritspace.quantize.model import reference
from gritspace.quantize.model.grit import to_bytes
from tests.quantize.conftest import make_model, noise, q15

OTHER = make_model("relu_snapshot")


def preset(seed: int) -> Preset:
    return Preset((seed,) * 4, (-seed,) * 12, 4096, 0, 1, 2)


def test_models_and_presets_outlast_the_power_and_the_uploaded_model_plays_to_the_bit(
    image: Path, tmp_path: Path
) -> None:
    flash = tmp_path / "flash.bin"
    with Simulator(image, flash=flash) as simulator, Module(simulator.port) as module:
        memory.put_preset(module, preset(77))
        slot = memory.upload(module, to_bytes(OTHER))
        assert (slot.slots, slot.state) == (48, "good")
        before = module.status()
        memory.select(module, 1)
        memory.wait_until_saved(module)
        assert module.status().xruns == before.xruns
    with Simulator(image, flash=flash) as simulator, Module(simulator.port) as module:
        assert module.info().model_name == OTHER.name
        assert memory.get_preset(module, 2) == preset(77)
        audio = q15(noise(4800))
        assert np.array_equal(module.stream(audio, np.zeros(4, np.int16)).samples, reference.run(OTHER, audio))


def test_power_cut_at_any_moment_of_saving_leaves_the_old_or_the_new_preset(image: Path, tmp_path: Path) -> None:
    flash = tmp_path / "flash.bin"
    kept = wish = Preset((0,) * 4, (0,) * 12, 4096, model=0, used=0, index=2)
    for attempt in range(1, 6):
        with Simulator(image, flash=flash) as simulator, Module(simulator.port) as module:
            found = memory.get_preset(module, 2)
            assert found in (kept, wish)
            kept, wish = found, preset(attempt)
            memory.put_preset(module, wish)
            time.sleep(0.013 * attempt)
            simulator.stop()
    with Simulator(image, flash=flash) as simulator, Module(simulator.port) as module:
        memory.put_preset(module, preset(99))
        memory.wait_until_saved(module)


def test_an_upload_goes_on_after_the_power_was_cut(image: Path, tmp_path: Path) -> None:
    flash, model = tmp_path / "flash.bin", to_bytes(OTHER) + bytes(20_000)
    with Simulator(image, flash=flash) as simulator, Module(simulator.port, patience_seconds=0.5) as module:

        def unplug(done: int, _: int) -> None:
            if done > 13_000:
                simulator.stop()

        with pytest.raises(LinkError):
            memory.upload(module, model, progress=unplug)
    heard: list[int] = []
    with Simulator(image, flash=flash) as simulator, Module(simulator.port) as module:
        assert memory.upload(module, model, progress=lambda done, of: heard.append(done)).state == "good"
    assert heard[0] == 12_288


def test_the_module_restarts_when_it_is_asked_to(image: Path) -> None:
    with Simulator(image) as simulator, Module(simulator.port) as module:
        module.stream(q15(noise(960)), np.zeros(4, np.int16))
        assert module.info().last_stream == 1
        module.reboot()
        time.sleep(0.5)
        assert module.info().last_stream == 0


def test_a_port_closed_and_opened_two_hundred_times_in_mid_stream_never_spoils_the_next_stream(image: Path) -> None:
    rng = np.random.default_rng(200)
    model = make_model("tanh_space")
    audio, here = q15(noise(48 * 200)), np.array([1, 2, 3, 4], np.int16)
    wanted = reference.run(model, audio, here)

    class ClosedError(Exception):
        pass

    with Simulator(image) as simulator:
        for time_around in range(200):
            stop = int(rng.integers(0, 48 * 150))

            def leave(done: int, _: int, stop: int = stop) -> None:
                if done >= stop:
                    raise ClosedError

            with Module(simulator.port) as module, pytest.raises(ClosedError):
                module.stream(audio, here, leave)
            if time_around % 20 == 0:
                with Module(simulator.port) as module:
                    assert np.array_equal(module.stream(audio, here).samples, wanted)
        with Module(simulator.port) as module:
            assert np.array_equal(module.stream(audio, here).samples, wanted)
            assert module.status().xruns == 0


def test_a_line_that_loses_damages_and_doubles_bytes_costs_retries_but_no_sample_and_no_byte_of_a_model(
    image: Path,
) -> None:
    audio, here = q15(noise(9600)), np.array([1, 2, 3, 4], np.int16)
    ways = [bad_line(1e-4, seed) for seed in (1, 2)]
    with Simulator(image, to_module=ways[0], to_laptop=ways[1]) as simulator, Module(simulator.port) as module:
        result = module.stream(audio, here)
        assert np.array_equal(result.samples, reference.run(make_model("tanh_space"), audio, here))
        assert result.retries > 0
        assert memory.upload(module, to_bytes(make_model("tanh_space"))).state == "good"


def test_a_bad_line_loses_damages_and_doubles_as_many_bytes_as_it_was_told() -> None:
    sent = np.random.default_rng(4).bytes(300_000)
    came = bad_line(0.03, 7)(sent)
    assert bad_line(0.0, 7)(sent) == sent
    assert abs(len(came) - len(sent)) < 600, "as many lost as doubled"
    only_kept = bad_line(0.03, 7)(bytes(300_000))
    assert 2700 < sum(byte != 0 for byte in only_kept) < 3300


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a child with its killed parent")
def test_no_emulator_outlives_a_program_that_was_killed(image: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from gritspace.host_tools.module.simulator import Simulator\n"
        "s = Simulator(Path(sys.argv[1])); s.start(); print(s._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(image)], stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(30, parent.kill)
    watchdog.start()
    assert parent.stdout is not None
    emulator = int(parent.stdout.readline())
    os.kill(emulator, 0)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    watchdog.cancel()
    until = time.monotonic() + 5
    while Path(f"/proc/{emulator}/stat").exists() and time.monotonic() < until:
        if Path(f"/proc/{emulator}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{emulator}").exists()
