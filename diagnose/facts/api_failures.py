"""Requests to the Kubernetes API server that fail, by any program that logged or reported them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.api_counts import of_metrics
from diagnose.facts.coredns_health import Endpoint, of_pods, waiting
from diagnose.facts.coredns_metrics import Metrics
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream, Match, shares
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod, unique
from diagnose.facts.sandbox import pod_in, runs
from diagnose.facts.version import CoreDNSVersion
from diagnose.model import Fact, Gap, GapKind, Quote, Subject
from diagnose.signatures import api_client, cni, coredns, flannel, kube_proxy, kubelet
from diagnose.signatures.base import Emitter
from diagnose.signatures.trouble import Reason, Trouble, classify
from diagnose.values import dataclass

TELLING = (
    coredns.K8S_API_FAILED,
    coredns.K8S_LIST_FAILED,
    api_client.REFLECTOR_FAILED,
    api_client.REFLECTOR_LIST_FAILED,
    api_client.NODE_API_FAILED,
    api_client.API_REQUEST_FAILED,
    api_client.API_DIAL_FAILED,
    api_client.OWN_REQUEST_FAILED,
    api_client.SERVER_REFUSED,
    api_client.FORBIDDEN,
    flannel.FLANNEL_API_FAILED,
    flannel.FLANNEL_LIST_FAILED,
    cni.CNI_API_FAILED,
    cni.CNI_UNAUTHORIZED,
)
TELLING_NAMES = {one.name: one for one in TELLING}
# The same event as another line beside it; counted only where that other line is missing.
ECHOES = frozenset(
    one.name
    for one in (coredns.K8S_LIST_FAILED, api_client.REFLECTOR_LIST_FAILED, api_client.FORBIDDEN)
)
OF_EVENTS = (cni.CNI_API_FAILED, cni.CNI_UNAUTHORIZED)
# What a program prints only once it has read what it watches.
REACHED = frozenset(
    one.name
    for one in (
        coredns.QUERY_ANSWERED,
        kube_proxy.CACHES_SYNCED,
        flannel.NODES_SYNCED,
        flannel.SUBNET_WRITTEN,
        kubelet.NODE_REGISTERED,
        kubelet.NODE_READY,
    )
)
LIVED = timedelta(minutes=1)
QUIET = timedelta(minutes=5)  # client-go repeats a failing list at least every minute
# These say each failing request; where they run, and have been silent for so long, none fails.
LOUD = frozenset({Emitter.COREDNS, Emitter.CONTROLLER_MANAGER})
SILENCE = timedelta(minutes=3)
BANNER_WAITS = (1, 8, 4)  # since then CoreDNS waits for the API, or says that it did not wait
READY_TELLS = (1, 5, 0)  # before, a pod of CoreDNS was ready whether it knew its cluster or not
# What a server that has just come back answers once, and how one that goes away ends a request.
PASSING = frozenset(
    {
        Reason.FORBIDDEN,
        Reason.HIDDEN,
        Reason.SERVER_ERROR,
        Reason.NOT_SERVED,
        Reason.REFUSED,
    }
)
# What corediag's own request meets where the way to the server is not the cluster's: a tunnel that
# is down, another address, no name. Of the cluster it tells nothing.
FROM_OUTSIDE = frozenset(
    {
        Reason.TIMEOUT,
        Reason.RESET,
        Reason.EOF,
        Reason.NO_ROUTE,
        Reason.NETWORK_UNREACHABLE,
        Reason.NOT_PERMITTED,
        Reason.NAME_NOT_FOUND,
    }
)
# Only the address says that the API server was meant; or it was asked from outside of the cluster.
FROM_AFAR = frozenset({api_client.API_DIAL_FAILED.name, api_client.OWN_REQUEST_FAILED.name})
# kubectl without a kubeconfig asks there.
NO_KUBECONFIG = ("localhost:8080", "127.0.0.1:8080", "[::1]:8080")
# The node authorizer's answer until it has seen the pod: routine after each start of a pod.
NOT_YET_RELATED = "no relationship found between node"
# Whose permissions concern cluster DNS; of applications' accounts nothing follows.
ACCOUNTS = ("coredns", "kube-dns", "node-local-dns", "flannel", "kube-proxy", "calico", "cni")
# Versions of CoreDNS that print nothing of a server that does not answer, by first and last.
SILENT = (((1, 8, 4), (1, 8, 6)), ((1, 12, 4), (1, 13, 1)), ((1, 14, 2), (99, 0, 0)))


@dataclass(frozen=True)
class ApiFailure:
    """The failures of one program at the API server for one reason.

    `subject` is the pod or node whose log says so. `recovered` says that the program reached the
    server again afterwards, so that this is history. It is not `certain` where only the address
    says that the API server was meant, or that of a kubeconfig was asked.
    """

    emitter: Emitter
    subject: Subject
    trouble: Trouble
    quote: Quote
    count: int = 1
    first_at: datetime | None = None
    last_at: datetime | None = None
    recovered: bool = False
    certain: bool = True

    @property
    def of_slices(self) -> bool:
        """Whether CoreDNS asked for EndpointSlices, whose version it is bound to."""
        slices = self.trouble.resource.startswith("endpointslices")
        return slices and self.emitter is Emitter.COREDNS


@dataclass(frozen=True, kw_only=True)
class ApiFailures(Fact):
    """The requests to the API server that fail or failed."""

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.DNS_LOGS,
        Ask.DNS_PODS,
        Ask.EVENTS,
        Ask.FLANNEL_LOGS,
        Ask.PROXY_LOGS,
        Ask.CONTROLLER_MANAGER_LOGS,
        Ask.DNS_METRICS,
        Ask.DNS_HEALTH,
    )

    failures: tuple[ApiFailure, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the failures of all programs; silence counts only where CoreDNS would speak."""
        streams, events = evidence.of(LogStream), evidence.of(Event)
        metrics = evidence.of(Metrics)
        items: tuple[Readable, ...] = (*streams, *events, *metrics)
        found = known(evidence, items, Ask.DNS_LOGS)
        if isinstance(found, Gap):
            return found
        pods = {pod.subject.name: pod for pod in unique(evidence.of(Pod))}
        nodes = frozenset(node.subject.name for node in evidence.of(Node) if node.ready)
        logged = list(from_streams(streams, pods, nodes))
        endpoints = of_pods(evidence.of(Endpoint))
        failures = merged(
            [
                *logged,
                *from_metrics(metrics, logged, waiting_pods(pods.values(), endpoints)),
                *(one for event in events for one in of_event(event, pods)),
            ]
        )
        gaps = found[1]
        told = [one for one in failures if one.emitter is Emitter.COREDNS and not one.recovered]
        if all(one.trouble.reason is Reason.HIDDEN for one in told):
            gaps = (*gaps, *unheard(evidence, pods.values(), hidden=bool(told)))
        return cls(origin=found[0], gaps=gaps, failures=failures)


