"""A command never destroys what it reads, writes nothing twice, and gives no file another kind's ending."""

import inspect
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer

from gritspace.host_tools.cli import app
from gritspace.host_tools.inputs import Numbers, Reads, refuse_odd_numbers
from gritspace.host_tools.outputs import guarded, marked, refuse_ending, refuse_overwriting, refuse_unwritable
from gritspace.train.errors import InputError

OUTPUT_WORDS = ("where to write", "file to write", "report", "folder to make", "also write", "write ")


def commands(group=app, prefix=""):
    """Every command of the program, with its words."""
    for one in group.registered_commands:
        yield prefix + (one.name or one.callback.__name__), one.callback
    for one in group.registered_groups:
        yield from commands(one.typer_instance, f"{prefix}{one.name or one.typer_instance.info.name} ")


def test_every_command_is_guarded_and_every_path_that_it_writes_is_marked():
    seen = 0
    for name, command in commands():
        assert hasattr(command, "__wrapped__"), f"{name} is not guarded"
        parameters = inspect.signature(command).parameters
        for parameter, (path, mark) in marked(command).items():
            seen += mark is not None
            metadata = getattr(
                inspect.get_annotations(inspect.unwrap(command), eval_str=True)[parameter], "__metadata__", ()
            )
            info = next((one for one in metadata if isinstance(one, typer.models.ParameterInfo)), None)
            told = (info.help or "").lower() if info else ""
            if path and (parameter == "out" or any(word in told for word in OUTPUT_WORDS[:5])):
                assert mark is not None, f"{name}: {parameter} ({told}) is written, and is not marked"
            assert mark is None or path, f"{name}: {parameter} is no path"
            assert parameter in parameters
    assert seen >= 15


def test_every_path_and_position_that_a_command_reads_is_looked_at_before_it_runs():
    unmarked = []
    for name, command in commands():
        hints = inspect.get_annotations(inspect.unwrap(command), eval_str=True)
        for parameter, (path, written) in marked(command).items():
            marks = getattr(hints[parameter], "__metadata__", ())
            if path and written is None and not any(isinstance(mark, Reads) for mark in marks):
                unmarked.append(f"{name}: {parameter}")
            if parameter == "position":
                assert any(isinstance(mark, Numbers) for mark in marks), name
    assert unmarked == ["research: mnist"]  # a folder or a package's; its reader says what it wants


@pytest.mark.parametrize("given", ["1,2", "x", "0,,0", "nan", ""])
def test_odd_numbers_are_refused_with_an_example(given):
    mark = Numbers("--position", -1, 1, "0,0,0,0")
    refuse_odd_numbers("0,-1,0.5,1", mark)
    with pytest.raises(InputError, match=r"from -1 to 1 with commas between, such as 0,0,0,0"):
        refuse_odd_numbers(given, mark)


@pytest.fixture
def wav(tmp_path):
    path = tmp_path / "x.wav"
    soundfile.write(path, np.sin(np.arange(4800) / 10) / 3, 48000)
    return path


def refused(result, *words):
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert all(word in result.stderr for word in words), result.stderr


def test_render_and_run_do_not_overwrite_their_source(gritspace, wav, model_file):
    before = wav.read_bytes()
    refused(gritspace("render", "rat", wav, wav), "x.wav", "destroy")
    refused(gritspace("run", model_file, wav, wav.parent / "." / "x.wav"), "x.wav", "destroy")
    (wav.parent / "link.wav").symlink_to(wav)
    refused(gritspace("render", "rat", wav, wav.parent / "link.wav"), "destroy")
    assert wav.read_bytes() == before


def test_a_model_is_not_written_as_wav_nor_over_its_source(gritspace, tmp_path, model_file):
    copy = tmp_path / "m.grit"
    shutil.copy(model_file, copy)
    refused(gritspace("quantize", copy, "-o", tmp_path / "x.wav"), ".grit")
    refused(gritspace("export", copy, "--to", "c", "-o", tmp_path / "x.wav"), ".c")
    refused(gritspace("export", copy, "--to", "c", "-o", copy), "destroy")
    assert copy.read_bytes() == model_file.read_bytes()
    assert list(tmp_path.iterdir()) == [copy]


@pytest.mark.parametrize("way", ["same", "relative", "symlink", "hardlink", "inside a folder", "not there yet"])
def test_the_same_file_by_any_name(tmp_path, monkeypatch, way):
    source = tmp_path / "folder" / "a.wav"
    source.parent.mkdir()
    source.write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    out, read = source, source
    if way == "relative":
        out = source.relative_to(tmp_path)
    elif way == "symlink":
        out = tmp_path / "b.wav"
        out.symlink_to(source)
    elif way == "hardlink":
        out = tmp_path / "b.wav"
        out.hardlink_to(source)
    elif way == "inside a folder":
        read = source.parent
    elif way == "not there yet":
        out = read = tmp_path / "none.wav"
    with pytest.raises(InputError, match="read"):
        refuse_overwriting(out, [read])
    refuse_overwriting(tmp_path / "folder" / "new.wav", [source.parent, source])


def test_nothing_is_written_twice_and_a_fault_comes_before_any_work(gritspace, tmp_path, wav):
    refused(gritspace("fit", "--dry", wav, "--wet", wav, "-o", tmp_path / "a.pt", "-o", tmp_path / "a.pt"), "twice")


def test_endings():
    refuse_ending(Path("a.GRIT"), (".grit",))
    with pytest.raises(InputError, match=r"call it a\.grit"):
        refuse_ending(Path("a.wav"), (".grit",))


def test_a_guarded_command_keeps_its_signature():
    def command(a: int = 3) -> int:
        """Doc."""
        return a

    assert guarded(command)(a=4) == 4
    assert inspect.signature(guarded(command)) == inspect.signature(command)


def test_a_folder_to_write_into_may_be_the_one_where_one_is_or_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    for good in (".", "/", "..", "new", "new/er"):
        refuse_unwritable(Path(good), folder=True)
    for bad in ("file", "file/new"):
        with pytest.raises(InputError, match="no folder"):
            refuse_unwritable(Path(bad), folder=True)
