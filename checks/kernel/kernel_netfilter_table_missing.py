"""The kernel has no table that the service rules need, or may not load its module.

Vendor kernels are built without it, a kernel package was updated without a restart, or the
programs run in a container that may not load modules.

Limits: of IPv6's tables alone it is harmless in a cluster that has only IPv4.
Source: netfilter iptables 1.8.9, libiptc/libiptc.c (iptc_strerror); iptables/nft.c (nft_init).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import KernelMessages, NetworkAddOn
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, restart_proxy
from diagnose.signatures.kernel import NETFILTER_TABLE_MISSING


@check(
    title="The kernel has no table that service rules need",
    severity=Severity.CRITICAL,
    family="iptables-unusable",
    explains=(
        "sandbox-iptables-unusable",
        "service-proxy-rules-missing",
        "flannel-daemonset-failing",
        "apiserver-unreachable-timeout",
        "resolution-fails",
        "kube-proxy-iptables-sync-failed",
        "flannel-masquerade-failed",
    ),
)
def kernel_netfilter_table_missing(
    messages: KernelMessages, add_on: NetworkAddOn | None
) -> Iterator[Finding]:
    """Yield one finding per node, tool and table; those of IPv6 are only warnings."""
    for one in messages.of(NETFILTER_TABLE_MISSING):
        tool, table = one.match["tool"], one.match["table"]
        node = quoted(one.subject.name, "the node")
        denied = "ermission" in one.match["reason"]
        yield Finding(
            subject=one.subject,
            message=f"{tool} cannot use the table {table}: {one.match['reason'].strip()} "
            f"({times(one.count)})",
            quotes=(one.match.quote,),
            remedy=(
                look(
                    "See whether the table is there, and the modules of the running kernel",
                    f"{tool} -t {table} -L -n  # on {node}",
                    "ls /lib/modules/$(uname -r) && zgrep -E 'NF_(NAT|TABLES)' /proc/config.gz",
                    verify="no directory: the kernel was updated without a restart; no option: "
                    "this kernel cannot",
                ),
                Remedy(
                    title="Load the modules, now and at every start",
                    commands=(
                        "modprobe -a ip_tables iptable_nat ip6table_nat xt_comment br_netfilter",
                        "printf '%s\\n' iptable_nat ip6table_nat > /etc/modules-load.d/k8s.conf",
                    ),
                    risk=Risk.MANUAL,
                    verify=f"{tool} -t {table} -L -n  # lists chains",
                    why="restart the node where the running kernel's modules are gone",
                ),
                *restart_proxy(one.subject.name, add_on=add_on.name if add_on else ""),
            ),
            proven=not denied and tool == "iptables",
            severity=Severity.WARNING if tool == "ip6tables" else None,
            at=one.match.at,
        )
