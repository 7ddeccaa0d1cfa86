"""Plans for what kubelets answer through the API server: their configuration, log and health.

A kubelet's own word is asked of a few nodes, whatever the size of the cluster: where something is
not well, else a sample. What was left out is a gap of the ask.

Source: kubernetes/kubernetes v1.35.4, pkg/kubelet/server/server.go (configz, logs endpoint is
disabled), pkg/kubelet/kubelet_server_journal.go (log not found for), KEP-2258 node log query.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from diagnose.asks import ASKS, Ask
from diagnose.facts.coredns_health import HEALTHZ, written
from diagnose.model import GapKind, Subject
from diagnose.parts import Kind, Part
from diagnose.signatures.base import Emitter
from diagnose.sources.http import Answer, Request, Trouble
from diagnose.sources.plans.agents import events, pending_pods
from diagnose.sources.plans.base import Plan, Run, gap_of
from diagnose.sources.plans.dns import dns_pods
from diagnose.sources.plans.logs import LINES, LOG_BYTES
from diagnose.sources.plans.nodes import Nodes, nodes
from diagnose.sources.plans.proxied import HEALTH_BYTES, LIMIT_S, is_page, not_reached
from diagnose.sources.plans.reading import Object, text_at
from diagnose.text.clean import decode
from diagnose.text.regex import regex

SAMPLE = 3  # nodes whose kubelet is asked where everything is well
MOST_NODES = 6  # where it is not
MOST_LOGS = 3
KUBELET_PORT = 10250
SANDBOX = "FailedCreatePodSandBox"
# What stands there instead of a log, with status 200.
NO_LOG = regex(
    r"\s*(?:log not found for \S{1,80}|-- No entries --|-- No journal files were found\. --|"
    r"\S{0,40}journalctl\S{0,10}: .{0,200})\s*\Z"
)


def configz(run: Run) -> Plan[None]:
    """What some kubelets run with: of nodes that are not well, of CoreDNS's, of a sample."""
    ask = Ask.KUBELET_CONFIGZ
    found = yield from nodes(run)
    if run.unknown_by(ask, Ask.NODES) and not found.ready:
        return
    dns = yield from dns_pods(run)
    pending = yield from pending_pods(run)
    every = sorted(found.ready)
    unwell = unwell_of(found)
    stuck = on_nodes(pending.items)[:1]
    wanted = [*unwell, *stuck, *on_nodes(dns), *every]
    most = min(MOST_NODES, SAMPLE + len({*unwell, *stuck}))
    names = [one for one in dict.fromkeys(wanted) if one in found.ready][:most]
    answers = yield [
        Request(f"/api/v1/nodes/{name}/proxy/configz", timeout_s=LIMIT_S) for name in names
    ]
    read = 0
    for name, answer in zip(names, answers, strict=True):
        if answer.fine and "kubeletconfig" in answer.value:
            read += 1
            keep(run, ask, answer, Kind.KUBELET_CONFIG, f"configz of node {name}", node_of(name))
        else:
            refused(run, ask, answer, name, "the configuration of the kubelet of")
    if read < len(every) or not found.whole:
        because = f"of {len(every)}{'' if found.whole else ' and more'} kubelets {read} were asked"
        run.gap(ask, GapKind.PARTIAL, because, ASKS[ask].by_hand)


def kubelet_logs(run: Run) -> Plan[None]:
    """The logs of kubelets whose node is not Ready, or that fail to make sandboxes."""
    ask = Ask.KUBELET_LOGS
    found = yield from nodes(run)
    warnings = yield from events(run)
    unwell = unwell_of(found)
    failing = [
        text_at(one, "source", "host") or text_at(one, "deprecatedSource", "host")
        for one in warnings
        if text_at(one, "reason") == SANDBOX
    ]
    several = list(dict.fromkeys([*unwell, *(one for one in failing if one in found.ready)]))
    names = several[:MOST_LOGS]
    query = (("query", "kubelet"), ("tailLines", str(LINES)))
    requests = [
        Request(
            f"/api/v1/nodes/{name}/proxy/logs/",
            query,
            text=True,
            most_bytes=LOG_BYTES,
            timeout_s=LIMIT_S,
        )
        for name in names
    ]
    asked = [name for name in names if name in unwell]
    requests += [
        Request(
            f"/api/v1/nodes/{name}/proxy{HEALTHZ}",
            text=True,
            most_bytes=HEALTH_BYTES,
            timeout_s=LIMIT_S,
        )
        for name in asked
    ]
    answers = (yield requests) if requests else []
    for name, answer in zip(names, answers[: len(names)], strict=True):
        keep_log(run, ask, answer, name)
    for name, answer in zip(asked, answers[len(names) :], strict=True):
        keep_health(run, ask, answer, name)
    if len(several) > len(names):
        because = f"of {len(several)} nodes that are not well the logs of {len(names)} were read"
    else:
        because = "only those of nodes that are not Ready, or where sandboxes fail, are read"
    by_hand = ASKS[ask].by_hand
    read = any(part.kind is Kind.LOG for (of, _), part in run.parts.items() if of is ask)
    run.gap(ask, GapKind.PARTIAL if read else GapKind.NOT_COLLECTED, because, by_hand)


