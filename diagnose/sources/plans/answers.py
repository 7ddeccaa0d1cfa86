"""Plans that ask DNS: each CoreDNS pod past the network, and from pods and nodes as they ask.

The first goes over a port-forward, so that only the server itself is in question. It is TCP all
the way: CoreDNS asks an upstream by the transport that it was asked by (plugin/forward, unless it
has prefer_udp), so that its answer about a name outside tells nothing of UDP. The second runs
one script in a few pods that run anyway, in two rounds: one question for each server, and only
where that failed or differs more of them. What the world outside answers is asked from one node
and one pod, unless CoreDNS itself fails with it.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime

from diagnose.asks import ASKS, Ask
from diagnose.evidence import Evidence
from diagnose.facts.corefile import Corefile
from diagnose.facts.dns_answers import (
    Asked,
    NameKind,
    Place,
    PlaceKind,
    Server,
    ServerRole,
)
from diagnose.facts.kubelet_config import KubeletConfig
from diagnose.facts.lookups import NOWHERE, Outcome
from diagnose.facts.names import DEFAULT_DOMAIN
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.facts.upstream_failures import host as host_of
from diagnose.facts.upstream_failures import port as port_of
from diagnose.model import Gap, GapKind, Subject
from diagnose.parsers import parser_of
from diagnose.parsers.answers import text_of
from diagnose.parts import Kind, Part
from diagnose.sources import asking
from diagnose.sources.http import Trouble
from diagnose.sources.plans.agents import agents, daemon_sets
from diagnose.sources.plans.base import Plan, Run, gap_of, got, together
from diagnose.sources.plans.choice import chosen_nodes
from diagnose.sources.plans.dns import LINK_LOCAL, addresses_of, dns_config, dns_pods, dns_services
from diagnose.sources.plans.logs import rank_of
from diagnose.sources.plans.node_facts import gap_of_ran, has_no_shell
from diagnose.sources.plans.places import (
    Shell,
    agents_among,
    clients_among,
    pods_on,
    running,
)
from diagnose.sources.plans.reading import (
    Object,
    name_of,
    number_at,
    several_at,
    space_of,
    text_at,
)
from diagnose.sources.questions import (
    KUBERNETES,
    Question,
    absent_label,
    inside,
    is_askable,
    large,
    messages,
    outside,
    reply,
    service,
)
from diagnose.sources.streams import Exec, Queries, Ran, Replies
from diagnose.text.shown import visible
from diagnose.values import dataclass

DIRECT, CLIENTS = Ask.DNS_ANSWERS, Ask.CLIENT_ANSWERS
MOST_REPLICAS = 6  # CoreDNS pods that are asked
MOST_TRIED = 3  # pods of one kind on one node, until one has a shell
MOST_FAILED = 4  # servers of one place that are asked again
MOST_UPSTREAMS = 3
REPEATS = 8  # questions to a server that may answer only at times
OPENED = 101  # the status of a stream that was opened
INSIDE_S = 4.0
OUTSIDE_S = 5.0
NODE_LOCAL = "169.254.20.10"  # cluster/addons/dns/nodelocaldns
NODE_LOCAL_SETS = ("node-local-dns", "nodelocaldns")
DNS_PORT = 53
# Of one run and process: ids and labels that nobody foresees, and the same for who asks twice.
SALT = secrets.token_hex(8)
PAST = Place(PlaceKind.DIRECT, NOWHERE)


def numbers(*what: object) -> random.Random:
    """Return a source of ids and labels for one thing."""
    return random.Random(f"{SALT} {what}")


# ---------------------------------------------------------------- what there is to ask


@dataclass(frozen=True)
class Setting:
    """What is known of the cluster's DNS before it is asked."""

    zone: str = DEFAULT_DOMAIN
    kubernetes: str = ""  # the address of the Service
    services: tuple[Server, ...] = ()
    replicas: tuple[Server, ...] = ()
    pods: tuple[Object, ...] = ()  # CoreDNS's that run, those not ready first
    node_local: tuple[Server, ...] = ()
    upstreams: tuple[Server, ...] = ()  # that the Corefile names itself
    from_file: bool = False  # it forwards to those of the node's resolv.conf

    @property
    def cluster(self) -> tuple[Server, ...]:
        """The servers of the cluster."""
        return (*self.services, *self.node_local, *self.replicas)


