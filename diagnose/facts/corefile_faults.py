"""Why CoreDNS refuses a Corefile: as it said itself, or as the file shows."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.asked_elsewhere import of_node
from diagnose.facts.corefile import Corefile, SyntaxFault
from diagnose.facts.corefile_arguments import argument_faults
from diagnose.facts.corefile_tables import NEWEST, PROPERTIES, plugin_row
from diagnose.facts.logs import LogStream, Match
from diagnose.facts.lookups import ANSWERED, Lookup
from diagnose.facts.names import in_cluster
from diagnose.facts.pods import Pod, unique
from diagnose.facts.runs import Runs
from diagnose.facts.upstream_failures import of_stream
from diagnose.facts.version import CoreDNSVersion
from diagnose.model import Fact, Gap, GapKind, Quote, Subject
from diagnose.signatures import coredns
from diagnose.signatures.base import Emitter, Signature
from diagnose.signatures.trouble import Reason
from diagnose.text.envelopes import strip
from diagnose.text.regex import regex
from diagnose.values import dataclass

CONFIG = Subject("ConfigMap", "coredns")
MOST_DIRECTIVES = 5000
LAST_WITH_PROXY = "1.4.0"


class FaultKind(Enum):
    """What is wrong with a Corefile, as far as causes and remedies differ."""

    SYNTAX = "syntax"
    UNKNOWN_DIRECTIVE = "unknown-directive"
    REMOVED = "removed"
    ARGUMENT = "argument"
    PROPERTY = "property"
    DUPLICATE = "duplicate"
    UPSTREAM = "upstream"
    MISSING = "missing"


SAID: dict[FaultKind, tuple[Signature, ...]] = {
    FaultKind.SYNTAX: (
        coredns.COREFILE_SYNTAX,
        coredns.COREFILE_STRUCTURE,
        coredns.COREFILE_IMPORT_MISSING,
        coredns.COREFILE_ZONE_INVALID,
    ),
    FaultKind.UNKNOWN_DIRECTIVE: (coredns.COREFILE_UNKNOWN_DIRECTIVE,),
    FaultKind.PROPERTY: (coredns.COREFILE_UNKNOWN_PROPERTY,),
    FaultKind.ARGUMENT: (
        coredns.COREFILE_ARGUMENT,
        coredns.PLUGIN_SETUP_FAILED,
        coredns.PORT_INVALID,
    ),
    FaultKind.DUPLICATE: (coredns.COREFILE_DUPLICATE_ZONE, coredns.COREFILE_PLUGIN_TWICE),
    FaultKind.UPSTREAM: (coredns.FORWARD_INVALID, coredns.FORWARD_TOO_MANY),
    FaultKind.MISSING: (coredns.COREFILE_MISSING,),
}


@dataclass(frozen=True)
class CorefileFault:
    """One reason for which CoreDNS refuses the file.

    `word` is the directive, property, upstream or file that is meant, "" when none is. `versions`
    says for which versions of CoreDNS it holds, "" for the one at hand or all. `said` tells that
    CoreDNS printed it, so that its own version decides; `torn`, that only a piece of the file, or
    of the line, shows it.
    """

    kind: FaultKind
    subject: Subject
    message: str
    quotes: tuple[Quote, ...]
    word: str = ""
    versions: str = ""
    said: bool = False
    torn: bool = False
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CorefileFaults(Fact):
    """The reasons for which CoreDNS refuses its Corefile, or would at its next start."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_CONFIG, Ask.DNS_LOGS, Ask.DNS_PODS)

    faults: tuple[CorefileFault, ...] = ()
    version: str = ""

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what CoreDNS printed, and what its parser's rules say of the file."""
        files = evidence.of(Corefile)
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.COREDNS)
        items: tuple[Readable, ...] = (*files, *streams)
        found = known(evidence, items, Ask.DNS_CONFIG, Ask.DNS_LOGS)
        if isinstance(found, Gap):
            return found
        runs = evidence.fetch(Runs)
        if isinstance(runs, Runs):  # a later run has read its Corefile
            streams = tuple(one for one in streams if not runs.over(one))
        versions = evidence.fetch(CoreDNSVersion)
        version = versions.newest if isinstance(versions, CoreDNSVersion) else ""
        said = [
            fault(kind, match)
            for stream in streams
            for kind, signatures in SAID.items()
            for match in last_of_each(stream, signatures)
        ]
        said += [one for stream in streams for one in unusable_upstreams(stream)]
        held_by = version or (LAST_WITH_PROXY if has_proxy(streams) else "")
        shown = [one for file in files for one in in_file(file, held_by)]
        if not version and at_work(evidence):
            # Of the words that only some versions know, CoreDNS has one that knows these.
            shown = [one for one in shown if not one.versions]
        lines = {quote.line for one in said for quote in one.quotes}
        kinds = {(one.kind, one.word) for one in said}
        extra = [one for one in shown if (one.kind, one.word) not in kinds or not lines]
        gaps = tuple(gap for file in files for gap in (*file.gaps, *unread(file)))
        # A whole Corefile tells its own faults; the log then only confirms them
        whole = bool(files) and not gaps and not any(file.torn for file in files)
        return cls(
            origin=found[0],
            gaps=gaps if whole else (*found[1], *gaps),
            faults=(*said, *extra),
            version=version,
        )

    def of(self, *kinds: FaultKind) -> tuple[CorefileFault, ...]:
        """Return the faults of these kinds."""
        return tuple(one for one in self.faults if one.kind in kinds)


def last_of_each(stream: LogStream, signatures: tuple[Signature, ...]) -> list[Match]:
    """Return the last match of each signature in a stream."""
    return list({match.signature: match for match in stream.matching(*signatures)}.values())


