"""resolv.conf by resolv.conf(5), of a node or of a pod, with the limits of glibc and musl."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.values import dataclass

MAX_NAMESERVERS = 3  # glibc resolv.h MAXNS, musl MAXNS, kubelet validation.MaxDNSNameservers


@dataclass(frozen=True)
class ResolvConf:
    """One resolv.conf. `subject` is the Node or Pod that has it; an empty kind is not known.

    `nameservers` are as written, in order, beyond the limit too; `search` is the last search
    or domain line; `options` as written (ndots:5). `path` is the file's name where told.
    `exists` is False when the evidence says that the file is missing. `invalid` are lines that
    a resolver ignores. `handed` says that it is the copy that a kubelet gave to a pod of the node's
    network when the pod started: of the file that it hands out, whatever its path is.
    """

    subject: Subject
    origin: str
    quotes: tuple[Quote, ...]
    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    path: str = ""
    exists: bool = True
    invalid: tuple[Quote, ...] = ()
    handed: bool = False

    @property
    def ndots(self) -> int:
        """The number of dots from which a name is tried as it is first; 1 unless set."""
        for option in self.options:
            name, _, value = option.partition(":")
            if name == "ndots" and value.isdigit():
                return min(int(value), 15)
        return 1

    @property
    def of_pod(self) -> bool:
        """Whether a kubelet wrote it for a pod with cluster DNS: its search list says so."""
        return self.subject.kind == "Pod" or any(
            domain.startswith("svc.") or ".svc." in domain for domain in self.search
        )

    def quote_of(self, word: str) -> tuple[Quote, ...]:
        """Return the quotes of the lines that hold a word, or all when none does."""
        return tuple(quote for quote in self.quotes if word in quote.text) or self.quotes


@dataclass(frozen=True, kw_only=True)
class ResolvConfs(Fact):
    """The resolver configurations that any part shows."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.RESOLV_CONF,)

    files: tuple[ResolvConf, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return every resolv.conf of nodes and pods."""
        items = evidence.of(ResolvConf)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], files=items)

    @property
    def of_nodes(self) -> tuple[ResolvConf, ...]:
        """Those that nodes use and hand to pods with dnsPolicy Default."""
        return tuple(one for one in self.files if not one.of_pod)

    @property
    def of_pods(self) -> tuple[ResolvConf, ...]:
        """Those that kubelets wrote for pods with cluster DNS."""
        return tuple(one for one in self.files if one.of_pod)
