"""The kernel drops packets of the overlay for a wrong checksum, which a network card should write.

Limits: a lone line may be a packet that a cable spoilt; from three on it is taken for the fault. A
capture on the sending node shows packets before the card has them: it is a possibility.
Source: Linux v6.1 net/ipv4/udp.c (__udp4_lib_rcv); flannel-io/flannel issue 1279,
kubernetes/kubernetes issue 88986.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import KernelMessages
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.kernel import BAD_CHECKSUM, CAPTURED_CHECKSUM

PORTS = {
    "8472": "flannel.1",
    "otv": "flannel.1",  # what tcpdump calls that port
    "4789": "the vxlan device",
    "vxlan": "the vxlan device",
    "6081": "the geneve device",
}
CERTAIN = 3


@check(
    title="Packets of the overlay are dropped for a wrong checksum",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "resolution-fails",
        "apiserver-unreachable-timeout",
        "upstream-timeout",
        "pod-network-cross-node-broken",
        "dns-udp-lost",
    ),
)
def vxlan_checksum_offload(messages: KernelMessages) -> Iterator[Finding]:
    """Yield one finding per node that drops such packets."""
    for one in messages.of(BAD_CHECKSUM, CAPTURED_CHECKSUM):
        device = PORTS.get(one.match["port"])
        if device is None:
            continue
        name = device if "." in device else "<vxlan device>"
        yield Finding(
            subject=one.subject,
            message=f"overlay packets from {one.match['remote']} to port {one.match['port']} have "
            f"a wrong checksum ({times(one.count)})",
            quotes=(one.match.quote,),
            remedy=(
                look(
                    "See whether the counter grows while a query to the Service address fails",
                    f"nstat -az UdpInCsumErrors  # on {quoted(one.subject.name, 'the node')}",
                    f"ethtool -k {name} | grep tx-checksum-ip-generic  # on the sending node",
                    verify="it grows, and the offload is on",
                ),
                Remedy(
                    title="Switch the offload off on every node",
                    commands=(
                        f"ethtool -K {name} tx-checksum-ip-generic off",
                        "in a udev rule or a unit too: it is lost when the device is made anew",
                    ),
                    risk=Risk.MANUAL,
                    verify="dig @<DNS service IP> kubernetes.default.svc.cluster.local on the node",
                ),
            ),
            proven=one.count >= CERTAIN and one.match.signature == BAD_CHECKSUM.name,
            at=one.match.at,
        )
