"""A pod asks for cluster names while it uses the node's resolvers, by its dnsPolicy.

With hostNetwork, ClusterFirst means Default; the policy for such pods is ClusterFirstWithHostNet.

Limits: many agents run so on purpose and need no cluster names: only a pod in which such a look-up
failed counts. Where the pod is not known, its workload is a possibility if it names what was asked.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go (getPodDNSType).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import PodPolicies
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="A pod that needs cluster names uses the node's resolvers",
    severity=Severity.WARNING,
    family="client-config",
    explains=(
        "internal-names-fail",
        "resolution-fails",
        "short-names-fail",
    ),
    also=("pod-dnspolicy-not-cluster",),
)
def hostnetwork_dnspolicy(policies: PodPolicies) -> Iterator[Finding]:
    """Yield one finding per pod whose look-up failed for it."""
    for one in policies.wrong:
        space, pod = quoted(one.subject.namespace, "default"), quoted(one.subject.name, "<pod>")
        workload = "<workload>" if one.certain else f"{one.subject.kind.lower()}/{pod}"
        pod = pod if one.certain else workload
        host = "host" in one.why
        policy = "ClusterFirstWithHostNet" if host else "ClusterFirst"
        name = quoted(one.name, "<name>")
        yield Finding(
            subject=one.subject,
            message=f"the pod {one.why}; {one.name} is known to cluster DNS alone",
            quotes=one.quotes,
            proven=one.certain,
            remedy=(
                look(
                    "See whom the pod asks",
                    f"kubectl -n {space} exec {pod} -- cat /etc/resolv.conf",
                    verify="the node's servers: that is the fault",
                ),
                Remedy(
                    title=f"Set dnsPolicy: {policy} in its workload",
                    commands=(
                        f"kubectl -n {space} patch {workload} --type merge -p "
                        f'\'{{"spec":{{"template":{{"spec":{{"dnsPolicy":"{policy}"}}}}}}}}\'',
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl -n {space} exec {pod} -- nslookup {name}",
                ),
            ),
        )
