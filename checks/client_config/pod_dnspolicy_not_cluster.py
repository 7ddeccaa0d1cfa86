"""A pod asks for cluster names although its dnsPolicy says not to ask cluster DNS.

`Default` gives it the node's resolvers, `None` those of its dnsConfig. Neither knows a Service.

Limits: CoreDNS itself and many agents are told so on purpose: only a pod in which a look-up of a
cluster name failed counts. Where the pod is not known, its workload is a possibility if it names
what was asked.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go (getPodDNSType).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import PodPolicies
from diagnose.findings import policy_findings
from diagnose.model import Finding, Severity


@check(
    title="A pod that needs cluster names is told not to ask cluster DNS",
    severity=Severity.WARNING,
    family="client-config",
    explains=(
        "internal-names-fail",
        "resolution-fails",
        "short-names-fail",
    ),
)
def pod_dnspolicy_not_cluster(policies: PodPolicies) -> Iterator[Finding]:
    """Yield one finding per pod whose look-up failed for it."""
    yield from policy_findings(one for one in policies.wrong if not one.meant_otherwise)
