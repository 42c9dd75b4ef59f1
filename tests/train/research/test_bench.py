"""The bench: tables are kept, an interrupted run goes on, changed options make them anew; clips are kept, too."""

import json

import numpy as np
import pytest

from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.errors import InputError
from gritspace.train.matching.clips import excerpts, kept, render_at, render_clips
from gritspace.train.matching.matching import Match
from gritspace.train.research.probes import wilson
from gritspace.train.research.tables import bench, effects, encoder
from gritspace.train.research.tables import match as table_match
from gritspace.train.research.tables.bench import TABLES, Bench, make
from gritspace.train.research.tables.page import fill_page
from gritspace.train.research.tables.table import Table, cell_text
from tests.conftest import tones


@pytest.fixture
def counted(monkeypatch):
    """Tables that cost nothing; how often each was made."""
    made = []

    def fake(one, name):
        made.append(name)
        return Table(name, "?", ["a", "b"], [[1, 0.5], ["x", None]], {"n": 1}, one.options(name), 0.1)

    monkeypatch.setattr(bench, "_made", fake)
    return made


def test_tables_are_made_once_and_summarised_as_soon_as_they_are_there(tmp_path, counted):
    one = Bench(tmp_path / "out")
    make(one, ["digits"])
    assert list(json.loads((tmp_path / "out" / "summary.json").read_text())) == ["digits"]
    tables = make(one)
    assert counted.count("digits") == 1
    assert [table.name for table in tables] == [name for name in TABLES if name != "mnist"]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert set(summary) == set(TABLES) - {"mnist"}
    assert summary["digits"]["rows"] == [[1, 0.5], ["x", None]]
    make(one, ["digits"], again=True)
    assert counted.count("digits") == 2


def test_other_options_and_damaged_files_make_a_table_anew(tmp_path, counted):
    make(Bench(tmp_path), ["digits"])
    make(Bench(tmp_path, seed=1), ["digits"])
    assert counted == ["digits"] * 2
    (tmp_path / "tables" / "digits.json").write_text("{")
    make(Bench(tmp_path, seed=1), ["digits"])
    assert counted == ["digits"] * 3


def test_an_interruption_keeps_what_is_done(tmp_path, counted, monkeypatch):
    fake = bench._made

    def stopping(one, name):
        if name == "digits":
            raise KeyboardInterrupt
        return fake(one, name)

    monkeypatch.setattr(bench, "_made", stopping)
    with pytest.raises(KeyboardInterrupt):
        make(Bench(tmp_path), ["effects", "digits"])
    assert list(json.loads((tmp_path / "summary.json").read_text())) == ["effects"]


def test_an_unknown_table_is_told_with_those_there_are(tmp_path, counted):
    with pytest.raises(InputError, match="there are effects, mel_vae_beta"):
        make(Bench(tmp_path), ["affects"])
    assert counted == []


def test_a_missing_package_and_too_few_captures_are_told(tmp_path, counted, monkeypatch):
    monkeypatch.setitem(bench.NEEDED, "no_such_package", "no-such-wheel")
    with pytest.raises(InputError, match="pip install no-such-wheel"):
        make(Bench(tmp_path))
    monkeypatch.setattr(encoder, "find_devices", lambda paths: [])
    with pytest.raises(InputError, match="too few to tell apart"):
        encoder.encoder_audio(Bench(tmp_path, captures=(tmp_path,)))


def test_the_matcher_is_judged_by_what_it_names_and_by_the_true_device_s_knobs(tmp_path, monkeypatch):
    """A matcher that always says rat, its knobs at half: right for the rats, and as far off as half is."""

    class Stubborn:
        def match(self, wet):
            half = [Match(d.name, float(d.name == "rat"), dict.fromkeys(d.knobs, 0.5), {}) for d in CIRCUITS]
            return sorted(half, key=lambda match: -match.chance)

    settings = np.random.default_rng(0).random((2 * len(CIRCUITS), 2)).astype(np.float32)
    index = np.repeat(np.arange(len(CIRCUITS)), 2)
    monkeypatch.setattr(table_match, "ready_matcher", lambda folder: Stubborn())
    wet = np.zeros((len(index), 9), np.float32)
    monkeypatch.setattr(table_match, "recordings", lambda bench: (wet, index, settings))
    table = table_match.match_accuracy(Bench(tmp_path))
    rows = {row[0]: row[1:] for row in table.rows}
    rat = [circuit.name for circuit in CIRCUITS].index("rat")
    assert [rows[c.name][0] for c in CIRCUITS] == ["2 of 2" if i == rat else "0 of 2" for i in range(len(CIRCUITS))]
    assert rows["all"][0] == f"2 of {len(index)}"
    assert rows["all"][2] == pytest.approx(np.abs(settings - 0.5).mean()) == rows["all"][4]
    assert rows["rat"][3] == pytest.approx(np.abs(settings[index == rat] - 0.5).mean())
    assert rows["big_muff"][3] is None
    assert table.findings["big_muff_taken_for"] == "rat 2"