def setting(run: Run, ask: Ask) -> Plan[Setting]:
    """Return what is known of the cluster's DNS; what is missing of its pods is noted."""
    found: list[object] = [None] * 3

    def kept(number: int, plan: Plan[object]) -> Plan[None]:
        found[number] = yield from plan

    yield from together(
        kept(0, dns_pods(run)),
        kept(1, dns_services(run)),
        kept(2, daemon_sets(run)),
        dns_config(run),
    )
    (own,) = yield from got("/api/v1/namespaces/default/services/kubernetes")
    if not own.fine and not own.absent:
        gap = gap_of(own, "get services in default")
        because = f"of the Service kubernetes no reverse name was asked: {gap.because}"
        run.gap(ask, GapKind.PARTIAL, because, gap.ask)
    pods, services, sets = found
    assert isinstance(pods, list)
    assert isinstance(services, list)
    run.unknown_by(ask, Ask.DNS_PODS)
    alive = sorted(
        (one for one in pods if running(one)), key=lambda one: (rank_of(one), name_of(one))
    )
    evidence = Evidence(items=tuple(items_of(run, Ask.DNS_CONFIG, Ask.KUBELET_CONFIG)))
    corefile = next(
        iter(sorted(evidence.of(Corefile), key=lambda one: not one.plugin("kubernetes"))), None
    )
    kubelets = evidence.of(KubeletConfig)
    locals_ = [
        address
        for one in kubelets
        for address in one.cluster_dns or ()
        if address.startswith(LINK_LOCAL)
    ]
    if agents(sets, *NODE_LOCAL_SETS) and not locals_:  # type: ignore[arg-type]
        locals_ = [NODE_LOCAL]
    told = corefile.upstreams(".") if corefile else ()
    address = text_at(own.value, "spec", "clusterIP") if own.fine else ""
    return Setting(
        zone=zone_of(corefile, kubelets),
        kubernetes=address,
        services=tuple(servers_of(services)),
        replicas=tuple(map(replica, alive[:MOST_REPLICAS])),
        pods=tuple(alive),
        node_local=tuple(Server(ServerRole.NODE_LOCAL, one) for one in dict.fromkeys(locals_)),
        upstreams=tuple(upstreams_of(told)),
        from_file=not told or any(one.startswith("/") for one in told),
    )


def items_of(run: Run, *asks: Ask) -> Iterator[object]:
    """Yield what the parts of some asks hold, as far as they came."""
    for (ask, _), part in list(run.parts.items()):
        if ask in asks:
            yield from parser_of(part.kind)(part).items


def zone_of(corefile: Corefile | None, kubelets: Iterable[KubeletConfig]) -> str:
    """Return the cluster's zone: as CoreDNS serves it, else as kubelets hand it out."""
    zones = [*(corefile.kubernetes_zones() if corefile else ())]
    zones += [one.cluster_domain for one in kubelets if one.cluster_domain]
    fit = (one for one in zones if not one.rstrip(".").endswith("arpa") and is_plain(one))
    return next(fit, DEFAULT_DOMAIN).rstrip(".")


def is_plain(zone: str) -> bool:
    """Whether a zone can stand in a question, and is not the root."""
    return bool(zone.strip(".")) and is_askable(f"{KUBERNETES}.{zone}")


