"""flannel cannot use its configuration: net-conf.json, the backend in it, or its own account.

Source: flannel-io/flannel v0.26.7, pkg/subnet/kube/kube.go (NewSubnetManager),
pkg/backend/manager.go (GetBackend).
Limits: what is wrong in the JSON is as precise as Go's decoder says it.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import FlannelFailures
from diagnose.facts.logs import Match
from diagnose.findings import flannel_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_flannel
from diagnose.signatures.flannel import BACKEND_UNKNOWN, CREDENTIALS_MISSING, NET_CONF_INVALID


@check(
    title="flannel cannot use its configuration",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("flannel-daemonset-failing", "flannel-subnet-env-missing"),
)
def flannel_configuration_invalid(failures: FlannelFailures) -> Iterator[Finding]:
    """Yield one finding per flannel pod and kind of mistake."""
    kinds = (NET_CONF_INVALID, BACKEND_UNKNOWN, CREDENTIALS_MISSING)
    yield from flannel_findings(failures, kinds, message, steps)


def message(match: Match) -> str:
    """Return what flannel cannot use."""
    if match["backend"]:
        return f"net-conf.json names a backend that flannel does not have: {match['backend']}"
    if match.signature == NET_CONF_INVALID.name:
        return f"net-conf.json cannot be read: {match['reason']}"
    return f"flannel's pod was not told what it needs: {match['reason']}"


def steps(match: Match) -> tuple[Remedy, ...]:
    """Return the remedy: the manifest's own configuration, or the manifest itself."""
    conf = match.signature != CREDENTIALS_MISSING.name
    return (
        look(
            "See the configuration that flannel reads",
            "kubectl -n kube-flannel get configmap kube-flannel-cfg -o yaml"
            if conf
            else "kubectl -n kube-flannel get daemonset kube-flannel-ds -o yaml",
            verify="valid JSON with Network, and Backend.Type vxlan, host-gw or another of its own"
            if conf
            else "serviceAccountName flannel, and POD_NAME and POD_NAMESPACE in env",
        ),
        Remedy(
            title="Correct it"
            if conf
            else "Apply flannel's manifest again, with the cluster's pod network in it",
            commands=(
                "kubectl -n kube-flannel edit configmap kube-flannel-cfg"
                if conf
                else "kubectl apply -f kube-flannel.yml",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-flannel logs -l app=flannel --tail=5",
        ),
        restart_flannel(),
    )
