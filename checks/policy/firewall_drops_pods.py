"""The node's firewall (ufw, firewalld) logs that it drops what pods send.

Packets that come in by a bridge or another device of pods are not the firewall's own traffic;
where its policy for forwarded packets is to drop, queries to CoreDNS and to the API server are
among them.

Limits: a firewall drops single packets for other reasons too (of connections that have ended, to
ports that are closed on purpose); unless a query for DNS is among what it names, or it drops
between pods, this is a possibility. It logs but a few packets a minute.
Source: ufw 0.36 src/backend_iptables.py; firewalld v2.0 src/firewall/core/nftables.py (LogDenied).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import KernelMessages
from diagnose.facts.kernel_messages import KernelMessage
from diagnose.findings import times
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.kernel import FIREWALL_DROPPED
from diagnose.text.regex import regex

OF_DNS = regex(r"\b[SD]PT=53\b")
OF_PODS = regex(r"(?:cni|cbr|cali|flannel|vxlan|lxc|weave|tunl|cilium|veth)")
MANY = 3


@check(
    title="The node's firewall drops what pods send",
    severity=Severity.CRITICAL,
    family="forward-drop",
    explains=(
        "resolution-fails",
        "coredns-not-ready",
        "coredns-unsynced-start",
        "apiserver-unreachable-timeout",
        "upstream-timeout",
        "external-names-fail",
        "pod-network-cross-node-broken",
    ),
)
def firewall_drops_pods(messages: KernelMessages) -> Iterator[Finding]:
    """Yield one finding per node and way of the packets."""
    for one in messages.of(FIREWALL_DROPPED):
        name = "ufw" if "UFW" in one.match["firewall"] else "firewalld"
        way = f"from {one.match['device']} to {one.match['out'] or 'the node itself'}"
        yield Finding(
            subject=one.subject if one.subject.kind else CLUSTER,
            message=f"{name} drops packets {way} ({times(one.count)})",
            quotes=(one.match.quote,),
            remedy=steps(name),
            proven=sure(one),
            at=one.match.at,
        )


def sure(one: KernelMessage) -> bool:
    """Whether DNS is among what is dropped, or pods are kept from pods again and again."""
    between = bool(OF_PODS.match(one.match["out"])) and one.count >= MANY
    return bool(OF_DNS.search(one.match["rest"])) or between


def steps(name: str) -> tuple[Remedy, ...]:
    """Return the remedy: see the rules, then let the pods' network through."""
    commands = {
        "ufw": (
            "ufw allow from <pod range>; ufw route allow from <pod range>",
            "ufw allow from <service range>",
        ),
        "firewalld": (
            "firewall-cmd --permanent --zone=trusted --add-source=<pod range>",
            "firewall-cmd --permanent --zone=trusted --add-source=<service range>",
            "firewall-cmd --reload",
        ),
    }
    return (
        look(
            "See what the firewall does with forwarded packets, on the node",
            "ufw status verbose" if name == "ufw" else "firewall-cmd --list-all-zones",
            "iptables -S FORWARD | head; nft list ruleset | grep -c drop",
            verify="the policy for routed packets is deny, or no rule names the pods' range",
        ),
        Remedy(
            title="Let the ranges of pods and Services through",
            commands=commands[name],
            risk=Risk.MANUAL,
            verify="dmesg -T | grep -E 'UFW BLOCK|_REJECT' | tail  # nothing new from pods",
        ),
    )
