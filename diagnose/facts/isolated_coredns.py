"""The pods of CoreDNS that get nothing from anywhere: neither from the API nor from upstreams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.api_failures import ApiFailures
from diagnose.facts.coredns_readiness import UnreadyCoreDNS
from diagnose.facts.upstream_failures import UpstreamFailure, UpstreamFailures
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.trouble import Reason
from diagnose.values import dataclass

UNANSWERED = (Reason.TIMEOUT, Reason.NO_ROUTE)


@dataclass(frozen=True)
class IsolatedPod:
    """One such pod; the quotes are of the upstream's silence and of the API server's."""

    subject: Subject
    servers: tuple[str, ...]
    count: int
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class IsolatedCoreDNS(Fact):
    """The pods to which both ways are silent: the one by a Service's address, and the direct."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_LOGS, Ask.DNS_PODS)

    pods: tuple[IsolatedPod, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the pods whose upstreams are all silent and that wait for the API server."""
        upstreams = evidence.fetch(UpstreamFailures)
        api, unready = evidence.fetch(ApiFailures), evidence.fetch(UnreadyCoreDNS)
        if isinstance(upstreams, Gap):
            return upstreams
        if isinstance(api, Gap) and isinstance(unready, Gap):
            return api
        away = dict(
            without_api(
                None if isinstance(api, Gap) else api,
                None if isinstance(unready, Gap) else unready,
            )
        )
        told = [one for one in (upstreams, api, unready) if not isinstance(one, Gap)]
        pods = tuple(
            IsolatedPod(
                subject,
                tuple(dict.fromkeys(one.server for one in several if one.server)),
                sum(one.count for one in several),
                (several[-1].quote, away[subject]),
            )
            for subject, several in without_upstream(upstreams).items()
            if subject in away
        )
        gaps = tuple(dict.fromkeys(gap for one in told for gap in one.gaps))
        return cls(origin=upstreams.origin, gaps=gaps, pods=pods)


def without_upstream(upstreams: UpstreamFailures) -> dict[Subject, list[UpstreamFailure]]:
    """Return the failures of pods to which no upstream says anything, not even no."""
    silent: dict[Subject, list[UpstreamFailure]] = {}
    heard: set[Subject] = set()
    for one in upstreams.failures:
        unanswered = one.trouble.reason in UNANSWERED
        if one.others_answer or one.answered or one.answers_now or not unanswered:
            heard.add(one.subject)
        elif not one.own and not one.piece:
            silent.setdefault(one.subject, []).append(one)
    return {subject: several for subject, several in silent.items() if subject not in heard}


def without_api(
    api: ApiFailures | None, unready: UnreadyCoreDNS | None
) -> Iterator[tuple[Subject, Quote]]:
    """Yield the pods of CoreDNS that wait for the API server and do not say why.

    Where a pod does say it, that is the cause to begin with, whatever else is silent.
    """
    told = {
        one.subject
        for one in (api.failures if api else ())
        if one.emitter is Emitter.COREDNS
        and not one.recovered
        and one.trouble.reason is not Reason.HIDDEN
    }
    for pod in unready.pods if unready else ():
        if "kubernetes" in pod.plugins and pod.subject not in told:
            yield pod.subject, pod.quotes[0]
