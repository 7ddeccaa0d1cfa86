"""Plans for the nodes, their agents, and what the cluster tells of itself.

What is fetched on a healthy cluster does not depend on how many pods or nodes it has. Where
something is not well more is looked at, up to the bounds here, and what was left out is a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from diagnose.asks import ASKS, Ask
from diagnose.model import GapKind
from diagnose.parts import Kind, Part
from diagnose.signatures.base import Emitter
from diagnose.sources.http import TABLE, Request
from diagnose.sources.plans.base import (
    KUBE_SYSTEM,
    PAGE,
    Listing,
    Plan,
    Run,
    config_maps,
    got,
    listed,
    together,
)
from diagnose.sources.plans.dns import MOST_CONFIGS, configs_of, dns_pods
from diagnose.sources.plans.logs import LINES, logs_of, rank_of
from diagnose.sources.plans.reading import (
    Object,
    at,
    labels_at,
    name_of,
    number_at,
    selector_text,
    several_at,
    space_of,
    text_at,
)

MOST_PAGES = 4
MOST_PODS = 200  # of one DaemonSet that is not well
MOST_WAITING = 200  # pods that are Pending
MOST_NODES_APART = 20  # nodes beyond the first page that are not Ready
MOST_SETS = 4
MOST_LOGS = 6
SAMPLE = 2  # pods of a DaemonSet that is well
FLANNEL_CONFIGS = (("kube-flannel", "kube-flannel-cfg"), (KUBE_SYSTEM, "kube-flannel-cfg"))
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
