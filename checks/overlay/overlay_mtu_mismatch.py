"""The overlay takes larger packets than the network between the nodes carries with its header.

Or Calico's pods take larger ones than its tunnel to other nodes does.

Small DNS answers pass and large ones are lost; TLS handshakes stall at the certificate.

Limits: only where one interface of the node is known to carry the overlay; a smaller path somewhere
between the nodes is not seen. Of Calico's devices it is a possibility: its pods may have a size of
their own. So it is of a VPN's interface, unless a node's address lies on it.
Source: flannel-io/flannel v0.26.7, pkg/backend/vxlan/vxlan.go (encapOverhead 50);
projectcalico/calico v3.27.0, felix/dataplane/linux/int_dataplane.go (20 of IP in IP, 50 of vxlan;
60 of WireGuard: felix/wireguard).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import OverlaySizes
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_flannel

CALICO = ("tunl0 ", "vxlan.calico ", "wireguard.cali ")


@check(
    title="The overlay's packets are too large for the network below",
    severity=Severity.WARNING,
    family="mtu",
    explains=(
        "apiserver-tls-handshake-timeout",
        "large-messages-lost",
    ),
)
def overlay_mtu_mismatch(paths: OverlaySizes) -> Iterator[Finding]:
    """Yield one finding per node whose overlay is larger than its interface has room for."""
    for one in paths.wrong:
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes,
            remedy=(
                look(
                    "Measure what passes between pods of two nodes",
                    "ping -M do -s 1422 <pod on another node>  # 1450 bytes with headers",
                    verify="the largest size that passes, plus 28",
                ),
                *(of_calico() if one.message.startswith(CALICO) else of_flannel()),
            ),
            proven=one.proven,
        )


def of_flannel() -> tuple[Remedy, ...]:
    """Return how flannel's sizes are set."""
    return (
        Remedy(
            title="Let flannel take the interface's size, or set it: Backend.MTU",
            commands=(
                "kubectl -n kube-flannel edit configmap kube-flannel-cfg",
                "ip link delete flannel.1; ip link delete cni0  # on the node, drained",
            ),
            risk=Risk.DISRUPTIVE,
            verify="ip link show flannel.1  # 50 less than the interface below",
        ),
        restart_flannel(),
    )


def of_calico() -> tuple[Remedy, ...]:
    """Return how Calico's sizes are set: those of the tunnel, and those of new pods."""
    return (
        Remedy(
            title="Set the size of Calico's tunnel and of its pods",
            commands=(
                "kubectl patch felixconfiguration default --type merge -p "
                '\'{"spec":{"ipipMTU":<size>,"vxlanMTU":<size>,"wireguardMTU":<size>}}\'',
                "kubectl patch installation default --type merge -p "
                '\'{"spec":{"calicoNetwork":{"mtu":<size>}}}\'  # with the operator',
            ),
            risk=Risk.DISRUPTIVE,
            verify="ip link  # tunl0 20 less than the interface below, vxlan.calico 50, "
            "wireguard.cali 60; pods no more than the tunnel",
        ),
    )
