"""The same DNS server answers some queries and leaves others without an answer.

What failed first and answers since counts, unless a command that changes something stands between,
or many minutes. Of what corediag asked itself it
counts where questions of one kind, over one transport, from one place, are answered now and not
then; how large the share may be follows from how often was asked.

Limits: it says that a part fails, not which: one replica, one node, one transport, or now and then.
Source: RFC 1035 section 4.2; Kubernetes documentation, Debugging DNS Resolution.
"""

from collections.abc import Iterator, Sequence

from diagnose.check import check
from diagnose.facts import ClientResolutions, DNSPods, ProbeMatrix
from diagnose.facts.dns_answers import NameKind, Place, PlaceKind, Server, ServerRole
from diagnose.facts.mixed_lookups import Mixed, mixed
from diagnose.facts.probe_matrix import (
    LARGE_BYTES,
    Cell,
    State,
    called,
    joined,
    limits_text,
    node_or,
    said,
)
from diagnose.model import CLUSTER, Finding, Remedy, Severity
from diagnose.remedies import ask_endpoints, look, quoted

FEW = 2  # questions of corediag's own; one of them may be chance
SHOWN = 3


@check(
    title="A part of the queries gets no answer",
    severity=Severity.WARNING,
    family="overlay",
    explains=("resolution-fails", "lookups-slow"),
    symptom=True,
)
def dns_intermittent_failures(
    lookups: ClientResolutions, pods: DNSPods | None
) -> Iterator[Finding]:
    """Yield one finding per server that answered a part of the queries and others not."""
    if lookups.matrix:
        yield from by_answers(lookups.matrix)
    addresses = [pod.ips[0] for pod in (pods.pods if pods else ()) if pod.ips]
    for one in mixed(lookups.lookups, lookups.changes):
        yield by_hand(one, addresses)


def by_hand(one: Mixed, addresses: Sequence[str]) -> Finding:
    """Return the finding of look-ups that people made."""
    ways = " and ".join(dict.fromkeys(each.outcome.value for each in one.failed))
    server = f"{one.server}: " if one.server else ""
    name = f" of {one.name}" if one.name else ""
    return Finding(
        subject=one.place if one.place.kind else CLUSTER,
        message=f"{server}{len(one.failed)} of {one.asked} look-ups{name} failed ({ways}): one "
        "dead replica or node behind the Service, packet loss, a conntrack race, or overload",
        quotes=(*(each.quote for each in one.failed[:SHOWN]), one.answered[0].quote),
        remedy=(ask_endpoints(addresses), step(one.server)),
        at=one.failed[0].at,
    )


def by_answers(matrix: ProbeMatrix) -> Iterator[Finding]:
    """Yield one finding per server that answers a kind of question now and not then.

    What is lost always, from a place, over a transport, of a kind or above a size, is no chance and
    has checks of its own.
    """
    cells = matrix.by(
        lambda one: (
            None
            if one.place.kind is PlaceKind.DIRECT or one.server.role is ServerRole.UPSTREAM
            else (
                one.server,
                one.place,
                one.transport,
                one.name_kind is NameKind.EXTERNAL,
                matrix.size_of(one) > LARGE_BYTES,
            )
        )
    )
    servers: dict[Server, list[tuple[Place, Cell]]] = {}
    for (server, place, *_), cell in cells.items():
        if cell.state in (State.MIXED, State.ANSWERS):
            servers.setdefault(server, []).append((place, cell))
    for server, pairs in servers.items():
        every = joined(cell for _, cell in pairs)
        if len(every.silent) < FEW:
            continue
        places = dict.fromkeys(place for place, cell in pairs if cell.silent)
        wheres = {node_or(place) for place in places}
        first = next(iter(places))
        wide = server.role is ServerRole.SERVICE
        yield Finding(
            # whoever asks the Service is led to any node, so that its fault may lie on any
            subject=next(iter(wheres)) if len(wheres) == 1 and not wide else CLUSTER,
            message=f"{called(server)} left {len(every.silent)} of {every.asked} questions "
            f"unanswered ({limits_text(len(every.silent), every.asked)}), asked from {said(first)}"
            + (f" and {len(places) - 1} more" if len(places) > 1 else ""),
            quotes=(*(one.quote for one in every.silent[:2]), every.answered[0].quote),
            remedy=step(server.address),
            at=every.silent[0].at,
        )


def step(server: str) -> Remedy:
    """Return the step that splits what fails from what does not."""
    return look(
        "Split by replica, node and transport: which part fails always?",
        "kubectl get pods -A -l k8s-app=kube-dns -o wide",
        "dig @<each CoreDNS pod IP> kubernetes.default.svc.cluster.local  # in a pod",
        f"dig +tcp @{quoted(server, '<service IP>')} kubernetes.default.svc.cluster.local",
        verify="one pod: that replica or the way to its node; UDP alone: conntrack, a "
        "filter or the path",
    )
