"""Where flannel's subnet.env is missing or lacks keys: as its plugin says, and by the file itself.

Source: flannel-io/cni-plugin flannel.go (loadFlannelSubnetEnv), v1.1.2, v1.9.1; flannel-io/flannel
pkg/subnet/subnet.go (WriteSubnetFile).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.flannel import SubnetEnv
from diagnose.facts.sandbox import SandboxFailures, by_place, seen
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.cni import (
    SUBNET_ENV_INCOMPLETE,
    SUBNET_ENV_INVALID,
    SUBNET_ENV_MISSING,
)
from diagnose.values import dataclass

WRONG = (SUBNET_ENV_MISSING, SUBNET_ENV_INCOMPLETE, SUBNET_ENV_INVALID)
NAMES = frozenset(signature.name for signature in WRONG)


@dataclass(frozen=True)
class MissingSubnetEnv:
    """One node without a subnet.env that its plugin can use."""

    subject: Subject
    message: str
    quotes: tuple[Quote, ...]
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class MissingSubnetEnvs(Fact):
    """The nodes on which flannel's plugin finds no usable subnet.env."""

    asks: ClassVar[tuple[Ask, ...]] = (*SandboxFailures.asks, Ask.NODE_FILES)

    missing: tuple[MissingSubnetEnv, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what sandboxes failed for, without nodes whose file is whole now, and the files.

        That nodes' files are not seen is no gap where failures would be: they say it as well.
        """
        files = [one for one in evidence.of(SubnetEnv) if one.subject.kind == "Node"]
        whole = {one.subject.name for one in files if one.exists and not one.missing}
        by_file = tuple(of_file(one) for one in files if not one.exists or one.missing)
        failures = evidence.fetch(SandboxFailures)
        if isinstance(failures, Gap):
            if not by_file:
                return failures
            origin = ", ".join(dict.fromkeys(one.origin for one in files))
            return cls(origin=origin, gaps=(failures,), missing=by_file)
        said = tuple(one for one in by_failures(failures) if node_of(one.subject) not in whole)
        told = {node_of(one.subject) for one in said}
        rest = (one for one in by_file if one.subject.name not in told)
        return cls(origin=failures.origin, gaps=failures.gaps, missing=(*said, *rest))


def node_of(subject: Subject) -> str:
    """Return the name of the node that a subject is or lies on."""
    return subject.name if subject.kind == "Node" else subject.node


def of_file(file: SubnetEnv) -> MissingSubnetEnv:
    """Return what a node's own file lacks."""
    what = f"lacks {', '.join(file.missing)}" if file.exists else "is not there"
    quotes = file.quotes[:3] or (Quote(file.origin, "(no line sets FLANNEL_…)", summary=True),)
    return MissingSubnetEnv(file.subject, f"subnet.env {what}", quotes)


def by_failures(failures: SandboxFailures) -> Iterator[MissingSubnetEnv]:
    """Yield what sandboxes failed for, once per node."""
    for place, several in by_place(failures.matching(*WRONG)):
        match = next(m for one in several for m in one.reasons if m.signature in NAMES)
        keys = match["keys"]
        what = f"lacks {keys}" if keys else match["reason"] or "is not there"
        yield MissingSubnetEnv(
            subject=place,
            message=f"{match['file'] or 'subnet.env'} {what} ({seen(several)})",
            quotes=tuple(one.quote for one in several[:3]),
            at=several[0].first_at,
        )
