"""kube-proxy's configuration cannot be used, or does not fit the cluster.

Limits: what it only warns of ("may be incomplete or incorrect") is a possibility; advice on node
ports is no fault.
Source: kubernetes/kubernetes v1.35.4, cmd/kube-proxy/app/options.go (Complete, Validate) and v1.30,
server.go (checkBadConfig); kubernetes/client-go tools/clientcmd/loader.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ProxyFailures
from diagnose.facts.logs import Match
from diagnose.findings import proxy_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_kube_proxy
from diagnose.signatures.kube_proxy import PROXY_CONFIG_INVALID

WARNED = "may be incomplete"


@check(
    title="kube-proxy's configuration cannot be used",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=("kube-proxy-not-running", "service-proxy-rules-missing"),
)
def kube_proxy_config_invalid(failures: ProxyFailures) -> Iterator[Finding]:
    """Yield one finding per kube-proxy that refuses its configuration, or warns of it."""
    yield from proxy_findings(
        failures,
        (PROXY_CONFIG_INVALID,),
        message,
        steps,
        proven=lambda one: WARNED not in one.match.quote.text,
    )


def message(match: Match) -> str:
    """Return what is wrong with it."""
    reason = match["reason"].replace('\\"', "").strip('" ')
    if match["file"]:
        return f"{match['file']}: {reason}"
    return (
        f"its configuration {'may not fit' if WARNED in match.quote.text else 'is refused'}: "
        + (reason[:160])
    )


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: look at the ConfigMap, correct it, restart."""
    return (
        look(
            "Look at the configuration",
            "kubectl -n kube-system get configmap kube-proxy -o yaml",
            "kubectl cluster-info dump | grep -m1 cluster-cidr",
            verify="mode, clusterCIDR and bindAddress are of the cluster's family and range",
        ),
        Remedy(
            title="Correct it, or let kubeadm write it anew",
            commands=(
                "kubectl -n kube-system edit configmap kube-proxy",
                "kubeadm init phase addon kube-proxy --config <the cluster's configuration>",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status daemonset kube-proxy",
        ),
        restart_kube_proxy(node),
    )
