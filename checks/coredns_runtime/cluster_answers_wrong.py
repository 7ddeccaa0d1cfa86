"""Cluster DNS answers what contradicts the API server, the specification, or itself.

A replica that lost its watch answers from old data, and a server of another cluster, or one that a
rewrite or a template stands before, knows nothing of this one.

Limits: only names that every cluster has are compared; whether other Services are old is not seen.
Source: Kubernetes DNS-Based Service Discovery Specification 1.1.0, sections 2.2 and 2.3.1;
coredns/coredns issue 3587.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import WrongAnswers
from diagnose.model import Finding, Severity
from diagnose.remedies import look, restart_coredns


@check(
    title="Cluster DNS gives answers that cannot be right",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=("internal-names-fail",),
)
def cluster_answers_wrong(answers: WrongAnswers) -> Iterator[Finding]:
    """Yield one finding per server that answers wrongly, or name that several dispute."""
    for one in answers.wrong:
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes,
            remedy=(
                look(
                    "Compare what the API holds with what each CoreDNS pod answers",
                    "kubectl get service -n default kubernetes",
                    "kubectl get pods -A -l k8s-app=kube-dns -o wide",
                    "dig @<each CoreDNS pod IP> kubernetes.default.svc.cluster.local",
                    "kubectl -n kube-system get configmap coredns -o yaml  # rewrite, template",
                    verify="the pod that differs has old data; all differ: the Corefile, or "
                    "another cluster's server",
                ),
                restart_coredns("a new process reads everything anew"),
            ),
            proven=one.proven,
        )
