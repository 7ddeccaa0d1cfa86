"""Names that musl's resolver does not find, and that another one finds.

The wording of getaddrinfo's errors tells the C library: "Name does not resolve" is musl's.

Source: musl src/network/gai_strerror.c, lookup_name.c (name_from_dns_search), res_msend.c, 1.2.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.model import Fact, Gap
from diagnose.values import dataclass

MUSL = "musl"
NSLOOKUP = "nslookup"
WORDING = "Name does not resolve"
# Of nslookup and getent each C library has its own; these ask the servers by themselves.
ELSEWHERE = frozenset({"dig", "kdig", "drill", "host", "glibc"})


@dataclass(frozen=True)
class Disagreement:
    """One full name that musl's resolver says there is not, and the look-up that found it."""

    name: str
    failed: Lookup
    found: Lookup
    count: int


@dataclass(frozen=True, kw_only=True)
class MuslLookups(Fact):
    """The names on which musl's resolver and another one disagree."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.CLIENT_OUTPUT,)

    names: tuple[Disagreement, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the names, each once."""
        items = evidence.of(Lookup)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        return cls(origin=found[0], gaps=found[1], names=tuple(disagreements(items)))


def disagreements(lookups: tuple[Lookup, ...]) -> Iterator[Disagreement]:
    """Yield the names that musl did not find at any time, and another resolver did.

    What a word without a dot stands for depends on the namespace: see of_one_namespace.
    """
    yield from of_one_namespace(lookups)
    by_name: dict[str, list[Lookup]] = {}
    for one in lookups:
        if "." in one.name:
            by_name.setdefault(one.name.lower(), []).append(one)
    for name, several in by_name.items():
        musl = [one for one in several if one.tool == MUSL]
        failed = [one for one in musl if says_absent(one)]
        found = [
            one
            for one in several
            if one.tool in ELSEWHERE and one.outcome is Outcome.NOERROR and one.answers
        ]
        absent = any(one.outcome is Outcome.NXDOMAIN for one in several if one.tool in ELSEWHERE)
        if failed and found and not absent and len(failed) == len(musl):
            yield Disagreement(name, failed[-1], found[0], len(failed))


def of_one_namespace(lookups: tuple[Lookup, ...]) -> Iterator[Disagreement]:
    """Yield the words that nslookup finds in one pod, and musl's nslookup not in another.

    Both are of one namespace, so that the search list makes the same name of the word. Source:
    busybox 1.24 networking/nslookup.c (print_host): it prints getaddrinfo's words.
    """
    by_word: dict[tuple[str, str], list[Lookup]] = {}
    for one in lookups:
        word = (one.typed or one.name).lower()
        if word and "." not in word and one.place.kind == "Pod" and one.tool == NSLOOKUP:
            by_word.setdefault((word, one.place.namespace), []).append(one)
    for (word, _), several in by_word.items():
        failed = [one for one in several if says_absent(one)]
        places = {one.place for one in failed}
        found = [one for one in several if one.outcome is Outcome.NOERROR and one.answers]
        if failed and found and places.isdisjoint(one.place for one in found):
            yield Disagreement(word, failed[-1], found[0], len(failed))


def says_absent(lookup: Lookup) -> bool:
    """Whether musl says that there is no such name; "Try again" says that nobody answered."""
    return lookup.outcome is Outcome.NOT_KNOWN and WORDING in lookup.quote.text
