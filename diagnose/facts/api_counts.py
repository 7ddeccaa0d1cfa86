"""Requests of CoreDNS to the API server as it counts them: by code, since it started.

Where no request ever succeeded, or the pod waits for its kubernetes plugin all the same, what fails
goes on. In any other mixture it is history until something else shows that it is not: each restart
of an API server leaves some failures in the counters for ever.

Source: kubernetes/client-go v0.35.4, rest/request.go (sanitize): "<error>" where no answer came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diagnose.facts.coredns_metrics import ERROR, Metric, Metrics, Sample
from diagnose.model import Quote, Subject
from diagnose.signatures.trouble import Reason, Trouble
from diagnose.values import dataclass

REASONS = {
    "401": Reason.UNAUTHORIZED,
    "403": Reason.FORBIDDEN,
    "404": Reason.NOT_SERVED,
    "429": Reason.TOO_MANY_REQUESTS,
    ERROR: Reason.HIDDEN,
}
MANY = 6  # a server that starts refuses each of three lists once, or twice
FEW = 3  # with no success at all: in their first seconds all three lists are tried
# Of several reasons in the counters one is the lasting one where it makes up nearly all.
SHARE = 0.8


@dataclass(frozen=True)
class ApiCount:
    """The failed requests of one process; `goes_on` where they are not history.

    They are not `certain` where the numbers are an excerpt that may leave the successes out.
    """

    subject: Subject
    trouble: Trouble
    quote: Quote
    count: int
    goes_on: bool
    certain: bool


def of_metrics(several: Iterable[Metrics], waiting: frozenset[str]) -> Iterator[ApiCount]:
    """Yield what each process counts; `waiting` names pods whose kubernetes plugin is not ready."""
    for metrics in several:
        counts: dict[Reason, list[Sample]] = {}
        good = 0
        for one in metrics.of(Metric.API_REQUESTS):
            reason = reason_of(one["code"])
            if one["code"].startswith("2"):
                good += int(one.value)
            elif reason is not None and one.value:
                counts.setdefault(reason, []).append(one)
        total = sum(int(one.value) for several in counts.values() for one in several)
        if total < (MANY if good else FEW):
            continue
        reason, samples = max(counts.items(), key=lambda item: sum(one.value for one in item[1]))
        waits = metrics.subject.name in waiting
        largest = max(samples, key=lambda one: one.value)
        count = sum(int(one.value) for one in samples)
        if count < SHARE * total:
            reason = Reason.HIDDEN  # the counters do not tell which of them lasts
        yield ApiCount(
            subject=metrics.subject,
            trouble=Trouble(reason, target=largest["host"]),
            quote=largest.quote,
            count=count,
            goes_on=not good or waits,
            certain=waits or metrics.whole,
        )


def reason_of(code: str) -> Reason | None:
    """Return why a request failed that ended with a code; None where it did not fail.

    410 is routine: a watch that asks for a version that is gone begins anew.
    """
    if code in REASONS:
        return REASONS[code]
    return Reason.SERVER_ERROR if code.startswith("5") and len(code) == 3 else None
