"""A pod of the host's network asks for cluster names and gets the node's resolvers.

There ClusterFirst, which is the default, means Default; the policy for such pods is
ClusterFirstWithHostNet. Who names another policy himself is told by pod-dnspolicy-not-cluster.

Limits: many agents run so on purpose and need no cluster names: only a pod in which such a look-up
failed counts. Where the pod is not known, its workload is a possibility if it names what was asked.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go (getPodDNSType).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import PodPolicies
from diagnose.findings import policy_findings
from diagnose.model import Finding, Severity


@check(
    title="A pod of the host's network that needs cluster names asks the node's resolvers",
    severity=Severity.WARNING,
    family="client-config",
    explains=(
        "internal-names-fail",
        "resolution-fails",
        "short-names-fail",
    ),
)
def hostnetwork_dnspolicy(policies: PodPolicies) -> Iterator[Finding]:
    """Yield one finding per pod whose look-up failed for it."""
    yield from policy_findings(one for one in policies.wrong if one.meant_otherwise)
