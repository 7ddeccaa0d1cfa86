"""Every fact that a check can need.

A fact's module is imported when the fact is first asked for, since there are many and a check needs
few. Which one that is stands in the imports below, which type checkers read, and nowhere else.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib import import_module
from pkgutil import get_data
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diagnose.facts.add_on_agents import AddOnAgents
    from diagnose.facts.address_conflicts import AddressConflicts
    from diagnose.facts.api_failures import ApiFailures
    from diagnose.facts.asked_elsewhere import AskedElsewhere
    from diagnose.facts.asked_services import AskedServices
    from diagnose.facts.bridge_conflicts import BridgeConflicts
    from diagnose.facts.bridge_filter import BridgeFilter
    from diagnose.facts.cache_paths import CachePaths
    from diagnose.facts.calico_peers import CalicoPeers
    from diagnose.facts.captures import CapturedQueries
    from diagnose.facts.certificate_faults import CertificateFaults
    from diagnose.facts.cilium_services import CiliumServices
    from diagnose.facts.cni_config import CNIConfigs
    from diagnose.facts.cni_config_faults import CNIConfigFaults
    from diagnose.facts.conntrack import ConntrackTables
    from diagnose.facts.conntrack_races import ConntrackRaces
    from diagnose.facts.coredns_health import CoreDNSHealth, KubeletHealth
    from diagnose.facts.coredns_incidents import ConcurrencyRejects, CoreDNSPanics, ReloadFailures
    from diagnose.facts.coredns_metrics import CoreDNSMetrics
    from diagnose.facts.coredns_readiness import UnreadyCoreDNS, UnsyncedStarts
    from diagnose.facts.corefile import Corefile
    from diagnose.facts.corefile_faults import CorefileFaults
    from diagnose.facts.cpu_throttling import CPUThrottling
    from diagnose.facts.denied_pods import DeniedPods
    from diagnose.facts.dns_pod_troubles import DNSPodTroubles
    from diagnose.facts.dns_workload import DNSWorkload
    from diagnose.facts.docker_bridges import DockerBridges
    from diagnose.facts.events import Events
    from diagnose.facts.flannel import Flannel
    from diagnose.facts.flannel_failures import FlannelFailures
    from diagnose.facts.flannel_networks import FlannelNetworks
    from diagnose.facts.forward_filters import ForwardFilters
    from diagnose.facts.host_firewalls import HostFirewalls
    from diagnose.facts.isolated_coredns import IsolatedCoreDNS
    from diagnose.facts.kernel_messages import KernelMessages
    from diagnose.facts.kube_versions import KubeVersions
    from diagnose.facts.kubelet_config import KubeletConfigs
    from diagnose.facts.listeners import DNSPorts
    from diagnose.facts.logs import (
        ClientLogs,
        ControllerManagerLogs,
        CoreDNSLogs,
        FlannelLogs,
        KubeletLogs,
        KubeProxyLogs,
        RuntimeLogs,
    )
    from diagnose.facts.lookups import AnsweredNames, Lookups, SearchedNames
    from diagnose.facts.missing_cluster_dns import MissingClusterDNS
    from diagnose.facts.missing_plugins import MissingPlugins
    from diagnose.facts.missing_subnet_env import MissingSubnetEnvs
    from diagnose.facts.missing_upstream import MissingUpstream
    from diagnose.facts.mistaken_names import MistakenNames
    from diagnose.facts.musl_lookups import MuslLookups
    from diagnose.facts.network_add_on import NetworkAddOn
    from diagnose.facts.network_not_ready import NetworkNotReady
    from diagnose.facts.network_policies import NetworkPolicies
    from diagnose.facts.node_agents import NodeAgents
    from diagnose.facts.node_lookups import NodeLookups
    from diagnose.facts.node_names import NodeNames
    from diagnose.facts.node_network import NodeNetwork
    from diagnose.facts.node_paths import (
        AddressOverlaps,
        FlannelEndpoints,
        OverlaySizes,
        PodRoutes,
    )
    from diagnose.facts.node_pressure import NodePressure
    from diagnose.facts.node_ranges import NodeRanges
    from diagnose.facts.nodes import Nodes
    from diagnose.facts.overlay_filters import OverlayFilters
    from diagnose.facts.pod_addresses import SharedAddresses
    from diagnose.facts.pod_dns import AskedServers, PodDNS, SearchedDomains
    from diagnose.facts.pod_policies import PodPolicies
    from diagnose.facts.pods import DNSPods, Pods
    from diagnose.facts.policy_blocks import PolicyBlocks
    from diagnose.facts.probe_matrix import ClientMatrix, ProbeMatrix
    from diagnose.facts.proxy_backends import ProxyBackends
    from diagnose.facts.proxy_failures import ProxyFailures
    from diagnose.facts.rbac import CoreDNSRoles
    from diagnose.facts.reached import Reachability
    from diagnose.facts.refused_permissions import RefusedPermissions
    from diagnose.facts.refusing_routes import RefusingRoutes
    from diagnose.facts.replica_contrasts import ReplicaContrasts
    from diagnose.facts.resolutions import ClientResolutions, Resolutions
    from diagnose.facts.resolv_conf import ResolvConfs
    from diagnose.facts.resolver_limits import ResolverLimits
    from diagnose.facts.resolver_limits_exceeded import ResolverLimitsExceeded
    from diagnose.facts.reverse_path import ReversePathDrops
    from diagnose.facts.runs import Runs
    from diagnose.facts.sandbox import SandboxFailures
    from diagnose.facts.service_rules import ServiceRules
    from diagnose.facts.services import DNSServices, ReadyEndpoints
    from diagnose.facts.slice_failures import SliceFailures
    from diagnose.facts.slow_lookups import SlowLookups
    from diagnose.facts.split_answers import SplitAnswers
    from diagnose.facts.stuck_pods import StuckPods
    from diagnose.facts.sysctls import Sysctls
    from diagnose.facts.tracked_flows import UnansweredFlows
    from diagnose.facts.unknown_upstream_service import UnknownUpstreams
    from diagnose.facts.unplaced_dns import UnplacedDNS
    from diagnose.facts.unusable_resolv_conf import UnusableResolvConf
    from diagnose.facts.upstream_answers import UpstreamAnswers
    from diagnose.facts.upstream_failures import UpstreamFailures
    from diagnose.facts.upstream_servers import UpstreamServers
    from diagnose.facts.version import CoreDNSVersion
    from diagnose.facts.virtual_servers import EmptyVirtualServers
    from diagnose.facts.workloads import DaemonSets, DNSDeployments
    from diagnose.facts.wrong_answers import WrongAnswers

__all__ = [
    "AddOnAgents",
    "AddressConflicts",
    "AddressOverlaps",
    "AnsweredNames",
    "ApiFailures",
    "AskedElsewhere",
    "AskedServers",
    "AskedServices",
    "BridgeConflicts",
    "BridgeFilter",
    "CNIConfigFaults",
    "CNIConfigs",
    "CPUThrottling",
    "CachePaths",
    "CalicoPeers",
    "CapturedQueries",
    "CertificateFaults",
    "CiliumServices",
    "ClientLogs",
    "ClientMatrix",
    "ClientResolutions",
    "ConcurrencyRejects",
    "ConntrackRaces",
    "ConntrackTables",
    "ControllerManagerLogs",
    "CoreDNSHealth",
    "CoreDNSLogs",
    "CoreDNSMetrics",
    "CoreDNSPanics",
    "CoreDNSRoles",
    "CoreDNSVersion",
    "Corefile",
    "CorefileFaults",
    "DNSDeployments",
    "DNSPodTroubles",
    "DNSPods",
    "DNSPorts",
    "DNSServices",
    "DNSWorkload",
    "DaemonSets",
    "DeniedPods",
    "DockerBridges",
    "EmptyVirtualServers",
    "Events",
    "Flannel",
    "FlannelEndpoints",
    "FlannelFailures",
    "FlannelLogs",
    "FlannelNetworks",
    "ForwardFilters",
    "HostFirewalls",
    "IsolatedCoreDNS",
    "KernelMessages",
    "KubeProxyLogs",
    "KubeVersions",
    "KubeletConfigs",
    "KubeletHealth",
    "KubeletLogs",
    "Lookups",
    "MissingClusterDNS",
    "MissingPlugins",
    "MissingSubnetEnvs",
    "MissingUpstream",
    "MistakenNames",
    "MuslLookups",
    "NetworkAddOn",
    "NetworkNotReady",
    "NetworkPolicies",
    "NodeAgents",
    "NodeLookups",
    "NodeNames",
    "NodeNetwork",
    "NodePressure",
    "NodeRanges",
    "Nodes",
    "OverlayFilters",
    "OverlaySizes",
    "PodDNS",
    "PodPolicies",
    "PodRoutes",
    "Pods",
    "PolicyBlocks",
    "ProbeMatrix",
    "ProxyBackends",
    "ProxyFailures",
    "Reachability",
    "ReadyEndpoints",
    "RefusedPermissions",
    "RefusingRoutes",
    "ReloadFailures",
    "ReplicaContrasts",
    "Resolutions",
    "ResolvConfs",
    "ResolverLimits",
    "ResolverLimitsExceeded",
    "ReversePathDrops",
    "Runs",
    "RuntimeLogs",
    "SandboxFailures",
    "SearchedDomains",
    "SearchedNames",
    "ServiceRules",
    "SharedAddresses",
    "SliceFailures",
    "SlowLookups",
    "SplitAnswers",
    "StuckPods",
    "Sysctls",
    "UnansweredFlows",
    "UnknownUpstreams",
    "UnplacedDNS",
    "UnreadyCoreDNS",
    "UnsyncedStarts",
    "UnusableResolvConf",
    "UpstreamAnswers",
    "UpstreamFailures",
    "UpstreamServers",
    "WrongAnswers",
]


@functools.cache
def homes() -> Mapping[str, str]:
    """Return the module of each fact, by what the imports above say."""
    source = (get_data(__name__, "__init__.py") or b"").decode()
    imports = re.findall(r"^ +from (diagnose\.facts\.\w+) import (\([^)]+\)|.+)$", source, re.M)
    return {name: module for module, names in imports for name in re.findall(r"\w+", names)}


if not TYPE_CHECKING:  # to a type checker it would stand for any name

    def __getattr__(name: str) -> Any:
        """Import the module of a fact. Raises AttributeError for what is none."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        fact = getattr(import_module(homes()[name]), name)
        globals()[name] = fact
        return fact