def servers_of(services: Iterable[Object]) -> Iterator[Server]:
    """Yield the addresses of the DNS Services."""
    for one in services:
        ports = several_at(one, "spec", "ports")
        udp = [number_at(port, "port") for port in ports if text_at(port, "protocol") == "UDP"]
        if ports and not udp:
            continue  # such as one for metrics alone
        port = DNS_PORT if not udp or DNS_PORT in udp else udp[0]
        for address in addresses_of(one):
            if address and address != "None":
                subject = Subject("Service", name_of(one), space_of(one))
                yield Server(ServerRole.SERVICE, address, port, subject)


def replica(pod: Object) -> Server:
    """Return a CoreDNS pod as a server."""
    subject = Subject("Pod", name_of(pod), space_of(pod), text_at(pod, "spec", "nodeName"))
    address = text_at(pod, "status", "podIP")
    return Server(ServerRole.REPLICA, address, container_port(pod, "UDP"), subject)


def container_port(pod: Object, protocol: str) -> int:
    """Return the port at which a CoreDNS pod serves DNS, by the names that manifests give it."""
    ports = [
        number_at(port, "containerPort")
        for container in several_at(pod, "spec", "containers")
        for port in several_at(container, "ports")
        if (text_at(port, "protocol") or "TCP") == protocol
        and text_at(port, "name").startswith(("dns", "udp-53", "tcp-53"))
    ]
    fit = [one for one in ports if 0 < one < 1 << 16]
    return DNS_PORT if not fit or DNS_PORT in fit else fit[0]


def upstreams_of(told: Iterable[str]) -> Iterator[Server]:
    """Yield the servers of a Corefile that can be asked in plain DNS."""
    for one in told:
        scheme, separator, rest = one.partition("://")
        target = rest if separator else scheme
        if not one.startswith("/") and (not separator or scheme == "dns"):
            address = host_of(target)
            if is_address(address):
                yield Server(ServerRole.UPSTREAM, address, port_of(target) or DNS_PORT)


def is_address(text: str) -> bool:
    """Whether a text is an address that a program can be given."""
    return asking.bare_address(text)


# ---------------------------------------------------------------- each pod, past the network


@dataclass
class Direct:
    """What CoreDNS's pods answered past the network, and the nodes whose kubelet said nothing."""

    asked: list[Asked] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)

    @property
    def well_outside(self) -> bool:
        """Whether each pod that was asked resolved the name outside."""
        found = [one.outcome for one in self.asked if one.name_kind is NameKind.EXTERNAL]
        return bool(found) and all(one is Outcome.NOERROR for one in found)


def dns_answers(run: Run) -> Plan[Direct]:
    """What each CoreDNS pod answers itself: for names inside, and for one outside.

    The latter has a connection of its own, so that a slow upstream does not hold the others.
    """
    known = yield from setting(run, DIRECT)
    if not known.pods:
        if DIRECT not in run.gaps:
            run.gap(DIRECT, GapKind.NOT_COLLECTED, "no pod of CoreDNS runs")
        return Direct()
    label = absent_label(numbers("absent"))
    within = inside(known.zone, known.kubernetes, label)
    beyond = external(run, DIRECT)
    at = datetime.now(UTC)
    found: dict[Server, list[Asked]] = {}
    silent: set[str] = set()
    wanted = [
        (pod, several, queries_to(pod, several, limit_s))
        for pod in known.pods[:MOST_REPLICAS]
        for several, limit_s in ((within, INSIDE_S), (beyond, OUTSIDE_S))
        if several
    ]
    answers: Sequence[Replies] = yield [queries for _, _, queries in wanted]
    for (pod, several, _), came in zip(wanted, answers, strict=True):
        server = replace(replica(pod), port=container_port(pod, "TCP"))
        found.setdefault(server, []).extend(replies_of(run, server, several, came, at))
        if came.trouble is Trouble.TIMEOUT and came.status != OPENED:
            silent.add(server.subject.node)
    for server, mine in found.items():
        title = f"{server.subject.namespace}/{server.subject.name}"
        keep(run, DIRECT, f"answers of {title}", mine, subject=server.subject)
    if len(known.pods) > MOST_REPLICAS:
        because = f"of {len(known.pods)} pods {MOST_REPLICAS} were asked, those not ready first"
        run.gap(DIRECT, GapKind.PARTIAL, because, ASKS[DIRECT].by_hand)
    return Direct([one for mine in found.values() for one in mine], silent)


