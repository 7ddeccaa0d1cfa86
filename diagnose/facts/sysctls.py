"""Kernel settings of nodes: from `sysctl`, files below /proc/sys, and kubeadm's complaints."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.logs import LogStream, Match
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.kernel import PREFLIGHT_SETTING
from diagnose.values import dataclass


@dataclass(frozen=True)
class Sysctl:
    """One setting by its dotted name; `value` is None when the kernel has no such setting."""

    subject: Subject
    origin: str
    quote: Quote
    name: str
    value: str | None = None


@dataclass(frozen=True)
class Counter:
    """One counter of the kernel, since the node started; `name` without its group."""

    subject: Subject
    origin: str
    quote: Quote
    name: str
    value: int


@dataclass(frozen=True, kw_only=True)
class Sysctls(Fact):
    """The settings that any part shows, the last of each name and node."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.KERNEL_SETTINGS,)

    settings: tuple[Sysctl, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the settings of nodes; a later reading replaces an earlier of the same one.

        A pod has a network namespace and settings of its own, which are no node's.
        """
        streams = evidence.of(LogStream)
        shown = tuple(one for one in evidence.of(Sysctl) if one.subject.kind != "Pod")
        items: tuple[Readable, ...] = (*shown, *streams)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        told = [
            preflight(match, stream.origin)
            for stream in streams
            for match in stream.matching(PREFLIGHT_SETTING)
        ]
        last = {(one.subject, one.name): one for one in (*told, *shown)}
        return cls(origin=found[0], gaps=found[1], settings=tuple(last.values()))

    def named(self, *names: str) -> tuple[Sysctl, ...]:
        """Return the settings of these names."""
        return tuple(one for one in self.settings if one.name in names)


def preflight(match: Match, origin: str) -> Sysctl:
    """Return the setting that kubeadm refuses: absent, or not 1."""
    absent = "not exist" in match["reason"]
    name = match["path"].replace("/", ".")
    return Sysctl(match.subject, origin, match.quote, name, None if absent else "not 1")