# What a plugin's set-up says for reasons of their own; the beginning of one tells none.
ELSEWHERE = (
    "unknown property '",
    "this plugin can only be used once",
    "no nameservers found",
    "no valid upstream addresses found",
    "open /var/run/secrets",
    "unable to load in-cluster configuration",
    "Wrong argument count or unexpected line ending",
)
ONLY_PLACE = regex(r"/\S*(?: -?(?: [\w ]{0,20}:?)?)?$")  # where parsing failed, and not why


def is_half(match: Match) -> bool:
    """Whether a set-up's error is the beginning of one that says something else."""
    if match.signature != coredns.PLUGIN_SETUP_FAILED.name:
        return False
    error = match["error"]
    begun = any(one.startswith(error) or error.startswith(one) for one in ELSEWHERE)
    return begun or ONLY_PLACE.match(error) is not None


def fault(kind: FaultKind, match: Match) -> CorefileFault:
    """Return what a line of CoreDNS says about its Corefile."""
    word = match["directive"] or match["property"] or match["plugin"]
    if kind is FaultKind.UPSTREAM:
        word = match["to"] or match["count"]
    elif kind is FaultKind.MISSING:
        word = match["file"]
    changed = known_elsewhere(kind, match["plugin"], word)
    return CorefileFault(
        kind=FaultKind.REMOVED if changed else kind,
        subject=match.subject,
        message=strip(match.quote.text).text.strip(),
        quotes=(match.quote,),
        word=word,
        said=True,
        torn=is_half(match),
        at=match.at,
    )


def unusable_upstreams(stream: LogStream) -> Iterator[CorefileFault]:
    """Yield the upstreams whose address no query can be sent to: a port beyond 65535."""
    for failure in of_stream(stream):
        if failure.trouble.reason is Reason.ADDRESS_INVALID and not failure.server:
            yield CorefileFault(
                kind=FaultKind.UPSTREAM,
                subject=failure.subject,
                message=strip(failure.quote.text).text.strip(),
                quotes=(failure.quote,),
                said=True,
                at=failure.first_at,
            )


def known_elsewhere(kind: FaultKind, plugin: str, word: str) -> bool:
    """Whether another version of CoreDNS knows the plugin or property that this one refused."""
    if kind is FaultKind.UNKNOWN_DIRECTIVE:
        return plugin_row(word) is not None
    tables = (PROPERTIES.get(plugin, ()),) if plugin else PROPERTIES.values()
    return kind is FaultKind.PROPERTY and any(row.name == word for rows in tables for row in rows)


def unread(file: Corefile) -> Iterator[Gap]:
    """Yield the gap of a file whose arguments are too many to be looked at."""
    if is_long(file):
        because = f"more than {MOST_DIRECTIVES} lines: their arguments were not looked at"
        yield Gap("the Corefile", GapKind.PARTIAL, because, "corediag lint Corefile")


def is_long(file: Corefile) -> bool:
    """Whether a file has more lines than are tried by the rules of every version."""
    return sum(len(block.directives) for block in file.blocks) > MOST_DIRECTIVES


def in_file(file: Corefile, version: str) -> Iterator[CorefileFault]:
    """Yield what CoreDNS's rules say of a file.

    While the version is not known, only what the newest one refuses too: an up-to-date file has
    words that old versions do not know.
    """
    refused = argument_faults(file, version or None) if not is_long(file) else ()
    if refused and not version:
        newest = {(one.line, one.kind, one.word) for one in argument_faults(file, NEWEST)}
        refused = tuple(one for one in refused if (one.line, one.kind, one.word) in newest)
    for one in (*file.faults, *refused):
        yield CorefileFault(
            kind=FaultKind(one.kind),
            subject=CONFIG,
            message=one.message,
            quotes=(file.quote(one.line, one.spot),),
            word=one.word,
            versions=one.versions or ("" if version else since_removal(one)),
            torn=file.torn and not one.certain,
        )


def since_removal(one: SyntaxFault) -> str:
    """Return for which versions a plugin's removal holds, before those of the tables too."""
    row = plugin_row(one.word) if one.kind == FaultKind.REMOVED.value else None
    return f"after {row.until}" if row and row.until else ""


def at_work(evidence: Evidence) -> bool:
    """Whether the cluster's DNS is seen answering, so that CoreDNS has read its Corefile.

    CoreDNS ends where it cannot read the file. A server counts that a pod uses, or that was asked
    for a name of the cluster, as long as it is no public one.
    Source: coredns/coredns v1.12.4, coremain/run.go (mustLogFatal).
    """
    if any(pod.serves_dns and pod.ready is False for pod in unique(evidence.of(Pod))):
        return False  # another one may answer while a new one does not start
    return any(
        one.outcome in ANSWERED
        and (one.place.kind == "Pod" or in_cluster(one.name))
        and is_private(one.server)
        and not of_node(one.server)
        for one in evidence.of(Lookup)
    )


def is_private(server: str) -> bool:
    """Whether an address is one that only a site or a cluster knows."""
    try:
        return ipaddress.ip_address(server).is_private
    except ValueError:
        return False


def has_proxy(streams: tuple[LogStream, ...]) -> bool:
    """Whether a log shows the proxy plugin at work, so that its CoreDNS is as old as that.

    Only that plugin calls a server that fails an unreachable backend.
    Source: coredns/coredns v1.3.1, plugin/proxy/proxy.go (errUnreachable).
    """
    signatures = (coredns.UPSTREAM_FAILED, coredns.NO_HEALTHY_UPSTREAM)
    lines = (match.quote.text for stream in streams for match in stream.matching(*signatures))
    return any(": unreachable backend: " in line for line in lines)
