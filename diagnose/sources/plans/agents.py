"""Plans for the nodes, their agents, and what the cluster tells of itself.

What is fetched on a healthy cluster does not depend on how many pods or nodes it has. Where
something is not well more is looked at, up to the bounds here, and what was left out is a gap.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnose.asks import ASKS, Ask
from diagnose.model import GapKind
from diagnose.signatures.base import Emitter
from diagnose.sources.plans.base import (
    KUBE_SYSTEM,
    PAGE,
    Listing,
    Plan,
    Run,
    config_maps,
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
    space_of,
    text_at,
)

MOST_PAGES = 4
MOST_PODS = 200  # of one DaemonSet that is not well
MOST_WAITING = 200  # pods that are Pending
MOST_SETS = 4
MOST_SPACES = 4  # namespaces of agents whose events are read apart
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
COUNTS = ("desiredNumberScheduled", "numberReady", "numberMisscheduled")
# Of more warnings than are read those are left out, by the Event's reason, that every cluster has
# by the thousand.
USUAL = (
    "BackOff",
    "Unhealthy",
    "ProbeWarning",
    "FailedScheduling",
    "FailedMount",
    "FailedAttachVolume",
    "FailedGetResourceMetric",
    "FailedComputeMetricsReplicas",
    "FailedCreate",
    "Evicted",
    "ProvisioningFailed",
)
# and of more than are read of the others, those come that tell most.
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
    found = yield from listed(
        run, Ask.DAEMON_SETS, path, "daemonsets", pages=MOST_PAGES, cached=True
    )
    for one in found.items:
        if not is_counted(one):
            run.gap(
                Ask.DAEMON_SETS,
                GapKind.MALFORMED,
                f"the counts of DaemonSet {name_of(one)} are no numbers",
                ASKS[Ask.DAEMON_SETS].by_hand,
            )
    return found


def network_policies(run: Run) -> Plan[None]:
    """All network policies, since each adds to what the others allow."""
    ask, path = Ask.NETWORK_POLICIES, "/apis/networking.k8s.io/v1/networkpolicies"
    yield from listed(run, ask, path, "networkpolicies", pages=MOST_PAGES)


def is_counted(daemon_set: Object) -> bool:
    """Whether the counts of a DaemonSet's pods are numbers, where there are any."""
    status = at(daemon_set, "status")
    return all(isinstance(at(status, name), int | None) for name in COUNTS)


def is_whole(daemon_set: Object) -> bool:
    """Whether as many of a DaemonSet's pods are ready as there should be."""
    if not is_counted(daemon_set):
        return False
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
        pending_pods(run),
    )
    if not found.answered:
        run.gap(ask, GapKind.PARTIAL, "which node agents are not well is not known: no DaemonSets")
    broken = [one for one in agents(found, *AGENTS) if not is_whole(one)]
    yield from together(*(pods_of_set(run, ask, one) for one in broken[:MOST_SETS]))
    for one in broken[MOST_SETS:]:
        run.gap(ask, GapKind.PARTIAL, f"the pods of DaemonSet {name_of(one)} were not looked at")


def pending_pods(run: Run) -> Plan[Listing]:
    """The pods that wait to start, up to a bound."""
    found = yield from listed(
        run,
        Ask.SYSTEM_PODS,
        "/api/v1/pods",
        "pods that are pending",
        fields="status.phase=Pending",
        limit=MOST_WAITING,
    )
    return found


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
    if not is_counted(daemon_set):
        because = f"how many pods {name_of(daemon_set)} has is not known"
        run.gap(ask, GapKind.PARTIAL, because, ASKS[ask].by_hand)
    elif len(pods) < wanted:
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
                cached=bool(node),
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
        cached=True,
    )
    if found.answered and not found.items:
        because = "it does not run as a pod here"
        run.gap(ask, GapKind.NOT_COLLECTED, because, "the log of the managed control plane")
    yield from logs_of(run, ask, found.items, Emitter.CONTROLLER_MANAGER, LINES)


def events(run: Run) -> Plan[list[Object]]:
    """Warning events; of too many, those beside DNS and the agents, and those that tell most.

    Where an API server has too many to send, what is left out are the usual ones of applications,
    on which no check rests.
    """
    ask, path, kind = Ask.EVENTS, "/api/v1/events", "type=Warning"
    first = yield from listed(run, ask, path, "events", fields=kind, more_is_fine=True)
    if first.whole or len(first.items) < PAGE:
        return list(first.items)
    found = yield from daemon_sets(run)
    spaces = {KUBE_SYSTEM, *(space_of(one) for one in agents(found, *AGENTS))}
    telling = ",".join((kind, *(f"reason!={reason}" for reason in USUAL)))
    *of_spaces, rest = yield from together(
        *(
            listed(
                run,
                ask,
                path,
                f"events of {space}",
                fields=kind,
                namespace=space,
                more_is_fine=True,
            )
            for space in sorted(spaces)[:MOST_SPACES]
        ),
        listed(run, ask, path, "events that tell more", fields=telling, more_is_fine=True),
    )
    lists = [first, *of_spaces, rest]
    if len(rest.items) >= PAGE:
        lists += yield from together(
            *(
                listed(
                    run,
                    ask,
                    path,
                    f"events {reason}",
                    fields=f"{kind},reason={reason}",
                    more_is_fine=True,
                )
                for reason in TELLING
            )
        )
    read = {(space_of(one), name_of(one)): one for each in lists for one in each.items}
    if all(one.whole for one in (*of_spaces, rest)) and len(spaces) <= MOST_SPACES:
        because = (
            f"of namespaces without DNS or agents of nodes, events such as {', '.join(USUAL[:3])} "
            "were left out but for the first ones"
        )
        run.gap(ask, GapKind.BESIDE, because)
    else:
        because = (
            f"{len(read)} warnings were read: the first ones, some of {', '.join(sorted(spaces))}, "
            "and of those that tell of networks; there are more"
        )
        run.gap(ask, GapKind.PARTIAL, because, ASKS[ask].by_hand)
    return list(read.values())
