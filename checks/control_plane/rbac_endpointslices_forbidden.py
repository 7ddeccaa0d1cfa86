"""The API server forbids CoreDNS to read EndpointSlices, and nothing else.

CoreDNS reads EndpointSlices since 1.8.1, Endpoints before. A ClusterRole that is older than the
program lacks them; role and binding are there, since all else may be read.

Limits: CoreDNS 1.12.4 to 1.13.1 print no reason, and there the role itself has to show it. A
single such line while an API server starts is not a fault: its authorizer knows no roles yet.
Source: kubernetes/apiserver pkg/endpoints/handlers/responsewriters/errors.go (forbiddenMessage);
coredns/coredns v1.12.0 plugin/kubernetes/README.md (permissions).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import RefusedPermissions
from diagnose.facts.refused_permissions import Refusal
from diagnose.findings import permission_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.role_remedies import restored

ROLE = "system:coredns"
RULE = (
    '[{"op":"add","path":"/rules/-","value":{"apiGroups":["discovery.k8s.io"],'
    '"resources":["endpointslices"],"verbs":["list","watch"]}}]'
)
OLD_RULE = (
    '[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],'
    '"resources":["endpoints"],"verbs":["list","watch"]}}]'
)


@check(
    title="CoreDNS's role lacks the endpoints of Services",
    severity=Severity.CRITICAL,
    family="rbac",
    explains=(
        "coredns-not-ready",
        "coredns-unsynced-start",
        "coredns-api-error-hidden",
        "coredns-klog-tmp-crash",
        "coredns-crashloop",
        "coredns-replica-failing",
    ),
)
def rbac_endpointslices_forbidden(refused: RefusedPermissions) -> Iterator[Finding]:
    """Yield one finding per account that may read all but the endpoints."""
    yield from permission_findings((one for one in refused.refusals if one.endpoints_alone), steps)


def steps(one: Refusal, account: str) -> tuple[Remedy, ...]:
    """Return the remedy: see that it is this rule, and give it to the role."""
    resource = one.resources[0]
    rule = OLD_RULE if resource == "endpoints" else RULE
    return restored(one, account) or (
        look(
            "Ask the API server what the account may do",
            *(f"kubectl auth can-i list {name} --as={account} -A" for name in one.resources),
            f"kubectl auth can-i list services --as={account} -A",
            verify="no for the endpoints, yes for Services",
        ),
        Remedy(
            title="Give the role the missing rule",
            commands=(f"kubectl patch clusterrole {ROLE} --type=json -p '{rule}'",),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl auth can-i watch {resource} -A --as={account}",
            why="CoreDNS goes on by itself, no restart is needed; a chart or an add-on manager "
            "may write its old role again, so update that too",
        ),
    )
