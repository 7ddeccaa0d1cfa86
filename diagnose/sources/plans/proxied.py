"""Plans for what CoreDNS answers over HTTP, asked through the API server's proxy to its pods.

No pod has to be made and no command run: the API server passes a GET on to a port of the pod. What
it says itself when that fails (a Status) is told from what the pod says. A pod that the API server
does not reach is a fact of the pod network, as the control plane sees it.

Source: kubernetes/apimachinery v0.24 to v0.37, pkg/util/proxy/transport.go (RoundTrip: "error
trying to reach service"), before that "Trying to reach" in a page of plain text;
coredns/coredns v1.12.4 plugin/health/health.go, plugin/ready/ready.go, plugin/metrics/metrics.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from diagnose.asks import ASKS, Ask
from diagnose.facts.coredns_health import written
from diagnose.model import GapKind, Subject
from diagnose.parts import Kind, Part
from diagnose.signatures.base import Emitter
from diagnose.sources.http import BUSY, Answer, Request, Trouble
from diagnose.sources.plans.base import Plan, Run, gap_of
from diagnose.sources.plans.dns import dns_pods
from diagnose.sources.plans.logs import container_of, is_status, rank_of, title
from diagnose.sources.plans.reading import (
    Object,
    at,
    labels_at,
    name_of,
    number_at,
    several_at,
    space_of,
    text_at,
)
from diagnose.text.clean import decode
from diagnose.text.regex import regex
from diagnose.values import dataclass

LIMIT_S = 3.0  # a pod that is reached answers in milliseconds; the API server waits half a minute
OK = 200
MOST_PODS = 10
HEALTH_BYTES = 64 * 1024
METRICS_BYTES = 4 * 1024 * 1024  # a CoreDNS of a large cluster exposes some hundred kilobytes
HEALTH, READY, METRICS = ("/health", 8080), ("/ready", 8181), ("/metrics", 9153)
MOST_PORT = 65535
# A path of a pod's own probe is asked as it is, but for one that would leave the pod's proxy.
PLAIN_PATH = regex(r"(?:/[\w-][\w.-]{0,60}){1,8}/?")
NOT_REACHED = regex(
    r"(?:[Ee]rror trying to reach service: |Error: ')(?P<reason>.{1,400}?)(?:'?\s*Trying to reach: "
    r".{0,300}|'?)\s*\Z"
)


@dataclass(frozen=True)
class Place:
    """An endpoint of a pod: where it is, and what says so."""

    path: str
    port: int
    by: str
    scheme: str = ""

    def request(self, pod: Object, most_bytes: int) -> Request:
        """Return the request that the API server passes on to it."""
        host = (
            f"{self.scheme}:{name_of(pod)}:{self.port}"
            if self.scheme
            else (f"{name_of(pod)}:{self.port}")
        )
        base = f"/api/v1/namespaces/{space_of(pod)}/pods/{host}/proxy"
        target = base + quote(self.path)
        return Request(target, text=True, most_bytes=most_bytes, timeout_s=LIMIT_S)


def dns_health(run: Run) -> Plan[None]:
    """What the health and ready plugins of CoreDNS's pods answer, those not well first."""
    ask = Ask.DNS_HEALTH
    pods = yield from chosen(run, ask)
    first = yield from knock(pods)
    reached = [pod for pod, answer in zip(pods, first, strict=True) if came(answer)]
    answers = yield [health_of(pod).request(pod, HEALTH_BYTES) for pod in reached]
    second = {name_of(pod): answer for pod, answer in zip(reached, answers, strict=True)}
    refusals = Refusals(run, ask)
    for pod, answer in zip(pods, first, strict=True):
        lines = [line_of(ready_of(pod), answer, refusals, pod)]
        if name_of(pod) in second:
            lines.append(line_of(health_of(pod), second[name_of(pod)], refusals, pod))
        keep_lines(run, ask, pod, [one for one in lines if one], answer)


def dns_metrics(run: Run) -> Plan[None]:
    """The metrics of CoreDNS's pods; those whose other port answers in time are asked."""
    ask = Ask.DNS_METRICS
    pods = yield from chosen(run, ask)
    first = yield from knock(pods)
    refusals = Refusals(run, ask)
    reached = []
    for pod, answer in zip(pods, first, strict=True):
        if came(answer):
            reached.append(pod)
        else:
            refusals.add(answer, pod)
    answers = yield [metrics_of(pod).request(pod, METRICS_BYTES) for pod in reached]
    for pod, answer in zip(reached, answers, strict=True):
        keep_metrics(run, ask, pod, answer, refusals)


