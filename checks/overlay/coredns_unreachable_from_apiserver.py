"""The API server reaches CoreDNS's pods on some nodes and not on others.

It passes requests on to pods. Where one pod answers and another does not, though that one runs, the
way from the control plane into the pod network of that node is broken, as it is then for others.

Limits: a symptom. Where no pod is reached at all, the control plane may rightly be no part of the
pod network (EKS, GKE and others), and nothing is said.
Source: kubernetes/apimachinery v0.35.4, pkg/util/proxy/transport.go ("error trying to reach
service"); kubernetes/kubernetes v1.35.4, pkg/registry/core/pod/strategy.go (ResourceLocation).
"""

from collections.abc import Iterator

from diagnose.check import Undecided, check
from diagnose.facts import CoreDNSHealth, DNSPods
from diagnose.facts.coredns_health import Endpoint
from diagnose.model import Finding, Severity, Subject
from diagnose.remedies import look, quoted


@check(
    title="The API server does not reach CoreDNS on some nodes",
    severity=Severity.WARNING,
    family="overlay",
    symptom=True,
)
def coredns_unreachable_from_apiserver(
    health: CoreDNSHealth, pods: DNSPods | None
) -> Iterator[Finding]:
    """Yield one finding per pod that is not reached while another one is."""
    nodes = {pod.subject.name: pod.subject.node for pod in pods.pods} if pods else {}
    by_pod: dict[Subject, list[Endpoint]] = {}
    for one in health.endpoints:
        by_pod.setdefault(one.subject, []).append(one)
    reached = [subject for subject, several in by_pod.items() if any(o.reached for o in several)]
    lost = {
        subject: several
        for subject, several in by_pod.items()
        if all(one.lost for one in several) and subject.name
    }
    if lost and not reached:
        raise Undecided(
            "the API server reaches no pod of CoreDNS; it may be no part of the pod network"
        )
    for subject, several in lost.items():
        node = subject.node or nodes.get(subject.name, "")
        place = f" on {node}" if node else ""
        other = by_pod[reached[0]][0]
        yield Finding(
            subject=Subject("Pod", subject.name, subject.namespace, node),
            message=f"is not reached from the API server{place} ({several[0].trouble[:100]}); "
            f"{reached[0].name or 'another pod'} is",
            quotes=(several[0].quote, other.quote),
            remedy=look(
                "Follow the way from a control-plane node to the pod",
                f"kubectl -n kube-system get pod {quoted(subject.name, '<pod>')} -o wide",
                "ping -c 3 <address of the pod>; ip route get <address of the pod>  "
                "# on a control-plane node",
                "ping -c 3 <address of the pod>  # on its own node",
                verify="its own node reaches it: the network between the nodes is at fault",
            ),
        )
