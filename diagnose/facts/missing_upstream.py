"""Whether CoreDNS has anybody to ask for external names: by its Corefile, or as it says."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.corefile import Corefile
from diagnose.facts.corefile_faults import CorefileFaults
from diagnose.facts.logs import LogStream
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.coredns import NO_NEXT_PLUGIN
from diagnose.values import dataclass

ASKING = ("forward", "proxy", "grpc", "unbound", "erratic", "recursor", "dnsredir", "alternate")


@dataclass(frozen=True)
class Lacking:
    """One Corefile or pod without an upstream."""

    subject: Subject
    message: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, kw_only=True)
class MissingUpstream(Fact):
    """The servers that have no upstream for external names."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_CONFIG,)

    places: tuple[Lacking, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what the Corefiles of the cluster's server lack, and what pods say."""
        files = tuple(one for one in evidence.of(Corefile) if one.plugin("kubernetes"))
        streams = tuple(one for one in evidence.of(LogStream) if one.emitter is Emitter.COREDNS)
        items: tuple[Readable, ...] = (*files, *streams)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        places = []
        refused = evidence.fetch(CorefileFaults)
        for file in files if not (isinstance(refused, CorefileFaults) and refused.faults) else ():
            blocks = file.block_for(".")
            asking = any(
                directive.name in ASKING for block in blocks for directive in block.directives
            )
            if asking or file.faults or file.torn:
                continue
            quote = file.quote(blocks[0].line if blocks else file.blocks[0].line)
            message = (
                "the block of the zone . has no forward: external names end in SERVFAIL"
                if blocks
                else "no server block takes the zone . : external names are REFUSED"
            )
            places.append(Lacking(CLUSTER, message, (quote,)))
        if not places:
            last = {
                match.subject: match
                for stream in streams
                for match in stream.matching(NO_NEXT_PLUGIN)
            }
            places = [
                Lacking(
                    subject,
                    f"no plugin takes {match['qname'] or 'the query'}: there is no forward",
                    (match.quote,),
                )
                for subject, match in last.items()
            ]
        gaps = tuple(gap for file in files for gap in file.gaps)
        whole = bool(files) and not any(file.torn for file in files)
        return cls(origin=found[0], gaps=gaps if whole else found[1], places=tuple(places))
