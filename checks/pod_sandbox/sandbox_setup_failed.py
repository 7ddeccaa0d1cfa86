"""A sandbox fails in words that name no cause that corediag knows.

It says who spoke, in which step, and what, and stays a possibility: a plugin of its own kind, an
object that a plugin looks up and does not find, a plugin that crashed, a deadline that ran out for
nobody's sake.

Limits: it is silent about a node of whose sandboxes another failure tells more.
Source: containernetworking/cni v1.3, libcni/api.go (addNetwork), pkg/invoke/raw_exec.go; golang/go
context (DeadlineExceeded); kubernetes/apimachinery v0.35, pkg/api/errors/errors.go (NewNotFound).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.facts.sandbox import by_place, seen
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import NODE, look, quoted
from diagnose.signatures.mechanisms import (
    CRASHED,
    DEADLINE,
    OBJECT_MISSING,
    SERVER_AWAY,
    UNKNOWN,
)

TOLD = (SERVER_AWAY, CRASHED, OBJECT_MISSING, DEADLINE, UNKNOWN)
NAMES = frozenset(one.name for one in TOLD)
# What a request of CNI is called, and what was asked of the runtime before any plugin.
PHASES = {"add": "set-up", "delete": "teardown", "del": "teardown", "": "start"}
SHOWN = 200


@check(
    title="A sandbox fails for a reason that is not known",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("pods-stuck-container-creating",),
)
def sandbox_setup_failed(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node of whose sandboxes nothing but such words is known."""
    open_ones = [one for one in failures.failures if not one.over and one.reasons]
    for place, every in by_place(open_ones):
        several = [one for one in every if all(m.signature in NAMES for m in decided(one.reasons))]
        if not several or len(several) < len(every):
            continue
        matches = [m for one in several for m in one.reasons if m.signature in NAMES]
        match = min(matches, key=lambda one: names().index(one.signature))
        node = quoted(place.name if place.kind == "Node" else place.node, NODE)
        yield Finding(
            subject=place,
            message=f"{message(match)} ({seen(several)})",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=steps(match, node),
            proven=False,
            family="apiserver-unreachable" if match.signature == SERVER_AWAY.name else "",
            at=several[0].first_at,
        )


def names() -> tuple[str, ...]:
    """Return the mechanisms' names, most telling first."""
    return tuple(one.name for one in TOLD)


def decided(reasons: tuple[Match, ...]) -> tuple[Match, ...]:
    """Return the reasons but the mere envelope that a plugin ended."""
    return tuple(one for one in reasons if one.signature != "cni-plugin-silent")


def message(match: Match) -> str:
    """Return who spoke in which step, and what it said or did not say."""
    who = match["plugin"] or ("the plugin" if match["phase"] else "the runtime")
    step = f"{who} ({PHASES.get(match['phase'], match['phase'])})"
    if match.signature == DEADLINE.name:
        return f"{step} ran out of time; what hung is not told: {match['said'][:SHOWN]}"
    if match.signature == SERVER_AWAY.name:
        server = match["address"] or "the API server"
        return f"{step} does not get through to {server}: {match['reason'][:SHOWN]}"
    if match.signature == OBJECT_MISSING.name:
        kind = match["kind"] or "what it asks for"
        name = f' "{match["object"]}"' if match["object"] else " in this API server"
        return f"{step} does not find {kind}{name}: {match['said'][:SHOWN]}"
    if match.signature == CRASHED.name:
        return f"{step} crashed or was killed: {match['reason'][:SHOWN]}"
    return f"{step} says: {match['said'][:SHOWN]}"


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return where the cause is told: who hangs, what is missing, or the plugin's own log."""
    if match.signature == DEADLINE.name:
        return (
            look(
                "See what hangs: a plugin that waits for its agent, the runtime, or the disk",
                "ps -eo pid,etime,stat,args | grep -E '/opt/cni/bin|runc|shim' | grep -v grep"
                f"  # on {node}",
                "time crictl ps -q | wc -l; cat /proc/pressure/io",
                f"kubectl get pods -A -o wide --field-selector spec.nodeName={node}",
                verify="an old plugin process (repair the agent that it asks), a slow runtime, or "
                "a busy disk",
            ),
        )
    if match.signature == SERVER_AWAY.name:
        return (
            look(
                "Try the server that the plugin asks from the node itself, with a large answer too",
                f"curl -ks --max-time 5 https://{match['address'] or '10.96.0.1:443'}/version"
                f"  # on {node}",
                "kubectl get --raw /api/v1/pods | wc -c; ip route; ip -s link",
                verify="refused, no answer, or a connection that breaks: the way to it, its "
                "balancer or the MTU; port 2379 is etcd, Calico's data store",
            ),
        )
    if match.signature == OBJECT_MISSING.name:
        return (
            look(
                "See whether it is there, and whether node and cluster agree on its name",
                f"kubectl get {quoted(match['kind'], '<kind>')} -A",
                f"kubectl get nodes; hostname; cat /var/lib/calico/nodename  # on {node}",
                "kubectl get crd | grep -E 'calico|cni.cncf|cilium|antrea|ovn'",
                verify="a pod that was deleted meanwhile (harmless), a node known by another name, "
                "or a definition that the add-on's manifest would bring",
            ),
        )
    return (
        look(
            "Read what the plugin and the runtime logged at that moment",
            "journalctl -u kubelet -u containerd -u crio --since -15min | grep -i -e cni -e sandbox"
            f" | tail -40  # on {node}",
            "ls -l /etc/cni/net.d /var/log/calico/cni /var/log/aws-routed-eni /var/log/azure-vnet*",
            "dmesg | grep -iE 'oom|segfault|denied' | tail",
            verify="the line before the failure names it; give it to corediag with --from -",
        ),
        look(
            "See whether the add-on's pods run on the node",
            f"kubectl get pods -A -o wide --field-selector spec.nodeName={node}",
            verify="one that is not ready: its log tells more than its plugin",
        ),
    )
