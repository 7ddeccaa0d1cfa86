"""What may be over proves nothing of now; what was seen again, or of which more is known, does."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from diagnose.asks import Ask
from diagnose.collect import diagnose, evidence_of
from diagnose.model import Gap, GapKind, Verdict
from diagnose.parts import Haul, Kind, Part
from diagnose.registry import load

CHECKS = [one for one in load().checks if one.id == "config-volume-missing"]
NONE: Mapping[Ask, tuple[Gap, ...]] = {}
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MISSING = (
    "LAST SEEN   TYPE      REASON        OBJECT              MESSAGE\n"
    "{age}       Warning   FailedMount   pod/coredns-aaaaa   MountVolume.SetUp failed for volume "
    '"config-volume" : configmap "coredns" not found\n'
)
PODS = (
    "NAMESPACE     NAME            READY   STATUS              RESTARTS   AGE\n"
    "kube-system   coredns-aaaaa   0/1     ContainerCreating   0          42m\n"
)


def verdict(*texts: tuple[Kind, str], gaps: Mapping[Ask, tuple[Gap, ...]] = NONE) -> Verdict:
    """Return what the check says of texts."""
    parts = tuple(Part(kind, f"{n}.txt", text) for n, (kind, text) in enumerate(texts))
    (one,) = diagnose(CHECKS, evidence_of(Haul(parts, gaps=gaps)), NOW).verdicts
    return one


@pytest.mark.parametrize(("age", "proven"), [("12s", True), ("5m", True), ("9m", False)])
def test_an_event_that_was_not_repeated_proves_nothing(age: str, proven: bool) -> None:
    """A kubelet tries a volume again within two minutes, and says so."""
    (finding,) = verdict((Kind.EVENTS, MISSING.format(age=age))).findings
    assert finding.proven is proven
    assert ("last told 9 min before" in finding.message) is not proven


def test_the_pod_itself_outweighs_the_age_of_its_event() -> None:
    """It waits still."""
    (finding,) = verdict((Kind.EVENTS, MISSING.format(age="9m")), (Kind.TABLE, PODS)).findings
    assert finding.proven


def test_an_event_proves_nothing_where_a_run_could_not_read_the_pods() -> None:
    """It may not list them, or was interrupted: the pod may run by now."""
    gap = Gap("pods of the cluster", GapKind.DENIED, "pods is forbidden", "")
    (finding,) = verdict(
        (Kind.EVENTS, MISSING.format(age="12s")), gaps={Ask.SYSTEM_PODS: (gap,)}
    ).findings
    assert not finding.proven
    assert "how the pod is now was not read" in finding.message