def test_an_interval_of_a_share_is_wilsons():
    assert wilson(2, 10) == pytest.approx((0.0567, 0.5098), abs=1e-4)  # from the formula by hand


def test_every_table_has_a_maker():
    for name, module in TABLES.items():
        assert callable(getattr(__import__(f"gritspace.train.research.tables.{module}", fromlist=[name]), name))


def test_numbers_are_printed_with_three_digits():
    cells = [0.0123456, 12.3456, 1234.5, 0.0, None, "a", 7, 1e-9, float("nan")]
    assert [cell_text(cell) for cell in cells] == ["0.0123", "12.3", "1234", "0", "-", "a", "7", "1.0e-09", "-"]


def test_the_effects_table_measures_every_effect(tmp_path):
    table = effects.effects(Bench(tmp_path))
    assert len(table.rows) == table.findings["effects"]
    by_name = {row[0]: row for row in table.rows}
    assert by_name["gain"][3] < 1e-4  # % THD
    assert by_name["hard_clip"][5] < -60 < by_name["hard_clip"][6]
    assert table.as_markdown().count("\n") == len(table.rows) + 1


def test_clips_are_the_same_for_a_seed_rest_on_disk_and_rows_know_their_device(tmp_path):
    source = excerpts(tones(24_000), 2_000)
    clips = render_clips(CIRCUITS[:2], 3, source, 5)
    assert clips.device.tolist() == [0, 0, 0, 1, 1, 1]
    again = kept(tmp_path, "x", {"a": 1}, lambda: render_clips(CIRCUITS[:2], 3, source, 5))
    assert np.array_equal(again.wet, clips.wet)
    from_disk = kept(tmp_path, "x", {"a": 1}, lambda: pytest.fail("it was there"))
    assert np.array_equal(from_disk.settings, clips.settings)
    one = CIRCUITS[1].render(clips.dry[4:5], clips.settings[4:5])[0]
    assert np.allclose(one, clips.wet[4], atol=1e-6)
    assert np.allclose(render_at(CIRCUITS[:2], clips.dry, clips.device, clips.settings), clips.wet, atol=1e-6)


def test_dry_audio_that_is_silence_or_too_short_is_told():
    with pytest.raises(InputError, match="silence"):
        excerpts(np.zeros(5_000, np.float32), 2_000)(np.random.default_rng(0))
    with pytest.raises(InputError, match="too short"):
        excerpts(tones(1_000), 2_000)


def test_the_commands_refuse_bad_input_in_one_sentence(gritspace, tmp_path):
    for arguments, words in (
        (("research", "affects", "-o", tmp_path / "r"), "no such table"),
        (("devices", "--similar", tmp_path / "none.wav"), "no such file"),
        (("match", tmp_path / "none.wav", "-o", tmp_path / "p.json"), "no such file"),
    ):
        said = gritspace(*arguments)
        assert said.returncode == 2
        assert words in said.stderr
        assert len(said.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_page_gets_its_tables_and_keeps_its_words(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "Words.\n<!-- table digits -->\nold\n<!-- end -->\nMore.\n<!-- table mnist -->\nkept\n<!-- end -->\n"
    )
    table = Table("digits", "Right?", ["a", "b"], [[1, 0.5]], {"one_figure": 0.25, "several": {"x": 2}}, {}, 3.4)
    for _ in range(2):
        assert fill_page(page, [table]) == ["digits"]
        text = page.read_text()
        assert "| 1 | 0.500 |" in text
        assert "- one figure: 0.250\n- several: x 2\n- made in 3 s" in text
        assert text.startswith("Words.\n<!-- table digits -->\n**Right?**")
        assert text.endswith("<!-- end -->\nMore.\n<!-- table mnist -->\nkept\n<!-- end -->\n")