def from_streams(
    streams: Iterable[LogStream], pods: dict[str, Pod], nodes: frozenset[str]
) -> Iterator[ApiFailure]:
    """Yield the failures of all logs.

    Those of a run that ended are history where the same container's next run reached the server,
    or has lived for longer than a program does that cannot: what fails then, it says itself.
    """
    every = list(streams)
    found = [list(of_stream(one, pods, nodes)) for one in every]
    well = {
        (one.emitter, one.subject, one.container)
        for one in every
        if not one.previous
        and one.subject.name
        and (lives(one) or synced_at(one) or any(m.signature in REACHED for m in one.matches))
    }
    for one, failures in zip(every, found, strict=True):
        over = one.previous and (one.emitter, one.subject, one.container) in well
        yield from (replace(failure, recovered=True) for failure in failures if over)
        yield from (failure for failure in failures if not over)


def from_metrics(
    several: Iterable[Metrics], logged: Iterable[ApiFailure], waits: frozenset[str]
) -> Iterator[ApiFailure]:
    """Yield the failures that CoreDNS only counts: a log that says why tells more."""
    told = {
        one.subject.name: one.trouble.reason
        for one in sorted(logged, key=lambda one: one.trouble.reason is not Reason.HIDDEN)
        if one.emitter is Emitter.COREDNS and not one.recovered
    }
    for one in of_metrics(several, waits):
        known_as = told.get(one.subject.name)
        if known_as not in (None, Reason.HIDDEN) or known_as is one.trouble.reason:
            continue
        yield ApiFailure(
            emitter=Emitter.COREDNS,
            subject=one.subject,
            trouble=one.trouble,
            quote=one.quote,
            count=one.count,
            recovered=not one.goes_on,
            certain=one.certain,
        )


def waiting_pods(pods: Iterable[Pod], endpoints: Iterable[Endpoint]) -> frozenset[str]:
    """Return the names of CoreDNS's pods that are not ready, or say what they wait for."""
    unready = {
        pod.subject.name
        for pod in pods
        if pod.serves_dns and pod.ready is False and not pod.out_of_sight
    }
    saying = {name for name, one in waiting(endpoints).items() if "kubernetes" in one.waits_for}
    return frozenset(unready | saying)


def lives(stream: LogStream) -> bool:
    """Whether a run has gone on for a minute: flannel ends after 30 s without the server."""
    first, last = stream.first_at, stream.last_at
    return first is not None and last is not None and last - first > LIVED


