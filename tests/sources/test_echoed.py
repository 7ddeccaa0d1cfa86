"""Commands that a paste echoes with their whole output: nothing is asked for twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnose.asks import Ask
from diagnose.collect import evidence_of
from diagnose.evidence import Evidence, known
from diagnose.facts.events import Events
from diagnose.model import Gap
from diagnose.sources import loose
from diagnose.sources.echoed import answers, typed

EVENTS = "kubectl get events -A --field-selector type=Warning"
LOGS = "kubectl -n kube-system logs -l k8s-app=kube-dns --prefix --timestamps --tail=-1"
NONE = "No resources found\n"
LINE = "[pod/coredns-aaaaa/coredns] 2026-03-02T07:00:00.1Z CoreDNS-1.11.3\n"
POLICIES = "kubectl get networkpolicies -A -o yaml"
EMPTY = 'apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: ""\n'


def read(tmp_path: Path, *pieces: str) -> Evidence:
    """Return the evidence of a session: commands and what they printed, by turns."""
    text = "".join(
        f"$ {piece}\n" if number % 2 == 0 else piece for number, piece in enumerate(pieces)
    )
    (tmp_path / "session.txt").write_text(text)
    return evidence_of(loose.read([str(tmp_path / "session.txt")]))


def test_nothing_found_is_an_answer(tmp_path: Path) -> None:
    """That there are no warnings, and no policies, is known then."""
    evidence = read(tmp_path, EVENTS, NONE, POLICIES, EMPTY)
    assert evidence.looked == {Ask.EVENTS, Ask.NETWORK_POLICIES}
    assert not evidence.general_gaps
    events = evidence.fetch(Events)
    assert isinstance(events, Events)
    assert (events.events, events.gaps) == ((), ())


def test_of_logs_the_run_before_is_still_asked_for(tmp_path: Path) -> None:
    """The half that was given is not asked for again; the log ends where the next prompt stands."""
    evidence = read(tmp_path, LOGS, LINE, EVENTS, NONE)
    (gap,) = evidence.gaps[Ask.DNS_LOGS]
    assert gap.ask == f"{LOGS} --previous"
    assert Ask.DNS_LOGS not in read(tmp_path, LOGS, LINE).looked, "it may have been cut"
    assert Ask.DNS_LOGS not in read(tmp_path, LOGS, f"{LINE}...\n", EVENTS, NONE).looked


def test_a_table_is_not_all_of_an_object(tmp_path: Path) -> None:
    """What was given as a table is asked for as objects, not as the same table."""
    table = "NAME     STATUS   ROLES    AGE   VERSION\nnode-1   Ready    <none>   9d    v1.31.0\n"
    evidence = read(tmp_path, "kubectl get nodes -o wide", table, EVENTS, NONE)
    assert [gap.ask for gap in evidence.gaps[Ask.NODES]] == ["kubectl get nodes -o yaml"]


def test_one_ask_of_several_is_not_all(tmp_path: Path) -> None:
    """Without the pods, events alone do not clear what pods would show."""
    evidence = read(tmp_path, EVENTS, NONE)
    found = known(evidence, (), Ask.EVENTS, Ask.DNS_PODS)
    assert not isinstance(found, Gap)
    assert [gap.ask for gap in found[1]] == ["kubectl get pods -A -l k8s-app=kube-dns -o yaml"]


@pytest.mark.parametrize(
    ("command", "whole"),
    [
        (EVENTS, True),
        ("k get ev --all-namespaces --field-selector=type=Warning", True),
        ("sudo kubectl --context lab get events -A --sort-by=.lastTimestamp", True),
        ("kubectl get events --field-selector type=Warning", False),
        ("kubectl get events -A --field-selector reason=Failed", False),
        (f"{EVENTS} | tail", False),
        ("kubectl get events -n default", False),
        ("kubectl get pods -A", False),
        ("cat events", False),
    ],
)
def test_which_commands_print_all(command: str, whole: bool) -> None:
    """Every namespace, and no filter but the one that is asked for."""
    wanted, given = typed(EVENTS), typed(command)
    assert wanted is not None
    assert (given is not None and answers(given, wanted)) is whole


@pytest.mark.parametrize("flag", ["--tail=100", "--since=1h", "--previous"])
def test_a_part_of_a_log_is_not_all(flag: str) -> None:
    """Any other choice of lines is another log."""
    wanted, given = typed(LOGS), typed(f"{LOGS.replace(' --tail=-1', '')} {flag}")
    assert wanted is not None
    assert given is not None
    assert not answers(given, wanted)
