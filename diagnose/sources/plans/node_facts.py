"""The plan for facts of nodes: one command in a pod that already runs in the node's network.

A few nodes are chosen, and on each a pod that has the host's network and a shell: an agent of the
network add-on, then kube-proxy, then others. It runs the script of diagnose.sources.commands, and
what one pod cannot tell (no such program, a folder that it does not mount) another one is asked.
The number of requests does not grow with the cluster; which nodes were left out is a gap.

A pod of the host's network has the node's resolver only by its dnsPolicy Default, or by
ClusterFirst, which falls back to it there; and then as the kubelet copied it when the pod started.
Other files of the node are seen only where the pod mounts them: what is not mounted is not known.

Source: kubernetes/kubernetes v1.31, pkg/kubelet/network/dns/dns.go (getPodDNSType, GetPodDNS);
opencontainers/runc libcontainer/standard_init_linux.go (exec: … executable file not found).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime

from diagnose.asks import ASKS, Ask
from diagnose.model import Gap, GapKind, Subject
from diagnose.parts import Kind, Part
from diagnose.sources import commands
from diagnose.sources.http import Trouble
from diagnose.sources.plans.agents import AGENTS, daemon_sets, events, pending_pods
from diagnose.sources.plans.base import (
    KUBE_SYSTEM,
    Listing,
    Plan,
    Run,
    listed,
    together,
)
from diagnose.sources.plans.dns import dns_pods
from diagnose.sources.plans.nodes import nodes as all_nodes
from diagnose.sources.plans.places import clients_among, is_linux, pods_on
from diagnose.sources.plans.reading import (
    Object,
    at,
    labels_at,
    name_of,
    selector_text,
    several_at,
    space_of,
    text_at,
)
from diagnose.sources.streams import Exec, Ran
from diagnose.text.clean import decode
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

HERE = (Ask.RESOLV_CONF, Ask.NODE_NETWORK, Ask.KERNEL_SETTINGS, Ask.NODE_FILES)
MOST_NODES = 6
ENOUGH_NODES = 3  # others are added to those chosen for a reason until there are so many
MOST_BAD = 2  # nodes that are not Ready: what runs there may not be reached
MOST_OF_A_KIND = 3  # nodes chosen for CoreDNS's pods, and for pods that wait
MOST_PODS = 3  # that are asked on one node
MOST_LISTED = 50  # pods of one node
MOST_CLIENT_NODES = 2  # nodes on which pods with cluster DNS are asked for their own file
MOST_CLIENTS = 2  # such pods of one node
MOST_WAITING = 200
MOST_BYTES = 8 * 1024 * 1024
BAD_SANDBOX = "FailedCreatePodSandBox"
# Where the node has what the script reads, by the section that reads it.
FOLDERS = {
    "subnet-env": "/run/flannel",
    "cni-config": "/etc/cni/net.d",
    "cni-bin": "/opt/cni/bin",
}
RESOLV_CONF = "/etc/resolv.conf"
NO_SHELL = regex(
    r"(?i)executable file not found|no such file or directory|exec format error|"
    r"cannot execute|not found in \$PATH"
)
MARKED = regex(rf"{commands.MARK} (?P<section>[a-z0-9-]{{1,20}}) (?P<command>\S.{{0,1000}})$")
HAS_TABLE = regex(r"(?m)^(?:\*[a-z]+$|table )")
# What the script prints beside a section, by its name, and the section.
PART_OF = {"cni-names": "cni-config"}


# ---------------------------------------------------------------- the plan


def node_facts(run: Run) -> Plan[None]:
    """What nodes tell of themselves, through pods in their network, and pods of their resolver."""
    asks = tuple(ask for ask in HERE if ask in run.asks)
    choice, found = yield from together_two(chosen(run), daemon_sets(run))
    if not choice.nodes:
        for ask in asks:
            run.gap(ask, GapKind.NOT_COLLECTED, "no node is known to look at", ASKS[ask].by_hand)
        return
    if choice.of:
        for ask in asks:
            run.gap(ask, GapKind.PARTIAL, choice.text(), ASKS[ask].by_hand)
    sets = candidates(found)
    clients = choice.nodes[:MOST_CLIENT_NODES] if Ask.RESOLV_CONF in asks else ()
    several = yield from together(
        *(of_node(run, asks, node, sets) for node in choice.nodes),
        *(of_clients(run, node) for node in clients),
    )
    unsaid(run, [one for one in several if one is not None])


def together_two(first: Plan[Choice], second: Plan[Listing]) -> Plan[tuple[Choice, Listing]]:
    """Return what two plans return that run side by side."""
    choice: list[Choice] = []

    def aside() -> Plan[Listing]:
        choice.append((yield from first))
        return Listing()

    _, found = yield from together(aside(), second)
    return choice[0], found


# ---------------------------------------------------------------- which nodes


@dataclass(frozen=True)
class Choice:
    """The nodes that are looked at, and how many others there are at least.

    `of` says in words how many there are together, "" where no other is known.
    """

    nodes: tuple[str, ...]
    others: int = 0
    of: str = ""

    def text(self) -> str:
        """Return how they were chosen, in words."""
        return (
            f"of {self.of} {len(self.nodes)} were looked at: {', '.join(self.nodes)} (with "
            "CoreDNS, not Ready, or with pods that wait, and a sample)"
        )


def chosen(run: Run) -> Plan[Choice]:
    """Choose nodes: with CoreDNS, not Ready, with pods that wait, and a sample of the others.

    What else a run asks for is asked for in the same words, so that it costs no further request.
    """
    found = yield from all_nodes(run)
    warnings = yield from events(run)
    pending = yield from pending_pods(run)
    pods = yield from dns_pods(run)
    with_dns = names(text_at(pod, "spec", "nodeName") for pod in pods)
    waiting = names(text_at(pod, "spec", "nodeName") for pod in pending.items)
    failing = names(
        text_at(event, "source", "host") or text_at(event, "reportingInstance")
        for event in warnings
        if text_at(event, "reason") == BAD_SANDBOX
    )
    other_systems = {name_of(one) for one in found.objects if not is_linux(one)}
    known = names(name for name in found.ready if name not in other_systems)
    bad = names(name for name in known if not found.ready[name])
    if not known:
        several = names((*with_dns, *waiting, *failing))[:MOST_NODES]
        return Choice(tuple(several), 1, "nodes that could not be listed")
    first = [
        *with_dns[:MOST_OF_A_KIND],
        *names((*failing, *waiting))[:MOST_OF_A_KIND],
        *bad[:MOST_BAD],
    ]
    more = not found.whole
    there = set(known)
    reasoned = [one for one in names(first) if one in there or (more and one not in other_systems)][
        :MOST_NODES
    ]
    others = [one for one in sorted(known) if one not in (*reasoned, *bad)]
    nodes_here = (*reasoned, *others[: max(0, ENOUGH_NODES - len(reasoned))])
    left = len(known) + int(more) - len(nodes_here)
    exact = "more than " if more else ""
    return Choice(nodes_here, left, f"{exact}{len(known)} nodes" if left else "")


def names(several: Iterable[str]) -> list[str]:
    """Return names in order, without doubles and empty ones."""
    return list(dict.fromkeys(one for one in several if one))


# ---------------------------------------------------------------- which pods


def candidates(found: Listing) -> list[Object]:
    """Return the DaemonSets of the host's network, those first that are likely to tell."""
    hosted = [
        one
        for one in found.items
        if at(one, "spec", "template", "spec", "hostNetwork") is True
        and labels_at(one, "spec", "selector", "matchLabels")
    ]
    return sorted(hosted, key=rank_of_set)