def queries_to(pod: Object, several: Sequence[Question], limit_s: float) -> Queries:
    """Return questions to one pod."""
    ids = numbers(space_of(pod), name_of(pod), several[0].kind)
    port = container_port(pod, "TCP")
    return Queries(space_of(pod), name_of(pod), messages(several, ids), port, limit_s)


def external(run: Run, ask: Ask) -> tuple[Question, ...]:
    """Return the question for a name outside, if the name that is to be asked for is one."""
    name = run.options.external_name
    if is_askable(name):
        return (outside(name),)
    run.gap(ask, GapKind.NOT_COLLECTED, f"{visible(name)!r} is no name", "--external-name NAME")
    return ()


def replies_of(
    run: Run, server: Server, several: Sequence[Question], came: Replies, at: datetime
) -> Iterator[Asked]:
    """Yield what a pod answered; a way to it that failed is noted."""
    by_id = {one.message[:2]: one for one in came.replies}
    title = f"{server.subject.namespace}/{server.subject.name}"
    opened = came.status == OPENED
    refused = opened and came.trouble is Trouble.CONNECTION and "refused" in came.detail
    # a way that took most of the time to open tells nothing of what is at its end
    waited = came.waited_s is None or came.waited_s >= came.request.timeout_s / 2
    silent = opened and waited and came.trouble is Trouble.TIMEOUT
    unanswered = 0
    for question, sent in zip(several, came.request.messages, strict=True):
        bare = blank(PAST, server, "tcp", question, at)
        answer = by_id.get(sent[:2])
        if answer is not None:
            read = reply(question, int.from_bytes(sent[:2], "big"), answer.message)
            yield replace(
                bare,
                outcome=read.outcome,
                answers=read.answers,
                authority=read.authority,
                flags=read.flags,
                size=read.size,
                took_ms=answer.took_ms,
                detail=read.detail,
            )
        elif refused:
            yield replace(bare, outcome=Outcome.CONNECTION_REFUSED, detail=came.detail)
        elif silent:
            waited_ms = round(came.request.timeout_s * 1000)
            yield replace(bare, outcome=Outcome.TIMEOUT, took_ms=waited_ms, detail=came.detail)
        else:
            unanswered += 1
    if not unanswered:
        return
    gap = gap_of_replies(came, title)
    run.gap(DIRECT, gap.kind, gap.because, gap.ask or ASKS[DIRECT].by_hand, f"answers of {title}")


def gap_of_replies(came: Replies, title: str) -> Gap:
    """Return why a pod could not be asked."""
    space = came.request.namespace
    if came.status in (401, 403):
        verb = f"create pods/portforward in {space}"
        ask = f"permission to {verb}; `corediag rbac` prints the role"
        return Gap("", GapKind.DENIED, f"not allowed: {verb}: {visible(came.detail)[:200]}", ask)
    said = [came.trouble.value, visible(came.detail)[:300]]
    if came.trouble is Trouble.NONE and came.status not in (0, OPENED):
        said.insert(0, f"answered {came.status}")
    because = ": ".join(one for one in said if one) or "it ended without an answer"
    ask = "give it more time: --timeout 2m" if came.trouble is Trouble.DEADLINE else ""
    return Gap("", GapKind.UNREACHABLE, f"{title}: {because}", ask)


def blank(place: Place, server: Server, transport: str, question: Question, at: datetime) -> Asked:
    """Return a question to which nothing came yet."""
    return Asked(
        place=place,
        server=server,
        transport=transport,
        name_kind=question.kind,
        name=question.name,
        qtype=question.qtype,
        outcome=Outcome.TIMEOUT,
        origin="",
        quote=asking.UNTOLD,
        payload=question.payload,
        asked_bytes=question.bytes,
        at=at,
    )


