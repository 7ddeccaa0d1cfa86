"""A running cluster: what the Kubernetes API tells, by get, list and log reads alone.

Each ask has a plan, a generator that yields the requests that it wants next and is sent their
answers. Plans run side by side, wave by wave, and what two of them want is requested once; so a
plan may use another one's results without knowing whether it ran. Nothing here has a thread.

What is fetched on a healthy cluster does not depend on how many pods or nodes it has. Where
something is not well more is looked at, up to the bounds below, and what was left out is a gap.
Limits: what only a node knows (its resolver, its network, the kubelet's log) is not asked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType
from typing import Any, Protocol, TypeVar

from diagnose.asks import ASKS, Ask
from diagnose.model import Gap, GapKind, Subject
from diagnose.parsers import ages
from diagnose.parsers.decode import decode as decoded
from diagnose.parts import Haul, Kind, Part
from diagnose.signatures.base import Emitter
from diagnose.sources.base import SourceError
from diagnose.sources.http import TABLE, Answer, Client, Exchange, Request, Trouble
from diagnose.sources.kubeconfig import WITHOUT, access
from diagnose.text.clean import decode
from diagnose.text.regex import regex
from diagnose.text.shown import visible

Given = TypeVar("Given")
Made = TypeVar("Made")
Result = TypeVar("Result")
Plan = Generator[Sequence[Request], Sequence[Answer], Result]
Object = Mapping[str, Any]

PAGE = 500  # objects of one answer
MOST_PAGES = 4
MOST_PODS = 200  # of one DaemonSet that is not well
MOST_WAITING = 200  # pods that are Pending
MOST_NODES_APART = 20  # nodes beyond the first page that are not Ready
MOST_SETS = 4
MOST_SERVICES = 6
MOST_CONFIGS = 4
MOST_DNS_LOGS = 10  # pods of which logs are read
MOST_LOGS = 6
SAMPLE = 2  # pods of a DaemonSet that is well
DNS_LINES = 10_000
LINES = 3_000
LOG_BYTES = 8 * 1024 * 1024

KUBE_SYSTEM = "kube-system"
DNS_SELECTORS = (
    "k8s-app in (kube-dns,coredns)",
    "app.kubernetes.io/name in (coredns,kube-dns,rke2-coredns),k8s-app notin (kube-dns,coredns)",
)
DNS_SERVICE_NAMES = ("kube-dns", "coredns", "rke2-coredns-rke2-coredns", "dns-default")
DNS_CONFIGS = (
    (KUBE_SYSTEM, "coredns"),
    (KUBE_SYSTEM, "rke2-coredns-rke2-coredns"),
    ("openshift-dns", "dns-default"),
)
DNS_CONTAINERS = ("coredns", "kubedns", "dns", "dnsmasq")
FLANNEL_CONFIGS = (("kube-flannel", "kube-flannel-cfg"), (KUBE_SYSTEM, "kube-flannel-cfg"))
EVERYWHERE = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt"})  # in each namespace
DNS_ROLES = ("system:coredns", "system:kube-dns", "coredns", "rke2-coredns-rke2-coredns")
AGENTS = (
    "kube-proxy",
    "flannel",
    "canal",
    "calico",
    "cilium",
    "weave",
    "kube-router",
    "antrea",
    "ovn",
    "kindnet",
    "aws-node",
    "azure-cni",
    "multus",
    "node-local-dns",
    "nodelocaldns",
    "dns-default",
)
# Of more warnings than are read, those that tell most; by the Event's reason.
TELLING = (
    "FailedCreatePodSandBox",
    "NetworkNotReady",
    "DNSConfigForming",
    "MissingClusterDNS",
    "ClusterIPNotAllocated",
)
OWN = "corediag's own request"
# Ready for so long, a container's run before tells nothing of today; CoreDNS may well end now
# and then, for want of memory.
SETTLED_S, COREDNS_SETTLED_S = 90.0, 900.0
NO_LOG = regex(r"\s*unable to retrieve container logs for [^\n]{0,300}\s*\Z")
LINK_LOCAL = ("169.254.", "fe80:")
BY_HAND = (
    "mkdir incident; cd incident  # on a control-plane node\n"
    "journalctl -u kubelet --since -1h > kubelet.log\n"
    "crictl ps -aq --name 'apiserver|etcd|coredns' | "
    "xargs -I@ sh -c 'crictl logs @ > @.log 2>&1'\n"
    "cp /etc/resolv.conf .; ip addr > ip-addr.txt; ip route > ip-route.txt\n"
    "iptables-save > iptables-save.txt\n"
    "corediag run --from .  # there, or wherever you copy the folder to"
)


class Pool(Protocol):
    """Whatever calls a function for several items side by side, in the order of the items."""

    def map(
        self, function: Callable[[Given], Made], items: Iterable[Given], /
    ) -> Iterator[Made | TimeoutError]:
        """Yield the results, a TimeoutError in place of each that is late."""


@dataclass(frozen=True)
class LiveOptions:
    """How to reach the cluster, and how long to ask it.

    `on_request` is told of each request when it is over, from the thread that made it.
    """

    context: str | None = None
    kubeconfig: Path | None = None
    since_s: float = 3600.0
    timeout_s: float = 30.0
    request_timeout_s: float = 10.0
    connect_timeout_s: float = 5.0
    on_request: Callable[[Exchange], None] | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


def gather(asks: frozenset[Ask], *, options: LiveOptions, pool: Pool) -> Haul:
    """Return what the cluster answers to the asks.

    Raises SourceError when there is no way to ask it: no usable kubeconfig, or one whose
    credentials are refused. An API server that does not answer is a gap.
    """
    way = next(iter(pool.map(lambda _: access_or_error(options), (None,))))
    if isinstance(way, TimeoutError):
        raise SourceError(
            "the credential plugin of the kubeconfig did not end in time",
            "run its command by hand; give more time with --timeout",
        )
    if isinstance(way, SourceError):
        raise way
    client = Client(
        way.manager,
        way.host,
        way.headers,
        timeout_s=options.timeout_s,
        request_timeout_s=options.request_timeout_s,
        connect_timeout_s=options.connect_timeout_s,
        on_request=options.on_request,
    )
    source = f"cluster {visible(way.host)} (context {visible(way.context)})"
    probe = Request("/version")
    first = next(iter(pool.map(client.fetch, (probe,))))
    if isinstance(first, TimeoutError):
        first = Answer(probe, trouble=Trouble.DEADLINE)
    if first.status == 401:
        raise SourceError(
            f"{way.host} refuses the credentials of context {way.context!r} (401 Unauthorized)",
            f"log in again, or choose another --context; {WITHOUT}",
        )
    if first.trouble is Trouble.PROXY:
        # it tells of this machine, and nothing of the cluster
        raise SourceError(
            f"{way.host}: {first.trouble.value}: {first.detail}",
            "see proxy-url in the kubeconfig and HTTPS_PROXY; NO_PROXY names what goes without",
        )
    at = first.at or datetime.now(UTC)
    plans = {ask: PLANS[ask] for ask in Ask if ask in asks and ask in PLANS}
    if because := silent(first):
        return unreachable(way.host, because, frozenset(plans), source, at)
    run = Run(options, asks, at)
    drive(together(*(plan(run) for plan in plans.values())), client.fetch, pool, {probe: first})
    run.looked.update(plans)
    return Haul(
        parts=tuple(run.parts.values()),
        looked=frozenset(run.looked),
        gaps={ask: tuple(gaps) for ask, gaps in run.gaps.items()},
        source=source,
        taken_at=at,
    )


def access_or_error(options: LiveOptions) -> Any:
    """Return the access to the cluster, or the SourceError why there is none."""
    try:
        return access(options.kubeconfig, options.context, options.environ)
    except SourceError as error:
        return error


def silent(first: Answer) -> str:
    """Return why the first answer is not one of an API server that works; "" when it is."""
    if first.trouble is not Trouble.NONE:
        return f"{first.trouble.value}: {first.detail}" if first.detail else first.trouble.value
    if first.status in (403, 429):
        return ""  # what else it answers is worth a try
    if first.status != 200:
        return f"it answers {first.status}: {first.message or 'without a word'}"
    if not text_at(first.value, "gitVersion") and not text_at(first.value, "major"):
        return f"{Trouble.NOT_JSON.value}: no version"
    return ""


def unreachable(host: str, because: str, asks: frozenset[Ask], source: str, at: datetime) -> Haul:
    """Return the haul of a cluster whose API server does not answer: that, and gaps."""
    what = f"the Kubernetes API server {visible(host)}"
    by_hand = BY_HAND
    if because.startswith((Trouble.NOT_JSON.value, "it answers 3", "it answers 4")):
        by_hand = f"kubectl config view --minify  # is it the right server?\n{BY_HAND}"
    if because.startswith(Trouble.ENCRYPTION.value):
        by_hand = f"kubeadm certs check-expiration  # on a control-plane node\n{BY_HAND}"
    # What was tried is evidence of its own kind: a request that failed, in the words of its failure
    tried = f"GET {host}/version: {because}"
    return Haul(
        parts=(Part(Kind.LOG, OWN, tried, emitter=Emitter.API_CLIENT, taken_at=at),),
        gaps={
            ask: (
                Gap(
                    ASKS[ask].title,
                    GapKind.UNREACHABLE,
                    "the API server does not answer",
                    ASKS[ask].by_hand,
                ),
            )
            for ask in Ask
            if ask in asks
        },
        general_gaps=(Gap(what, GapKind.UNREACHABLE, because, by_hand),),
        source=source,
        taken_at=at,
    )


# ---------------------------------------------------------------- running plans


def drive(
    plan: Plan[Result],
    fetch: Callable[[Request], Answer],
    pool: Pool,
    known: Mapping[Request, Answer],
) -> Result:
    """Return what a plan returns, its requests answered; none is made twice."""
    answers = dict(known)
    try:
        wanted = next(plan)
        while True:
            fresh = [one for one in dict.fromkeys(wanted) if one not in answers]
            for request, answer in zip(fresh, pool.map(fetch, fresh), strict=True):
                late = isinstance(answer, TimeoutError)
                answers[request] = (
                    Answer(request, trouble=Trouble.DEADLINE) if late else answer  # type: ignore[assignment]
                )
            wanted = plan.send([answers[one] for one in wanted])
    except StopIteration as end:
        result: Result = end.value
        return result


def together(*plans: Plan[Result]) -> Plan[list[Result]]:
    """Return one plan that runs several side by side, and returns their results in order."""
    results: dict[int, Result] = {}
    waiting: dict[int, Sequence[Request]] = {}
    for number, plan in enumerate(plans):
        step(number, plan, None, waiting, results)
    while waiting:
        wanted = list(dict.fromkeys(one for several in waiting.values() for one in several))
        answers = dict(zip(wanted, (yield wanted), strict=True))
        for number, several in list(waiting.items()):
            step(number, plans[number], [answers[one] for one in several], waiting, results)
    return [results[number] for number in range(len(plans))]


def step(
    number: int,
    plan: Plan[Result],
    answers: Sequence[Answer] | None,
    waiting: dict[int, Sequence[Request]],
    results: dict[int, Result],
) -> None:
    """Advance one plan by its answers: to its next requests, or to its result."""
    try:
        waiting[number] = next(plan) if answers is None else plan.send(answers)
    except StopIteration as end:
        waiting.pop(number, None)
        results[number] = end.value


class Run:
    """What the plans of one run have found so far. Noting the same thing twice changes nothing."""

    def __init__(self, options: LiveOptions, asks: frozenset[Ask], now: datetime) -> None:
        """Know nothing yet."""
        self.options = options
        self.asks = asks
        self.now = now
        self.parts: dict[tuple[Ask, Request], Part] = {}
        self.gaps: dict[Ask, dict[Gap, None]] = {}
        self.looked: set[Ask] = set()

    def gap(self, ask: Ask, kind: GapKind, because: str, close: str = "", what: str = "") -> None:
        """Note what is missing of an ask, and what would close it."""
        gap = Gap(what or ASKS[ask].title, kind, because, close)
        self.gaps.setdefault(ask, {})[gap] = None

    def unknown_by(self, ask: Ask, source: Ask) -> bool:
        """Whether an ask cannot be carried out for what is missing of another; then so is this."""
        for gap in self.gaps.get(source, ()):
            self.gap(ask, gap.kind, f"{gap.what} are not known: {gap.because}", gap.ask)
        return source in self.gaps

    def refused(self, ask: Ask, answer: Answer, verb: str, what: str = "") -> None:
        """Note an answer that does not bring what was asked for."""
        gap = gap_of(answer, verb)
        self.gap(ask, gap.kind, gap.because, gap.ask or ASKS[ask].by_hand, what)

    def objects(self, ask: Ask, answer: Answer, origin: str, *, whole: bool = True) -> None:
        """Keep an answer that holds API objects."""
        self.parts[ask, answer.request] = Part(
            kind=Kind.OBJECTS,
            origin=origin,
            text=decode(answer.body)[0],
            ask=ask,
            whole=whole,
            taken_at=answer.at or datetime.now(UTC),
        )


def gap_of(answer: Answer, verb: str) -> Gap:
    """Return the gap that a request left; `verb` is what was tried, as RBAC says it."""
    what = visible(answer.request.target)
    if answer.trouble is not Trouble.NONE:
        because = answer.trouble.value + (f": {answer.detail}" if answer.detail else "")
        kind = {
            Trouble.TOO_LARGE: GapKind.PARTIAL,
            Trouble.CUT: GapKind.MALFORMED,
            Trouble.NOT_JSON: GapKind.MALFORMED,
        }.get(answer.trouble, GapKind.UNREACHABLE)
        ask = ""
        if answer.trouble in (Trouble.DEADLINE, Trouble.TIMEOUT):
            ask = "give it more time: --timeout 2m"
        return Gap(what, kind, because, ask)
    if answer.status == 401:
        return Gap(what, GapKind.DENIED, "the credentials are refused (401)", "log in again")
    if answer.status == 403:
        ask = f"permission to {verb}; `corediag rbac` prints the role"
        return Gap(what, GapKind.DENIED, f"forbidden: {answer.message}", ask)
    if answer.status == 429:
        return Gap(what, GapKind.UNREACHABLE, "the API server is too busy (429)", "try again later")
    if answer.status == 404:
        return Gap(what, GapKind.NOT_COLLECTED, f"not found: {answer.message}")
    return Gap(what, GapKind.UNREACHABLE, f"answered {answer.status}: {answer.message}")


# ---------------------------------------------------------------- reading objects


def at(value: object, *path: str | int) -> Any:
    """Return what stands at a path in decoded JSON; None when there is nothing of that shape."""
    for one in path:
        if isinstance(one, int):
            value = value[one] if isinstance(value, list) and len(value) > one else None
        else:
            value = value.get(one) if isinstance(value, Mapping) else None
    return value


def text_at(value: object, *path: str | int) -> str:
    """Return the text at a path; "" when there is none."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def number_at(value: object, *path: str | int) -> int:
    """Return the whole number at a path; 0 when there is none, as the API leaves zeros out."""
    found = at(value, *path)
    return found if isinstance(found, int) else 0