# ---------------------------------------------------------------- which pods, and where


def chosen(run: Run, ask: Ask) -> Plan[list[Object]]:
    """Return the pods to ask: those of DNS that run, some of them where they are many."""
    pods = yield from dns_pods(run)
    running = sorted(filter(runs, pods), key=lambda pod: (rank_of(pod), title(pod)))
    if not run.unknown_by(ask, Ask.DNS_PODS) and not running:
        run.gap(ask, GapKind.NOT_COLLECTED, "no pod runs that could answer")
    if len(running) > MOST_PODS:
        because = f"of {len(running)} pods {MOST_PODS} were asked, those not well first"
        run.gap(ask, GapKind.PARTIAL, because, ASKS[ask].by_hand)
    return running[:MOST_PODS]


def runs(pod: Object) -> bool:
    """Whether the container that serves DNS runs, so that something can answer."""
    name = container_of(pod, Emitter.COREDNS)
    return text_at(pod, "status", "phase") == "Running" and any(
        text_at(one, "name") == name and bool(at(one, "state", "running"))
        for one in several_at(pod, "status", "containerStatuses")
    )


def container(pod: Object) -> Object:
    """Return the container that serves DNS."""
    name = container_of(pod, Emitter.COREDNS)
    containers = several_at(pod, "spec", "containers")
    return next((one for one in containers if text_at(one, "name") == name), {})


def health_of(pod: Object) -> Place:
    """Return where the health plugin answers, by the pod's liveness probe."""
    return probed(container(pod), "livenessProbe") or Place(*HEALTH, "usual port")


def ready_of(pod: Object) -> Place:
    """Return where the ready plugin answers, by the pod's readiness probe."""
    return probed(container(pod), "readinessProbe") or Place(*READY, "usual port")


def probed(one: Object, kind: str) -> Place | None:
    """Return where a probe of a container asks over HTTP; None when it does not."""
    told = at(one, kind, "httpGet")
    port = port_of(one, at(told, "port"))
    path = text_at(told, "path")
    if port is None or PLAIN_PATH.fullmatch(path) is None:
        return None
    return Place(path, port, kind, "https" if text_at(told, "scheme") == "HTTPS" else "")


def port_of(one: Object, told: object) -> int | None:
    """Return a port of a container, by number or by name."""
    if isinstance(told, str) and told.isdigit():
        told = int(told[:6])
    if isinstance(told, int):
        return told if 0 < told <= MOST_PORT else None
    ports = several_at(one, "ports")
    numbers = [number_at(each, "containerPort") for each in ports if text_at(each, "name") == told]
    return next((number for number in numbers if 0 < number <= MOST_PORT), None)


def metrics_of(pod: Object) -> Place:
    """Return where the prometheus plugin answers: by a port's name or number, or an annotation."""
    path, usual = METRICS
    one = container(pod)
    port = port_of(one, "metrics")
    if port is not None:
        return Place(path, port, "port metrics")
    if any(number_at(each, "containerPort") == usual for each in several_at(one, "ports")):
        return Place(path, usual, "container port")
    noted = port_of(one, labels_at(pod, "metadata", "annotations").get("prometheus.io/port", ""))
    return Place(path, noted, "annotation") if noted else Place(path, usual, "usual port")


# ---------------------------------------------------------------- what came


def knock(pods: Sequence[Object]) -> Plan[Sequence[Answer]]:
    """Ask each pod one thing, so that a pod that swallows requests costs one wait and no more."""
    if not pods:
        return ()
    answers: Sequence[Answer] = yield [ready_of(pod).request(pod, HEALTH_BYTES) for pod in pods]
    return answers


def came(answer: Answer) -> bool:
    """Whether anybody answered in time."""
    return answer.status != 0