def rank_of_set(one: Object) -> tuple[int, int, str]:
    """Return the order of a DaemonSet: the network add-on, kube-proxy, kube-system, others.

    Of equals the one that shows more of the node's folders comes first.
    """
    name = name_of(one)
    if "kube-proxy" in name:
        rank = 1
    elif any(word in name for word in AGENTS):
        rank = 0
    else:
        rank = 2 if space_of(one) == KUBE_SYSTEM else 3
    shown = len(Place.of(at(one, "spec", "template", "spec")).sections())
    return rank, -shown, name


@dataclass(frozen=True)
class Place:
    """A container to run commands in, and where it has the node's files; "" is not there.

    `own_resolver` says that the resolv.conf is the copy that the kubelet made for the pod.
    """

    container: str = ""
    folders: dict[str, str] = field(default_factory=dict)
    resolver: str = ""
    own_resolver: bool = False

    @classmethod
    def of(cls, spec: object) -> Place:
        """Return the container of a pod's spec that shows most, its first one of equals."""
        found = [place_in(spec, one) for one in several_at(spec, "containers")]
        return max(found, key=lambda one: len(one.folders), default=cls())

    def sections(self) -> tuple[str, ...]:
        """Return the sections that can be asked for here."""
        return tuple(
            name
            for name in commands.SECTIONS
            if not (name in FOLDERS and name not in self.folders)
            and not (name == "resolv-conf" and not self.resolver)
        )


