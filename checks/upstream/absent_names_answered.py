"""A name that does not exist is answered with a record.

Some providers' resolvers lead every unknown name to an address of theirs, and a wildcard or a
template of a Corefile does the same for its zone. With the search list of pods such an answer comes
before the name that was meant: applications connect to a stranger.

Limits: a wildcard may be meant; then the names below it are.
Source: RFC 1034 section 4.3.3 and RFC 4592 (wildcards); RFC 8020 (NXDOMAIN); coredns/coredns
v1.12.0, plugin/template/README.md.
"""

from collections.abc import Iterator

from diagnose.check import Undecided, check
from diagnose.facts import ProbeMatrix
from diagnose.facts.dns_answers import NameKind, ServerRole
from diagnose.facts.probe_matrix import CLUSTER_ROLES, called, invented
from diagnose.model import CLUSTER, Finding, Remedy, Severity
from diagnose.remedies import edit_corefile, look, name_upstream, quoted


@check(
    title="Names that do not exist are answered",
    severity=Severity.WARNING,
    family="ndots",
    explains=("external-names-fail",),
)
def absent_names_answered(matrix: ProbeMatrix) -> Iterator[Finding]:
    """Yield one finding for upstreams, and one for the cluster's servers where no upstream does."""
    absent = [one for one in matrix.items if one.name_kind is NameKind.ABSENT]
    if not absent:
        raise Undecided("no name that does not exist was asked for")
    cells = matrix.by(
        lambda one: (one.server.role in CLUSTER_ROLES, one.server) if invented(one) else None
    )
    upstreams = [key for key in cells if not key[0]]
    for key in upstreams or list(cells)[:1]:
        inside, server = key
        first = cells[key].items[0]
        yield Finding(
            subject=server.subject if server.subject.kind == "Pod" else CLUSTER,
            message=f"{called(server)} answers {', '.join(first.answers[:2])} for {first.name}, "
            "which does not exist",
            quotes=cells[key].quotes[:2],
            remedy=steps(first.name, server.address, inside=inside),
            family="corefile-domain" if inside and server.role is not ServerRole.UPSTREAM else "",
            at=first.at,
        )


def steps(name: str, address: str, *, inside: bool) -> tuple[Remedy, ...]:
    """Return the remedy: who invents the record, then a server or a Corefile that does not."""
    server = quoted(address, "<server>")
    seen = look(
        "Ask the server and another one for a name that nobody has",
        f"dig @{server} {quoted(name, '<name>')}; dig @<another resolver> {quoted(name, '<name>')}",
        "kubectl -n kube-system get configmap coredns -o yaml",
        verify="the other one says NXDOMAIN; template, file or hosts with a * in the Corefile",
    )
    if inside:
        return (seen, edit_corefile("Take the wildcard away", "absent-names-answered"))
    return (seen, name_upstream(address))
