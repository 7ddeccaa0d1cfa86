"""The report for tickets: evidence never becomes markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.report.markdown import code, fenced, inline, render
from tests.report.samples import SAMPLES, tied

LIVE = re.compile(r"[`*_~<>&\[{}|\\@#$^=+]|!\[|\]\(|://|(?<!\w)www\.|\w\.\w")
BLOCK = re.compile(r"\s*(?:[-+#>=|]|\d+[.)] )")
FENCED = re.compile(r"^( *)(`{3,})\w*\n.*?^\1\2$", re.M | re.S)
SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")
PIECES = [*"ab1 `*_~<>&[](){}|\\@#$:!/.-+='\"\t\n", "http", "www.", "\x1b"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@given(TEXTS)
def test_no_text_is_markup(text: str) -> None:
    """Outside of code spans nothing is left that any dialect of Markdown acts on."""
    made = inline(text)
    rest = SPAN.sub("code", made)
    assert not LIVE.search(rest), made
    assert not BLOCK.match(rest), made


@given(TEXTS)
def test_code_holds_its_text(text: str) -> None:
    """A code span ends where its text ends: no run of ticks inside equals its own."""
    made = code(text)
    if made:
        ticks = re.match(r"`+", made)
        assert ticks is not None
        inside = made[len(ticks[0]) : -len(ticks[0])]
        assert len(ticks[0]) not in {len(run) for run in re.findall(r"`+", inside)}


@given(st.lists(TEXTS, max_size=4))
def test_fences_hold_their_lines(lines: list[str]) -> None:
    """A fence is longer than any run of backticks in it."""
    first, *middle, last = fenced(lines, "text").split("\n")
    assert first == last + "text"
    assert all(last not in line for line in middle)
    assert len(middle) == len(lines)


def test_prose_stays_readable() -> None:
    """Plain words are left alone; names, paths and addresses are set as code."""
    assert (
        inline("CoreDNS's pod (kube-dns) asks 10.0.0.1:53, twice: see /etc/resolv.conf.")
        == "CoreDNS's pod (kube-dns) asks `10.0.0.1:53`, twice: see `/etc/resolv.conf.`"
    )


@pytest.mark.parametrize(
    "text",
    ["@team", "#12", "ABC-123", "deadbeef", "evil.example", "1. item", "- item", "[a](b)", ":+1:"],
)
def test_what_trackers_link_is_code(text: str) -> None:
    """Mentions, issue numbers, digests, domain names and lists do not come alive."""
    assert inline(text).startswith("`")


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("name", SAMPLES)
def test_whole_reports_hold_no_live_evidence(name: str, verbose: bool) -> None:
    """With code taken out, no report holds a link, an image, HTML or a mention."""
    report = render(SAMPLES[name](), verbose=verbose)
    rest = SPAN.sub("code", FENCED.sub("", report))
    assert not re.search(r"[<>@&~|`]|!\[|\]\(|://|www\.|javascript|\x1b", rest)
    assert report.replace("\n", "").isprintable()


def test_a_tie_is_called_one() -> None:
    """The heading says that nothing is decided, and what to look at next follows."""
    report = render(tied())
    assert report.startswith("## Undecided: 2 possible causes\n\nThese cannot be told apart")
    assert report.index("Look next at") < report.index("### 1 of 2:")
