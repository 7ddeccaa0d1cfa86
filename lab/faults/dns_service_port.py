"""The DNS Service leads to a port on which CoreDNS does not listen."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(first=("corefile-listen-port-mismatch",))
PORTS = [
    {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 5353},
    {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 5353},
]


def stage(lab: Lab) -> None:
    """Change the target ports."""
    lab.patch("service", lab.dns_service, {"spec": {"ports": PORTS}})


def symptom(lab: Lab) -> None:
    """Return once clients get no answer."""
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Make the Service anew; its address is the same."""
    lab.kubectl("-n", "kube-system", "delete", "service", lab.dns_service)
    lab.apply(lab.coredns_manifest)
