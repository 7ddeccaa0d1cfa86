"""Cilium's plugin does not reach the agent of its node.

The plugin asks the agent over /var/run/cilium/cilium.sock for every sandbox. No socket means no
agent (not installed any more, crashing, still starting); one that refuses, an agent that ended.

Limits: an agent that resolves the API server's name through cluster DNS waits for pods that wait
for it; its log tells that.
Source: cilium/cilium v1.10, plugins/cilium-cni/main.go (cmdAdd), pkg/client/client.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DaemonSets, SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import agent_pods, stuck_pods_go_on
from diagnose.signatures.cni import CILIUM_UNREACHABLE

KINDS = (
    ("no such file or directory", "its socket is not there: no agent has started"),
    ("connection refused", "nobody listens on its socket: the agent ended"),
    ("timeout", "it does not answer in time"),
    ("deadline exceeded", "it does not answer in time"),
)


@check(
    title="Cilium's plugin does not reach the agent of its node",
    severity=Severity.CRITICAL,
    family="sandbox-cni-not-ready",
    explains=("pods-stuck-container-creating", "sandbox-name-reserved"),
)
def cilium_agent_unreachable(
    failures: SandboxFailures, sets: DaemonSets | None
) -> Iterator[Finding]:
    """Yield one finding per node on which Cilium's agent does not answer its plugin."""
    foreign = bool(sets and sets.sets and not sets.gaps and not sets.named("cilium"))

    def message(match: Match) -> str:
        """Return how the agent fails to answer, and whether Cilium belongs to this cluster."""
        how = next((text for word, text in KINDS if word in match["reason"]), "")
        note = "; no DaemonSet of Cilium is there: a leftover configuration" if foreign else ""
        return f"the agent is not reached{': ' if how else ''}{how}{note}"

    yield from sandbox_findings(failures, (CILIUM_UNREACHABLE,), message, steps)


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: the agent, then what the agent itself may wait for, then leftovers."""
    return (
        *agent_pods("k8s-app=cilium", "kube-system", node, "the Cilium agent"),
        Remedy(
            title="Where the agent cannot look up the API server, name it by address",
            commands=(
                "helm upgrade cilium cilium/cilium -n kube-system --reuse-values "
                "--set k8sServiceHost=<address> --set k8sServicePort=6443",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system exec ds/cilium -- cilium-dbg status --brief  # OK",
            why="the agent must not need the DNS that waits for it",
        ),
        Remedy(
            title="Or, where Cilium was removed, move its configuration away",
            commands=(
                f"ls /etc/cni/net.d  # on {node}",
                "mkdir -p /root/cni-old && mv /etc/cni/net.d/*cilium* /root/cni-old/",
            ),
            risk=Risk.DISRUPTIVE,
            verify="ls /etc/cni/net.d  # the running add-on's file alone",
        ),
        stuck_pods_go_on(),
    )
