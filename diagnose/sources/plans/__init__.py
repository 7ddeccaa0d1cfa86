"""How each ask is carried out on a running cluster, by its plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from diagnose.asks import Ask
from diagnose.sources.plans.agents import (
    controller_manager_logs,
    daemon_sets,
    events,
    flannel_config,
    flannel_logs,
    network_policies,
    proxy_logs,
    system_pods,
)
from diagnose.sources.plans.base import Plan, Run
from diagnose.sources.plans.certificate import api_certificate
from diagnose.sources.plans.dns import (
    deployments,
    dns_config,
    dns_endpoints,
    dns_logs,
    dns_pods,
    dns_services,
    rbac,
)
from diagnose.sources.plans.kubeadm import kubelet_config
from diagnose.sources.plans.kubelets import configz, kubelet_logs
from diagnose.sources.plans.node_facts import node_facts
from diagnose.sources.plans.nodes import nodes
from diagnose.sources.plans.proxied import dns_health, dns_metrics


# Those that ask DNS bring dnspython with them, which a run that does not climb so far does without.
def dns_answers(run: Run) -> Plan[Any]:
    """See answers.dns_answers."""
    from diagnose.sources.plans import answers  # noqa: PLC0415

    return answers.dns_answers(run)


def client_answers(run: Run) -> Plan[Any]:
    """See answers.client_answers."""
    from diagnose.sources.plans import answers  # noqa: PLC0415

    return answers.client_answers(run)


def probe_answers(run: Run) -> Plan[Any]:
    """See probes.probe_answers."""
    from diagnose.sources.plans import probes  # noqa: PLC0415

    return probes.probe_answers(run)


PLANS: Mapping[Ask, Callable[[Run], Plan[Any]]] = {
    Ask.DNS_PODS: dns_pods,
    Ask.DNS_SERVICES: dns_services,
    Ask.DNS_ENDPOINTS: dns_endpoints,
    Ask.DNS_CONFIG: dns_config,
    Ask.DNS_LOGS: dns_logs,
    Ask.DAEMON_SETS: daemon_sets,
    Ask.DEPLOYMENTS: deployments,
    Ask.SYSTEM_PODS: system_pods,
    Ask.EVENTS: events,
    Ask.NODES: nodes,
    Ask.KUBELET_CONFIG: kubelet_config,
    Ask.KUBELET_CONFIGZ: configz,
    Ask.KUBELET_LOGS: kubelet_logs,
    Ask.DNS_HEALTH: dns_health,
    Ask.DNS_METRICS: dns_metrics,
    Ask.RBAC: rbac,
    Ask.API_CERTIFICATE: api_certificate,
    Ask.PROXY_LOGS: proxy_logs,
    Ask.FLANNEL_LOGS: flannel_logs,
    Ask.FLANNEL_CONFIG: flannel_config,
    Ask.CONTROLLER_MANAGER_LOGS: controller_manager_logs,
    Ask.NETWORK_POLICIES: network_policies,
    Ask.RESOLV_CONF: node_facts,
    Ask.NODE_NETWORK: node_facts,
    Ask.KERNEL_SETTINGS: node_facts,
    Ask.NODE_FILES: node_facts,
    Ask.DNS_ANSWERS: dns_answers,
    Ask.CLIENT_ANSWERS: client_answers,
    Ask.PROBE_ANSWERS: probe_answers,
}
