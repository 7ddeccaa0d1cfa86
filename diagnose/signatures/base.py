"""What a signature of a log line is: one fault of one emitter, in each of its wordings."""

from __future__ import annotations

import re
from enum import Enum
from functools import cached_property

from diagnose.values import dataclass


class Emitter(Enum):
    """The program that prints a line."""

    COREDNS = "CoreDNS"
    KUBELET = "kubelet"
    RUNTIME = "container runtime"
    CNI = "CNI plugin"
    KUBE_PROXY = "kube-proxy"
    FLANNEL = "flannel"
    CONTROLLER_MANAGER = "kube-controller-manager"
    KERNEL = "kernel"
    CLIENT = "client"
    API_CLIENT = "Kubernetes API client"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Wording:
    """One wording of a message: a pattern for re.search on one line, free of its envelope.

    `literal` is a substring that every matching line holds; the scan looks for it before it
    tries the pattern. `samples` are real lines. `source` cites repository, file and function of
    the emitter; `since` and `until` are the first and last version with the wording.
    """

    pattern: str
    literal: str
    samples: tuple[str, ...]
    source: str
    since: str = ""
    until: str = ""

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, compiled."""
        return re.compile(self.pattern)


@dataclass(frozen=True)
class Signature:
    """One thing that an emitter says, however it has worded it.

    `key` names the groups whose values tell its matches apart: a scan keeps the first and the
    last lines of each. `envelope` says that the line quotes another program's or another
    plugin's message, so that further signatures may match it. A `fallback` counts only on lines
    that no other signature knows: a generic text of a library that many programs print. Of a
    `routine` one, which a healthy program prints for each request, a scan counts only what it
    keeps.
    """

    name: str
    emitter: Emitter
    wordings: tuple[Wording, ...]
    key: tuple[str, ...] = ()
    envelope: bool = False
    fallback: bool = False
    routine: bool = False

    def match(self, line: str) -> re.Match[str] | None:
        """Return the first wording's match in a line, or None."""
        for wording in self.wordings:
            if wording.literal in line and (found := wording.compiled.search(line)):
                return found
        return None


def signatures_in(namespace: dict[str, object]) -> tuple[Signature, ...]:
    """Return the signatures of a module's namespace, in the order of their definition."""
    return tuple(value for value in namespace.values() if isinstance(value, Signature))
