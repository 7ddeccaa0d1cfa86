"""calico/node does not run on the node, so Calico's plugin does not know which node it is on.

calico/node writes /var/lib/calico/nodename once it is up. The plugin stats the file first of all.

Limits: for the first minute of a node's life the file is rightly missing. Where the cluster does
not run Calico at all, the configuration that calls the plugin is a leftover.
Source: projectcalico/calico v3.26.0, cni-plugin/pkg/plugin/plugin.go (cmdAdd).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DaemonSets, SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import agent_pods, stuck_pods_go_on
from diagnose.signatures.cni import CALICO_NODENAME_MISSING


@check(
    title="calico/node does not run on the node",
    severity=Severity.CRITICAL,
    family="sandbox-cni-not-ready",
    explains=("pods-stuck-container-creating", "sandbox-name-reserved"),
)
def calico_node_not_running(
    failures: SandboxFailures, sets: DaemonSets | None
) -> Iterator[Finding]:
    """Yield one finding per node on which Calico's plugin misses what calico/node writes."""
    foreign = bool(sets and sets.sets and not sets.gaps and not sets.named("calico", "canal"))

    def message(match: Match) -> str:
        """Return what is missing, and whether Calico belongs to this cluster."""
        note = "; no DaemonSet of Calico is there: a leftover configuration" if foreign else ""
        return f"{match['file']} is missing, which calico/node writes{note}"

    def family(_: Match) -> str:
        """Return the family of a leftover; "" where Calico is not known to be absent."""
        return "sandbox-other" if foreign else ""

    yield from sandbox_findings(failures, (CALICO_NODENAME_MISSING,), message, steps, family=family)


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: the agent first, a leftover second."""
    return (
        *agent_pods("k8s-app=calico-node", "", node, "calico-node"),
        Remedy(
            title="Or, where the cluster does not run Calico, move its configuration away",
            commands=(
                f"ls /etc/cni/net.d  # on {node}",
                "mkdir -p /root/cni-old && mv /etc/cni/net.d/*calico* /root/cni-old/",
            ),
            risk=Risk.DISRUPTIVE,
            verify="ls /etc/cni/net.d  # the running add-on's file alone",
        ),
        stuck_pods_go_on(),
    )
