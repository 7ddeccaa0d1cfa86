"""Rules are in both back ends of iptables, legacy and nft.

The kernel asks both. kube-proxy, kubelet and the network add-on may each use another one: rules of
old stay in the one that nobody writes any more.

Limits: a legacy table that another program filled and that holds nothing of Kubernetes does no
harm; where it is not shown too, it is a possibility.
Source: netfilter iptables 1.8.9, iptables/xtables-save.c; kubernetes/release
images/build/distroless-iptables (iptables-wrapper).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NodeNetwork
from diagnose.facts.node_network import FilterRule, FilterRules
from diagnose.model import Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import NODE, look, quoted


@check(
    title="Rules are in both back ends of iptables",
    severity=Severity.WARNING,
    family="iptables-unusable",
    explains=(
        "service-proxy-rules-stale",
        "kube-proxy-iptables-sync-failed",
        "sandbox-iptables-unusable",
        "forward-chain-drop",
        "pod-egress-broken",
        "service-proxy-broken",
    ),
)
def iptables_backends_mixed(network: NodeNetwork) -> Iterator[Finding]:
    """Yield one finding per node on which iptables itself says that both hold rules."""
    seen: set[Subject] = set()
    by_place: dict[Subject, list[FilterRules]] = {}
    for dump in network.filters:
        by_place.setdefault(dump.subject, []).append(dump)
    for dump in network.filters:
        if dump.elsewhere is None or dump.subject in seen:
            continue
        seen.add(dump.subject)
        ours = rule_of_ours(dump) is not None
        others = [one for one in by_place[dump.subject] if is_other_back_end(one, dump)]
        theirs = next((rule.quote for one in others if (rule := rule_of_ours(one))), None)
        if others and theirs is None:
            continue  # what the other one holds is shown, and it is nothing of Kubernetes
        node = quoted(dump.subject.name if dump.subject.kind == "Node" else "", NODE)
        kept = " of Kubernetes" if ours else ""
        yield Finding(
            subject=dump.subject if dump.subject.kind else Subject("Node"),
            message=f"rules{kept} are here, and iptables says that the other back end has some too",
            quotes=(dump.elsewhere, *((theirs,) if theirs else ())),
            remedy=(
                look(
                    "Count what is in each",
                    "iptables-legacy-save | grep -c KUBE; iptables-nft-save | grep -c KUBE"
                    f"  # on {node}",
                    verify="rules of KUBE in both: they contradict each other",
                ),
                Remedy(
                    title="Keep to one back end on the host, and restart the node",
                    commands=(
                        "update-alternatives --set iptables /usr/sbin/iptables-nft",
                        f"kubectl drain {node} --ignore-daemonsets --delete-emptydir-data",
                        "reboot",
                        f"kubectl uncordon {node}",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="iptables-legacy-save | grep -c KUBE  # 0",
                    why="images of kube-proxy, flannel and node-cache choose the back end that "
                    "already holds the kubelet's chains",
                ),
            ),
            proven=ours and theirs is not None,
        )


def rule_of_ours(dump: FilterRules) -> FilterRule | None:
    """Return the first rule of Kubernetes or the network add-on in a dump."""
    prefixes = ("KUBE-", "FLANNEL", "CNI-")
    return next((rule for rule in dump.rules if rule.chain.startswith(prefixes)), None)


def is_other_back_end(one: FilterRules, dump: FilterRules) -> bool:
    """Whether one of two dumps of a node shows what the other back end of iptables holds."""
    tables = {table for table, _ in one.chains}
    return (
        one is not dump
        and one.elsewhere is None
        and bool(tables & {"nat", "filter", "mangle", "raw"})
    )