def place_in(spec: object, container: Object) -> Place:
    """Return what one container has of the node's files."""
    folders = {
        section: inside
        for section, path in FOLDERS.items()
        if (inside := mounted(spec, container, path))
    }
    resolver = mounted(spec, container, RESOLV_CONF)
    own = not resolver and has_node_resolver(spec)
    return Place(
        text_at(container, "name"), folders, RESOLV_CONF if own else resolver, own_resolver=own
    )


def mounted(spec: object, container: Object, path: str) -> str:
    """Return where a container has a path of its node; "" where it is not mounted.

    /var/run is /run on every node that runs systemd.
    """
    paths = {
        text_at(one, "name"): text_at(one, "hostPath", "path")
        for one in several_at(spec, "volumes")
    }
    best = ("", "")
    for mount in several_at(container, "volumeMounts"):
        host = paths.get(text_at(mount, "name"), "").rstrip("/")
        if not paths.get(text_at(mount, "name")) or at(mount, "subPathExpr"):
            continue
        if below := text_at(mount, "subPath"):
            host = f"{host}/{below.strip('/')}"
        if host.startswith("/var/run/") or host == "/var/run":
            host = host.removeprefix("/var")
        if (path == host or path.startswith(f"{host}/")) and len(host) >= len(best[0]):
            inside = text_at(mount, "mountPath").rstrip("/") + path[len(host) :]
            best = (host, inside)
    return best[1]


def has_node_resolver(spec: object) -> bool:
    """Whether a pod of the host's network has its node's resolver, as the kubelet hands it out."""
    policy = text_at(spec, "dnsPolicy") or "ClusterFirst"
    return policy in ("Default", "ClusterFirst") and not at(spec, "dnsConfig")


# ---------------------------------------------------------------- one node


@dataclass
class Node:
    """What one node has told so far."""

    name: str
    asks: tuple[Ask, ...]
    told: set[str] = field(default_factory=set)
    asked: int = 0
    troubles: list[tuple[str, Gap]] = field(default_factory=list)

    def missing(self) -> list[str]:
        """Return the sections that are wanted and that no pod has told."""
        return [
            name
            for name, one in commands.SECTIONS.items()
            if one.ask in self.asks and name not in self.told
        ]


def of_node(
    run: Run, asks: tuple[Ask, ...], name: str, sets: Sequence[Object]
) -> Plan[Node | None]:
    """What one node tells: pod by pod, until all is told or enough of them were asked."""
    node = Node(name, asks)
    for one in sets:
        wanted = node.missing()
        place = Place.of(at(one, "spec", "template", "spec"))
        if node.asked >= MOST_PODS or not wanted:
            break
        if not set(wanted) & set(place.sections()):
            continue
        found = yield from listed(
            run,
            asks[0],
            "/api/v1/pods",
            "",
            labels=selector_text(labels_at(one, "spec", "selector", "matchLabels")),
            fields=f"spec.nodeName={name}",
            namespace=space_of(one),
            limit=1,
            keep=False,
            more_is_fine=True,
            cached=True,
        )
        for pod in found.items[:1]:
            yield from of_pod(run, node, pod)
    if not node.asked:
        yield from of_system(run, node)
    return node


def of_system(run: Run, node: Node) -> Plan[None]:
    """What pods of kube-system tell where no DaemonSet led to one."""
    found = yield from listed(
        run,
        node.asks[0],
        "/api/v1/pods",
        "",
        fields=f"spec.nodeName={node.name}",
        namespace=KUBE_SYSTEM,
        limit=MOST_LISTED,
        keep=False,
        more_is_fine=True,
        cached=True,
    )
    hosted = [one for one in found.items if at(one, "spec", "hostNetwork") is True]
    hosted.sort(key=lambda one: (not any(word in name_of(one) for word in AGENTS), name_of(one)))
    for pod in hosted:
        if node.asked >= MOST_PODS or not node.missing():
            break
        yield from of_pod(run, node, pod)


