"""The CNI configuration is of a version that the plugin does not speak.

Limits: containerd 1.6.0 to 1.6.3 asked the loopback plugin for 1.0.0 whatever the file says.
Source: containernetworking/cni v1.0.1, pkg/version/reconcile.go (Check) and
pkg/types/internal/create.go (Create).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, stuck_pods_go_on
from diagnose.signatures.cni import VERSION_INCOMPATIBLE


@check(
    title="The CNI configuration's version is not the plugin's",
    severity=Severity.CRITICAL,
    family="version-skew",
    explains=("pods-stuck-container-creating", "cni-config-uninitialized"),
)
def cni_version_incompatible(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node whose plugins do not speak the configured version."""
    yield from sandbox_findings(failures, (VERSION_INCOMPATIBLE,), message, steps)


def message(match: Match) -> str:
    """Return both versions, as far as the message tells them."""
    speaks = match["supported"].replace('\\"', "").replace('"', "").replace(" ", ", ")
    if not match["config"]:
        return "the plugin does not speak the configuration's version"
    if not speaks:
        return f"version {match['config']} of the configuration is not supported"
    return f"the configuration is of version {match['config']}, the plugin speaks {speaks}"


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: compare, newer plugins, or an older version in the file."""
    return (
        look(
            "Compare the versions",
            f"grep -H cniVersion /etc/cni/net.d/*; containerd --version  # on {node}",
            "ls -l /opt/cni/bin; /opt/cni/bin/<plugin of the message> </dev/null",
            verify="the plugin names an older version than the file",
        ),
        Remedy(
            title="Bring plugins and runtime to a version of CNI 1.0 or later",
            commands=(
                "apt-get install -y kubernetes-cni containerd.io "
                "|| dnf install -y kubernetes-cni containerd.io",
                "systemctl restart containerd",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl get events -A --field-selector reason=FailedCreatePodSandBox",
        ),
        Remedy(
            title='Or set "cniVersion": "0.4.0" in the add-on\'s configuration',
            commands=("kubectl -n kube-flannel edit configmap kube-flannel-cfg",),
            risk=Risk.DISRUPTIVE,
            verify="grep -H cniVersion /etc/cni/net.d/*  # after the add-on's pods restarted",
        ),
        stuck_pods_go_on(),
    )