class Refusals:
    """The requests that brought nothing, by why; each reason becomes one gap."""

    def __init__(self, run: Run, ask: Ask) -> None:
        """Know none yet."""
        self._run = run
        self._ask = ask
        self._seen: set[tuple[int, Trouble]] = set()

    def add(self, answer: Answer, pod: Object) -> None:
        """Note an answer that does not bring what was asked for."""
        key = (answer.status, answer.trouble)
        if key not in self._seen:
            self._seen.add(key)
            gap = gap_of(answer, f"get pods/proxy in {space_of(pod)}")
            by_hand = gap.ask or ASKS[self._ask].by_hand
            what = f"{ASKS[self._ask].title} ({title(pod)})"
            self._run.gap(self._ask, gap.kind, gap.because, by_hand, what)


def not_reached(answer: Answer) -> str:
    """Return why the API server did not reach what it was to ask; "" when it did, or says not."""
    told = answer.value.get("message")
    text = told if isinstance(told, str) else answer.body[:1000].decode("utf-8", "replace")
    found = NOT_REACHED.match(" ".join(text.split())) if answer.status in (502, 503, 504) else None
    return found["reason"] if found else ""


def of_api(answer: Answer) -> bool:
    """Whether the API server, or something before it, answered instead of the pod."""
    own = answer.value.get("kind") == "Status" or answer.status == BUSY
    return own or is_page(answer) or is_status(decode(answer.body)[0])


def is_page(answer: Answer) -> bool:
    """Whether a web page came, as no endpoint of CoreDNS sends one."""
    return answer.body.lstrip()[:1] == b"<"


def line_of(place: Place, answer: Answer, refusals: Refusals, pod: Object) -> str:
    """Return the line that says what an endpoint answers; "" where that is not known."""
    if reason := not_reached(answer):
        return written(place.path, place.port, place.by, trouble=reason)
    if answer.trouble is Trouble.TIMEOUT and not came(answer):
        # the server itself answers others; it waits for the pod
        return written(place.path, place.port, place.by, trouble=answer.trouble.value)
    if of_api(answer) or (
        # of half an answer the status counts where it is not the usual one
        answer.trouble is not Trouble.NONE and not (answer.body and answer.status != OK)
    ):
        if is_page(answer) and answer.status == 200:
            detail = "a web page: something in between answers for it"
            answer = replace(answer, trouble=Trouble.NOT_JSON, detail=detail)
        refusals.add(answer, pod)
        return ""
    body = decode(answer.body)[0].split("\n", 1)[0]
    return written(place.path, place.port, place.by, status=answer.status, body=body)


def keep_lines(run: Run, ask: Ask, pod: Object, lines: Sequence[str], answer: Answer) -> None:
    """Keep what a pod's endpoints say as a part."""
    if not lines:
        return
    run.parts[ask, ("health", title(pod))] = Part(
        kind=Kind.HEALTH,
        origin=f"{'metrics' if ask is Ask.DNS_METRICS else 'health'} of {title(pod)}",
        text="".join(f"{line}\n" for line in lines),
        subject=subject_of(pod),
        ask=ask,
        whole=True,
        taken_at=answer.at or datetime.now(UTC),
    )


def keep_metrics(run: Run, ask: Ask, pod: Object, answer: Answer, refusals: Refusals) -> None:
    """Keep the metrics of a pod, or say what came of asking for them."""
    place = metrics_of(pod)
    cut = answer.trouble in (Trouble.CUT, Trouble.TOO_LARGE, Trouble.TIMEOUT) and bool(answer.body)
    fine = answer.status == OK and not of_api(answer) and bool(answer.body)
    if not (fine and (cut or answer.trouble is Trouble.NONE)):
        line = line_of(place, answer, refusals, pod)
        keep_lines(run, ask, pod, [line] if line else [], answer)
        return
    text = decode(answer.body)[0]
    if cut:
        text = text[: text.rfind("\n") + 1]  # a number that is cut is another number
        because = f"{gap_of(answer, '').because}; what came before is used"
        what = f"the metrics of {title(pod)}"
        run.gap(ask, GapKind.PARTIAL, because, ASKS[ask].by_hand, what)
    run.parts[ask, answer.request] = Part(
        kind=Kind.METRICS,
        origin=f"metrics of {title(pod)}",
        text=text,
        subject=subject_of(pod),
        ask=ask,
        whole=not cut,
        taken_at=answer.at or datetime.now(UTC),
    )


def subject_of(pod: Object) -> Subject:
    """Return a pod as a subject."""
    return Subject("Pod", name_of(pod), space_of(pod), text_at(pod, "spec", "nodeName"))