def of_pod(run: Run, node: Node, pod: Object) -> Plan[None]:
    """What one pod tells of what its node has not told yet."""
    place = Place.of(at(pod, "spec"))
    title = f"{space_of(pod)}/{name_of(pod)}"
    wanted = [one for one in node.missing() if one in place.sections()]
    if not wanted:
        return
    node.asked += 1
    if not is_running(pod, place.container):
        gap = Gap("", GapKind.NOT_COLLECTED, f"{title} does not run")
        node.troubles.append((title, gap))
        return
    command = commands.of_script(
        tuple(wanted),
        flannel=place.folders.get("subnet-env", ""),
        conf=place.folders.get("cni-config", ""),
        plugins=place.folders.get("cni-bin", ""),
        resolv=place.resolver,
    )
    (ran,) = yield [execute(pod, place.container, command)]
    if has_no_shell(ran) and "rules" in wanted:
        node.troubles.append((title, Gap("", GapKind.NOT_COLLECTED, f"{title} has no shell")))
        (ran,) = yield [execute(pod, place.container, (commands.BARE.script,))]
        if ran.stdout and not has_no_shell(ran):
            keep(run, node, pod, place, ran, bare=True)
        return
    if not ran.stdout:
        node.troubles.append((title, gap_of_ran(ran, title)))
        return
    keep(run, node, pod, place, ran)


def execute(pod: Object, container: str, command: tuple[str, ...]) -> Exec:
    """Return the request for a command in a container of a pod."""
    return Exec(space_of(pod), name_of(pod), container, command, most_bytes=MOST_BYTES)


def is_running(pod: Object, container: str) -> bool:
    """Whether a container runs, as far as its pod's status tells."""
    if text_at(pod, "status", "phase") not in ("", "Running"):
        return False
    states = [
        at(one, "state")
        for one in several_at(pod, "status", "containerStatuses")
        if text_at(one, "name") == container
    ]
    return not states or any(at(one, "running") is not None for one in states)


def has_no_shell(ran: Ran) -> bool:
    """Whether a command did not start because the image does not have it."""
    if ran.stdout:
        return False
    said = f"{ran.detail}\n{decode(ran.stderr)[0]}"
    return ran.exit_code in (126, 127) or bool(NO_SHELL.search(said))


def gap_of_ran(ran: Ran, title: str) -> Gap:
    """Return why a command brought nothing, as a gap without a name."""
    if ran.status in (401, 403):
        space = ran.request.namespace
        return Gap(
            "",
            GapKind.DENIED,
            f"not allowed: create pods/exec in {space}",
            f"permission to create pods/exec in {space}; `corediag rbac` prints the role",
        )
    said = ran.detail or decode(ran.stderr)[0].strip()
    if has_no_shell(ran):
        return Gap("", GapKind.NOT_COLLECTED, f"{title} has no shell")
    if ran.trouble is not Trouble.NONE:
        said = f"{ran.trouble.value}: {said}" if said else ran.trouble.value
    code = "" if ran.exit_code in (None, 0) else f" (exit code {ran.exit_code})"
    because = f"{title}: {visible(said)[:300] or 'it printed nothing'}{code}"
    return Gap("", GapKind.UNREACHABLE, because)


# ---------------------------------------------------------------- what came


@dataclass(frozen=True)
class Piece:
    """One section of what the script printed; `whole` says that another followed it."""

    section: str
    command: str
    text: str
    whole: bool = True


def pieces_of(text: str, *, cut: bool) -> list[Piece]:
    """Return the sections of the script's output; of a `cut` one the last is not whole."""
    pieces: list[Piece] = []
    lines: list[str] = []
    for line in text.split("\n"):
        if not (found := MARKED.match(line.rstrip("\r"))):
            lines.append(line)
            continue
        if pieces:
            pieces[-1] = replace(pieces[-1], text=joined(lines))
        pieces.append(Piece(found["section"], found["command"].strip(), ""))
        lines = []
    if pieces:
        pieces[-1] = replace(pieces[-1], text=joined(lines), whole=not cut)
    return pieces