def merged(failures: Iterable[ApiFailure]) -> tuple[ApiFailure, ...]:
    """Return one failure per program, subject and trouble; what goes on outweighs history."""
    groups: dict[object, list[ApiFailure]] = {}
    for one in failures:
        groups.setdefault((one.emitter, one.subject, one.trouble), []).append(one)
    result = []
    for several in groups.values():
        going_on = [one for one in several if not one.recovered] or several
        times = [at for one in going_on for at in (one.first_at, one.last_at) if at]
        result.append(
            replace(
                going_on[-1],
                count=sum(one.count for one in going_on),
                first_at=min(times, default=None),
                last_at=max(times, default=None),
                certain=any(one.certain for one in going_on),
            )
        )
    return tuple(result)


def unheard(evidence: Evidence, pods: Iterable[Pod], *, hidden: bool) -> Iterator[Gap]:
    """Yield the gap of a CoreDNS that is silent or `hidden`, unless its pods are ready."""
    dns = [pod for pod in pods if pod.serves_dns]
    if dns and all(pod.ready for pod in dns) and not hidden:
        return
    told = evidence.fetch(CoreDNSVersion)
    version = told.newest if isinstance(told, CoreDNSVersion) else ""
    if hidden or is_silent(version):
        yield Gap(
            "whether CoreDNS reaches the API server",
            GapKind.UNDECIDED,
            f"CoreDNS {version} prints nothing, or no reason, when it does not"
            if version
            else "CoreDNS does not print why its requests fail",
            "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide",
        )


def is_silent(version: str) -> bool:
    """Whether a version of CoreDNS prints nothing, or no reason, of a server without an answer."""
    numbers = numbers_of(version)
    return any(first <= numbers <= last for first, last in SILENT)


def of_stream(
    stream: LogStream, pods: dict[str, Pod], nodes: frozenset[str]
) -> Iterator[ApiFailure]:
    """Yield one failure per reason, target and resource that a log tells."""
    groups: dict[tuple[Emitter, Trouble], list[Match]] = {}
    echoes: dict[tuple[Emitter, Trouble], list[Match]] = {}
    others: list[Match] = []
    seen: set[int] = set()
    for match in stream.matches:
        signature = TELLING_NAMES.get(match.signature)
        if signature is None or match.number in seen:
            continue
        seen.add(match.number)
        emitter = stream.emitter if stream.emitter is not Emitter.UNKNOWN else signature.emitter
        if signature.emitter is Emitter.CNI:
            emitter = Emitter.CNI
        trouble = trouble_of(match)
        if not concerns(emitter, match, trouble):
            others.append(match)
            continue
        into = echoes if match.signature in ECHOES else groups
        into.setdefault((emitter, trouble), []).append(match)
    for key, matches in echoes.items():
        if groups.setdefault(key, matches) is not matches:
            others.extend(matches)
    hidden = list(stream.matching(coredns.K8S_API_FAILED_HIDDEN))
    if hidden and not groups:
        groups[Emitter.COREDNS, Trouble(Reason.HIDDEN)] = hidden
    counts = shares(stream, [*groups.values(), others])
    for ((emitter, trouble), matches), count in zip(groups.items(), counts, strict=False):
        last = matches[-1]
        yield ApiFailure(
            emitter=emitter,
            subject=last.subject,
            trouble=trouble,
            quote=last.quote,
            count=count,
            first_at=matches[0].at,
            last_at=last.at,
            recovered=recovered(stream, emitter, last, pods, nodes)
            or (count == 1 and blip(stream, last, trouble)),
            certain=any(one.signature not in FROM_AFAR for one in matches),
        )


def concerns(emitter: Emitter, match: Match, trouble: Trouble) -> bool:
    """Whether a failing request says something about the API server or about cluster DNS."""
    if trouble.reason is Reason.CANCELED or trouble.target in NO_KUBECONFIG:
        return False
    if match.signature == api_client.OWN_REQUEST_FAILED.name and trouble.reason in FROM_OUTSIDE:
        return False
    if trouble.reason is Reason.OTHER:
        return emitter is Emitter.COREDNS
    if trouble.reason is Reason.FORBIDDEN:
        if NOT_YET_RELATED in match.quote.text:
            return False
        if emitter in (Emitter.CLIENT, Emitter.API_CLIENT, Emitter.UNKNOWN) and trouble.user:
            return any(word in trouble.user for word in ACCOUNTS)
    return True


