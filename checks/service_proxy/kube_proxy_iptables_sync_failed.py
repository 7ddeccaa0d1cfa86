"""kube-proxy cannot write its rules with iptables.

The rules that are there stay as they are: endpoints that changed since are not in them, Services
that are new lead nowhere.

Limits: "Sync failed" alone does not tell why; the line before it does.
Source: kubernetes/kubernetes v1.18 to v1.30, pkg/proxy/iptables/proxier.go (syncProxyRules).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ProxyFailures
from diagnose.facts.logs import Match
from diagnose.findings import proxy_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_kube_proxy
from diagnose.signatures.kube_proxy import CHAIN_FAILED, RESTORE_FAILED, SYNC_FAILED

# Words of the tools, and what they mean.
MEANINGS = (
    ("xtables lock", "another program holds the lock"),
    ("Table does not exist", "the kernel has no such table"),
    ("do you need to insmod", "the kernel has no such table"),
    ("Module ip_tables not found", "the kernel's modules are not on disk"),
    ("Couldn't load", "an extension is missing in kube-proxy's image"),
    ("No chain/target/match by that name", "a module or chain of the rule is missing"),
    ("Permission denied", "it may not change the rules"),
    ("incompatible", "legacy and nft rules are mixed"),
)


@check(
    title="kube-proxy cannot write its iptables rules",
    severity=Severity.CRITICAL,
    family="iptables-unusable",
    explains=("service-proxy-rules-missing", "service-proxy-rules-stale"),
)
def kube_proxy_iptables_sync_failed(failures: ProxyFailures) -> Iterator[Finding]:
    """Yield one finding per kube-proxy whose rules cannot be written."""
    telling = [one.subject for one in failures.matching(RESTORE_FAILED, CHAIN_FAILED)]
    yield from proxy_findings(failures, (RESTORE_FAILED, CHAIN_FAILED), message, steps)
    for one in proxy_findings(
        failures, (SYNC_FAILED,), message, steps, proven=lambda _: False, least=2
    ):
        if one.subject not in telling:
            yield one


def message(match: Match) -> str:
    """Return what could not be written, and what the tool's words mean."""
    text = match.quote.text
    meaning = next((words for word, words in MEANINGS if word in text), "")
    what = {
        RESTORE_FAILED.name: "iptables-restore fails",
        CHAIN_FAILED.name: "its chains cannot be made",
        SYNC_FAILED.name: "the rules could not be written, it tries again",
    }[match.signature]
    return f"{what}{': ' if meaning else ''}{meaning}"


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: what the tool says by hand, modules and back ends, then kube-proxy."""
    where = node or "the node"
    return (
        look(
            "See what iptables says by hand, and which back ends hold rules",
            f"iptables -t nat -S >/dev/null; iptables --version  # on {where}",
            "iptables-legacy-save | grep -c KUBE; iptables-nft-save | grep -c KUBE",
            "lsmod | grep -E 'nf_tables|ip_tables|nf_nat'",
            verify="an error, or rules of KUBE in both back ends",
        ),
        Remedy(
            title="Load the modules, or keep to one back end",
            commands=(
                "modprobe -a ip_tables iptable_nat nf_nat || modprobe nf_tables",
                "update-alternatives --set iptables /usr/sbin/iptables-nft",
            ),
            risk=Risk.DISRUPTIVE,
            verify="iptables -t nat -S >/dev/null && echo usable",
        ),
        restart_kube_proxy(node),
    )