def joined(lines: list[str]) -> str:
    """Return lines as a text, without the blank one before the next section's mark."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return "".join(f"{line}\n" for line in lines[:end])


def keep(run: Run, node: Node, pod: Object, place: Place, ran: Ran, *, bare: bool = False) -> None:
    """Keep what a pod told of its node, section by section."""
    cut = ran.trouble is not Trouble.NONE
    text = decode(ran.stdout)[0]
    pieces = [Piece("rules", "iptables-save", text, not cut)] if bare else pieces_of(text, cut=cut)
    title = f"{space_of(pod)}/{name_of(pod)}"
    wanted = set(node.missing())
    for number, piece in enumerate(pieces):
        section = PART_OF.get(piece.section, piece.section)
        if section not in wanted:
            continue
        command = commands.SECTIONS[section]
        kind = Kind.FILE_LIST if section != piece.section else command.kind
        node.told.add(section)
        if not piece.whole:
            what = f"{command.shown[0]} of {node.name}"
            run.gap(command.ask, GapKind.PARTIAL, ran.detail or ran.trouble.value, "", what)
        if piece.section == "rules" and not (piece.text and shows_rules(piece, pieces)):
            continue
        copied = piece.section == "resolv-conf" and place.own_resolver
        shown = as_on_node(piece, place)
        read = shown.removeprefix("cat ") if shown.startswith("cat /") else shown
        origin = f"{node.name}: {read}"
        if copied:
            origin = f"{node.name}: {RESOLV_CONF} in {title}, as its kubelet hands it out"
        run.parts[command.ask, (node.name, title, piece.section, number)] = Part(
            kind=kind,
            origin=origin,
            text=piece.text,
            subject=Subject("Node", node.name),
            container=place.container if copied else "",
            command=shown,
            ask=command.ask,
            whole=piece.whole,
            taken_at=datetime.now(UTC),
        )


def shows_rules(piece: Piece, pieces: Sequence[Piece]) -> bool:
    """Whether a section has rules, or no other one has: an old kernel knows one back end only."""
    others = [one for one in pieces if one.section == "rules" and one is not piece]
    return bool(HAS_TABLE.search(piece.text)) or not any(
        HAS_TABLE.search(one.text) for one in others
    )


def as_on_node(piece: Piece, place: Place) -> str:
    """Return the command of a section with the paths that its files have on the node."""
    folder = PART_OF.get(piece.section, piece.section)
    program, _, path = piece.command.partition(" ")
    inside = place.folders.get(folder, "")
    if inside and (path == inside or path.startswith(f"{inside}/")):
        return f"{program} {FOLDERS[folder]}{path[len(inside) :]}"
    if piece.section == "resolv-conf":
        return f"cat {RESOLV_CONF}"
    return piece.command


def unsaid(run: Run, nodes: Sequence[Node]) -> None:
    """Note what nodes did not tell, and why: once for all that it holds for."""
    lacking: dict[tuple[str, GapKind, str, str], list[str]] = {}
    for node in nodes:
        for section in node.missing():
            if section == "rules6" and node.told:
                continue  # without its program there is no IPv6 to filter
            gap = reason_of(node, section)
            lacking.setdefault((section, gap.kind, gap.because, gap.ask), []).append(node.name)
    for (section, kind, because, close), names_of_nodes in lacking.items():
        command = commands.SECTIONS[section]
        what = f"{command.shown[0]} on {', '.join(sorted(names_of_nodes))}"
        run.gap(command.ask, kind, because, close or f"{command.shown[0]} on the node", what)


def reason_of(node: Node, section: str) -> Gap:
    """Return why a node did not tell a section, as a gap without a name."""
    gaps = [gap for _, gap in node.troubles]
    denied = [gap for gap in gaps if gap.kind is GapKind.DENIED]
    if denied and not node.told:
        return denied[0]
    if section in FOLDERS and (node.told or not gaps):
        because = f"no pod that was asked there mounts {FOLDERS[section]}"
        return Gap("", GapKind.NOT_COLLECTED, because)
    if gaps:
        return gaps[0]
    because = "no pod that was asked there has a program for it"
    if not node.asked:
        because = "no pod of the host's network that could be asked runs there"
    return Gap("", GapKind.NOT_COLLECTED, because)


# ---------------------------------------------------------------- the pods' own resolv.conf


def of_clients(run: Run, node: str) -> Plan[Node | None]:
    """The resolv.conf of a pod with cluster DNS on a node, of the first that has `cat`.

    That none could be asked is no gap: what pods are given is known from their kubelet too.
    """
    ask = Ask.RESOLV_CONF
    pods = yield from pods_on(run, ask, node)
    for spot in clients_among([one for one in pods if has_cluster_dns(one)])[:MOST_CLIENTS]:
        request = Exec(spot.namespace, spot.pod, spot.container, ("cat", RESOLV_CONF))
        (ran,) = yield [request]
        if ran.stdout and ran.trouble is Trouble.NONE and ran.exit_code in (None, 0):
            title = f"{spot.namespace}/{spot.pod}"
            run.parts[ask, title] = Part(
                kind=Kind.RESOLV_CONF,
                origin=f"{title}: {RESOLV_CONF}",
                text=decode(ran.stdout)[0],
                subject=spot.subject,
                container=spot.container,
                command=f"cat {RESOLV_CONF}",
                ask=ask,
                whole=True,
                taken_at=datetime.now(UTC),
            )
            break
    return None


def has_cluster_dns(pod: Object) -> bool:
    """Whether a pod asks the cluster's DNS, by its policy."""
    return (text_at(pod, "spec", "dnsPolicy") or "ClusterFirst") == "ClusterFirst"
