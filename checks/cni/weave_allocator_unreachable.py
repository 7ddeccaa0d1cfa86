"""Weave Net's allocator of addresses does not answer its plugin.

The plugin asks the router of its node on 127.0.0.1:6784 for an address.

Limits: an allocator that runs and waits for a quorum of its peers makes the request time out; one
that does not run refuses it.
Source: weaveworks/weave v2.8.1, plugin/net/cni.go (CmdAdd).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import agent_pods, look, stuck_pods_go_on
from diagnose.signatures.cni import WEAVE_UNREACHABLE


@check(
    title="Weave Net's allocator does not answer",
    severity=Severity.CRITICAL,
    family="sandbox-cni-not-ready",
    explains=("pods-stuck-container-creating", "sandbox-name-reserved"),
)
def weave_allocator_unreachable(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which Weave Net gives no address."""
    yield from sandbox_findings(failures, (WEAVE_UNREACHABLE,), message, steps)


def message(match: Match) -> str:
    """Return whether the router is absent or silent."""
    if "refused" in match["reason"]:
        return "nobody listens on 127.0.0.1:6784: weave-net does not run there"
    return "127.0.0.1:6784 gives no address: the allocator may wait for its peers"


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: ask the router, read its log, restart it."""
    return (
        look(
            "Ask the router itself",
            f"curl -s http://127.0.0.1:6784/status  # on {node}",
            verify='its status says "ready" behind IPAM; else the peers it waits for',
        ),
        *agent_pods("name=weave-net", "kube-system", node, "weave-net"),
        stuck_pods_go_on(),
    )
