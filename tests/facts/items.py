"""Items as parsers make them, from the lines of a log and the columns of a table."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.pods import Pod
from diagnose.model import Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.coredns import BANNER
from diagnose.signatures.tables import applying
from diagnose.text.envelopes import strip

REFERENCE = datetime(2024, 3, 2, 12, 0, tzinfo=UTC)
COREDNS = Subject("Pod", "coredns-aaaaa", "kube-system")


def log(
    *lines: str,
    emitter: Emitter = Emitter.COREDNS,
    subject: Subject = COREDNS,
    previous: bool = False,
    repeated: int = 0,
) -> LogStream:
    """Return the stream of some lines; `repeated` adds matching lines that were not kept."""
    matches: list[Match] = []
    for number, line in enumerate(lines, 1):
        known = [(one, found) for one in applying(emitter) if (found := one.match(line))]
        told = [(one, found) for one, found in known if not one.fallback]
        for one, found in told if any(not one.envelope for one, _ in told) else known:
            matches.append(
                Match(
                    signature=one.name,
                    subject=subject,
                    quote=Quote("x.log", line, number),
                    fields={name: text for name, text in found.groupdict().items() if text},
                    number=number,
                    at=strip(line, REFERENCE).at,
                )
            )
    counts = Counter(match.signature for match in matches)
    times = [at for line in lines if (at := strip(line, REFERENCE).at)]
    version = next((match["version"] for match in matches if match.signature == BANNER.name), "")
    return LogStream(
        emitter=emitter,
        subject=subject,
        origin="x.log",
        lines=len(lines) + repeated,
        matches=tuple(matches),
        counts={name: count + repeated for name, count in counts.items()},
        first_at=min(times, default=None),
        last_at=max(times, default=None),
        previous=previous,
        version=version,
    )


def pod(
    name: str = "coredns-aaaaa",
    status: str = "Running",
    *,
    ready: bool | None = None,
    node: str = "",
    ready_since: datetime | None = None,
    host_network: bool | None = None,
) -> Pod:
    """Return a pod as a line of `kubectl get pods` tells it."""
    return Pod(
        subject=Subject("Pod", name, "kube-system", node),
        origin="pods.txt",
        quote=Quote("pods.txt", f"{name} {status}", 2),
        status=status,
        ready=status == "Running" if ready is None else ready,
        ready_since=ready_since,
        host_network=host_network,
    )


def event(
    message: str,
    reason: str = "FailedCreatePodSandBox",
    *,
    name: str = "coredns-aaaaa",
    node: str = "",
    age_s: float | None = 12.0,
    first_age_s: float | None = None,
    count: int = 1,
    origin: str = "events.txt",
) -> Event:
    """Return an event of a pod."""
    return Event(
        subject=Subject("Pod", name, "kube-system", node),
        reason=reason,
        message=message,
        origin=origin,
        quote=Quote(origin, message, 2),
        count=count,
        age_s=age_s,
        first_age_s=first_age_s,
    )
