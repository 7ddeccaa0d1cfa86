"""The API server forbids CoreDNS to read Services or Namespaces, or all that it asks for.

Its ClusterRole grants these since ever, so the role was edited or deleted, its binding is gone or
names another account, or the Deployment names no account, so that its pods run as `default`.

Limits: CoreDNS 1.12.4 to 1.13.1 print no reason, and there role and binding have to show it; a
counter tells that requests are refused and not which. A single such line while an API server starts
is not a fault: its authorizer knows no roles yet.
Source: kubernetes/apiserver pkg/endpoints/handlers/responsewriters/errors.go (forbiddenMessage);
coredns/coredns v1.12.0 plugin/kubernetes/README.md (permissions).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.effects import COREDNS_WITHOUT_API
from diagnose.facts import RefusedPermissions
from diagnose.facts.refused_permissions import Refusal
from diagnose.findings import permission_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.role_remedies import restored

ROLE = "system:coredns"
RULES = (
    '[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],'
    '"resources":["services","namespaces","endpoints","pods"],"verbs":["list","watch"]}},'
    '{"op":"add","path":"/rules/-","value":{"apiGroups":["discovery.k8s.io"],'
    '"resources":["endpointslices"],"verbs":["list","watch"]}}]'
)
NEEDED = ("services", "namespaces", "endpointslices.discovery.k8s.io")


@check(
    title="The API server forbids CoreDNS to read what it needs",
    severity=Severity.CRITICAL,
    family="rbac",
    explains=(
        *COREDNS_WITHOUT_API,
        "coredns-replica-failing",
    ),
)
def rbac_core_resources_forbidden(refused: RefusedPermissions) -> Iterator[Finding]:
    """Yield one finding per account that lacks more than the endpoints of Services."""
    yield from permission_findings(
        (one for one in refused.refusals if not one.endpoints_alone), steps
    )


def steps(one: Refusal, account: str) -> tuple[Remedy, ...]:
    """Return the remedy: the account and what is bound to it, then role and binding."""
    return restored(one, account) or (
        look(
            "See which account CoreDNS runs as, and whether the role is bound to that one",
            "kubectl -n kube-system get deployment coredns -o jsonpath='{..serviceAccountName}'",
            f"kubectl get clusterrolebinding {ROLE} -o wide",
            *(
                f"kubectl auth can-i list {resource} --as={account} -A"
                for resource in (one.resources or NEEDED)[:3]
            ),
            verify="the account of the binding is the pod's; no, for what the role lacks",
        ),
        Remedy(
            title="Restore the binding, or give the role the missing rules",
            commands=(
                f"kubectl create clusterrolebinding {ROLE} --clusterrole={ROLE} "
                "--serviceaccount=kube-system:coredns  # where the binding is gone",
                f"kubectl patch clusterrole {ROLE} --type=json -p '{RULES}'  # where rules are",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl auth can-i watch services -A --as={account}",
            why="where the pods run as default, name the account in the Deployment instead; "
            "CoreDNS goes on by itself, no restart is needed",
        ),
    )