def keep(
    run: Run,
    ask: Ask,
    origin: str,
    several: Sequence[Asked],
    *,
    subject: Subject,
    whole: bool = True,
) -> None:
    """Keep what was asked as one part."""
    if several:
        run.parts[ask, origin] = Part(
            kind=Kind.DNS_ANSWERS,
            origin=origin,
            text=text_of(several),
            subject=subject,
            ask=ask,
            whole=whole,
            taken_at=datetime.now(UTC),
        )


# ---------------------------------------------------------------- from pods and nodes


@dataclass
class View:
    """What one place has told so far."""

    shell: Shell
    asked: list[Asked] = field(default_factory=list)
    resolver: ResolvConf | None = None
    resolv_conf: str = ""
    whole: bool = True

    @property
    def failed(self) -> list[Server]:
        """The servers of the cluster that did not answer as they should, in the order asked."""
        small = (one for one in self.asked if not one.asked_bytes)
        return list(dict.fromkeys(one.server for one in small if fails(one)))


def fails(one: Asked) -> bool:
    """Whether a question of the first round has no good answer."""
    if one.asked_bytes:
        return not one.answered
    return one.name_kind is NameKind.SERVICE and one.outcome not in (
        Outcome.NOERROR,
        Outcome.NODATA,
    )


def client_answers(run: Run) -> Plan[None]:
    """What DNS answers to pods and to nodes."""
    known = yield from setting(run, CLIENTS)
    if not known.cluster:
        if CLIENTS not in run.gaps:
            because = "there is no DNS Service and no pod of CoreDNS that runs"
            run.gap(CLIENTS, GapKind.NOT_COLLECTED, because, ASKS[CLIENTS].by_hand)
        return
    direct = (yield from dns_answers(run)) if DIRECT in run.asks else Direct()
    nodes = yield from chosen_nodes(run, CLIENTS)
    if not nodes:
        run.gap(CLIENTS, GapKind.NOT_COLLECTED, "no node is known", ASKS[CLIENTS].by_hand)
    if silent := [one for one in nodes if one in direct.silent]:
        because = f"the kubelet does not answer on {', '.join(map(visible, silent))}"
        run.gap(CLIENTS, GapKind.UNREACHABLE, because, f"kubectl describe node {silent[0]}")
    seen = yield from together(
        *(of_node(run, known, node) for node in nodes if node not in direct.silent)
    )
    views = [view for each in seen for view in each]
    well_outside = direct.well_outside
    wanted = [further(run, known, view, views, well_outside=well_outside) for view in views]
    yield from together(
        *(ask_from(run, view, more, 2) for view, more in zip(views, wanted, strict=True) if more)
    )
    for view in views:
        note(run, known, view)


def of_node(run: Run, known: Setting, node: str) -> Plan[list[View]]:
    """The first round from a node: from its own network, and from a pod on the pod network."""
    pods = yield from pods_on(run, CLIENTS, node)
    kinds = (("host network", agents_among(pods)), ("pod network", clients_among(pods)))
    found = yield from together(*(tried(run, known, node, what, few) for what, few in kinds))
    return [one for one in found if one is not None]


def tried(
    run: Run, known: Setting, node: str, what: str, shells: Sequence[Shell]
) -> Plan[View | None]:
    """The first round from the first of some pods that has a shell; why not is noted."""
    named = f"DNS as seen from the {what} of {visible(node)}"
    if not shells:
        run.gap(
            CLIENTS,
            GapKind.NOT_COLLECTED,
            f"no pod on {visible(node)} is in its {what} and may have a shell",
            ASKS[CLIENTS].by_hand,
            named,
        )
        return None
    troubles: list[Gap] = []
    for shell in shells[:MOST_TRIED]:
        view = View(shell)
        gap = yield from ask_from(run, view, opening(known, shell), 1)
        if gap is None:
            return view
        troubles.append(gap)
        if gap.kind is not GapKind.NOT_COLLECTED:
            break  # that it has no shell is no reason to give up; anything else is
    told = "; ".join(gap.because for gap in troubles)
    run.gap(CLIENTS, troubles[-1].kind, told, troubles[-1].ask or ASKS[CLIENTS].by_hand, named)
    return None


