"""A network policy selects CoreDNS and lets nobody ask it, or lets it ask nobody.

Limits: of Calico's and Cilium's own kinds not all is read. A policy that lets only some ask,
or CoreDNS reach only some, is not judged.
Source: Kubernetes API networking.k8s.io/v1; Kubernetes documentation, Network Policies.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import PolicyBlocks
from diagnose.facts.policy_blocks import PolicyBlock
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="A network policy cuts CoreDNS off",
    severity=Severity.CRITICAL,
    family="network-policy",
    explains=(
        "resolution-fails",
        "apiserver-unreachable-timeout",
        "upstream-timeout",
        "upstream-operation-not-permitted",
        "upstream-connection-refused",
    ),
)
def networkpolicy_blocks_coredns(blocks: PolicyBlocks) -> Iterator[Finding]:
    """Yield one finding per policy that cuts CoreDNS off."""
    for one in blocks.coredns:
        space = quoted(one.policy.namespace, "kube-system")
        yield Finding(
            subject=one.policy,
            message=one.message,
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "See all policies of the namespace and CoreDNS's labels",
                    f"kubectl -n {space} get networkpolicy -o yaml",
                    f"kubectl -n {space} get pods -l k8s-app=kube-dns --show-labels",
                    verify="no policy that selects CoreDNS allows port 53 in, or anything out",
                ),
                Remedy(
                    title="Let everybody ask CoreDNS, and CoreDNS ask whom it needs",
                    commands=(
                        f"kubectl -n {space} apply -f - <<'EOF'",
                        "apiVersion: networking.k8s.io/v1",
                        "kind: NetworkPolicy",
                        "metadata: {name: coredns}",
                        "spec:",
                        "  podSelector: {matchLabels: {k8s-app: kube-dns}}",
                        "  policyTypes: [Ingress, Egress]",
                        "  ingress:",
                        "  - ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]",
                        "  - ports: [{protocol: TCP, port: 9153}]",
                        "  egress: [{}]",
                        "EOF",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="corediag run --check networkpolicy-blocks-coredns",
                    why="policies add up: this one opens what another closes",
                ),
            ),
            proven=one.proven,
            severity=severity(one),
        )


def severity(block: PolicyBlock) -> Severity | None:
    """Return how bad it is: as bad as can be, unless nothing enforces it."""
    if block.refuted:
        return Severity.INFO
    return Severity.WARNING if block.unenforced else None
