"""What the API server allows CoreDNS's service account, from ClusterRole and its binding."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

NEEDED = (("", "services"), ("", "namespaces"), ("discovery.k8s.io", "endpointslices"))


@dataclass(frozen=True)
class PolicyRule:
    """One rule of a role; "*" stands for all."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]

    def allows(self, group: str, resource: str, verb: str) -> bool:
        """Whether this rule permits the verb on the resource of the API group."""
        return all(
            wanted in having or "*" in having
            for wanted, having in (
                (group, self.groups),
                (resource, self.resources),
                (verb, self.verbs),
            )
        )


@dataclass(frozen=True)
class ClusterRole:
    """One ClusterRole by name; `exists` is False when it was looked for and not found."""

    subject: Subject
    origin: str
    quote: Quote
    rules: tuple[PolicyRule, ...] = ()
    exists: bool = True


@dataclass(frozen=True)
class ClusterRoleBinding:
    """One binding: the role's name and the service accounts as "namespace/name"."""

    subject: Subject
    origin: str
    quote: Quote
    role: str = ""
    accounts: tuple[str, ...] = ()
    exists: bool = True


@dataclass(frozen=True, kw_only=True)
class CoreDNSRoles(Fact):
    """The roles and bindings named for CoreDNS."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.RBAC,)

    roles: tuple[ClusterRole, ...] = ()
    bindings: tuple[ClusterRoleBinding, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the ClusterRoles and ClusterRoleBindings of CoreDNS."""
        items: tuple[Readable, ...] = (*evidence.of(ClusterRole), *evidence.of(ClusterRoleBinding))
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(
            origin=found[0],
            gaps=found[1],
            roles=evidence.of(ClusterRole),
            bindings=evidence.of(ClusterRoleBinding),
        )
