"""A bare Corefile may be a piece of one: then it shows possibilities, and nothing is absent."""

import pytest

from diagnose.collect import diagnose, evidence_of
from diagnose.facts.corefile import Corefile
from diagnose.facts.corefile_faults import MOST_DIRECTIVES, CorefileFaults
from diagnose.model import Diagnosis, GapKind
from diagnose.parsers.corefile import MOST_CHARACTERS, parse
from diagnose.parts import Haul, Kind, Part
from diagnose.registry import load
from tests.mutations import NOW

WHOLE = """\
.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        fallthrough in-addr.arpa ip6.arpa
    }
    forward . /etc/resolv.conf
    loop
    reload
}
"""
STUB = "corp.example:53 {\n    forward . 10.0.0.1\n}\n"


def corefile(text: str, *, whole: bool = False) -> Corefile:
    """Return the Corefile of a text."""
    (item,) = parse(Part(Kind.COREFILE, "Corefile", text, whole=whole)).items
    assert isinstance(item, Corefile)
    return item


def diagnosed(text: str, *, whole: bool = False) -> Diagnosis:
    """Return the diagnosis of a Corefile alone."""
    part = Part(Kind.COREFILE, "Corefile", text, whole=whole)
    return diagnose(load().checks, evidence_of(Haul((part,))), NOW)


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        WHOLE + STUB,
        STUB,
        "local {\n    whoami\n}\n",
        "",
        "# nothing\n",
        "import /etc/coredns/x\n",
        WHOLE + "import y\n",
    ],
)
def test_a_text_that_may_be_whole(text: str) -> None:
    """Braces match, and it begins and ends as a file does."""
    assert not corefile(text).torn


@pytest.mark.parametrize(
    "text",
    [
        WHOLE[:-2],
        WHOLE[: WHOLE.index("forward")],
        WHOLE[WHOLE.index("errors") :],
        WHOLE[WHOLE.index("cluster.local") :],
        "    errors\n    loop\n",
        WHOLE + "corp.exam",
        WHOLE[3:],
        "END OF BLOCK    forward . /etc/resolv.conf {\n    max_concurrent 1000\n}\n",
        WHOLE.replace("    loop\n", "    ...\n"),
        WHOLE.replace("    loop\n", "    # …\n"),
        WHOLE.replace("    loop\n", "    <snip>\n"),
        WHOLE.replace("loop", "lo\\xffp"),
    ],
)
def test_a_text_that_shows_that_it_is_a_piece(text: str) -> None:
    """It is torn unless it is known to be whole, and proves no fault of the file."""
    assert corefile(text).torn
    assert not corefile(text, whole=True).torn
    assert not [cause for cause in diagnosed(text).causes if cause.proven]


def test_a_whole_file_proves_its_fault() -> None:
    """What was read of a cluster is the file, so that its missing brace is one."""
    causes = diagnosed(WHOLE[:-2], whole=True).causes
    assert [cause.verdict.check for cause in causes if cause.proven] == ["corefile-syntax-error"]


def test_dots_are_no_directive() -> None:
    """An author's mark for what is left out is not read as a word of the file."""
    found = corefile(WHOLE.replace("    loop\n", "    ...\n"))
    assert found.faults == ()
    assert not found.plugin("...")
    assert len(found.text.split("\n")) == len(WHOLE.split("\n"))


@pytest.mark.parametrize("head", ["Corefile: |\n", "data:\n  Corefile: |-\n"])
def test_the_key_of_a_configmap_is_no_zone(head: str) -> None:
    """What was copied with the key that it has in a ConfigMap is the Corefile all the same."""
    found = corefile(head + WHOLE)
    assert found.faults == ()
    assert not found.torn
    assert [key.zone for block in found.blocks for key in block.keys] == ["."]
    assert found.blocks[0].directives[0].line == head.count("\n") + 2


def test_the_key_alone_is_no_corefile() -> None:
    """A key whose text became a part of its own leaves nothing behind."""
    assert parse(Part(Kind.COREFILE, "Corefile", "data:\n  Corefile: |\n")).items == ()


def test_colours_are_taken_off() -> None:
    """A pager's colours do not make unknown directives."""
    coloured = WHOLE.replace("errors", "\x1b[1;31merrors\x1b[0m")
    assert corefile(coloured).plugin("errors")
    assert not corefile(coloured).torn


def test_what_no_configmap_holds_is_read_in_part() -> None:
    """Of a text beyond a MiB the beginning is read, and the rest is a gap."""
    found = corefile(STUB * (MOST_CHARACTERS // len(STUB) + 100))
    assert found.torn
    assert [gap.kind for gap in found.gaps] == [GapKind.PARTIAL]
    assert len(found.text) <= MOST_CHARACTERS


def test_arguments_of_absurdly_many_lines_are_not_looked_at() -> None:
    """The rules of all versions are tried on so many lines only; the rest is a gap."""
    text = (
        ".:53 {\n" + "    forward . 10.0.0.1 {\n    bogus\n    }\n" * (MOST_DIRECTIVES + 1) + "}\n"
    )
    evidence = evidence_of(Haul((Part(Kind.COREFILE, "Corefile", text, whole=True),)))
    found = evidence.fetch(CorefileFaults)
    assert isinstance(found, CorefileFaults)
    assert found.faults == ()
    assert any("not looked at" in gap.because for gap in found.gaps)
