"""Ranking: edges count only where subjects meet, proof goes before possibility."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.evidence import Evidence
from diagnose.model import (
    CLUSTER,
    Check,
    Fact,
    Finding,
    Need,
    Quote,
    Severity,
    Status,
    Subject,
    Verdict,
)
from diagnose.rank import Meeting, meet, rank


class Nothing(Fact):
    """A fact that says nothing."""


def nothing(fact: Nothing) -> Iterator[Finding]:
    """Find nothing."""
    yield from ()


def a_check(
    identifier: str,
    *explains: str,
    severity: Severity = Severity.CRITICAL,
    symptom: bool = False,
) -> Check:
    """Return a check without a body."""
    return Check(
        id=identifier,
        layer="layer",
        family=identifier,
        title=identifier,
        severity=severity,
        explains=explains,
        needs=(Need(Nothing, True, "fact"),),
        find=nothing,
        symptom=symptom,
    )


def problem(identifier: str, *subjects: Subject, proven: bool = True) -> Verdict:
    """Return a problem with one finding per subject."""
    findings = tuple(
        Finding(subject, "message", (Quote("log", "line", 1),), proven=proven)
        for subject in subjects
    )
    return Verdict(identifier, Status.PROBLEM, findings)


POD = Subject("Pod", "coredns-1", "kube-system", "n1")
OTHER_POD = Subject("Pod", "coredns-2", "kube-system", "n2")
NODE = Subject("Node", "n1")
SERVICE = Subject("Service", "kube-dns", "kube-system")


@pytest.mark.parametrize(
    ("cause", "effect", "expected"),
    [
        (POD, POD, True),
        (POD, OTHER_POD, False),
        (NODE, POD, True),
        (NODE, OTHER_POD, False),
        (POD, NODE, True),
        (Subject("Node", "n2"), NODE, False),
        (CLUSTER, POD, True),
        (POD, SERVICE, True),
        (Subject("Pod"), POD, True),
        (Subject("Pod", "", "", "n2"), POD, False),
        (Subject("Pod", "x", "default"), NODE, True),
    ],
)
def test_subjects_meet(cause: Subject, effect: Subject, expected: bool) -> None:
    """The same object meets itself, and cluster > node > pod; other pods and nodes do not."""
    assert meet(cause, effect) is expected


subjects = st.builds(
    Subject,
    st.sampled_from(["Pod", "Node", "Service", "Cluster"]),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["", "x"]),
    st.sampled_from(["", "a", "b"]),
).map(lambda one: Subject("Node", one.name) if one.kind == "Node" else one)


@given(st.lists(subjects, max_size=4), subjects)
def test_the_index_agrees_with_the_rule(known: list[Subject], subject: Subject) -> None:
    """Joining by index gives what comparing each pair gives."""
    index = Meeting.of(problem("x", *known).findings)
    assert index.meets(subject) is any(meet(one, subject) for one in known)


def test_a_cause_folds_its_effects_along_the_chain() -> None:
    """Loop -> crash -> no endpoints: one cause, two explained, also when a link is missing."""
    checks = [a_check("loop", "crash"), a_check("crash", "empty"), a_check("empty")]
    whole = [problem("loop", POD), problem("crash", POD), problem("empty", SERVICE)]
    (cause,) = rank(whole, checks)
    assert cause.verdict.check == "loop"
    assert [one.check for one in cause.explained] == ["crash", "empty"]
    (cause,) = rank([whole[0], whole[2]], checks)
    assert [one.check for one in cause.explained] == ["empty"]


def test_an_edge_needs_subjects_that_meet() -> None:
    """A loop in one pod does not explain the crash of another one."""
    checks = [a_check("loop", "crash"), a_check("crash")]
    causes = rank([problem("loop", POD), problem("crash", POD, OTHER_POD)], checks)
    assert [cause.verdict.check for cause in causes] == ["loop", "crash"]
    assert [one.subject for one in causes[1].verdict.findings] == [OTHER_POD]
    assert [one.subject for one in causes[0].explained[0].findings] == [POD]


def test_proof_goes_before_possibility() -> None:
    """A proven warning stands above a possible outage."""
    checks = [a_check("maybe"), a_check("surely", severity=Severity.WARNING)]
    causes = rank([problem("maybe", CLUSTER, proven=False), problem("surely", NODE)], checks)
    assert [cause.verdict.check for cause in causes] == ["surely", "maybe"]


def test_a_possibility_folds_symptoms_but_never_a_proven_fault() -> None:
    """What may have broken the upstream does not hide that the upstream is proven broken."""
    checks = [a_check("maybe", "fault"), a_check("fault", "fails"), a_check("fails", symptom=True)]
    verdicts = [problem("maybe", CLUSTER, proven=False), problem("fault", POD)]
    assert [one.verdict.check for one in rank(verdicts, checks)] == ["fault", "maybe"]
    verdicts = [problem("maybe", CLUSTER, proven=False), problem("fails", POD)]
    (cause,) = rank(verdicts, checks)
    assert (cause.verdict.check, cause.proven) == ("maybe", False)
    assert [one.check for one in cause.explained] == ["fails"]


def test_a_symptom_alone_is_never_a_proven_cause() -> None:
    """That something fails is certain and still names no cause."""
    (cause,) = rank([problem("fails", POD)], [a_check("fails", symptom=True)])
    assert not cause.proven


def test_a_note_never_stands_above_a_fault() -> None:
    """What is only worth knowing comes last, proven or not."""
    checks = [a_check("note", severity=Severity.INFO), a_check("fault")]
    causes = rank([problem("note", CLUSTER), problem("fault", POD, proven=False)], checks)
    assert [cause.verdict.check for cause in causes] == ["fault", "note"]


def test_unknown_deeper_causes_are_not_ruled_out() -> None:
    """What was not looked at and would explain the cause is named with it."""
    checks = [a_check("deep", "shallow"), a_check("shallow"), a_check("aside")]
    verdicts = [
        Verdict("deep", Status.UNKNOWN),
        problem("shallow", POD),
        Verdict("aside", Status.UNKNOWN),
    ]
    (cause,) = rank(verdicts, checks)
    assert [one.check for one in cause.not_ruled_out] == ["deep"]


def test_ranking_ten_thousand_findings_compares_no_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work grows with the findings, not with their square: counted, not timed."""
    calls = 0
    original = Meeting.meets

    def counted(self: Meeting, subject: Subject) -> bool:
        nonlocal calls
        calls += 1
        return original(self, subject)

    monkeypatch.setattr(Meeting, "meets", counted)
    nodes = [Subject("Node", f"n{number}") for number in range(10_000)]
    checks = [a_check("deep", "shallow"), a_check("shallow")]
    causes = rank([problem("deep", *nodes), problem("shallow", *nodes)], checks)
    assert [cause.verdict.check for cause in causes] == ["deep"]
    assert calls <= 3 * len(nodes)


