"""Who printed a line, told by its envelope and its words."""

import pytest

from diagnose.signatures.base import Emitter
from diagnose.text import envelopes
from diagnose.text.envelopes import program_of, told_program


def test_lines_that_differ_in_digits_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who prints a long log is worked out for each shape of its lines, not for each line."""
    worked_out = []

    def told(line: str) -> Emitter:
        worked_out.append(line)
        return told_program(line)

    monkeypatch.setattr(envelopes, "told_program", told)
    monkeypatch.setattr(envelopes, "KNOWN_SHAPES", {})
    monkeypatch.setattr(envelopes, "MOST_SHAPES", 3)
    query = '[INFO] 10.244.0.{0}:{1} - 7 "A IN a.example. udp 28 false 512" NOERROR 28 0.{0}s'
    lines = [query.format(number, 40000 + number) for number in range(10, 90)]
    assert {program_of(line) for line in lines} == {Emitter.COREDNS}
    assert len(worked_out) == 1
    assert program_of("E1123 10:00:00.000000 1 proxier.go:7] x") is Emitter.KUBE_PROXY
    for letter in "abcdef":
        program_of(f"nothing of {letter}")
    assert len(envelopes.KNOWN_SHAPES) <= 3
