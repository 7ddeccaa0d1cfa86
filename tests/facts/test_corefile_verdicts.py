"""What real versions of CoreDNS said of generated Corefiles is what our rules say.

The verdicts were recorded by `python -m lab.corefiles --record`, see there: a letter per version,
a(ccepted), r(efused) or e (the machine lacked something).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from diagnose.facts.corefile import MOUNTED, parse_corefile
from diagnose.facts.corefile_arguments import argument_faults
from diagnose.facts.corefile_tables import RELEASES, eras, known_plugins

RECORDED: Any = json.loads(Path(__file__).with_name("corefile_verdicts.json").read_text())
VERSIONS: list[str] = RECORDED["versions"]
FOLDER = MOUNTED.rpartition("/")[0]
FILES = {f"{FOLDER}/{name}": text for name, text in RECORDED["files"].items()}


def ours(text: str) -> Iterator[tuple[str, str]]:
    """Yield per version accepted, refused or undecided, by its first letter."""
    corefile = parse_corefile(text, origin="Corefile", environ=RECORDED["environ"], files=FILES)
    for version in VERSIONS:
        if corefile.faults or argument_faults(corefile, version):
            yield version, "r"
        else:
            yield version, "u" if corefile.gaps else "a"


def differing() -> list[list[object]]:
    """Return the Corefiles and versions of which we say otherwise than CoreDNS did."""
    return [
        [at, version]
        for at, (text, theirs) in enumerate(RECORDED["corefiles"])
        for (version, mine), said in zip(ours(text), theirs, strict=True)
        if {mine, said} == {"a", "r"}
    ]


def test_we_say_what_coredns_said() -> None:
    """But where it was known, when this was recorded, that we do not; nothing new may differ."""
    known = RECORDED["differ"]
    found = differing()
    shown = [
        (version, RECORDED["corefiles"][at][0])
        for at, version in found
        if [at, version] not in known
    ]
    assert not shown, f"run python -m lab.corefiles: {shown[:3]}"
    assert len(found) <= 0.01 * len(RECORDED["corefiles"]) * len(VERSIONS)


def test_a_version_alone_is_not_what_decides() -> None:
    """The sample holds enough of each kind for agreement to mean something."""
    letters = "".join(said for _, said in RECORDED["corefiles"])
    assert letters.count("a") > len(letters) / 4
    assert letters.count("r") > len(letters) / 4
    assert len(RECORDED["corefiles"]) >= 300


@pytest.mark.parametrize("version", VERSIONS)
def test_every_plugin_of_the_build_is_in_the_sample(version: str) -> None:
    """Else its rules could drift unseen."""
    words = {
        line.split()[0]
        for text, _ in RECORDED["corefiles"]
        for line in text.splitlines()
        if line.strip()
    }
    assert known_plugins(version) <= words


def test_no_rule_changes_between_the_releases_that_are_tried() -> None:
    """Without a version only some releases are tried; between them nothing may change."""
    for text, _ in RECORDED["corefiles"][::5]:
        corefile = parse_corefile(text, origin="x", environ=RECORDED["environ"], files=FILES)
        tried = eras(one.name for block in corefile.blocks for one in block.directives)
        last: object = None
        for release in RELEASES:
            said = argument_faults(corefile, release)
            found = [(one.line, one.kind, one.word, one.message) for one in said]
            assert release in tried or found == last, (release, text)
            last = found