Wanting = list[tuple[Server, str, Question]]


def opening(known: Setting, shell: Shell) -> Wanting:
    """Return the questions of the first round: one for each server of the cluster."""
    question = service(known.zone)
    asked: Wanting = [(server, "udp", question) for server in known.cluster if server.address]
    away = [one for one in known.replicas if one.subject.node != shell.node and one.address]
    if not shell.host:
        if away:
            asked.append((away[0], "udp", large(known.zone)))
        if shell.cluster_dns:
            short = Question(NameKind.SHORT, KUBERNETES.removesuffix(".svc"), "A")
            asked.append((Server(ServerRole.CONFIGURED, ""), "own", short))
    return asked


def further(
    run: Run, known: Setting, view: View, views: Sequence[View], *, well_outside: bool
) -> Wanting:
    """Return the questions of the second round: about what failed or differs, and outside."""
    asked: Wanting = []
    question = service(known.zone)
    bad = [one for one in view.failed if one in known.cluster]
    some = bool(bad) and len(bad) < len(known.cluster)
    split = [one for one in known.services if some or (not bad and differs(one, views))][:1]
    asked += [(server, "udp", question) for server in split for _ in range(REPEATS)]
    for server in bad[:MOST_FAILED]:
        asked += [(server, "tcp", question)]
        asked += [(server, "udp", question)] if server not in split else []
    heard = {one.server for one in view.asked if one.answered}  # so it is the size that matters
    lost = [one.server for one in view.asked if one.asked_bytes and fails(one)]
    lost = [one for one in lost if one in heard]
    asked += [(server, "udp", large(known.zone)) for server in lost for _ in range(2)]
    told = {one.address for one in known.cluster}
    if view.shell.cluster_dns and view.resolver:
        strange = [one for one in view.resolver.nameservers if one not in told]
        for address in filter(is_address, strange[:MOST_UPSTREAMS]):
            asked += [(Server(ServerRole.CONFIGURED, address), "udp", question)] * 2
    first = next((one for one in views if one.shell.host is view.shell.host), None)
    if view is not first and well_outside:
        return asked
    return asked + outer_questions(run, known, view, views, well_outside=well_outside)


def differs(server: Server, views: Iterable[View]) -> bool:
    """Whether a server answers some places and not others."""
    told = {fails(one) for view in views for one in view.asked if one.server == server}
    return len(told) > 1


def outer_questions(
    run: Run, known: Setting, view: View, views: Sequence[View], *, well_outside: bool
) -> Wanting:
    """Return the questions for the world outside: to the upstreams, and as a client to DNS."""
    if not (beyond := external(run, CLIENTS)):
        return []
    (question,) = beyond
    asked: Wanting = []
    upstreams = [*known.upstreams, *(by_file(views) if known.from_file else ())]
    upstreams = list({(one.address, one.port): one for one in upstreams}.values())[:MOST_UPSTREAMS]
    if view.shell.host or not well_outside:
        for server in upstreams:
            if view.shell.host or not server.address.startswith(("127.", "::1")):
                asked += [(server, "udp", question)] * 2  # one packet may be lost by chance
                asked += [] if well_outside else [(server, "tcp", question)]
    if not view.shell.host:
        asked += [(server, "udp", question) for server in known.services[:1] for _ in range(2)]
    return asked


def by_file(views: Iterable[View]) -> list[Server]:
    """Return the nameservers that nodes hand to CoreDNS."""
    return [
        Server(ServerRole.UPSTREAM, address)
        for view in views
        if view.shell.node_resolver and view.resolver
        for address in view.resolver.nameservers
        if is_address(address)
    ]


