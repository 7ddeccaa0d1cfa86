"""Only short names fail: the search path of a pod does not lead to the cluster's names.

The same server knows the whole name when it is asked for it, so DNS is well; what completes the
name in the pod is not: the cluster domain that its kubelet writes, its dnsConfig, or ndots. Or the
tool is: busybox's nslookup asks for a name with a dot as it stands.

Limits: a pod may have a search path of its own on purpose, so that one pod alone is a possibility.
What people asked by hand is a possibility too.
Source: resolv.conf(5) (search, ndots); kubernetes/kubernetes v1.31.0,
pkg/kubelet/network/dns/dns.go; busybox networking/nslookup.c (add_query_with_search).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, Undecided, check
from diagnose.facts import ClientResolutions, ProbeMatrix
from diagnose.facts.dns_answers import NameKind, Place, PlaceKind
from diagnose.facts.lookup_contrasts import not_searched, short_forms
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.probe_matrix import CLUSTER_ROLES, POD_KINDS, Cell, node_or, said
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

UNKNOWN = frozenset({Outcome.NXDOMAIN, Outcome.NOT_KNOWN, Outcome.NODATA})


@check(
    title="Short names fail where whole ones resolve",
    severity=Severity.WARNING,
    family="cluster-dns-mismatch",
    explains=("resolution-fails",),
)
def short_names_fail(lookups: ClientResolutions) -> Iterator[Finding]:
    """Yield one finding for all pods whose search path fails them, and one per name by hand."""
    by_hand = list(of_hand(lookups.lookups))
    yield from by_hand
    if lookups.matrix:
        yield from of_pods(lookups.matrix)
    elif not by_hand:
        raise Undecided("no name was asked for in short and whole")


def of_hand(lookups: tuple[Lookup, ...]) -> Iterator[Finding]:
    """Yield one finding per name that a server knows whole only; a possibility."""
    pairs: list[tuple[Lookup, Lookup | None]] = [
        (one.short, one.whole) for one in short_forms(lookups)
    ]
    told = {id(short) for short, _ in pairs}
    pairs += [(one, None) for one in not_searched(lookups) if id(one) not in told]
    for short, whole in pairs:
        if short.as_is and "." in short.name:
            why = ": busybox's nslookup searches for no rest of it, other programs do"
        else:
            why = ": the client's search path does not complete it"
        known = f", and knows {whole.name}" if whole else ""
        yield Finding(
            subject=short.place if short.place.kind else CLUSTER,
            message=f"{short.server} does not know {short.name}{known}{why}",
            quotes=(short.quote, *((whole.quote,) if whole else ())),
            remedy=look(
                "Ask by the system's resolver, and read the search path",
                f"kubectl exec <pod> -- getent hosts {quoted(short.name, '<name>')}",
                "kubectl exec <pod> -- cat /etc/resolv.conf",
                verify="getent finds it: the tool alone is at fault, ask for the whole name; else "
                "search must name <namespace>.svc.<domain> svc.<domain> <domain>",
            ),
            family="client-config" if short.as_is and "." in short.name else "",
            proven=False,
            at=short.at,
        )


def of_pods(matrix: ProbeMatrix) -> Iterator[Finding]:
    """Yield one finding for all pods whose search path fails them."""
    cells = matrix.by(
        lambda one: (
            (one.place, one.name_kind)
            if one.place.kind in POD_KINDS
            and one.name_kind in (NameKind.SHORT, NameKind.SERVICE)
            and (one.server.role in CLUSTER_ROLES or one.name_kind is NameKind.SHORT)
            else None
        )
    )
    if cells and not any(kind is NameKind.SHORT for _, kind in cells):
        raise NotApplicable("no pod that was asked has a tool that completes names (getent)")
    if not cells:
        raise Undecided("no pod asked for a short name")
    failing: list[Place] = []
    for place, kind in cells:
        whole = cells.get((place, NameKind.SERVICE))
        short = cells[place, kind]
        if kind is NameKind.SHORT and whole and unknown(short) and resolved(whole):
            failing.append(place)
    if not failing:
        return
    wheres = {node_or(place) for place in failing}
    own = any(place.kind is PlaceKind.PROBE for place in failing)
    first = cells[failing[0], NameKind.SHORT].items[0]
    subject = failing[0].subject
    space, pod = quoted(subject.namespace, "<namespace>"), quoted(subject.name, "<pod>")
    yield Finding(
        subject=next(iter(wheres)) if len(wheres) == 1 else CLUSTER,
        message=f"{first.name} is {first.outcome.value} for {said(failing[0])}"
        + (f" and {len(failing) - 1} more" if len(failing) > 1 else "")
        + ", the whole name resolves: its search path does not complete it",
        quotes=tuple(
            cells[place, kind].items[0].quote
            for place in failing[:2]
            for kind in (NameKind.SHORT, NameKind.SERVICE)
        ),
        remedy=(
            look(
                "Read the search path, and who writes it",
                f"kubectl -n {space} exec {pod} -- cat /etc/resolv.conf",
                "kubectl -n kube-system get configmap kubelet-config -o yaml | grep clusterDomain",
                f"kubectl -n {space} get pod {pod} -o jsonpath='{{.spec.dnsPolicy}} "
                "{.spec.dnsConfig}'",
                verify="search names <namespace>.svc.<domain> svc.<domain> <domain>, with the "
                "domain of the Corefile, and ndots is 5",
            ),
            Remedy(
                title="Correct the cluster domain of the kubelet, or the pod's dnsConfig",
                commands=("set clusterDomain in /var/lib/kubelet/config.yaml",),
                risk=Risk.MANUAL,
                verify="kubectl exec <new pod> -- nslookup kubernetes.default",
                why="resolv.conf is written once, when a pod starts: recreate the pods",
            ),
        ),
        proven=own or len(failing) > 1,
        at=first.at,
    )


def unknown(cell: Cell) -> bool:
    """Whether no short name was known."""
    return bool(cell.items) and all(one.outcome in UNKNOWN for one in cell.items)


def resolved(cell: Cell) -> bool:
    """Whether each whole name was."""
    return bool(cell.items) and all(one.outcome is Outcome.NOERROR for one in cell.items)
