"""How large the clusters are, and where everything in them stands, as data."""

from __future__ import annotations

from dataclasses import dataclass

DNS_PODS = 2
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
SERVICE_RANGE = "10.96.0.0/16"
POD_RANGE = "10.128.0.0/9"
UPSTREAM = "10.80.255.53"
DOMAIN = "cluster.local"
API_PORT = 6443
API_ADDRESS = "10.80.0.1"  # that of the first node


@dataclass(frozen=True)
class Shape:
    """How many of each there are. `pods` counts those of DaemonSets and the system too."""

    name: str
    nodes: int
    pods: int
    namespaces: int = 200
    services: int = 2_000
    events: int = 20_000
    sandbox_failures: int = 200  # of the events, where cni0 is broken
    broken_nodes: int = 50  # where cni0 is broken
    proxies_down: int = 10
    warnings: int = 3_000  # of the events, as a busy cluster has them any day
    images: int = 12  # per node

    @property
    def text(self) -> str:
        """The size in words."""
        return f"{self.nodes:,} nodes, {self.pods:,} pods"


SIZES = {
    "S": Shape("S", nodes=100, pods=2_000),
    "L": Shape("L", nodes=5_000, pods=100_000),
}


def node_name(number: int) -> str:
    """Return the name of a node, from 0."""
    return f"node-{number + 1:04}"


def node_address(number: int) -> str:
    """Return a node's own address."""
    return f"10.80.{number // 250}.{number % 250 + 1}"


def pod_network(number: int) -> str:
    """Return the first three numbers of the addresses of a node's pods."""
    return f"10.{128 + number // 256}.{number % 256}"


def service_address(number: int) -> str:
    """Return the cluster address of an application's Service."""
    return f"10.96.{1 + number // 250}.{number % 250 + 1}"
