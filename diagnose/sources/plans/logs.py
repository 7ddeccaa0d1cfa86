"""Steps that plans for logs share: which containers, how much, and what stands in for a log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from diagnose.asks import Ask
from diagnose.model import GapKind, Subject
from diagnose.parsers import ages
from diagnose.parts import Kind, Part
from diagnose.signatures.base import Emitter
from diagnose.sources.http import Answer, Request, Trouble
from diagnose.sources.plans.base import Plan, Run, gap_of
from diagnose.sources.plans.reading import (
    Object,
    at,
    name_of,
    number_at,
    several_at,
    space_of,
    text_at,
)
from diagnose.text.clean import decode
from diagnose.text.regex import regex
from diagnose.text.shown import visible

DNS_LINES = 10_000
LINES = 3_000
LOG_BYTES = 8 * 1024 * 1024
DNS_CONTAINERS = ("coredns", "kubedns", "dns", "dnsmasq")
# Ready for so long, a container's run before tells nothing of today; CoreDNS may well end now
# and then, for want of memory.
SETTLED_S, COREDNS_SETTLED_S = 90.0, 900.0
NO_LOG = regex(r"\s*unable to retrieve container logs for [^\n]{0,300}\s*\Z")


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
    current = b""
    for (pod, container, previous, _), answer in zip(wanted, answers, strict=True):
        if previous and answer.fine and answer.body == current:
            continue  # of a container that waits for its next start both are the run that ended
        current = answer.body
        log_part(run, ask, emitter, pod, container, answer=answer, lines=lines, previous=previous)


def is_status(text: str) -> bool:
    """Whether a text is the Status by which an API server refuses, and nothing else."""
    if not text.startswith("{"):
        return False
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return text_at(value, "kind") == "Status"


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
    if answer.is_page or is_status(text):
        # as some proxies send it with status 200; a log of the API has a time before each line
        because = "what came is no log: " + visible(" ".join(text.split()))[:100]
        run.gap(ask, GapKind.MALFORMED, because, by_hand, what)
        return
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