def several_at(value: object, *path: str | int) -> list[Object]:
    """Return the objects of the list at a path."""
    found = at(value, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def labels_at(value: object, *path: str | int) -> dict[str, str]:
    """Return the texts of the mapping at a path."""
    found = at(value, *path)
    if not isinstance(found, dict):
        return {}
    return {key: one for key, one in found.items() if isinstance(one, str)}


def name_of(one: Object) -> str:
    """Return an object's name."""
    return text_at(one, "metadata", "name")


def space_of(one: Object) -> str:
    """Return an object's namespace."""
    return text_at(one, "metadata", "namespace")


def selector_text(labels: Mapping[str, str]) -> str:
    """Return labels as a selector."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


# ---------------------------------------------------------------- steps that plans share


@dataclass(frozen=True)
class Listing:
    """What a list brought; `answered` says whether anything came, `whole` whether all did."""

    items: tuple[Object, ...] = ()
    answered: bool = False
    whole: bool = False


def listed(
    run: Run,
    ask: Ask,
    path: str,
    origin: str,
    *,
    labels: str = "",
    fields: str = "",
    namespace: str = "",
    limit: int = PAGE,
    pages: int = 1,
    keep: bool = True,
    more_is_fine: bool = False,
) -> Plan[Listing]:
    """List a resource page by page; what does not come becomes a gap of the ask.

    `path` ends with the resource's name. Without a namespace it is listed in all of them, and
    where that is forbidden in kube-system alone. `keep` keeps the answers as parts.
    """
    resource = path.rpartition("/")[2]
    query = [("labelSelector", labels), ("fieldSelector", fields), ("limit", str(limit))]
    query = [(key, value) for key, value in query if value]
    items: list[Object] = []
    token, page, renewed, narrow = "", 0, False, False
    while True:
        place = namespace or (KUBE_SYSTEM if narrow else "")
        target = f"{path.removesuffix(resource)}namespaces/{place}/{resource}" if place else path
        more = [("continue", token)] if token else []
        (answer,) = yield [Request(target, (*query, *more))]
        if answer.status == 410 and token and not renewed:
            # the list's version expired; the server hands out a token to go on with another one
            token, renewed = text_at(answer.value, "metadata", "continue"), True
            if token:
                continue
        if answer.fine and not is_list(answer.value):
            answer = replace(answer, trouble=Trouble.NOT_JSON, detail="no list")
        if not answer.fine:
            where = f"in {namespace}" if namespace else "in all namespaces"
            if answer.status == 403 and not place and resource != "nodes":
                narrow = True
                continue
            if page:
                gap = gap_of(answer, "")
                run.gap(ask, GapKind.PARTIAL, f"only {len(items)} were read: {gap.because}")
            else:
                run.refused(ask, answer, f"list {resource} {where}")
            return Listing(tuple(items), bool(page))
        if narrow and not page:
            run.gap(
                ask,
                GapKind.PARTIAL,
                f"only those of {KUBE_SYSTEM}: listing all namespaces is forbidden",
                f"permission to list {resource} in all namespaces; `corediag rbac` prints the role",
            )
        found = several_at(answer.value, "items")
        token = text_at(answer.value, "metadata", "continue")
        if found and keep:
            numbered = f"{origin}, page {page + 1}" if page else origin
            run.objects(ask, answer, numbered, whole=not token)
        items += found
        page += 1
        if not token:
            return Listing(tuple(items), answered=True, whole=not narrow)
        if page >= pages:
            if not more_is_fine:
                rest = number_at(answer.value, "metadata", "remainingItemCount")
                left = f"{rest} more were" if rest else "the rest was"
                run.gap(ask, GapKind.PARTIAL, f"{len(items)} {resource} were read, {left} not")
            return Listing(tuple(items), answered=True)


def is_list(value: Object) -> bool:
    """Whether an answer is a list; an empty one may hold null."""
    return "items" in value and isinstance(value["items"], list | NoneType)


def got(*paths: str) -> Plan[Sequence[Answer]]:
    """Return the answers to several gets."""
    if not paths:
        return ()
    answers = yield [Request(path) for path in paths]
    return answers


def config_maps(
    run: Run, ask: Ask, names: Sequence[tuple[str, str]], *, first_only: bool = False
) -> Plan[int]:
    """Get ConfigMaps by namespace and name; return how many exist. None is no gap.

    With `first_only` they are guesses, and the first that exists is the one.
    """
    answers = yield from got(*(f"/api/v1/namespaces/{ns}/configmaps/{name}" for ns, name in names))
    count = 0
    for (namespace, name), answer in zip(names, answers, strict=True):
        if answer.fine and not (first_only and count):
            run.objects(ask, answer, f"configmap {namespace}/{name}")
            count += 1
        elif not answer.fine and answer.status != 404:
            what = f"the ConfigMap {namespace}/{name}"
            run.refused(ask, answer, f"get configmaps in {namespace}", what)
    return count


# ---------------------------------------------------------------- plans: DNS itself


def dns_services(run: Run) -> Plan[list[Object]]:
    """The Services that serve DNS: by labels, else by name, and by the kubelets' address."""
    ask, path = Ask.DNS_SERVICES, "/api/v1/services"
    run.looked.add(ask)
    lists = yield from together(
        *(
            listed(run, ask, path, f"services by {key_of(selector)}", labels=selector)
            for selector in DNS_SELECTORS
        )
    )
    found = [one for each in lists for one in each.items]
    if not found:
        lists = yield from together(
            *(
                listed(run, ask, path, f"services named {name}", fields=f"metadata.name={name}")
                for name in DNS_SERVICE_NAMES
            )
        )
        found = [one for each in lists for one in each.items]
    if Ask.KUBELET_CONFIG in run.asks or not found:
        told = yield from kubelet_config(run)
        having = {ip for one in found for ip in addresses_of(one)}
        open_ones = [ip for ip in told if ip not in having and not ip.startswith(LINK_LOCAL)]
        lists = yield from together(
            *(
                listed(run, ask, path, f"services at {ip}", fields=f"spec.clusterIP={ip}")
                for ip in open_ones[:2]
            )
        )
        found += [one for each in lists for one in each.items]
    return found


def key_of(selector: str) -> str:
    """Return the label that a selector begins with."""
    return selector.partition(" ")[0]


def addresses_of(service: Object) -> list[str]:
    """Return a Service's cluster addresses."""
    several = at(service, "spec", "clusterIPs")
    found = [ip for ip in several if isinstance(ip, str)] if isinstance(several, list) else []
    return found or [text_at(service, "spec", "clusterIP")]


def dns_pods(run: Run) -> Plan[list[Object]]:
    """The pods that serve DNS: by labels, and by the selectors of the Services."""
    ask, path = Ask.DNS_PODS, "/api/v1/pods"
    run.looked.add(ask)
    *lists, services = yield from together(
        *(
            listed(run, ask, path, f"pods by {key_of(selector)}", labels=selector)
            for selector in DNS_SELECTORS
        ),
        dns_services_only(run),
    )
    selectors = {
        (space_of(one), selector_text(labels))
        for one in services.items
        if (labels := labels_at(one, "spec", "selector")) and not by_labels(labels)
    }
    lists += yield from together(
        *(
            listed(run, ask, path, f"pods by {labels}", labels=labels, namespace=namespace)
            for namespace, labels in sorted(selectors)[:MOST_SERVICES]
        )
    )
    pods = {(space_of(one), name_of(one)): one for each in lists for one in each.items}
    return list(pods.values())


def dns_services_only(run: Run) -> Plan[Listing]:
    """Return the Services that serve DNS as a listing, to run beside other lists."""
    services = yield from dns_services(run)
    return Listing(tuple(services), answered=True)


def by_labels(labels: Mapping[str, str]) -> bool:
    """Whether the pods of a selector are among those that DNS_SELECTORS find."""
    return labels.get("k8s-app") in ("kube-dns", "coredns") or labels.get(
        "app.kubernetes.io/name"
    ) in ("coredns", "kube-dns", "rke2-coredns")


def dns_endpoints(run: Run) -> Plan[None]:
    """What stands behind the DNS Services: EndpointSlices, where there are none Endpoints."""
    ask = Ask.DNS_ENDPOINTS
    services = yield from dns_services(run)
    run.unknown_by(ask, Ask.DNS_SERVICES)
    yield from together(
        *(endpoints_of(run, space_of(one), name_of(one)) for one in services[:MOST_SERVICES])
    )
    if len(services) > MOST_SERVICES:
        run.gap(ask, GapKind.PARTIAL, f"of {len(services)} services {MOST_SERVICES} were looked at")


def endpoints_of(run: Run, namespace: str, service: str) -> Plan[None]:
    """The endpoints of one Service; slices that cannot be had are made up for by Endpoints."""
    ask = Ask.DNS_ENDPOINTS
    slices = Request(
        f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices",
        (("labelSelector", f"kubernetes.io/service-name={service}"), ("limit", str(PAGE))),
    )
    (answer,) = yield [slices]
    if answer.fine and is_list(answer.value):
        if several_at(answer.value, "items"):
            run.objects(ask, answer, f"endpointslices of {namespace}/{service}")
        return
    (instead,) = yield [Request(f"/api/v1/namespaces/{namespace}/endpoints/{service}")]
    if instead.fine:
        run.objects(ask, instead, f"endpoints {namespace}/{service}")
    elif instead.status != 404:
        run.refused(ask, answer, f"list endpointslices in {namespace}")


def deployments(run: Run) -> Plan[list[Object]]:
    """The Deployments that run CoreDNS, by labels, else by name."""
    ask, path = Ask.DEPLOYMENTS, "/apis/apps/v1/deployments"
    run.looked.add(ask)
    lists = yield from together(
        *(
            listed(run, ask, path, f"deployments by {key_of(selector)}", labels=selector)
            for selector in DNS_SELECTORS
        )
    )
    if not any(each.items for each in lists):
        lists = yield from together(
            *(
                listed(run, ask, path, f"deployments named {name}", fields=f"metadata.name={name}")
                for name in ("coredns", "kube-dns")
            )
        )
    return [one for each in lists for one in each.items]


def dns_config(run: Run) -> Plan[None]:
    """The ConfigMaps that CoreDNS's pods mount, else those of the usual names."""
    ask = Ask.DNS_CONFIG
    pods = yield from dns_pods(run)
    names = configs_of((space_of(pod), at(pod, "spec", "volumes")) for pod in pods)
    if not names:
        found = yield from deployments(run)
        names = configs_of(
            (space_of(one), at(one, "spec", "template", "spec", "volumes")) for one in found
        )
    count = yield from config_maps(run, ask, names[:MOST_CONFIGS])
    if not count:
        guesses = [one for one in DNS_CONFIGS if one not in names]
        if not (yield from config_maps(run, ask, guesses, first_only=True)):
            run.unknown_by(ask, Ask.DNS_PODS)


def configs_of(places: Iterable[tuple[str, object]]) -> list[tuple[str, str]]:
    """Return the ConfigMaps that volumes take, as (namespace, name) without doubles."""
    names: dict[tuple[str, str], None] = {}
    for namespace, volumes in places:
        for volume in several_at(volumes if isinstance(volumes, list) else []):
            sources = [at(volume, "configMap")]
            sources += [at(one, "configMap") for one in several_at(volume, "projected", "sources")]
            for source in sources:
                name = text_at(source, "name")
                if name and name not in EVERYWHERE:
                    names[namespace, name] = None
    return list(names)


def dns_logs(run: Run) -> Plan[None]:
    """The logs of the pods that serve DNS, those first that are not well."""
    pods = yield from dns_pods(run)
    if not run.unknown_by(Ask.DNS_LOGS, Ask.DNS_PODS) and not pods:
        run.gap(Ask.DNS_LOGS, GapKind.NOT_COLLECTED, "there is no pod that could have one")
    chosen = sorted(pods, key=lambda pod: (rank_of(pod), name_of(pod)))[:MOST_DNS_LOGS]
    yield from logs_of(run, Ask.DNS_LOGS, chosen, Emitter.COREDNS, DNS_LINES)
    if len(pods) > len(chosen):
        run.gap(
            Ask.DNS_LOGS,
            GapKind.PARTIAL,
            f"of {len(pods)} pods the logs of {len(chosen)} were read, those not well first",
            ASKS[Ask.DNS_LOGS].by_hand,
        )


def rbac(run: Run) -> Plan[None]:
    """CoreDNS's ClusterRole and its binding; that they do not exist is told by the answer."""
    ask = Ask.RBAC
    yield from role_and_binding(run, DNS_ROLES[:1])
    if any(part_ask is ask and found.whole for (part_ask, _), found in run.parts.items()):
        return
    if ask in run.gaps:
        return
    pods = yield from dns_pods(run)
    if run.unknown_by(ask, Ask.DNS_PODS):
        return  # they may run under an account of another name
    accounts = [text_at(pod, "spec", "serviceAccountName") for pod in pods]
    names = list(dict.fromkeys((*DNS_ROLES, *(one for one in accounts if one))))
    yield from role_and_binding(run, names)


def role_and_binding(run: Run, names: Sequence[str]) -> Plan[None]:
    """The first ClusterRole and binding of some names that exist; of several none: the first 404.

    Of one name alone nothing is kept when neither exists: it may have another.
    """
    path = "/apis/rbac.authorization.k8s.io/v1"
    roles = yield from got(*(f"{path}/clusterroles/{name}" for name in names))
    bindings = yield from got(*(f"{path}/clusterrolebindings/{name}" for name in names))
    for kind, answers in (("clusterrole", roles), ("clusterrolebinding", bindings)):
        fine = next((one for one in answers if one.fine), None)
        failed = next((one for one in answers if one.status != 404 and not one.fine), None)
        if fine is not None:
            name = names[list(answers).index(fine)]
            run.objects(Ask.RBAC, fine, f"{kind} {name}")
        elif failed is not None:
            run.refused(Ask.RBAC, failed, f"get {kind}s")
        elif len(names) > 1 or any(one.fine for one in (*roles, *bindings)):
            run.objects(Ask.RBAC, answers[0], f"{kind} {names[0]}")


# ---------------------------------------------------------------- plans: nodes and their agents


def daemon_sets(run: Run) -> Plan[Listing]:
    """All DaemonSets: their status tells whether node agents are well, in one answer."""
    run.looked.add(Ask.DAEMON_SETS)
    path = "/apis/apps/v1/daemonsets"
    found = yield from listed(run, Ask.DAEMON_SETS, path, "daemonsets", pages=MOST_PAGES)
    return found


def network_policies(run: Run) -> Plan[None]:
    """All network policies, since each adds to what the others allow."""
    ask, path = Ask.NETWORK_POLICIES, "/apis/networking.k8s.io/v1/networkpolicies"
    yield from listed(run, ask, path, "networkpolicies", pages=MOST_PAGES)


def is_whole(daemon_set: Object) -> bool:
    """Whether as many of a DaemonSet's pods are ready as there should be."""
    status = at(daemon_set, "status")
    desired = number_at(status, "desiredNumberScheduled")
    return number_at(status, "numberReady") >= desired and not number_at(
        status, "numberMisscheduled"
    )


def agents(found: Listing, *words: str) -> list[Object]:
    """Return the DaemonSets that a word names."""
    return [one for one in found.items if any(word in name_of(one) for word in words)]


def pods_of_set(run: Run, ask: Ask, daemon_set: Object) -> Plan[Listing]:
    """The pods of one DaemonSet, up to a bound."""
    namespace, name = space_of(daemon_set), name_of(daemon_set)
    labels = selector_text(labels_at(daemon_set, "spec", "selector", "matchLabels"))
    if not labels:
        return Listing()
    found = yield from listed(
        run,
        ask,
        "/api/v1/pods",
        f"pods of {namespace}/{name}",
        labels=labels,
        namespace=namespace,
        limit=MOST_PODS,
    )
    return found


def system_pods(run: Run) -> Plan[None]:
    """The pods of node agents that are not well, and the pods that wait to start."""
    ask = Ask.SYSTEM_PODS
    run.looked.add(ask)
    found, _ = yield from together(
        daemon_sets(run),
        listed(
            run,
            ask,
            "/api/v1/pods",
            "pods that are pending",
            fields="status.phase=Pending",
            limit=MOST_WAITING,
        ),
    )
    if not found.answered:
        run.gap(ask, GapKind.PARTIAL, "which node agents are not well is not known: no DaemonSets")
    broken = [one for one in agents(found, *AGENTS) if not is_whole(one)]
    yield from together(*(pods_of_set(run, ask, one) for one in broken[:MOST_SETS]))
    for one in broken[MOST_SETS:]:
        run.gap(ask, GapKind.PARTIAL, f"the pods of DaemonSet {name_of(one)} were not looked at")


def agent_logs(
    run: Run, ask: Ask, words: tuple[str, ...], emitter: Emitter, absent: str
) -> Plan[None]:
    """The logs of some pods of a node agent: those not well, else those beside CoreDNS."""
    found = yield from daemon_sets(run)
    sets = agents(found, *words)
    if not sets:
        if found.answered:
            run.gap(ask, GapKind.NOT_COLLECTED, absent, ASKS[ask].by_hand)
        else:
            run.gap(ask, GapKind.NOT_COLLECTED, "the DaemonSets are not known", ASKS[ask].by_hand)
        return
    yield from together(
        *(logs_of_set(run, ask, one, emitter) for one in sets[:MOST_SETS]),
    )


def logs_of_set(run: Run, ask: Ask, daemon_set: Object, emitter: Emitter) -> Plan[None]:
    """The logs of some pods of one DaemonSet."""
    wanted = number_at(daemon_set, "status", "desiredNumberScheduled")
    dns = yield from dns_pods(run)
    beside = {text_at(pod, "spec", "nodeName"): rank_of(pod) for pod in dns}
    nodes = sorted((node for node in beside if node), key=lambda node: (beside[node], node))
    if is_whole(daemon_set):
        pods = yield from sampled(run, ask, daemon_set, nodes[:SAMPLE])
    else:
        listing = yield from pods_of_set(run, Ask.SYSTEM_PODS, daemon_set)
        pods = sorted(
            listing.items,
            key=lambda pod: (
                rank_of(pod),
                text_at(pod, "spec", "nodeName") not in beside,
                name_of(pod),
            ),
        )[:MOST_LOGS]
    yield from logs_of(run, ask, pods, emitter, LINES)
    if len(pods) < wanted:
        run.gap(
            ask,
            GapKind.PARTIAL,
            f"of {wanted} pods of {name_of(daemon_set)} the logs of {len(pods)} were read",
            ASKS[ask].by_hand,
        )


def sampled(run: Run, ask: Ask, daemon_set: Object, nodes: Sequence[str]) -> Plan[list[Object]]:
    """Return a few pods of a DaemonSet that is well: those on some nodes, else any."""
    namespace = space_of(daemon_set)
    labels = selector_text(labels_at(daemon_set, "spec", "selector", "matchLabels"))
    if not labels:
        return []
    lists = yield from together(
        *(
            listed(
                run,
                ask,
                "/api/v1/pods",
                "",
                labels=labels,
                fields=f"spec.nodeName={node}" if node else "",
                namespace=namespace,
                limit=1 if node else SAMPLE,
                keep=False,
                more_is_fine=True,
            )
            for node in nodes or [""]
        )
    )
    return [one for each in lists for one in each.items]


def proxy_logs(run: Run) -> Plan[None]:
    """The logs of kube-proxy."""
    absent = "no DaemonSet of kube-proxy: it runs on the hosts, or something else stands for it"
    yield from agent_logs(run, Ask.PROXY_LOGS, ("kube-proxy",), Emitter.KUBE_PROXY, absent)


def flannel_logs(run: Run) -> Plan[None]:
    """The logs of flannel."""
    absent = "no DaemonSet of flannel: another network add-on, or flannel on the hosts"
    yield from agent_logs(run, Ask.FLANNEL_LOGS, ("flannel", "canal"), Emitter.FLANNEL, absent)


def flannel_config(run: Run) -> Plan[None]:
    """The ConfigMaps that flannel's pods mount; of the usual names where that is not known."""
    found = yield from daemon_sets(run)
    sets = agents(found, "flannel", "canal")
    names = configs_of(
        (space_of(one), at(one, "spec", "template", "spec", "volumes")) for one in sets
    )
    if found.answered:
        yield from config_maps(run, Ask.FLANNEL_CONFIG, names[:MOST_CONFIGS])
    else:
        ask = Ask.FLANNEL_CONFIG
        if not (yield from config_maps(run, ask, FLANNEL_CONFIGS, first_only=True)):
            run.unknown_by(ask, Ask.DAEMON_SETS)


def controller_manager_logs(run: Run) -> Plan[None]:
    """The logs of kube-controller-manager, where it runs as pods."""
    ask = Ask.CONTROLLER_MANAGER_LOGS
    found = yield from listed(
        run,
        ask,
        "/api/v1/pods",
        "",
        labels="component=kube-controller-manager",
        namespace=KUBE_SYSTEM,
        limit=5,
        keep=False,
    )
    if found.answered and not found.items:
        because = "it does not run as a pod here"
        run.gap(ask, GapKind.NOT_COLLECTED, because, "the log of the managed control plane")
    yield from logs_of(run, ask, found.items, Emitter.CONTROLLER_MANAGER, LINES)


def events(run: Run) -> Plan[None]:
    """Warning events; when there are too many, in any case those that tell most."""
    ask, path, kind = Ask.EVENTS, "/api/v1/events", "type=Warning"
    found = yield from listed(run, ask, path, "events", fields=kind, pages=MOST_PAGES)
    if found.answered and not found.whole and len(found.items) >= PAGE:
        yield from together(
            *(
                listed(run, ask, path, f"events {reason}", fields=f"{kind},reason={reason}")
                for reason in TELLING
            )
        )


def nodes(run: Run) -> Plan[None]:
    """The nodes: whole up to a page; of more, a table, and apart those that are not Ready."""
    ask, path = Ask.NODES, "/api/v1/nodes"
    first = yield from listed(run, ask, path, "nodes", more_is_fine=True)
    if first.whole or not first.answered:
        return
    (answer,) = yield [Request(path, accept=TABLE)]
    if not answer.fine or text_at(answer.value, "kind") != "Table":
        run.gap(ask, GapKind.PARTIAL, f"of more nodes only {len(first.items)} were read")
        return
    read = {name_of(one) for one in first.items}
    rows = [row for row in table_rows(answer.value) if row[0] not in read]
    columns = [text_at(one, "name") for one in several_at(answer.value, "columnDefinitions")]
    run.parts[ask, answer.request] = Part(
        kind=Kind.TABLE,
        origin="table of nodes",
        text=as_table([[one.upper() for one in columns], *rows]),
        command="kubectl get nodes -o wide",
        ask=ask,
        whole=True,
        taken_at=answer.at or datetime.now(UTC),
    )
    status = columns.index("Status") if "Status" in columns else 1
    bad = [row[0] for row in rows if len(row) > status and not row[status].startswith("Ready")]
    answers = yield from got(*(f"{path}/{name}" for name in bad[:MOST_NODES_APART]))
    for name, each in zip(bad, answers, strict=False):
        if each.fine:
            run.objects(ask, each, f"node {name}")
    if len(bad) > MOST_NODES_APART:
        run.gap(ask, GapKind.PARTIAL, f"of {len(bad)} nodes that are not Ready some were not read")


def table_rows(value: Object) -> list[list[str]]:
    """Return the cells of a Table's rows as texts."""
    return [
        [str(cell) if cell not in (None, "") else "<none>" for cell in cells]
        for row in several_at(value, "rows")
        if isinstance(cells := row.get("cells"), list) and cells
    ]


def as_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as kubectl prints them: in columns, three blanks between."""
    width = max(map(len, rows), default=0)
    widths = [max((len(row[n]) for row in rows if n < len(row)), default=0) for n in range(width)]
    return "".join(
        "   ".join(cell.ljust(widths[n]) for n, cell in enumerate(row)).rstrip() + "\n"
        for row in rows
    )


def kubelet_config(run: Run) -> Plan[list[str]]:
    """The kubelets' configuration as kubeadm keeps it; return the DNS addresses in it."""
    ask = Ask.KUBELET_CONFIG
    path = f"/api/v1/namespaces/{KUBE_SYSTEM}/configmaps"
    (answer,) = yield from got(f"{path}/kubelet-config")
    if answer.status == 404:
        (version,) = yield from got("/version")  # before 1.24 its name held the version
        minor = re.sub(r"\D", "", text_at(version.value, "minor"))
        if minor:
            (answer,) = yield from got(f"{path}/kubelet-config-1.{minor}")
    if answer.fine:
        run.looked.add(ask)
        run.objects(ask, answer, f"configmap {KUBE_SYSTEM}/{name_of(answer.value)}")
        return dns_addresses(text_at(answer.value, "data", "kubelet"))
    if ask in run.asks:
        if answer.status == 404:
            because = "the API does not hold it: kubeadm's ConfigMap kubelet-config does not exist"
            run.gap(ask, GapKind.NOT_COLLECTED, because, ASKS[ask].by_hand)
        else:
            run.refused(ask, answer, f"get configmaps in {KUBE_SYSTEM}")
    return []


def dns_addresses(text: str) -> list[str]:
    """Return clusterDNS of a KubeletConfiguration; nothing when it cannot be read."""
    found = next((at(one.value, "clusterDNS") for one in decoded(text).found), None)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


# ---------------------------------------------------------------- logs


def rank_of(pod: Object) -> int:
    """Return 0 for a pod that is not ready, 1 for one that was restarted, else 2."""
    ready = any(
        text_at(one, "type") == "Ready" and text_at(one, "status") == "True"
        for one in several_at(pod, "status", "conditions")
    )
    if not ready:
        return 0
    return 1 if any(map(ended, several_at(pod, "status", "containerStatuses"))) else 2


def ended(status: Object) -> bool:
    """Whether a container has run and ended before, so that a log of that run may be there."""
    return number_at(status, "restartCount") > 0 or bool(at(status, "lastState", "terminated"))


def container_of(pod: Object, emitter: Emitter) -> str:
    """Return the name of the container whose log tells: CoreDNS's own, else the first."""
    names = [
        name for one in several_at(pod, "spec", "containers") if (name := text_at(one, "name"))
    ]
    if emitter is Emitter.COREDNS:
        return next((one for one in DNS_CONTAINERS if one in names), names[0] if names else "")
    return names[0] if names else ""


def logs_of(run: Run, ask: Ask, pods: Sequence[Object], emitter: Emitter, lines: int) -> Plan[None]:
    """The logs of one container of each pod, and of the run before where it was restarted."""
    wanted: list[tuple[Object, str, bool, Request]] = []
    long_s = COREDNS_SETTLED_S if emitter is Emitter.COREDNS else SETTLED_S
    if emitter is Emitter.CONTROLLER_MANAGER:
        long_s = 0.0  # it says nothing of DNS but what it says now
    for pod in pods:
        container = container_of(pod, emitter)
        status = next(
            (
                one
                for one in several_at(pod, "status", "containerStatuses")
                if text_at(one, "name") == container
            ),
            {},
        )
        runs_before = ended(status)
        started = runs_before or at(status, "state", "running") or at(status, "state", "terminated")
        if not started:
            reason = text_at(status, "state", "waiting", "reason") or "Pending"
            because = f"its container has not started: {reason}"
            run.gap(ask, GapKind.NOT_COLLECTED, because, "", f"the log of {title(pod)}")
            continue
        with_previous = runs_before and not settled(status, long_s, run.now)
        for previous in (False, True) if with_previous else (False,):
            request = log_request(run, pod, container, lines, previous=previous)
            wanted.append((pod, container, previous, request))
    if not wanted:
        return
    answers = yield [request for *_, request in wanted]
    for (pod, container, previous, _), answer in zip(wanted, answers, strict=True):
        log_part(run, ask, emitter, pod, container, answer=answer, lines=lines, previous=previous)


def title(pod: Object) -> str:
    """Return a pod's namespace and name."""
    return f"{space_of(pod)}/{name_of(pod)}"


def settled(status: Object, long_s: float, now: datetime) -> bool:
    """Whether a container is ready and has run for so long that its run before is history."""
    started = ages.instant(text_at(status, "state", "running", "startedAt"))
    if started is None or status.get("ready") is not True:
        return False
    return (now - started).total_seconds() > long_s


def log_request(run: Run, pod: Object, container: str, lines: int, *, previous: bool) -> Request:
    """Return the request for the end of a log.

    Only that of a container that runs is bounded in time: the one before ended when it did.
    """
    query = [("container", container)] if container else []
    query += [("previous", "true")] if previous else []
    if not previous:
        query.append(("sinceSeconds", str(max(1, int(run.options.since_s)))))
    query += [("tailLines", str(lines)), ("timestamps", "true")]
    path = f"/api/v1/namespaces/{space_of(pod)}/pods/{name_of(pod)}/log"
    return Request(path, tuple(query), text=True, most_bytes=LOG_BYTES)


def log_part(
    run: Run,
    ask: Ask,
    emitter: Emitter,
    pod: Object,
    container: str,
    *,
    answer: Answer,
    lines: int,
    previous: bool,
) -> None:
    """Keep a log, or note why it did not come or not whole."""
    what = f"the {'previous ' if previous else ''}log of {title(pod)}"
    by_hand = f"kubectl -n {space_of(pod)} logs {name_of(pod)}{' --previous' if previous else ''}"
    cut = answer.trouble in (Trouble.CUT, Trouble.TOO_LARGE, Trouble.TIMEOUT) and bool(answer.body)
    if not answer.fine and not (cut and answer.status == 200):
        gap = gap_of(answer, f"get pods/log in {space_of(pod)}")
        kind = GapKind.PARTIAL if previous and answer.status in (400, 404) else gap.kind
        run.gap(ask, kind, gap.because, gap.ask or by_hand, what)
        return
    text = decode(answer.body)[0]
    if NO_LOG.match(text):
        # the kubelet says so with status 200 when the container's file is gone already
        because = "the node no longer has it: " + visible(text.strip())
        run.gap(ask, GapKind.PARTIAL if previous else GapKind.NOT_COLLECTED, because, by_hand, what)
        return
    whole = not cut and text.count("\n") < lines
    if cut:
        gap = gap_of(answer, "")
        run.gap(ask, GapKind.PARTIAL, f"{gap.because}; what came before is used", by_hand, what)
    elif not whole:
        run.gap(ask, GapKind.PARTIAL, f"only its last {lines} lines were read", by_hand, what)
    run.parts[ask, answer.request] = Part(
        kind=Kind.LOG,
        origin=f"{title(pod)}{'.previous' if previous else ''}.log",
        text=text,
        emitter=emitter,
        subject=Subject("Pod", name_of(pod), space_of(pod), text_at(pod, "spec", "nodeName")),
        container=container,
        ask=ask,
        previous=previous,
        whole=whole,
        taken_at=answer.at or datetime.now(UTC),
    )


PLANS: Mapping[Ask, Callable[[Run], Plan[Any]]] = {
    Ask.DNS_PODS: dns_pods,
    Ask.DNS_SERVICES: dns_services,
    Ask.DNS_ENDPOINTS: dns_endpoints,
    Ask.DNS_CONFIG: dns_config,
    Ask.DNS_LOGS: dns_logs,
    Ask.DAEMON_SETS: daemon_sets,
    Ask.DEPLOYMENTS: deployments,
    Ask.SYSTEM_PODS: system_pods,
    Ask.EVENTS: events,
    Ask.NODES: nodes,
    Ask.KUBELET_CONFIG: kubelet_config,
    Ask.RBAC: rbac,
    Ask.PROXY_LOGS: proxy_logs,
    Ask.FLANNEL_LOGS: flannel_logs,
    Ask.FLANNEL_CONFIG: flannel_config,
    Ask.CONTROLLER_MANAGER_LOGS: controller_manager_logs,
    Ask.NETWORK_POLICIES: network_policies,
}
