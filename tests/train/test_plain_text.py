"""What a file or a wire says is shown, and does nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from gritspace.train.plain_text import caption, printable


def test_escape_sequences_become_question_marks():
    assert printable("\x1b]0;owned\x07a\x9b2Jb\r\nc\x7f") == "?]0;owned?a?2Jb??c?"
    assert printable("\u202egpj.exe \u2028 \ud800") == "?gpj.exe ? ?"
    assert printable("Fuzz Face, größer 東京 [b]$x$") == "Fuzz Face, größer 東京 [b]$x$"
    assert printable("a\nb", lines=True) == "a\nb"


@given(st.text(st.characters(exclude_categories=[])))
def test_what_is_shown_can_be_encoded_and_holds_no_control(text):
    said = printable(text)
    said.encode("utf-8")
    assert len(said) == len(text)
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 for one in said)


def test_a_caption_is_no_mathematics():
    from matplotlib.figure import Figure

    figure = Figure()
    figure.text(0, 0, caption("$\\frac$ \x1b 50$"))
    figure.canvas.draw()
