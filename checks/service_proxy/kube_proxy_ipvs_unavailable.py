"""kube-proxy is to use IPVS and the node cannot.

Limits: older versions fell back to iptables after the first message; then Services work.
Source: kubernetes/kubernetes v1.13 and v1.35.4, pkg/proxy/ipvs/proxier.go (CanUseIPVSProxier).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ProxyFailures
from diagnose.facts.logs import Match
from diagnose.findings import proxy_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_kube_proxy
from diagnose.signatures.kube_proxy import IPVS_SYNC_FAILED, IPVS_UNAVAILABLE

MODULES = "ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack"
FALLS_BACK = "will not be used"


@check(
    title="kube-proxy cannot use IPVS",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=("kube-proxy-not-running", "service-proxy-rules-missing"),
)
def kube_proxy_ipvs_unavailable(failures: ProxyFailures) -> Iterator[Finding]:
    """Yield one finding per kube-proxy that finds no IPVS, or cannot fill it."""
    yield from proxy_findings(
        failures,
        (IPVS_UNAVAILABLE, IPVS_SYNC_FAILED),
        message,
        steps,
        proven=lambda one: FALLS_BACK not in one.match.quote.text,
    )


def message(match: Match) -> str:
    """Return what is missing."""
    if match.signature == IPVS_SYNC_FAILED.name:
        return "Services cannot be entered into IPVS"
    if FALLS_BACK in match["reason"]:
        return match["reason"].replace("IPVS proxier will not be used because the following ", "")
    return "the node's kernel offers no IPVS"


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: the modules, now and after a restart, then kube-proxy."""
    where = node or "the node"
    return (
        look(
            "See the modules and what IPVS holds",
            f"lsmod | grep -E 'ip_vs|nf_conntrack'; ipvsadm -Ln | head; ipset --version  # on "
            f"{where}",
            verify=f"all of {MODULES} are loaded, the DNS service's address is listed",
        ),
        Remedy(
            title="Load the modules, and at every start",
            commands=(
                f"modprobe -a {MODULES}",
                f"printf '%s\\n' {MODULES} > /etc/modules-load.d/ipvs.conf",
            ),
            risk=Risk.SAFE,
            verify="lsmod | grep ip_vs",
        ),
        restart_kube_proxy(node),
    )
