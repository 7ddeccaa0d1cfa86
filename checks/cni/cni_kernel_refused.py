"""The kernel has not, or refuses, what a CNI plugin asks of it.

A module that is not there (veth, ifb, sch_tbf, macvlan, vrf), a sysctl that does not exist since
IPv6 was switched off, /proc/sys read-only in a node that is itself a container, a security module
that forbids: the plugin ends with the kernel's own error.

Limits: that something is not supported is certain; "permission denied" and the like have several
origins, hence a possibility.
Source: golang/go syscall zerrors_linux_amd64.go; torvalds/linux v6.1 net/ipv6/addrconf.c
(ipv6_add_addr: EACCES); containernetworking/plugins v1.9.1, pkg/ip, pkg/ipam, plugins/meta/
bandwidth/ifb_creator.go, plugins/meta/tuning; projectcalico/calico v3.34, cni-plugin/pkg/dataplane/
linux/dataplane_linux.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, stuck_pods_go_on
from diagnose.signatures.mechanisms import KERNEL_REFUSED, SYSCTL_REFUSED
from diagnose.text.regex import regex

ABSENT = ("not supported", "no such file or directory")
IPV6 = "ipv6"
ADDRESS = regex(
    r"add(?:ing)? (?:IP )?addr.{0,120}?(?P<address>[\da-f]{0,4}:[\da-f:]{1,36}:[\da-f]*)"
)
INTERFACE = regex(r"net/ipv[46]/(?:conf|neigh)/(?P<name>[^/]+)/")


@check(
    title="The kernel lacks or refuses what a CNI plugin asks for",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("pods-stuck-container-creating", "sandbox-setup-failed"),
)
def cni_kernel_refused(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node whose kernel does not do what a plugin asks."""
    yield from sandbox_findings(
        failures, (SYSCTL_REFUSED, KERNEL_REFUSED), message, steps, proven=certain, family=family
    )


def message(match: Match) -> str:
    """Return what was asked of the kernel and its answer."""
    if match["setting"]:
        setting = match["setting"].replace("/", ".")
        if match["reason"] == ABSENT[1]:
            interface = "" if of_kernel(match) else ", or its interface is gone"
            return f"this kernel has no setting {setting}{interface}"
        return f"{setting} cannot be set: {match['reason']}"
    if address := refused_ipv6(match):
        return f"IPv6 is disabled where {address} should be set: permission denied"
    what = match["what"].rpartition("failed (add): ")[2].strip(" :")
    return f"{what[-120:]}: {match['reason']}" if what else match["reason"]


def certain(match: Match) -> bool:
    """Whether the answer leaves one cause: it is not there, or cannot be written at all."""
    if match.signature == SYSCTL_REFUSED.name:
        return match["reason"] != ABSENT[1] or of_kernel(match)
    return bool(refused_ipv6(match)) or any(one in match["reason"] for one in ABSENT)


def refused_ipv6(match: Match) -> str:
    """Return the IPv6 address that the kernel does not take; "" for another trouble.

    It denies permission where disable_ipv6 is set; who lacks a right is told "not permitted".
    """
    found = ADDRESS.search(match["what"])
    return found["address"] if found and match["reason"] == "permission denied" else ""


def of_kernel(match: Match) -> bool:
    """Whether a setting is the kernel's, not one of an interface that may have vanished."""
    conf = INTERFACE.search(match["setting"])
    return conf is None or conf["name"] in ("all", "default", "lo")


def family(match: Match) -> str:
    """Return another family where IPv6 is what the kernel has not; "" else."""
    off = match["reason"] == ABSENT[1] and IPV6 in match["setting"]
    return "dual-stack" if off or refused_ipv6(match) else ""


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: see what is missing, then load, allow or do without it."""
    if IPV6 in match["setting"] or refused_ipv6(match):
        cure = Remedy(
            title="Give the kernel IPv6 back, or take IPv6 out of the add-on's configuration",
            commands=(
                f"sysctl -w net.ipv6.conf.all.disable_ipv6=0  # on {node}, in the runtime's too",
                f"remove ipv6.disable=1 from the kernel's command line and restart {node}",
                "or set assign_ipv6 (Calico) and the like to false in the add-on's ConfigMap",
            ),
            risk=Risk.DISRUPTIVE,
            verify="ls /proc/sys/net/ipv6/conf/all",
        )
    else:
        cure = Remedy(
            title="Load the module, or give the node the right: the packages of extra modules, "
            "a privileged node container, a policy of SELinux or AppArmor",
            commands=(
                "modprobe -a veth bridge ifb sch_tbf macvlan  # what the plugin needs of these",
                "apt-get install -y linux-modules-extra-$(uname -r) "
                "|| dnf install -y kernel-modules-extra",
            ),
            risk=Risk.DISRUPTIVE,
            verify="ip link add t0 type veth peer name t1 && ip link delete t0",
            why="a kernel that was upgraded without a restart has no modules on disk: then "
            "restart the node",
        )
    return (
        look(
            "See what the kernel has, and whether something forbids it",
            f"uname -r; ls /lib/modules; sysctl net.ipv6.conf.all.disable_ipv6  # on {node}",
            "dmesg | grep -iE 'denied|apparmor|audit|seccomp' | tail; cat /proc/cmdline",
            verify="no modules for the running kernel, ipv6.disable=1, or a denial",
        ),
        cure,
        stuck_pods_go_on(),
    )