def trouble_of(match: Match) -> Trouble:
    """Return the trouble of a line, completed by what its pattern tells."""
    trouble = classify(match["reason"] or match.quote.text)
    if match["target"]:
        trouble = replace(trouble, target=match["target"])
    if not trouble.resource and match["resource"]:
        typed = classify(f"list *{match['resource']}").resource  # client-go names Go types
        trouble = replace(trouble, resource=typed or match["resource"])
    return trouble


def recovered(
    stream: LogStream,
    emitter: Emitter,
    last: Match,
    pods: dict[str, Pod],
    nodes: frozenset[str],
) -> bool:
    """Whether the program reached the server after the last failure.

    Shown by what it prints only then, by minutes of log without the repetition that would have
    come, or by its state: a pod that is ready since later, a node whose kubelet reports.
    """
    later = (one.signature for one in stream.matches if one.number > last.number)
    if any(name in REACHED or name == coredns.K8S_WATCH_ENDED.name for name in later):
        return True
    if synced_at(stream) > last.number:
        return True
    if last.at and stream.last_at and stream.last_at - last.at > QUIET:
        return True
    if silent_since(stream, emitter, last, pods):
        return True
    if emitter is Emitter.CNI:
        named = pod_in(last.quote.text)
        return named is not None and named[1] in pods and runs(pods[named[1]])
    if emitter is Emitter.KUBELET:
        return bool({stream.subject.name, stream.subject.node} & nodes - {""})
    pod = pods.get(stream.subject.name)
    if pod is None or not pod.ready:
        return False
    if stream.previous:
        return True
    if last.at is not None and pod.ready_since is not None:
        return pod.ready_since >= last.at
    return last.at is None and ready_tells(stream, emitter, last)


def silent_since(stream: LogStream, emitter: Emitter, last: Match, pods: dict[str, Pod]) -> bool:
    """Whether a program that repeats what fails has run on in silence until its log was read."""
    if stream.taken_at is None or last.at is None or stream.previous or emitter not in LOUD:
        return False
    if stream.taken_at - last.at <= SILENCE or is_silent(stream.version):
        return False
    pod = pods.get(stream.subject.name)
    began = pod.last_restart_age_s if pod is not None and pod.restarts else None
    since_s = (stream.taken_at - last.at).total_seconds()
    # of one that ends when it fails the silence is that of waiting for its next start
    return pod is not None and pod.status == "Running" and (began is None or began > since_s)


def ready_tells(stream: LogStream, emitter: Emitter, last: Match) -> bool:
    """Whether a ready pod has reached the server after a failure of unknown time.

    A CoreDNS that had read its lists stays ready whatever comes; flannel ends when it fails, so
    its running again shows it; kube-proxy is ready whether it reaches the server or not.
    """
    if emitter is Emitter.COREDNS:
        version = numbers_of(stream.version)
        return (not version or version >= READY_TELLS) and not 0 < synced_at(stream) < last.number
    return emitter is Emitter.FLANNEL


def synced_at(stream: LogStream) -> int:
    """Return the number of the line with which CoreDNS began to serve in sync; 0 without one."""
    if stream.count(coredns.K8S_UNSYNCED_START):
        return 0
    if numbers_of(stream.version) < BANNER_WAITS:
        return 0
    return max((one.number for one in stream.matching(coredns.BANNER)), default=0)


def numbers_of(version: str) -> tuple[int, ...]:
    """Return a version's numbers, to compare by; none when it is not known."""
    return tuple(int(part) for part in version.lstrip("v").split(".")[:3] if part.isdigit())


def blip(stream: LogStream, only: Match, trouble: Trouble) -> bool:
    """Whether a failure is the only one of a program that had reached the server before.

    Each of these programs tries again within seconds, so a lasting fault shows more than once; a
    request that waits for its deadline may well be the last line of a log.
    """
    if trouble.reason in PASSING:
        if 0 < synced_at(stream) < only.number:
            return True
        if any(one.number < only.number for one in stream.matching(coredns.K8S_WATCH_ENDED)):
            return True
    return any(one.number < only.number and one.signature in REACHED for one in stream.matches)


def of_event(event: Event, pods: dict[str, Pod]) -> Iterator[ApiFailure]:
    """Yield the failure of a CNI plugin at the API server that an event quotes."""
    for signature in OF_EVENTS:
        if found := signature.match(event.message):
            reason = found.groupdict().get("reason") or event.message
            trouble = classify(reason)
            if signature is cni.CNI_UNAUTHORIZED:
                trouble = replace(trouble, reason=Reason.UNAUTHORIZED)
            pod = pods.get(event.subject.name)
            yield ApiFailure(
                emitter=Emitter.CNI,
                subject=event.subject,
                trouble=trouble,
                quote=event.quote,
                count=event.count,
                first_at=event.first_at,
                last_at=event.last_at,
                recovered=pod is not None and runs(pod),
            )
            return
