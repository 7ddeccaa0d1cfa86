"""The same DNS server answers some queries and leaves others without an answer.

What failed first and answers since was mended, and is left out.

Limits: it says that a part fails, not which: one replica, one node, one transport, or now and then.
Source: RFC 1035 section 4.2; Kubernetes documentation, Debugging DNS Resolution.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Lookups
from diagnose.facts.lookups import ANSWERED, NO_ANSWER, Lookup
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import look, quoted

FEW = 2  # of each kind; one of them may be chance


@check(
    title="A part of the queries gets no answer",
    severity=Severity.WARNING,
    family="overlay",
    explains=("resolution-fails",),
    symptom=True,
)
def dns_intermittent_failures(lookups: Lookups) -> Iterator[Finding]:
    """Yield one finding per server that answered several queries and several others not."""
    servers: dict[str, list[Lookup]] = {}
    for one in lookups.lookups:
        if one.server:
            servers.setdefault(one.server, []).append(one)
    for server, several in servers.items():
        failed = [one for one in several if one.outcome in NO_ANSWER]
        answered = [one for one in several if one.outcome in ANSWERED]
        names = {one.name for one in failed} & {one.name for one in answered}
        mended = several[-len(answered) :] == answered
        if len(failed) < FEW or len(answered) < FEW or not names or mended:
            continue
        yield Finding(
            subject=failed[0].place if failed[0].place.kind else CLUSTER,
            message=f"{server}: {len(failed)} of {len(failed) + len(answered)} queries got no "
            "answer, for the same name too",
            quotes=(failed[0].quote, answered[0].quote),
            remedy=look(
                "Split by replica, node and transport: which part fails always?",
                "kubectl get pods -A -l k8s-app=kube-dns -o wide",
                "dig @<each CoreDNS pod IP> kubernetes.default.svc.cluster.local  # in a pod",
                f"dig +tcp @{quoted(server, '<service IP>')} kubernetes.default.svc.cluster.local",
                verify="one pod: that replica or the way to its node; UDP alone: conntrack, a "
                "filter or the path",
            ),
        )
