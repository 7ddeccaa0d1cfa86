"""The API server refuses to create pods of CoreDNS or of the network under it.

A policy, a quota or a webhook stands in the way. A webhook that itself needs DNS is a circle: no
CoreDNS without the webhook, no webhook without CoreDNS.

Limits: a refusal after which a pod of the same owner came is over.
Source: kubernetes/kubernetes v1.30.5, pkg/controller/controller_utils.go (createPods) and
staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DeniedPods
from diagnose.facts.denied_pods import Denial
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.text.regex import regex

WEBHOOK = regex(r'webhook \\*"(?P<name>[\w.-]{1,253})')
SHOWN = 200


@check(
    title="Pods of DNS or of the network are not let in",
    severity=Severity.CRITICAL,
    family="no-endpoints",
    explains=("no-ready-endpoints", "kube-proxy-not-running", "flannel-daemonset-failing"),
)
def coredns_pod_admission_denied(denied: DeniedPods) -> Iterator[Finding]:
    """Yield one finding per owner whose pods are refused."""
    for one in denied.denials:
        circle = "lookup " in one.reason and "webhook" in one.reason
        yield Finding(
            subject=one.subject,
            message=f"its pods are refused: {one.reason[:SHOWN]} ({times(one.count)})"
            + ("; the webhook's own name needs DNS" if circle else ""),
            quotes=(one.quote,),
            remedy=steps(one),
            family="" if one.serves_dns else "sandbox-cni-not-ready",
            at=one.at,
        )


def steps(one: Denial) -> tuple[Remedy, ...]:
    """Return the remedy: who refuses, then an exemption."""
    match = WEBHOOK.search(one.reason)
    space = quoted(one.subject.namespace, "kube-system")
    if match:
        return (
            look(
                "Find the webhook's configuration, and whether its service answers",
                "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations "
                f"-o yaml | grep -B30 {quoted(match['name'], '<webhook>')}",
                verify="its service has ready pods, and its failurePolicy is known",
            ),
            Remedy(
                title=f"Let {space} pass by the webhook",
                commands=(
                    "kubectl edit <the configuration>: namespaceSelector with "
                    f"kubernetes.io/metadata.name NotIn [{space}], or failurePolicy: Ignore",
                ),
                risk=Risk.DISRUPTIVE,
                verify=f"kubectl -n {space} get pods",
                why="what the webhook guards is unguarded in that namespace",
            ),
        )
    return (
        look(
            "See what the pods ask for, and which rule refuses it",
            f"kubectl -n {space} describe {one.subject.kind.lower()} "
            f"{quoted(one.subject.name, '<name>')}",
            f"kubectl get namespace {space} --show-labels; kubectl -n {space} get resourcequota",
            verify="a Pod Security level, a policy or a quota",
        ),
        Remedy(
            title="Let the namespace of the system pass, or raise its quota",
            commands=(
                f"kubectl label namespace {space} --overwrite "
                "pod-security.kubernetes.io/enforce=privileged",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl -n {space} get pods",
            why="CoreDNS needs NET_BIND_SERVICE, the network's agents need the host",
        ),
    )
