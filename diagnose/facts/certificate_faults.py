"""Certificates on the way to the API server that clients in the cluster refuse.

Programs say so in their logs, or CoreDNS gives no reason and the certificate that others were shown
tells one. That is a possibility: between pods and the server may be what is not between it and
whoever looked (a load balancer, a certificate by the name that is asked for).

A certificate without the address that pods ask is the rule where a proxy stands before the API
server. It counts only where it says itself that it is an API server's, and CoreDNS fails for a
reason that nothing tells.

Source: kubernetes/kubernetes v1.31.0 pkg/controlplane (the first address of the range of Services
is that of `kubernetes`); client-go rest/config.go (InClusterConfig asks that address); Go
crypto/x509 verify.go (Verify: dates, then names).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.api_failures import ApiFailure, ApiFailures
from diagnose.facts.certificates import Certificate
from diagnose.facts.cluster_ranges import ClusterRanges
from diagnose.facts.coredns_health import Endpoint, of_pods, waiting
from diagnose.facts.corefile import Corefile
from diagnose.facts.services import Service, merged
from diagnose.model import Fact, Gap, Quote, Severity
from diagnose.signatures.base import Emitter
from diagnose.signatures.trouble import Reason
from diagnose.values import dataclass

BLIND = (Reason.HIDDEN, Reason.TLS_OTHER)
MOST_NAMES = 8  # that a message shows
BY_OTHER_WAY = "CoreDNS may be shown another one"


@dataclass(frozen=True)
class CertificateFault:
    """A certificate that clients refuse, if they are shown it; `address` is what they ask.

    `early` says of one that is outside its time that this has not begun.
    """

    reason: Reason
    message: str
    quotes: tuple[Quote, ...]
    severity: Severity
    address: str = ""
    early: bool = False


@dataclass(frozen=True, kw_only=True)
class CertificateFaults(Fact):
    """What programs say of the API server's certificate, and what is seen of it otherwise."""

    asks: ClassVar[tuple[Ask, ...]] = (
        *ApiFailures.asks,
        Ask.API_CERTIFICATE,
        Ask.DNS_CONFIG,
    )

    api: ApiFailures
    seen: tuple[CertificateFault, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both; what is told of the certificate alone leaves the other as a gap."""
        api = evidence.fetch(ApiFailures)
        certificates = [one for one in evidence.of(Certificate) if one.of_api_server]
        if isinstance(api, Gap):
            if not certificates:
                return api
            origin = ", ".join(dict.fromkeys(one.origin for one in certificates))
            api = ApiFailures(origin=origin, gaps=(api,))
        blind = blind_requests(api)
        seen = tuple(faults_of(evidence, api, certificates, blind))
        gaps = (*api.gaps, *(evidence.gaps_of(Ask.API_CERTIFICATE) if blind else ()))
        return cls(origin=api.origin, gaps=gaps, api=api, seen=seen)


def blind_requests(api: ApiFailures) -> tuple[ApiFailure, ...]:
    """Return CoreDNS's failures without a reason; none where one of its lines gives another."""
    going_on = coredns_failures(api)
    return going_on if all(one.trouble.reason in BLIND for one in going_on) else ()


def coredns_failures(api: ApiFailures) -> tuple[ApiFailure, ...]:
    """Return the failures of CoreDNS that go on."""
    return tuple(
        one for one in api.failures if one.emitter is Emitter.COREDNS and not one.recovered
    )


def faults_of(
    evidence: Evidence,
    api: ApiFailures,
    certificates: list[Certificate],
    blind: tuple[ApiFailure, ...],
) -> Iterator[CertificateFault]:
    """Yield what is wrong with certificates, where no program says the same by itself."""
    said = {one.trouble.reason for one in api.failures if not one.recovered}
    waits = [
        one
        for one in waiting(of_pods(evidence.of(Endpoint))).values()
        if "kubernetes" in one.waits_for
    ]
    fails = bool(blind or (waits and not coredns_failures(api)))
    if Reason.CERT_EXPIRED not in said:
        times = [one.last_at for one in blind if one.last_at]
        for one in certificates:
            yield from outside_its_time(one, max(times, default=None), fails=fails)
    if Reason.CERT_NAME in said or not fails:
        return
    asked = dict(addresses_asked(evidence, blind))
    failing = blind[0].quote if blind else waits[0].quote
    for one in certificates:
        for address, quote in asked.items():
            if not one.is_for(address):
                yield without_address(one, address, (quote, failing))


def outside_its_time(
    one: Certificate, failed_at: datetime | None, *, fails: bool
) -> Iterator[CertificateFault]:
    """Yield the fault of a certificate that has ended or not begun, by a clock that is known."""
    at, clock = (one.at, one.clock) if one.at else (failed_at, "CoreDNS's log")
    ended = one.ended or bool(at and one.ends and at > one.ends)
    early = one.not_begun or bool(at and one.begins and at < one.begins)
    if not ended and not early:
        return
    limit, verb = (one.ends, "ended") if ended else (one.begins, "begins")
    when = f" at {limit:%Y-%m-%d %H:%M:%S}Z" if limit else ""
    by = f"{clock} says {at:%Y-%m-%d %H:%M:%S}Z" if at else "by the clock of whoever printed it"
    yield CertificateFault(
        reason=Reason.CERT_EXPIRED,
        message=f"{shown(one)} {verb}{when}, {by}; {BY_OTHER_WAY}",
        quotes=tuple(dict.fromkeys((one.dates_quote or one.quote, one.quote))),
        severity=Severity.CRITICAL if fails else Severity.WARNING,
        early=not ended,
    )


def without_address(one: Certificate, address: str, quotes: tuple[Quote, ...]) -> CertificateFault:
    """Return the fault of a certificate that lacks the address at which pods ask the server."""
    names = one.names or ()
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    valid = f"is valid for {', '.join(names[:MOST_NAMES])}{more}" if names else "names no host"
    return CertificateFault(
        reason=Reason.CERT_NAME,
        message=f"{shown(one)} {valid}, not for {address}, which pods ask, and CoreDNS fails "
        f"there without a reason; {BY_OTHER_WAY}",
        quotes=(one.names_quote or one.quote, *quotes),
        severity=Severity.CRITICAL,
        address=address,
    )


def shown(one: Certificate) -> str:
    """Return what a certificate is called in a message."""
    return f"the certificate that {one.server} shows" if one.server else "the certificate"


def addresses_asked(
    evidence: Evidence, blind: tuple[ApiFailure, ...]
) -> Iterator[tuple[str, Quote]]:
    """Yield what pods ask the API server at: as they say, else as the cluster is set up.

    A Corefile with an endpoint of its own tells CoreDNS to ask another one.
    """
    told = [
        (host.strip("[]"), one.quote)
        for one in blind
        if (host := one.trouble.target.rpartition(":")[0])
    ]
    if told:
        yield from told
        return
    corefile = evidence.fetch(Corefile)
    if isinstance(corefile, Corefile) and any(
        directive.properties("endpoint") for _, directive in corefile.plugin("kubernetes")
    ):
        return
    for one in merged(evidence.of(Service)):
        if one.subject.name == "kubernetes" and one.subject.namespace in ("default", ""):
            told.extend((address, one.quote) for address in one.cluster_ips or ())
    if not told:
        for ranges in evidence.of(ClusterRanges):
            for several in ranges.services[:1]:
                told.extend((first, ranges.quote) for first in first_address(several))
    yield from told


def first_address(network: str) -> Iterator[str]:
    """Yield the first address of a range; nothing for what is none."""
    try:
        yield str(ipaddress.ip_network(network, strict=False)[1])
    except (ValueError, IndexError):
        return
