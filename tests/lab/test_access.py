"""What the API server's audit log tells of corediag's runs, and what they leave behind."""

import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from diagnose.rbac import rights, up_to
from lab import plan
from lab.cluster import Lab
from lab.trial import COREDIAG, corediag

AGENT = "corediag/"
PROBES = ("-n", "default", "pods", "-l", "app.kubernetes.io/managed-by=corediag")
REVIEWS = frozenset({"selfsubjectrulesreviews", "selfsubjectaccessreviews"})
pytestmark = pytest.mark.lab


def resource_of(event: dict[str, dict[str, str]]) -> str:
    """Return the resource of a line of the audit log with its subresource; "" where it is none."""
    about = event.get("objectRef", {})
    return "/".join(filter(None, (about.get("resource"), about.get("subresource"))))


def done(lab: Lab, since: datetime) -> set[tuple[str, str]]:
    """Return the verbs and resources of what corediag asked for since a moment."""
    time.sleep(1)  # the log is written behind the answers
    found = {(event["verb"], resource_of(event)) for event in lab.audited(AGENT, since)}
    assert found
    return found


def permitted(rung: int) -> Iterator[tuple[str, str]]:
    """Yield the verbs and resources of the role that is printed for a rung."""
    yield ("get", "")  # /version, which everybody may read
    for right in rights(up_to(rung)):
        yield (right.verb, right.resource)


@pytest.mark.parametrize(
    ("options", "rung"),
    [((), 3), (("--rung", "1"), 1), (("--rung", "2"), 2), (("--rung", "3"), 3)],
    ids=["default", "rung-1", "rung-2", "rung-3"],
)
def test_a_run_only_reads(well_lab: Lab, options: tuple[str, ...], rung: int) -> None:
    """The audit log shows get and list, of nothing that the printed role does not name."""
    started = datetime.now(UTC)
    said = corediag("run", *options)
    assert not said.causes
    asked = done(well_lab, started)
    assert {verb for verb, _ in asked} <= {"get", "list"}
    assert asked <= set(permitted(rung))
    print(f"{' '.join(options) or 'default'}: {said.seconds:.1f} s, {said.requests} requests")


@pytest.mark.parametrize("options", [("--probe",), ("--probe", "--no-exec")], ids=" ".join)
def test_a_probe_leaves_nothing(well_lab: Lab, options: tuple[str, ...]) -> None:
    """Nothing but probe pods is created and deleted, and none is left."""
    started = datetime.now(UTC)
    said = corediag("run", *options, "--timeout", "60s")
    assert not said.causes
    wrote = {pair for pair in done(well_lab, started) if pair[0] not in ("get", "list")}
    assert wrote - {("create", review) for review in REVIEWS} == {
        ("create", "pods"),
        ("delete", "pods"),
    }
    assert not well_lab.items(*PROBES)


@pytest.mark.parametrize("after_s", [1.0, 2.5, 4.0, 6.0])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_an_interrupted_probe_leaves_nothing(
    well_lab: Lab, sent: signal.Signals, after_s: float
) -> None:
    """At whatever moment it is interrupted, the cluster is as it was before."""
    access = ("--kubeconfig", str(plan.kubeconfig()))
    running = subprocess.Popen(
        (*COREDIAG, "run", "--probe", *access),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after_s)
    running.send_signal(sent)
    running.wait(timeout=30)
    well_lab.wait("probe pods to be gone", lambda: not well_lab.items(*PROBES), timeout_s=10)
