"""The portmap plugin can use neither iptables nor ip6tables.

portmap writes port mappings with iptables at set-up and removes them at teardown. It looks for the
binaries on the PATH of the runtime's service and tries them; where neither works, a sandbox cannot
be cleaned up, and its address and namespace stay behind.

Limits: plugins 1.5.1 and later say why iptables failed, older ones only that it did.
Source: containernetworking/plugins plugins/meta/portmap/main.go (cmdDel, getIPTables), v1.1.1.
"""

from collections.abc import Iterator, Sequence

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.sandbox import SandboxFailure, by_place, seen
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.cni import IPTABLES_FAILED, IPTABLES_UNUSABLE
from diagnose.signatures.mechanisms import PACKET_FILTER, spoken

UNUSABLE = (IPTABLES_UNUSABLE, IPTABLES_FAILED, PACKET_FILTER)


@check(
    title="The CNI plugin can use neither iptables nor ip6tables",
    severity=Severity.CRITICAL,
    family="iptables-unusable",
    explains=("sandbox-netns-gone", "pods-stuck-container-creating"),
)
def sandbox_iptables_unusable(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which portmap finds no usable iptables."""
    for place, several in by_place(failures.matching(*UNUSABLE)):
        reason = next((m["reason"] for one in several for m in one.reasons if m["reason"]), "")
        where = quoted(place.name if place.kind == "Node" else place.node, "the node")
        yield Finding(
            subject=place,
            message=f"no usable {tool(several)} ({seen(several)})"
            + (f": {reason[:120]}" if reason else ""),
            quotes=tuple(one.quote for one in several[:3]),
            remedy=(
                look(
                    "See what iptables says, and whether the runtime's service finds it",
                    f"iptables -t nat -S >/dev/null; ip6tables -t nat -S >/dev/null  # on {where}",
                    "systemctl show containerd -p Environment; lsmod | grep -E 'nf_t|ip_t'",
                    verify="the error, or that the binary is missing from the service's PATH",
                ),
                Remedy(
                    title="Install iptables, or load the kernel modules that it needs",
                    commands=(
                        "apt-get install -y iptables || dnf install -y iptables",
                        "modprobe nf_tables || modprobe -a ip_tables iptable_nat ip6table_nat",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="iptables -t nat -S >/dev/null && echo usable",
                    why="a kernel that was upgraded without a restart has no modules on disk: "
                    "then restart the node",
                ),
                Remedy(
                    title="Restart the runtime, so that it finds the binary",
                    commands=("systemctl restart containerd",),
                    risk=Risk.DISRUPTIVE,
                    verify="kubectl get events -A --field-selector reason=FailedKillPod",
                ),
                Remedy(
                    title="Recreate the stuck pods",
                    commands=(
                        f"kubectl -n {quoted(several[0].subject.namespace, '<namespace>')} "
                        f"delete pod {quoted(several[0].subject.name, '<pod>')}",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="kubectl get pods -A -o wide | grep -v Running",
                ),
            ),
            at=several[0].first_at,
        )


def tool(failures: Sequence[SandboxFailure]) -> str:
    """Return which packet filter's program fails, and for which plugin."""
    for one in failures:
        for match in one.reasons:
            if match.signature == PACKET_FILTER.name:
                user = f" for {match['plugin']}" if match["plugin"] else ""
                return f"{match['program'] or 'nftables'}{user}"
    return f"iptables for {next((spoken(o.quote.text).plugin for o in failures), '') or 'portmap'}"
