"""The API server forbids CoreDNS to read what it needs.

CoreDNS reads Services, Namespaces and, since 1.8.3, EndpointSlices. An older ClusterRole lacks the
last; a role or binding that was deleted or edited lacks the rest.

Limits: CoreDNS 1.12.4 to 1.13.1 print no reason, and there the role itself has to show it. A
single such line while an API server starts is not a fault: its authorizer knows no roles yet.
Source: kubernetes/apiserver pkg/endpoints/handlers/responsewriters/errors.go (forbiddenMessage);
coredns/coredns v1.12.0 plugin/kubernetes/README.md (permissions).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import RefusedPermissions
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look

ROLE = "system:coredns"
RULES = (
    '[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],'
    '"resources":["services","namespaces","endpoints","pods"],"verbs":["list","watch"]}},'
    '{"op":"add","path":"/rules/-","value":{"apiGroups":["discovery.k8s.io"],'
    '"resources":["endpointslices"],"verbs":["list","watch"]}}]'
)


@check(
    title="The API server forbids CoreDNS to read what it needs",
    severity=Severity.CRITICAL,
    family="rbac",
    explains=(
        "coredns-not-ready",
        "coredns-unsynced-start",
        "coredns-api-error-hidden",
        "coredns-replica-failing",
    ),
    also=("rbac-core-resources-forbidden",),
)
def rbac_endpointslices_forbidden(refused: RefusedPermissions) -> Iterator[Finding]:
    """Yield one finding per account that lacks a permission of CoreDNS's."""
    for one in refused.refusals:
        account = one.account or "system:serviceaccount:kube-system:coredns"
        resources = " and ".join(one.resources) or "what it asks for"
        yield Finding(
            subject=one.subject,
            message=f"{one.who} may not read {resources}",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "Ask the API server what the account may do",
                    *(
                        f"kubectl auth can-i list {resource} --as={account} -A"
                        for resource in (one.resources or ("endpointslices.discovery.k8s.io",))[:3]
                    ),
                    f"kubectl get clusterrolebinding {ROLE} -o wide",
                    verify="no, for the one that the role or its binding lacks",
                ),
                Remedy(
                    title="Give the role the missing rules",
                    commands=(f"kubectl patch clusterrole {ROLE} --type=json -p '{RULES}'",),
                    risk=Risk.DISRUPTIVE,
                    verify="kubectl auth can-i watch endpointslices.discovery.k8s.io -A "
                    f"--as={account}",
                    why="where role or binding are gone, apply the RBAC part of CoreDNS's "
                    "manifest; CoreDNS goes on by itself, no restart is needed",
                ),
            ),
            proven=one.proven,
            at=one.at,
        )
