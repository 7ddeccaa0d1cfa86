"""What findings quote stands in the evidence, in the line that is named."""

from __future__ import annotations

import pytest

from diagnose.collect import diagnose, evidence_of
from diagnose.model import Quote
from diagnose.parts import Part
from diagnose.registry import load
from diagnose.sources import loose
from diagnose.text.shown import visible
from tests.checks.worlds import Case, cases

CHECKS = load().checks
# These find that something is not there, which no single line says.
ABSENCES = frozenset(
    {
        "cni-plugin-binary-missing",
        "controller-manager-not-allocating-cidrs",
        "dns-service-missing",
        "kubelet-clusterdns-missing",
        "node-podcidr-missing",
        "rbac-core-resources-forbidden",
        "rbac-endpointslices-forbidden",
    }
)
WRAPPED = frozenset({"calico-bgp-not-established/goes_on"})  # a message of several lines, joined
FINDING = [case for case in cases() if case.finds]


def name_of(case: Case) -> str:
    """Return the test id of a case."""
    return f"{case.check.id}/{case.folder.name}"


@pytest.mark.parametrize("case", FINDING, ids=name_of)
def test_quotes_are_verbatim(case: Case) -> None:
    """Each is a piece of its line, unless it is of an absence: then it says that it is none."""
    import datetime

    haul = loose.read([str(case.folder)], ignore=("expected.toml",))
    seen = diagnose(CHECKS, evidence_of(haul), datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC))
    for verdict in seen.verdicts:
        for finding in verdict.findings:
            for quote in finding.quotes:
                if quote.summary:
                    assert verdict.check in ABSENCES, quote
                elif name_of(case) not in WRAPPED:
                    assert any(stands(quote, one) for one in haul.parts), quote


def stands(quote: Quote, part: Part) -> bool:
    """Whether a quote is a piece of the line of a part that it names; runs of blanks count as one.

    What a log wrapped is quoted as one message, which begins in its line.
    """
    text = part.text or (part.path.read_text(encoding="utf-8") if part.path else "")  # type: ignore[union-attr]
    lines = text.split("\n")
    if quote.origin != part.origin or quote.line is None:
        return False
    index = quote.line - part.first_line
    if not 0 <= index < len(lines):
        return False
    return squeezed(quote.text) in squeezed(visible(lines[index]))


def squeezed(text: str) -> str:
    """Return a text with its runs of blanks as one each."""
    return " ".join(text.split())
