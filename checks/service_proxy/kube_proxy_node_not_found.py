"""kube-proxy does not find its own Node.

It asks for the Node of its hostname; where the kubelet registered another name, it works without
the node's addresses and takes the loopback for its own.

Limits: at the first start of a node the Node may come seconds later.
Source: kubernetes/kubernetes v1.27, pkg/util/node/node.go (GetNodeIP) and
cmd/kube-proxy/app/server.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ProxyFailures
from diagnose.facts.logs import Match
from diagnose.findings import proxy_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_kube_proxy
from diagnose.signatures.kube_proxy import NODE_UNKNOWN


@check(
    title="kube-proxy does not find its Node",
    severity=Severity.WARNING,
    family="service-proxy",
    explains=("service-proxy-rules-missing",),
)
def kube_proxy_node_not_found(failures: ProxyFailures) -> Iterator[Finding]:
    """Yield one finding per kube-proxy whose hostname is no Node's name."""
    yield from proxy_findings(
        failures, (NODE_UNKNOWN,), message, steps, proven=lambda _: False, least=2
    )


def message(match: Match) -> str:
    """Return which name is no Node's."""
    return f"no Node is called {match['node']}"


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: compare names, give kube-proxy the kubelet's."""
    return (
        look(
            "Compare the names",
            f"kubectl get nodes; hostname  # on {node or 'the node'}",
            verify=f"the Node carries another name than {match['node']}",
        ),
        Remedy(
            title="Give kube-proxy the name that the kubelet registered",
            commands=(
                "kubectl -n kube-system edit daemonset kube-proxy"
                "  # --hostname-override=$(NODE_NAME), from spec.nodeName",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system logs -l k8s-app=kube-proxy | grep 'retrieved NodeIP'",
        ),
        restart_kube_proxy(node),
    )
