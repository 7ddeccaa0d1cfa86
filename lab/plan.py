"""Where everything in the lab stands: nodes, addresses, names and folders, as data.

One bridge, in a namespace of its own (`outside`), joins the nodes; the machine itself holds one
end of a link to it. Nothing forwards, so nothing that happens in the lab can leave the machine.
"""

import os
from dataclasses import dataclass
from pathlib import Path

PREFIX = 24
HOST = "10.77.0.1"
OUTSIDE = "10.77.0.53"
# Public resolvers' addresses, answered by the lab's own upstream in the namespace `outside`.
RESOLVERS = (OUTSIDE, "8.8.8.8", "8.8.4.4")
HOST_LINK = "corediag0"

PODS = "10.200.0.0/16"
SERVICES = "10.32.0.0/24"
API_SERVICE = "10.32.0.1"
DNS_SERVICE = "10.32.0.10"
DOMAIN = "cluster.local"
RESOLV_CONF = f"nameserver {OUTSIDE}\n"


@dataclass(frozen=True)
class Node:
    """One node: its name and its address on the bridge."""

    name: str
    address: str
    control_plane: bool = False


NODES = (Node("node-1", "10.77.0.11", control_plane=True), Node("node-2", "10.77.0.12"))
FIRST = NODES[0]
API_URL = f"https://{FIRST.address}:6443"


def node(name: str) -> Node:
    """Return the node of that name; raise KeyError when there is none."""
    return {each.name: each for each in NODES}[name]


def state() -> Path:
    """Return the folder that holds what a running lab writes; `down` removes it whole."""
    return Path(os.environ.get("COREDIAG_LAB_STATE") or "/var/lib/corediag-lab")


def kubeconfig() -> Path:
    """Return the administrator's kubeconfig."""
    return state() / "kubeconfig"


def failures() -> Path:
    """Return the folder that keeps what explains a failure; it outlives `down`."""
    return Path(os.environ.get("COREDIAG_LAB_FAILURES") or "/tmp/corediag-lab-failures")
