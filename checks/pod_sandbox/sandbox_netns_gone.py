"""The sandbox's network namespace vanished while the CNI plugin worked in it.

The plugin opens the namespace by a path (/proc/PID/ns/net, /var/run/netns/NAME); when the pause
process ends meanwhile, the path is gone. Mostly something else ended the sandbox: a failing
teardown, a restart of the runtime, the OOM killer.

Limits: kubelets repeat teardowns of sandboxes that are long gone; those lines are weak and alone
raise nothing.
Source: containernetworking/plugins pkg/ns/ns_linux.go (IsNSorErr, "failed to Statfs", "unknown FS
magic"), v1.1.1.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.sandbox import by_place, seen
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.cni import NETNS_GONE, NETNS_WRONG
from diagnose.signatures.mechanisms import NETNS_LOST

LOST = (NETNS_GONE, NETNS_WRONG, NETNS_LOST)
NAMES = frozenset(one.name for one in LOST)


@check(
    title="The network namespace of the sandbox vanished",
    severity=Severity.CRITICAL,
    family="sandbox-netns-gone",
    explains=("pods-stuck-container-creating",),
)
def sandbox_netns_gone(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node whose sandboxes lost their namespace."""
    for place, several in by_place(failures.matching(*LOST)):
        paths = [
            match["netns"]
            for one in several
            for match in one.reasons
            if match.signature in NAMES and match["netns"]
        ]
        where = quoted(place.name if place.kind == "Node" else place.node, "the node")
        gone = f"{paths[0]} was gone" if paths else "its path was gone"
        yield Finding(
            subject=place,
            message=f"{gone} when the CNI plugin opened it ({seen(several)})",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=(
                look(
                    "Find out what ended the sandbox",
                    "crictl pods; journalctl -u containerd -u kubelet --since -15min "
                    f"| grep -i sandbox  # on {where}",
                    verify="the first error before the message names it",
                ),
                Remedy(
                    title="Delete the stuck pod, so that it gets a fresh sandbox",
                    commands=(delete(several[0].subject.namespace, several[0].subject.name),),
                    risk=Risk.DISRUPTIVE,
                    verify="kubectl get pods -A -o wide | grep -v Running",
                ),
                Remedy(
                    title="If sandboxes still vanish, restart the runtime, then the kubelet",
                    commands=("systemctl restart containerd", "systemctl restart kubelet"),
                    risk=Risk.DISRUPTIVE,
                    verify="crictl info | grep -A3 NetworkReady  # true",
                ),
            ),
            at=several[0].first_at,
        )


def delete(namespace: str, name: str) -> str:
    """Return the command that deletes a pod."""
    space = quoted(namespace, "<namespace>")
    return f"kubectl -n {space} delete pod {quoted(name, '<pod>')}"
