"""The network add-on's pod of a node does not stay up, or is not ready.

Each add-on runs one pod on each node. It installs the CNI plugin and its configuration, gives out
addresses, and keeps the routes and rules to the other nodes. Where it fails, new pods get no
sandbox, and what is there already loses its way to other nodes sooner or later.

Limits: it says that the add-on is not well, not why; its log does. flannel has a check of its own.
One that runs and is not ready may be on its way, or wait for another node; a possibility.
Source: projectcalico/calico v3.34, manifests/calico.yaml; cilium/cilium v1.17,
install/kubernetes/cilium; weaveworks/weave v2.8, prog/weave-kube/launch.sh.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import AddOnAgents
from diagnose.facts.add_on_agents import FailingAgent
from diagnose.facts.pods import Pod
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import look, quoted, stuck_pods_go_on


@check(
    title="The network add-on's pod of a node fails",
    severity=Severity.CRITICAL,
    family="sandbox-cni-not-ready",
    explains=("pods-stuck-container-creating", "no-ready-endpoints", "node-not-ready"),
    symptom=True,
)
def cni_agent_failing(agents: AddOnAgents) -> Iterator[Finding]:
    """Yield one finding per node on which an add-on's pod is not well, or one for all."""
    places: dict[Subject, list[FailingAgent]] = {}
    for one in sorted(agents.failing, key=lambda one: not one.ended):
        node = one.pod.subject.node
        places.setdefault(Subject("Node", node) if node else CLUSTER, []).append(one)
    for place, several in places.items():
        yield finding(place, several, agents.waiting)


def finding(place: Subject, several: list[FailingAgent], waiting: Pod | None) -> Finding:
    """Return what fails at one place; without a sandbox being waited for it is the pods' way."""
    first = several[0]
    pod = first.pod.subject
    state = first.pod.status or "not ready"
    state = "runs, not ready" if state == "Running" else state
    rest = f", and {len(several) - 1} more" if len(several) > 1 else ""
    kept = f"; {waiting.subject.name} waits for its sandbox" if waiting else ""
    space = quoted(pod.namespace, "<namespace>")
    return Finding(
        subject=place,
        message=f"{pod.name}: {state}{rest}{kept}",
        quotes=(first.pod.quote, *((waiting.quote,) if waiting else ())),
        remedy=(
            look(
                "Read why it ended, or what it waits for",
                f"kubectl -n {space} logs {quoted(pod.name, '<pod>')} --all-containers --previous "
                "--tail=30",
                f"kubectl -n {space} describe pod {quoted(pod.name, '<pod>')} | tail -20",
                verify="the last error or the failing probe names the cause; repair that first",
            ),
            Remedy(
                title="Then restart it",
                commands=(f"kubectl -n {space} delete pod {quoted(pod.name, '<pod>')}",),
                risk=Risk.DISRUPTIVE,
                verify=f"kubectl -n {space} get daemonset {first.name}  # READY as many as DESIRED",
            ),
            *((stuck_pods_go_on(),) if waiting else ()),
        ),
        proven=first.ended,
        family="" if waiting else "overlay",
    )
