"""Every fact that a check can need."""

from diagnose.facts.address_conflicts import AddressConflicts
from diagnose.facts.api_failures import ApiFailures
from diagnose.facts.bridge_conflicts import BridgeConflicts
from diagnose.facts.cni_config import CNIConfigs
from diagnose.facts.coredns_readiness import UnreadyCoreDNS, UnsyncedStarts
from diagnose.facts.corefile import Corefile
from diagnose.facts.corefile_faults import CorefileFaults
from diagnose.facts.events import Events
from diagnose.facts.flannel import Flannel
from diagnose.facts.kubelet_config import KubeletConfigs
from diagnose.facts.logs import (
    ClientLogs,
    ControllerManagerLogs,
    CoreDNSLogs,
    FlannelLogs,
    KubeletLogs,
    KubeProxyLogs,
    RuntimeLogs,
)
from diagnose.facts.lookups import Lookups
from diagnose.facts.missing_cluster_dns import MissingClusterDNS
from diagnose.facts.missing_upstream import MissingUpstream
from diagnose.facts.network_not_ready import NetworkNotReady
from diagnose.facts.node_network import NodeNetwork
from diagnose.facts.nodes import Nodes
from diagnose.facts.pod_dns import PodDNS
from diagnose.facts.pods import DNSPods, Pods
from diagnose.facts.rbac import CoreDNSRoles
from diagnose.facts.refused_permissions import RefusedPermissions
from diagnose.facts.resolv_conf import ResolvConfs
from diagnose.facts.sandbox import SandboxFailures
from diagnose.facts.service_rules import ServiceRules
from diagnose.facts.services import DNSServices, ReadyEndpoints
from diagnose.facts.stuck_pods import StuckPods
from diagnose.facts.unusable_resolv_conf import UnusableResolvConf
from diagnose.facts.upstream_failures import UpstreamFailures
from diagnose.facts.version import CoreDNSVersion
from diagnose.facts.workloads import DaemonSets, DNSDeployments

__all__ = [
    "AddressConflicts",
    "ApiFailures",
    "BridgeConflicts",
    "CNIConfigs",
    "ClientLogs",
    "ControllerManagerLogs",
    "CoreDNSLogs",
    "CoreDNSRoles",
    "CoreDNSVersion",
    "Corefile",
    "CorefileFaults",
    "DNSDeployments",
    "DNSPods",
    "DNSServices",
    "DaemonSets",
    "Events",
    "Flannel",
    "FlannelLogs",
    "KubeProxyLogs",
    "KubeletConfigs",
    "KubeletLogs",
    "Lookups",
    "MissingClusterDNS",
    "MissingUpstream",
    "NetworkNotReady",
    "NodeNetwork",
    "Nodes",
    "PodDNS",
    "Pods",
    "ReadyEndpoints",
    "RefusedPermissions",
    "ResolvConfs",
    "RuntimeLogs",
    "SandboxFailures",
    "ServiceRules",
    "StuckPods",
    "UnreadyCoreDNS",
    "UnsyncedStarts",
    "UnusableResolvConf",
    "UpstreamFailures",
]
