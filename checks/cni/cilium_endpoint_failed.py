"""Cilium's agent answers its plugin and does not make the endpoint of a pod.

The plugin asks the agent for an endpoint once the pod has its address, and waits until it is
compiled. The agent turns requests away (429) when too many wait: after a start of the node with
many pods, or because it is stuck; it fails them (500), or does not answer in the time of a try.

Limits: after a restart of a node it passes by itself within minutes; seen only once or twice it is
a possibility. Why the agent is slow or stuck is in its log.
Source: cilium/cilium v1.15, plugins/cilium-cni/cmd/cmd.go (Add), pkg/client/client.go (Hint),
api/v1/server/restapi/endpoint (PutEndpointID).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.sandbox import by_place, seen, span_s
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import NODE, agent_pods, look, quoted, stuck_pods_go_on
from diagnose.signatures.cni import CILIUM_ENDPOINT_FAILED

LASTS_S = 300.0  # longer than a busy start of a node takes
KINDS = (
    ("[429]", "turns requests for endpoints away: too many wait for it"),
    ("timeout exceeded", "does not make the endpoint in the time of a try"),
    ("did not synchronously regenerate", "does not get the endpoint compiled in time"),
)


@check(
    title="Cilium's agent does not make the endpoints of pods",
    severity=Severity.CRITICAL,
    family="sandbox-cni-not-ready",
    explains=("pods-stuck-container-creating", "sandbox-name-reserved"),
)
def cilium_endpoint_failed(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which the agent does not make endpoints."""
    for place, several in by_place(failures.matching(CILIUM_ENDPOINT_FAILED)):
        reason = next(
            match["reason"]
            for one in several
            for match in one.reasons
            if match.signature == CILIUM_ENDPOINT_FAILED.name
        )
        how = next((text for word, text in KINDS if word in reason), f"fails: {reason[:120]}")
        node = quoted(place.name if place.kind == "Node" else place.node, NODE)
        yield Finding(
            subject=place,
            message=f"the agent {how} ({seen(several)})",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=steps(node),
            proven=span_s(several) >= LASTS_S,
            at=several[0].first_at,
        )


def steps(node: str) -> tuple[Remedy, ...]:
    """Return the remedy: what the agent is busy with, then a new one."""
    agent = f"-l k8s-app=cilium --field-selector spec.nodeName={node}"
    return (
        look(
            "See what the agent waits for",
            f"kubectl -n kube-system get pods -o wide {agent}",
            "kubectl -n kube-system exec <its pod> -- cilium-dbg status --brief",
            "kubectl -n kube-system exec <its pod> -- cilium-dbg endpoint list",
            verify="endpoints that stay in waiting-to-regenerate or not-ready: it is stuck",
        ),
        *agent_pods("k8s-app=cilium", "kube-system", node, "the Cilium agent"),
        stuck_pods_go_on(),
    )
