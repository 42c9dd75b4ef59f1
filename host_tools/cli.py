"""The program `gritspace`: its commands, and how every error a user can cause becomes one sentence and an exit code.

Exit 0: good. 1: a measurement that is not good. 2: bad usage, unusable input, or something the rig lacks.
Commands live in commands/, one file a noun, and import what is heavy only when they run.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from typing import Annotated, NoReturn

import typer

from gritspace.host_tools.commands import (
    bank,
    calibrate,
    fit,
    flash,
    loop,
    model,
    module,
    monitor,
    pair,
    presets,
    research,
    rig,
    sound,
    space,
    train,
    web,
)
from gritspace.host_tools.console import err, shown
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.outputs import guarded
from gritspace.host_tools.stopping import CODE, WATCH, Stopped, end, how_to_go_on
from gritspace.train.errors import InputError

app = typer.Typer(
    name="gritspace",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    rig.doctor,
    sound.devices,
    sound.render,
    train.train,
    space.enroll,
    space.evaluate,
    space.even,
    fit.fit,
    model.quantize,
    model.export,
    model.run,
    model.cycles,
    pair.pair,
    module.build,
    module.simulate,
    module.hil,
    module.accept,
    flash.flash,
    bank.upload,
    calibrate.calibrate,
    monitor.monitor,
    research.match,
    research.effects,
    research.apply,
    research.research,
    rig.demo,
    web.play,
    web.listen,
):
    app.command()(guarded(command))
app.add_typer(presets.presets, name="presets")
app.add_typer(loop.loop, name="loop")


def _tell_version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        typer.echo(f"gritspace {importlib.metadata.version('gritspace')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """Distortion captures as a space to play: train, quantize, flash, measure."""


def main() -> NoReturn:
    """Runs the command named on the command line; never shows a traceback (unless GRITSPACE_DEBUG is set)."""
    # Threads that wait for each other must not burn the processor meanwhile: on a busy machine that made training with
    # two threads 80 times slower than with one. Read when PyTorch is loaded, which is after this.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves every `with`, so that no emulator stays behind
        WATCH.begin()
    try:
        app(prog_name="gritspace")
    except Stopped as stopped:
        end(str(stopped))
    except KeyboardInterrupt:  # before a command has begun, or after it is done
        end(how_to_go_on(WATCH.command))
    except SystemExit as ended:  # so Typer calls the same
        if ended.code == CODE:
            end(how_to_go_on(WATCH.command))
        raise
    except BrokenPipeError:
        _leave_the_pipe()
    except Exception as error:
        if os.environ.get("GRITSPACE_DEBUG"):
            raise
        err().print(f"[bold red]gritspace:[/bold red] {shown(sentence(error))}", markup=True, soft_wrap=True)
        sys.exit(2)
    finally:
        WATCH.over()
    sys.exit(0)


def _leave_the_pipe() -> NoReturn:
    """Who reads what we print has gone (`gritspace devices | head -1`): that is no fault, and nobody is told."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it closes it
    sys.exit(128 + signal.SIGPIPE)


def sentence(error: Exception) -> str:
    """What to tell a person about an error, in one sentence."""
    from gritspace.host_tools.link.frames import LinkError

    if isinstance(error, (InputError, LinkError, RigError)):
        return str(error)
    if isinstance(error, OSError):
        return _about_the_system(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory for this; use shorter audio or a smaller model."
    return (
        f"this is a fault of the program, not yours ({type(error).__name__}: {error}); "
        "run it again with GRITSPACE_DEBUG=1 set and report what it prints."
    )


def _about_the_system(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{where}the disk is full or the file would be too large; make room and try again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{where}permission denied; choose a place you may write to, or a file you may read."
    if error.errno == errno.ENOENT:
        return f"{where}no such file or folder; check the name."
    if error.errno == errno.EISDIR:
        return f"{where}this is a folder; name a file."
    return f"{where}{error.strerror or error}."


if __name__ == "__main__":
    main()
