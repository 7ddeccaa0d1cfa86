"""Widths and wrapping in a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from diagnose.report.layout import painter, text_width, wrapped

TEXTS = st.text(st.sampled_from("ab \u9519\u0301é-/"), max_size=200)


@given(TEXTS, st.integers(12, 40))
def test_no_line_is_wider_than_asked(text: str, width: int) -> None:
    """Lines fit by display width, whatever characters they hold."""
    assert all(text_width(line) <= width for line in wrapped(text, width, "  "))


@given(TEXTS, st.integers(12, 40))
def test_nothing_is_lost_in_wrapping(text: str, width: int) -> None:
    """Only blanks may go: every other character is there, in order."""
    assert "".join(wrapped(text, width, "  ")).replace(" ", "") == text.replace(" ", "")


def test_lines_end_at_blanks() -> None:
    """Words stay whole where they fit, continuation lines hang, columns keep their blanks."""
    assert list(wrapped("NAME   READY restarts again", 14, "  ")) == [
        "NAME   READY",
        "  restarts",
        "  again",
    ]


def test_a_wide_character_takes_two_columns() -> None:
    """CJK is wide, combining marks take nothing."""
    assert text_width("\u9519a") == 3
    assert text_width("e\u0301") == 1


def test_without_colour_there_is_no_escape() -> None:
    """The painter of a plain report changes nothing."""
    assert painter(False)("text", "critical") == "text"
    assert painter(True)("text", "critical") == "\x1b[1;31mtext\x1b[0m"
    assert painter(True)("", "critical") == ""