def test_evidence_groups_items_by_class() -> None:
    """Items come back by class in the order of arrival."""
    assert Evidence(items=(1, "a", 2)).of(int) == (1, 2)


WEB = Subject("Pod", "web-1", "default", "n2")
LOGGED = Subject("Pod", "coredns-1", "kube-system")  # as a log names it: without a node
BRIDGE = Subject("Node", "n2")
MIXED = [
    a_check("bridge", "unready", "stuck"),
    a_check("rights", "unready"),
    a_check("unready", symptom=True),
    a_check("stuck", symptom=True),
]


def folded(*verdicts: Verdict) -> dict[str, list[str]]:
    """Return the causes in order, each with what it explains."""
    causes = rank(list(verdicts), MIXED)
    return {one.verdict.check: [each.check for each in one.explained] for one in causes}


def test_a_node_does_not_explain_a_pod_with_a_cause_of_its_own() -> None:
    """Where the pod runs is not known, and its own log tells why it is not ready."""
    found = [problem("bridge", BRIDGE), problem("unready", LOGGED), problem("stuck", WEB)]
    assert folded(*found) == {"bridge": ["unready", "stuck"]}
    both = folded(*found, problem("rights", LOGGED, proven=False))
    assert both == {"rights": ["unready"], "bridge": ["stuck"]}


def test_the_node_of_a_pod_is_told_by_any_finding() -> None:
    """A log names no node; a table of the same pod does."""
    found = [problem("bridge", BRIDGE), problem("rights", POD), problem("stuck", WEB)]
    assert folded(*found, problem("unready", LOGGED)) == {
        "rights": ["unready"],
        "bridge": ["stuck"],
    }


def test_dns_itself_goes_before_what_others_miss() -> None:
    """A node on which another pod is stuck comes second; one on which DNS runs does not."""
    found = [problem("bridge", BRIDGE), problem("stuck", WEB), problem("rights", POD)]
    assert list(folded(*found)) == ["rights", "bridge"]
    assert list(folded(*found[:2], problem("rights", OTHER_POD))) == ["bridge", "rights"]
