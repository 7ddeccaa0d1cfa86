"""The ranges of addresses that a cluster was set up with, as its installer was told them.

Limits: a network add-on may take its pods' addresses from another range than it was told.
Source: kubernetes/kubernetes v1.31.0, cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go (Networking,
ControlPlaneEndpoint, LocalAPIEndpoint) and cmd/kubeadm/app/cmd/options/constant.go.
"""

from __future__ import annotations

from diagnose.model import Quote
from diagnose.values import dataclass


@dataclass(frozen=True)
class ClusterRanges:
    """What one configuration or command sets; each is () where it does not say.

    `hosts` are addresses of the control plane.
    """

    origin: str
    quote: Quote
    pods: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
