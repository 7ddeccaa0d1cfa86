"""Bundles recorded in the lab: each still leads to the cause that was staged.

tests/recorded/ holds one bundle per fault of lab/faults/, written by `python -m lab record`. What a
fault has to lead to stands in its file alone.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.asks import Ask
from diagnose.collect import diagnose, evidence_of
from diagnose.parts import Haul, Kind
from diagnose.registry import load
from diagnose.report.json import render
from diagnose.sources import given
from lab.fault import catalogue
from lab.trial import Said, faults_of

FOLDER = Path(__file__).parent / "recorded"
BUNDLES = {path.name.removesuffix(".tar.gz"): path for path in sorted(FOLDER.glob("*.tar.gz"))}
FAULTS = catalogue()


def haul(name: str) -> Haul:
    """Return what a recorded bundle holds."""
    return given.read(str(BUNDLES[name]), io.BytesIO())


def said(recorded: Haul) -> Said:
    """Return what a run over some evidence says."""
    assert recorded.taken_at
    found = diagnose(load().checks, evidence_of(recorded), recorded.taken_at)
    return Said(json.loads(render(found)), 0)


@pytest.mark.parametrize("name", BUNDLES)
def test_the_staged_cause_comes_first(name: str) -> None:
    """The first cause is the staged one, with its consequences folded and none beside it."""
    assert not faults_of(said(haul(name)), FAULTS[name].expect, name)


@pytest.mark.parametrize("name", [one for one in BUNDLES if FAULTS[one].expect.answers])
def test_no_log_is_needed_where_asking_tells(name: str) -> None:
    """What answers and node facts name, they name where no log is there.

    Where the logs proved a cause, nobody was asked any more: such a bundle cannot tell.
    """
    whole = haul(name)
    if Ask.CLIENT_ANSWERS not in whole.looked:
        return
    parts = tuple(part for part in whole.parts if part.kind is not Kind.LOG)
    expect = FAULTS[name].expect
    first = said(replace(whole, parts=parts)).first
    assert first in (*expect.answers, *expect.first)


def test_recordings_are_of_faults_that_there_are() -> None:
    """A renamed fault takes its recording along."""
    assert BUNDLES
    assert set(BUNDLES) <= set(FAULTS)
