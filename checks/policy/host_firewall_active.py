"""A firewall of the node's own system is active, and DNS gets no answer.

ufw and firewalld let in what they are told, and know nothing of pods: what pods send to each other
is forwarded by the node, what they send to CoreDNS on another node comes in as packets of the
overlay, and what they send to the API server comes in from the pod network. ufw drops what is
forwarded unless it is told otherwise.

Limits: a possibility: the firewall may let all of that pass by rules that its tool was not asked
for, and the fault may be elsewhere. Where nothing fails, nothing is said.
Source: ufw 0.36 src/backend_iptables.py (DEFAULT_FORWARD_POLICY="DROP"); firewalld v2.0; k3s and
kubeadm documentation, requirements (ports between nodes).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import HostFirewalls
from diagnose.model import Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import look, quoted


@check(
    title="A host firewall is active where DNS gets no answer",
    severity=Severity.CRITICAL,
    family="forward-drop",
    explains=("resolution-fails", "apiserver-no-route", "apiserver-unreachable-timeout"),
)
def host_firewall_active(firewalls: HostFirewalls) -> Iterator[Finding]:
    """Yield one finding per node."""
    if firewalls.active and not firewalls.lost:
        raise NotApplicable("nothing is known to get no answer")
    for one in firewalls.active:
        node = one.subject.name if one.subject.kind == "Node" else ""
        how = " and drops what the node forwards" if one.routed else ""
        yield Finding(
            subject=one.subject if one.subject.kind == "Node" else Subject("Node"),
            message=f"{one.program} is active{how}: packets of pods, or of the overlay, may not "
            "pass",
            quotes=(one.quote, *firewalls.lost[:1]),
            remedy=(
                look(
                    "See whether it drops packets of pods",
                    "iptables -nvL FORWARD; iptables -nvL INPUT; nft list ruleset | grep -iE "
                    f"'drop|reject'  # on {quoted(node, 'the node')}: counters during a look-up",
                    verify="a counter grows with each look-up",
                ),
                Remedy(
                    title="Let the pod and Service networks in, and the overlay between nodes",
                    commands=(
                        "ufw allow from <pod network>; ufw allow from <service network>; "
                        "ufw default allow routed; ufw allow 8472/udp  # ufw",
                        "firewall-cmd --permanent --zone=trusted --add-source=<pod network> "
                        "--add-source=<service network>; firewall-cmd --permanent "
                        "--add-port=8472/udp; firewall-cmd --reload  # firewalld",
                    ),
                    risk=Risk.MANUAL,
                    verify="kubectl exec <pod> -- nslookup kubernetes.default",
                    why="to see whether it is the firewall, stop it for the time of one look-up",
                ),
            ),
            proven=False,
        )
