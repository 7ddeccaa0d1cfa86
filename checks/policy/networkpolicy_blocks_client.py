"""A network policy of a namespace keeps its pods from asking DNS.

A policy with the type Egress isolates what it selects; without a rule for port 53 the pods reach
nothing by name. A port without a protocol means TCP, while queries go over UDP. A rule for a
namespace that is meant by a label other than kubernetes.io/metadata.name holds only once somebody
gives it that label: a possibility.

Limits: of Calico's and Cilium's own kinds not all is read (orders, tiers, rules that deny), so that
they are a possibility. Pods that need no names may be isolated on purpose: where no look-up fails
it is a note.
Source: Kubernetes API networking.k8s.io/v1; cloudnativelabs/kube-router pkg/controllers/netpol.
"""

import json
from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import PolicyBlocks
from diagnose.facts.policy_blocks import PolicyBlock
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.text.regex import regex

PLAIN = regex(r"[a-z0-9][a-z0-9.-]{0,252}")
LONGEST = 63


@check(
    title="A network policy keeps pods from asking DNS",
    severity=Severity.CRITICAL,
    family="network-policy",
    explains=(
        "resolution-fails",
        "pod-forwarding-broken",
        "dns-udp-lost",
        "dns-tcp-lost",
        "dns-blocked-for-namespace",
    ),
)
def networkpolicy_blocks_client(blocks: PolicyBlocks) -> Iterator[Finding]:
    """Yield one finding per policy."""
    for one in blocks.clients:
        space = quoted(one.policy.namespace, "<namespace>")
        yield Finding(
            subject=one.policy,
            message=one.message,
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "See which policies select the pod that fails",
                    f"kubectl -n {space} get networkpolicy -o yaml",
                    f"kubectl -n {space} get pods --show-labels",
                    verify="one selects it for Egress and none of those allows port 53 over UDP",
                ),
                Remedy(
                    title="Allow the pods that it selects to ask DNS, over UDP and TCP",
                    commands=(
                        f"kubectl -n {space} apply -f - <<'EOF'",
                        "apiVersion: networking.k8s.io/v1",
                        "kind: NetworkPolicy",
                        f"metadata: {{name: {name_for(one)}}}",
                        "spec:",
                        f"  podSelector: {selector_of(one)}",
                        "  policyTypes: [Egress]",
                        "  egress:",
                        "  - to:",
                        "    - namespaceSelector:",
                        "        matchLabels: {kubernetes.io/metadata.name: kube-system}",
                        "    ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]",
                        "EOF",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl -n {space} exec <pod> -- nslookup kubernetes.default",
                    why="policies add up; it selects the same pods, since a policy with "
                    "policyTypes [Egress] cuts off everything else for whatever it selects; with a "
                    "node-local cache allow its address (ipBlock) too",
                ),
            ),
            proven=one.proven,
            severity=severity(one),
        )


def selector_of(block: PolicyBlock) -> str:
    """Return the podSelector of the policy in YAML, or a placeholder where it is not known."""
    selector = block.selector
    if selector is None or selector.expressions:
        return f"<that of {block.policy.name or 'the policy'}>"
    if selector.everything:
        return "{}"
    return f"{{matchLabels: {json.dumps(dict(selector.labels))}}}"


def name_for(block: PolicyBlock) -> str:
    """Return a name for the policy that allows: one per policy that forbids."""
    selector = block.selector
    if selector is not None and selector.everything:
        return "allow-dns"
    name = block.policy.name
    return f"allow-dns-{name}"[:LONGEST].rstrip("-.") if PLAIN.fullmatch(name) else "allow-dns"


def severity(block: PolicyBlock) -> Severity:
    """Return how bad it is: by its effect, a plain mistake, or a choice that may be meant."""
    if block.refuted:
        return Severity.INFO
    if block.seen:
        return Severity.WARNING if block.unenforced else Severity.CRITICAL
    return Severity.WARNING if block.mistaken else Severity.INFO