def unwell_of(found: Nodes) -> list[str]:
    """Return the nodes that are not Ready."""
    return [name for name, ready in found.ready.items() if not ready]


def on_nodes(pods: Iterable[Object]) -> list[str]:
    """Return the nodes that pods were put on."""
    return [name for pod in pods if (name := text_at(pod, "spec", "nodeName"))]


def node_of(name: str) -> Subject:
    """Return a node as a subject."""
    return Subject("Node", name)


def keep(run: Run, ask: Ask, answer: Answer, kind: Kind, origin: str, node: Subject) -> None:
    """Keep an answer of a kubelet as a part."""
    run.parts[ask, answer.request] = Part(
        kind=kind,
        origin=origin,
        text=decode(answer.body)[0],
        emitter=Emitter.KUBELET if kind is Kind.LOG else Emitter.UNKNOWN,
        subject=node,
        ask=ask,
        whole=answer.trouble is Trouble.NONE,
        taken_at=answer.at or datetime.now(UTC),
    )


def refused(run: Run, ask: Ask, answer: Answer, name: str, what: str) -> None:
    """Note what a kubelet did not bring; a permission that is missing is missing on each node."""
    gap = gap_of(answer, "get nodes/proxy")
    because = (
        f"the API server did not reach it: {told}"
        if (told := not_reached(answer))
        else (gap.because)
    )
    named = ASKS[ask].title if answer.status in (401, 403) else f"{what} {name}"
    if answer.status == 403:
        because = "forbidden"  # the message names the node
    run.gap(ask, gap.kind, because, gap.ask or ASKS[ask].by_hand, named)


def keep_log(run: Run, ask: Ask, answer: Answer, name: str) -> None:
    """Keep a kubelet's log, or say what came in its place."""
    cut = answer.trouble in (Trouble.CUT, Trouble.TOO_LARGE, Trouble.TIMEOUT) and bool(answer.body)
    what, by_hand = f"the kubelet's log of node {name}", f"journalctl -u kubelet on {name}"
    if answer.status != 200 or not (cut or answer.trouble is Trouble.NONE):
        if answer.status in (404, 405):
            because = f"its node log query is off ({answer.status}: {answer.message})"
            run.gap(ask, GapKind.NOT_COLLECTED, because, by_hand, what)
        else:
            refused(run, ask, answer, name, "the kubelet's log of node")
        return
    if is_page(answer):  # the list of /var/log: a kubelet without the query serves that
        because = "its node log query is off: the list of its files came instead"
        run.gap(ask, GapKind.NOT_COLLECTED, because, by_hand, what)
    elif not answer.body.strip() or NO_LOG.match(decode(answer.body[:1000])[0]):
        because = "the kubelet does not log where its node log query looks"
        run.gap(ask, GapKind.NOT_COLLECTED, because, by_hand, what)
    else:
        keep(run, ask, answer, Kind.LOG, f"kubelet of {name}.log", node_of(name))


def keep_health(run: Run, ask: Ask, answer: Answer, name: str) -> None:
    """Keep what a kubelet says of its health, or that it says nothing."""
    line = ""
    if reason := not_reached(answer):
        line = written(HEALTHZ, KUBELET_PORT, "kubelet", trouble=reason)
    elif answer.trouble is Trouble.TIMEOUT and not answer.status:
        line = written(HEALTHZ, KUBELET_PORT, "kubelet", trouble=answer.trouble.value)
    elif answer.value.get("kind") != "Status" and answer.status and not is_page(answer):
        body = decode(answer.body)[0].split("\n", 1)[0]
        line = written(HEALTHZ, KUBELET_PORT, "kubelet", status=answer.status, body=body)
    if not line:
        refused(run, ask, answer, name, "the health of the kubelet of")
        return
    run.parts[ask, answer.request] = Part(
        kind=Kind.HEALTH,
        origin=f"health of node {name}",
        text=f"{line}\n",
        subject=node_of(name),
        ask=ask,
        whole=True,
        taken_at=answer.at or datetime.now(UTC),
    )
