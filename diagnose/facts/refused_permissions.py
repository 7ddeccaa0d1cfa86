"""What the API server forbids CoreDNS: by its errors, or by its role as it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.api_failures import ApiFailure, ApiFailures
from diagnose.facts.rbac import NEEDED, ClusterRole, ClusterRoleBinding, CoreDNSRoles
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.trouble import Reason
from diagnose.values import dataclass

# The same knowledge: CoreDNS reads EndpointSlices since 1.8.1, Endpoints before.
ENDPOINTS = frozenset({"endpointslices.discovery.k8s.io", "endpointslices", "endpoints"})


@dataclass(frozen=True)
class Refusal:
    """One account that lacks permissions; `resources` as RBAC writes them.

    What role and binding show of it: `absent` are those of them that do not exist, `lacking` is
    what the role `role` has no rule for, `unbound` the binding that does not name the account.
    """

    subject: Subject
    who: str
    account: str
    resources: tuple[str, ...]
    quotes: tuple[Quote, ...]
    proven: bool = True
    at: datetime | None = None
    absent: tuple[Subject, ...] = ()
    lacking: tuple[str, ...] = ()
    role: str = ""
    unbound: str = ""

    @property
    def why(self) -> str:
        """What is missing of role and binding, in words; "" where neither tells."""
        told = []
        if self.absent:
            names = " and ".join(f"{one.kind} {one.name}" for one in self.absent)
            told.append(f"{names} {'does' if len(self.absent) == 1 else 'do'} not exist")
        if self.lacking:
            told.append(f"ClusterRole {self.role} has no rule for {' and '.join(self.lacking)}")
        if self.unbound:
            told.append(f"ClusterRoleBinding {self.unbound} does not name the account")
        return ", ".join(told)

    @property
    def endpoints_alone(self) -> bool:
        """Whether all else may be read, so that role and binding are there."""
        return bool(self.resources) and ENDPOINTS.issuperset(self.resources)


@dataclass(frozen=True, kw_only=True)
class RefusedPermissions(Fact):
    """The permissions of CoreDNS that the API server refuses."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.RBAC, Ask.DNS_LOGS, Ask.DNS_METRICS, Ask.DNS_HEALTH)

    refusals: tuple[Refusal, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return refusals that a log tells, else those that role and binding amount to."""
        failures = evidence.fetch(ApiFailures)
        roles = evidence.fetch(CoreDNSRoles)
        if isinstance(failures, Gap) and isinstance(roles, Gap):
            return failures
        told = from_failures(failures) if isinstance(failures, ApiFailures) else ()
        shown = from_roles(roles) if isinstance(roles, CoreDNSRoles) else ()
        facts = [fact for fact in (failures, roles) if not isinstance(fact, Gap)]
        # Either way alone is enough: whole roles make up for a log that may be silent
        whole = isinstance(roles, CoreDNSRoles) and not roles.gaps
        gaps = () if whole else tuple(gap for fact in facts for gap in fact.gaps)
        return cls(
            origin=", ".join(dict.fromkeys(fact.origin for fact in facts if fact.origin)),
            gaps=gaps,
            refusals=completed(told, shown) or shown,
        )


def completed(told: tuple[Refusal, ...], shown: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Return refusals with what role and binding show of them.

    That is all that is said of what is refused where a counter tells of refusals alone.
    """
    seen = next(iter(shown), None)
    if seen is None:
        return told
    return tuple(
        replace(
            one,
            resources=one.resources or seen.resources,
            quotes=(*one.quotes[:1], *seen.quotes, *one.quotes[1:]),
            absent=seen.absent,
            lacking=seen.lacking,
            role=seen.role,
            unbound=seen.unbound,
        )
        for one in told
    )


def from_failures(failures: ApiFailures) -> tuple[Refusal, ...]:
    """Return one refusal per pod of CoreDNS that was told that it is forbidden something."""
    groups: dict[tuple[Emitter, Subject], list[ApiFailure]] = {}
    for one in failures.failures:
        if one.trouble.reason is Reason.FORBIDDEN and not one.recovered and of_coredns(one):
            groups.setdefault((one.emitter, one.subject), []).append(one)
    return tuple(
        Refusal(
            subject=subject,
            who=Emitter.COREDNS.value,
            account=next((one.trouble.user for one in several if one.trouble.user), ""),
            resources=tuple(
                dict.fromkeys(one.trouble.resource for one in several if one.trouble.resource)
            ),
            quotes=tuple(one.quote for one in several),
            proven=lasting(several, failures) and any(one.certain for one in several),
            at=several[0].first_at,
        )
        for (_, subject), several in groups.items()
    )


def of_coredns(failure: ApiFailure) -> bool:
    """Whether it is CoreDNS that was refused, by the account or by whose log says so."""
    user = failure.trouble.user
    if user and not user.endswith(":default"):  # what a pod runs as that names no account
        return "coredns" in user or "kube-dns" in user
    return failure.emitter is Emitter.COREDNS


def lasting(several: list[ApiFailure], failures: ApiFailures) -> bool:
    """Whether refusals show a role, and not an API server that has just started.

    Such a one knows no roles yet and refuses each list once, often after it refused connections.
    """
    if any(one.count > 1 for one in several):
        return True
    away = any(
        one.subject == several[0].subject and one.trouble.reason is Reason.REFUSED
        for one in failures.failures
    )
    return len(several) > 1 and not away


def from_roles(roles: CoreDNSRoles) -> tuple[Refusal, ...]:
    """Return what role and binding of CoreDNS lack; nothing where either was not looked at."""
    both: tuple[ClusterRole | ClusterRoleBinding, ...] = (*roles.roles, *roles.bindings)
    quotes = [one.quote for one in both]
    absent = [one.quote for one in both if not one.exists]
    rules = [rule for role in roles.roles if role.exists for rule in role.rules]
    unbound = [one for one in roles.bindings if one.exists and not one.accounts]
    missing = [
        f"{resource}.{group}" if group else resource
        for group, resource in NEEDED
        if not all(any(rule.allows(group, resource, verb) for rule in rules) for verb in VERBS)
    ]
    if not roles.roles or (roles.bindings and all(not one.exists for one in roles.roles)):
        missing = [f"{resource}.{group}" if group else resource for group, resource in NEEDED]
    if not roles.roles and not absent:
        return ()
    if not missing and not absent and not unbound:
        return ()
    # Another role may grant the same; without all bindings that stays open
    return (
        Refusal(
            subject=CLUSTER,
            who="CoreDNS's account",
            account="",
            resources=tuple(missing),
            quotes=tuple(absent or quotes),
            proven=False,
            absent=tuple(one.subject for one in both if not one.exists),
            lacking=tuple(missing) if any(one.exists for one in roles.roles) else (),
            role=next((one.subject.name for one in roles.roles if one.exists), ""),
            unbound=next((one.subject.name for one in unbound), ""),
        ),
    )


VERBS = ("list", "watch")