def ask_from(run: Run, view: View, wanted: Wanting, turn: int) -> Plan[Gap | None]:
    """Ask from one place, and add what came to its view; return why nothing came."""
    shell = view.shell
    ids = numbers(shell.namespace, shell.pod, turn)
    several = asking.askings(wanted, ids)
    request = Exec(
        shell.namespace,
        shell.pod,
        shell.container,
        asking.command_of(several),
        timeout_s=asking.timeout_s(several),
        most_bytes=asking.MOST_BYTES,
    )
    (ran,) = yield [request]
    title = f"{shell.namespace}/{shell.pod}"
    came = asking.understood(shell.place, several, ran.stdout, datetime.now(UTC))
    if turn == 1 and not came.asked and not came.resolv_conf:
        return nothing_of(ran, title)
    if turn == 1:
        view.resolv_conf = came.resolv_conf
        view.resolver = resolver_of(came.resolv_conf, shell)
    view.asked += came.asked
    what = f"DNS as seen from {shell.place.kind.value} {title}"
    if not came.whole:
        gap = gap_of_ran(ran, title)
        run.gap(CLIENTS, GapKind.PARTIAL, f"it was cut short: {gap.because}", "", what)
        view.whole = False
    unasked = {f"{one.question.name} over {one.transport}" for one in came.unasked if is_told(one)}
    if unasked:
        because = f"{title} has no tool to ask {', '.join(sorted(unasked)[:3])}"
        run.gap(CLIENTS, GapKind.PARTIAL, because, ASKS[CLIENTS].by_hand, what)
    return None


def is_told(one: asking.Asking) -> bool:
    """Whether it is worth a word that a question could not be asked: not of extras."""
    return one.transport != "own" and not one.question.bytes and one.transport != "tcp"


def nothing_of(ran: Ran, title: str) -> Gap:
    """Return why a command brought nothing at all; a missing shell is NOT_COLLECTED."""
    if has_no_shell(ran):
        return Gap("", GapKind.NOT_COLLECTED, f"{title} has no shell")
    return gap_of_ran(ran, title)


def resolver_of(text: str, shell: Shell) -> ResolvConf | None:
    """Return a pod's resolv.conf as it is parsed anywhere."""
    part = Part(Kind.RESOLV_CONF, "", text, subject=shell.subject)
    items = parser_of(Kind.RESOLV_CONF)(part).items
    return next((one for one in items if isinstance(one, ResolvConf)), None)


def note(run: Run, known: Setting, view: View, ask: Ask = CLIENTS) -> None:
    """Keep what a place told: what it was answered, and a pod's resolv.conf."""
    shell = view.shell
    title = f"{shell.namespace}/{shell.pod}"
    roles = {one.address: one for one in (*known.cluster, *known.upstreams)}
    own = view.resolver.nameservers if view.resolver else ()
    asked = [replace(one, server=named(one.server, own, roles)) for one in view.asked]
    where = f"the host network of {shell.node} (in {title})" if shell.host else title
    keep(run, ask, f"answers to {where}", asked, subject=shell.place.subject, whole=view.whole)
    if shell.cluster_dns and view.resolv_conf:
        run.parts[Ask.RESOLV_CONF, title] = Part(
            kind=Kind.RESOLV_CONF,
            origin=f"{title}: /etc/resolv.conf",
            text=view.resolv_conf,
            subject=shell.subject,
            container=shell.container,
            command="cat /etc/resolv.conf",
            ask=Ask.RESOLV_CONF,
            whole=True,
            taken_at=datetime.now(UTC),
        )


def named(server: Server, own: Sequence[str], roles: dict[str, Server]) -> Server:
    """Return the server that a pod's own resolver asks first, in place of one without address."""
    if server.address or not own:
        return server
    return roles.get(own[0], replace(server, address=own[0]))
