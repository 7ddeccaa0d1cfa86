"""Logs, and prose that holds lines of logs: streams of one program each, look-ups, and gaps.

One pass of an automaton over the literals of all signatures decides which lines are looked at;
of those that mean the same only a few are decoded and tried with patterns. So the time hardly
depends on how many signatures there are, and the memory not on how long the log is.

Limits: of a line longer than 8 KiB only the stretch around its first hit is tried.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field, replace
from datetime import datetime
from itertools import chain
from operator import itemgetter

from diagnose.asks import ASKS
from diagnose.facts.logs import LogStream, Match
from diagnose.model import CLUSTER, Gap, GapKind, Quote
from diagnose.parsers.log_absences import KUBECTL, absence
from diagnose.parsers.log_blocks import WORTH_BYTES, Block, blocks, is_short, size_of
from diagnose.parsers.log_places import (
    LONGEST_JSON,
    OWN_LOG,
    Identity,
    Place,
    identity,
    named_program,
    place_of,
    subject_of,
)
from diagnose.parsers.log_search import (
    GRAVE,
    MATCHED,
    Found,
    Literals,
    candidates,
    literals,
    match_of,
    matching,
)
from diagnose.parsers.log_shapes import (
    ENDS,
    LAST,
    Digest,
    Group,
    Reducer,
    alike,
    first_rows,
    key_of,
    last_rows,
    text_of,
)
from diagnose.parsers.lookups import from_match
from diagnose.parts import Kind, Parsed, Part
from diagnose.signatures import api_client, coredns, flannel, kube_proxy, kubelet
from diagnose.signatures.base import Emitter, Signature
from diagnose.signatures.tables import applying
from diagnose.text.clean import plain
from diagnose.text.envelopes import Envelope, strip, words_of
from diagnose.text.recognise import kind_of_log
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

FIRST = 3  # kept matches of one signature and key, beside the LAST ones
MOST_KEYS = 60  # of one signature in one stream; what goes beyond shares one
MOST_KEPT = 20_000  # places for kept matches in one part; then keys are shared
MOST_WAYS = 50_000  # of groups, in one stream
MOST_STREAMS = 1000
MOST_IDENTITIES = 10_000
MOST_UNKNOWN = 5
MOST_GRAVES = 5000  # lines that are looked at for nothing but their level, in one stream
QUOTED = 4000  # characters of a line that are quoted
HEAD_BYTES = 64 * 1024  # that tell whether the lines name their pods, and who wrote them
SENTENCE = 4  # words before a message that no program writes there without a time
CLOCK = regex(r"\d\d:\d\d:\d\d")
LEVEL = regex(r"\[(?:DEBUG|INFO|WARNING|ERROR|FATAL|PANIC)\] ")
TRIES = 30  # lines of a container of unknown name that may tell its program

# Texts that any program can print: in the log of an unknown one they are taken for its emitter's
# only where the line says so.
ANYBODYS = frozenset(
    one.name
    for one in (
        coredns.ADDRESS_NOT_AVAILABLE,
        coredns.EXEC_FAILED,
        coredns.PANIC,
        coredns.PORT_DENIED,
        coredns.PORT_IN_USE,
        coredns.RELOADED,
        coredns.TERMINATED,
        coredns.THREADS_EXHAUSTED,
        coredns.TOO_MANY_OPEN_FILES,
        flannel.ANNOTATIONS_MISSING,
        flannel.ROUTE_FAILED,
        kube_proxy.CACHES_AWAITED,
        kube_proxy.CACHES_SYNCED,
        kube_proxy.CHAIN_FAILED,
        kube_proxy.COMMAND_FAILED,
        kube_proxy.HEALTHZ_FAILED,
        kube_proxy.SYNC_FAILED,
        kubelet.RESOLVCONF_MISSING,
    )
)
# A log of so few lines, none of which tells its program, is taken for CoreDNS's, which dies with
# one line when its set-up fails; what any program says when it panics is not.
FEW_LINES = 10
TRACE = regex(rb"^(?:goroutine \d|runtime stack:)", re.MULTILINE)
OF_COREDNS = regex(r":53\b|:9153\b|:8181\b|coredns|dns://", re.IGNORECASE)
# Whose a line of unknown origin is that the signatures of several match: who quotes others first.
PRECEDENCE = (
    Emitter.COREDNS,
    Emitter.KUBELET,
    Emitter.RUNTIME,
    Emitter.KUBE_PROXY,
    Emitter.FLANNEL,
    Emitter.CONTROLLER_MANAGER,
    Emitter.CNI,
    Emitter.API_CLIENT,
    Emitter.CLIENT,
    Emitter.KERNEL,
    Emitter.UNKNOWN,
)


def parse(part: Part) -> Parsed:
    """Return the streams of a part, the look-ups in them, and what stands in place of a log."""
    scan = Scan(part)
    try:
        every = blocks(part)
        first = next(every, None)
        if first is not None:
            first.join()
            scan.begin(first.data[1 : 1 + HEAD_BYTES])
            for block, digest in digests(part, scan.reducer, chain((first,), every)):
                scan.read(block, digest)
    except OSError as error:
        scan.gap(GapKind.PARTIAL, f"cannot be read on: {error.strerror or error}")
    return scan.result()


def digests(part: Part, reducer: Reducer, every: Iterable[Block]) -> Iterator[tuple[Block, Digest]]:
    """Yield each block with its digest; of a long log, several processes make them."""
    size = size_of(part)
    if size < WORTH_BYTES:
        yield from ((block, reducer.digest(block)) for block in every)
        return
    from diagnose.parsers.log_crew import Crew, hands_for  # noqa: PLC0415  few logs are long

    with Crew(reducer, hands_for(size)) as crew:
        yield from crew.digests(every)


# ---------------------------------------------------------------- what is kept


@dataclass(frozen=True)
class Line:
    """A line with hits. `raw` is plain, `shown` as it stood; `number` counts the stream's lines."""

    raw: str
    shown: str
    hits: frozenset[int]
    index: int
    number: int


@dataclass(frozen=True)
class Hit:
    """A line that a signature matches; without `found` where that is known from one like it."""

    signature: Signature
    found: re.Match[str] | None
    line: Line


@dataclass
class Kept:
    """The first and the last hits of one signature and key."""

    first: list[Hit] = field(default_factory=list)
    last: deque[Hit] = field(default_factory=lambda: deque(maxlen=LAST))

    def add(self, hit: Hit) -> None:
        """Take a hit that stands behind all that were taken."""
        if len(self.first) < FIRST:
            self.first.append(hit)
        else:
            self.last.append(hit)

    @property
    def begun(self) -> bool:
        """Whether all further hits are among the last ones, or between."""
        return len(self.first) >= FIRST


# Where the hits of a line go, and with it those of all lines that mean the same.
Ways = tuple[tuple[Signature, Kept], ...]


@dataclass
class Stream:
    """What has been read of one stream; `absent` counts lines that stand in a log's place.

    `ways` hold where lines go, by the tokens of their groups.
    """

    place: Place
    lines: int = 0
    absent: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    kept: dict[tuple[object, ...], Kept] = field(default_factory=dict)
    keys: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, Quote] = field(default_factory=dict)
    head: list[bytes] = field(default_factory=list)
    tail: deque[bytes] = field(default_factory=lambda: deque(maxlen=ENDS))
    version: str = ""
    tries: int = TRIES
    graves: int = 0
    ways: dict[int, Ways] = field(default_factory=dict)

    def note(self, line: bytes) -> None:
        """Count a line, and hold it while it is one of the first or the last."""
        self.lines += 1
        if len(self.head) < ENDS:
            self.head.append(line[:MATCHED])
        self.tail.append(line[:MATCHED] if len(line) > MATCHED else line)

    @property
    def is_settled(self) -> bool:
        """Whether further lines without hits tell nothing but the time of the last one."""
        unclear = self.place.emitter is Emitter.UNKNOWN and self.tries > 0
        return len(self.head) >= ENDS and not unclear

    @property
    def full(self) -> bool:
        """Whether enough lines that nothing knows are held, or were looked for."""
        return len(self.unknown) >= MOST_UNKNOWN or self.graves >= MOST_GRAVES


NOBODYS = Stream(Place())  # of lines beyond the number of streams that is kept


def shortened(text: str) -> str:
    """Return a line as it is quoted."""
    return visible(text if len(text) <= QUOTED else f"{text[:QUOTED]} …")


def is_aside(raw: str) -> bool:
    """Whether words of a sentence stand before a message that begins with CoreDNS's level."""
    level = LEVEL.search(raw[:MATCHED])
    if level is None or not level.start() or CLOCK.search(raw[: level.start()]):
        return False
    before = strip(raw[: level.start()]).text.rpartition("|")[2]
    return sum(word.strip("\"'`,.:;!?()").isalpha() for word in before.split()) >= SENTENCE


# ---------------------------------------------------------------- the scan


class Scan:
    """One pass over a part: what was read so far."""

    def __init__(self, part: Part) -> None:
        """Begin with nothing read."""
        self.part = part
        self.prose = part.kind is Kind.TEXT
        self.short = is_short(part)
        self.begun = False
        self.next_index = 0
        self.lone = False
        self.many = True
        self.known: Literals = literals(routine=self.short)
        self.reducer = Reducer(self.known)
        self.looked_at = 0  # lines that were tried with patterns
        self.gaps: dict[str, Gap] = {}
        self.slots = 0
        self.left_out = 0
        self.streams: dict[Place, Stream] = {}
        self.by_identity: dict[Identity, Stream] = {}
        self.default = self.stream(Place())

    def read(self, block: Block, digest: Digest) -> None:
        """Take the lines of a block."""
        block.first = self.next_index - block.continued
        self.next_index = block.first + block.span
        if self.many and digest.who and not block.continued:
            self.read_named(block, digest)
        elif self.many:
            self.read_many(block, digest)
        else:
            self.read_one(block, digest)

    def begin(self, head: bytes) -> None:
        """Decide by the first lines whose log this is, and whether it is several."""
        self.begun = True
        self.many = self.short or any(map(identity, head.split(b"\n")))
        self.reducer.many = self.many
        part = self.part
        told = named_program(part.container, part.subject.name)
        certain = told is not Emitter.UNKNOWN and not self.prose
        emitter = part.emitter
        if certain:
            emitter = told
        elif self.prose:
            emitter = Emitter.UNKNOWN
        elif emitter is Emitter.UNKNOWN:
            emitter = kind_of_log(head.decode(errors="backslashreplace"))
        if emitter is Emitter.UNKNOWN and self.short and not self.prose:
            before = TRACE.split(head, maxsplit=1)[0]
            self.lone = len(before.split(b"\n")) <= FEW_LINES
        self.streams.clear()
        self.default = self.stream(
            replace(
                self.unnamed(emitter if emitter in OWN_LOG else Emitter.UNKNOWN), certain=certain
            )
        )

    def unnamed(self, emitter: Emitter) -> Place:
        """Return the place of lines without an envelope that are this program's."""
        return Place(emitter, subject_of(emitter, Envelope(""), self.part), self.part.container)

    def stream(self, place: Place) -> Stream:
        """Return the stream of a place, made where it is new."""
        if place not in self.streams:
            self.streams[place] = Stream(place)
        return self.streams[place]

    def read_one(self, block: Block, digest: Digest) -> None:
        """Take lines that are all of one stream, without looking at most of them."""
        stream = self.default
        base = stream.lines - block.continued
        if len(stream.head) < ENDS:
            head = block.data[1 : ENDS * MATCHED].split(b"\n")
            stream.head += head[: ENDS - len(stream.head)]
        stream.tail.extend(block.ending.split(b"\n")[-ENDS:])
        for row, group in sorted(self.visits(lambda _: stream, digest), key=itemgetter(0)):
            self.visit(stream, block, digest, row, group, base + row + 1)
        self.take_routine(stream, block, digest, base)
        stream.lines = base + block.lines

    def visits(
        self, stream_of: Callable[[int], Stream | None], digest: Digest
    ) -> Iterator[tuple[int, Group]]:
        """Yield the lines to look at, in any order; others like them are counted."""
        for group in digest.groups:
            rows, stream = group.rows, stream_of(group.who)
            ways = None
            if stream is not None and group.token is not None and not self.part.times:
                ways = stream.ways.get(group.token)
            if stream and ways is not None and all(kept.begun for _, kept in ways):
                rows = rows[-LAST:] if ways else ()
                for signature, _ in ways:
                    stream.counts[signature.name] += len(group.rows) - len(rows)
            yield from ((row, group) for row in rows)

    def visit(
        self, stream: Stream, block: Block, digest: Digest, row: int, group: Group, number: int
    ) -> None:
        """Take a line with hits; where lines like it are known, without a look at it."""
        if stream.full and group.hits <= self.known.levels:
            return
        each = group.token is None or bool(self.part.times)  # each counts for itself
        ways = None if each else stream.ways.get(group.token or 0)
        if ways is not None and all(kept.begun for _, kept in ways):
            if ways:
                raw = text_of(digest, block, row, self.known)
                line = self.line(block, row, raw, group.hits, number)
                for signature, kept in ways:
                    stream.counts[signature.name] += 1
                    kept.add(Hit(signature, None, line))
            return
        raw = text_of(digest, block, row, self.known)
        self.looked_at += 1
        ways = self.take(stream, self.line(block, row, raw, group.hits, number))
        if ways is not None and group.token is not None:
            if len(stream.ways) >= MOST_WAYS:
                stream.ways.clear()
            stream.ways[group.token] = ways

    def take_routine(self, stream: Stream, block: Block, digest: Digest, base: int) -> None:
        """Take the first and the last lines of a block that say what healthy programs say."""
        for row, raw in digest.routine:
            self.take_healthy(stream, block, row, raw, base + row + 1)

    def read_named(self, block: Block, digest: Digest) -> None:
        """Take lines of several streams, most of them without a look: it is told whose they are.

        Looked at are lines with hits, and of streams that are new or may still tell their
        program, as many as that takes.
        """
        who = digest.who
        streams = [self.by_identity.get(key) if key else self.default for key in digest.identities]
        hitting: dict[int, Group] = dict(self.visits(streams.__getitem__, digest))
        healthy = dict(digest.routine)
        rows = {*hitting, *healthy}
        for one, stream in enumerate(streams):
            if stream is None or not stream.is_settled:
                rows.update(first_rows(who, one, max(ENDS, TRIES)))
        counted = [0] * len(streams)
        # Most streams have one identity, but keys of JSON lines can tell more than the place
        owned: defaultdict[int, list[int]] = defaultdict(list)
        for one, stream in enumerate(streams):
            owned[id(stream)].append(one)

        def count(stream: Stream, end: int) -> None:
            """Count a stream's lines up to an index."""
            for one in owned[id(stream)]:
                stream.lines += who.count(one, counted[one], end)
                counted[one] = end

        for row in sorted(rows):
            one = who[row]
            line = digest.line(block, row)
            stream = streams[one]
            if stream is None:
                stream = streams[one] = self.stream_of(line)
                if stream is None:
                    self.left_out += who.count(one, row + 1)
                    streams[one] = NOBODYS
                else:
                    owned[id(stream)].append(one)
            if stream is None or stream is NOBODYS:
                continue
            count(stream, row + 1)
            if len(stream.head) < ENDS:
                stream.head.append(line[:MATCHED])
            if stream.place.emitter is Emitter.UNKNOWN and stream.tries > 0:
                stream = self.attributed(stream, line)
            if row in hitting:
                self.visit(stream, block, digest, row, hitting[row], stream.lines)
            if row in healthy:
                self.take_healthy(stream, block, row, healthy[row], stream.lines)
        for stream in {id(one): one for one in streams}.values():
            if stream is not None and stream is not NOBODYS:
                count(stream, len(who))
                own = owned[id(stream)]
                last = sorted(row for one in own for row in last_rows(who, one, ENDS))[-ENDS:]
                stream.tail.extend(digest.line(block, row)[:MATCHED] for row in last)

    def read_many(self, block: Block, digest: Digest) -> None:
        """Take lines of several streams: each line's envelope names its own."""
        hitting = {row: group for group in digest.groups for row in group.rows}
        healthy = dict(digest.routine)
        for number, line in enumerate(block.split):
            stream = self.stream_of(line)
            if stream is not None and not (number == 0 and block.continued):
                stream.note(line)
                if stream.place.emitter is Emitter.UNKNOWN and stream.tries > 0:
                    stream = self.attributed(stream, line)
            if stream is not None and number in hitting:
                self.visit(stream, block, digest, number, hitting[number], stream.lines)
            if stream is not None and number in healthy:
                self.take_healthy(stream, block, number, healthy[number], stream.lines)

    def line(self, block: Block, number: int, raw: str, hits: frozenset[int], ordinal: int) -> Line:
        """Return a block's line; as it stood there, if it is at hand and was not cut."""
        index = block.index(number)
        shown = raw
        if block.shown is not None:
            after = block.index(number + 1) if number + 1 < block.lines else len(block.shown)
            if not any(map(str.strip, block.shown[index + 1 : after])):
                shown = block.shown[index].rstrip("\r")
        if not raw.isascii() or not raw.isprintable():
            raw = plain(raw)
        return Line(raw, shown, hits, index, ordinal)

    def stream_of(self, line: bytes) -> Stream | None:
        """Return the stream that a line belongs to; None beyond the number that is kept."""
        key = identity(line)
        if not key:
            return self.default
        if key in self.by_identity:
            return self.by_identity[key]
        full = len(self.streams) >= MOST_STREAMS
        # Keys of JSON lines can tell more than the place: many of them may be one stream
        if full or (len(self.by_identity) >= MOST_IDENTITIES and not line.startswith(b"{")):
            self.left_out += 1
            return None
        envelope = strip(line[:LONGEST_JSON].decode(errors="backslashreplace"))
        named = bool(envelope.pod or envelope.program)
        stream = self.stream(place_of(envelope, self.part)) if named else self.default
        if len(self.by_identity) < MOST_IDENTITIES:
            self.by_identity[key] = stream
        return stream

    def attributed(self, stream: Stream, line: bytes) -> Stream:
        """Return the stream with its program, once the words of a line of it tell that."""
        if stream is self.default:
            return stream
        stream.tries -= 1
        envelope = strip(plain(line[:MATCHED].decode(errors="backslashreplace")))
        emitter = words_of(envelope.line, envelope.source)
        if emitter not in OWN_LOG:
            return stream
        subject = subject_of(emitter, envelope, self.part)
        place = replace(stream.place, emitter=emitter, subject=subject, certain=True)
        if place in self.streams:
            return stream
        del self.streams[stream.place]
        stream.place = place
        stream.ways.clear()
        self.streams[place] = stream
        return stream

    # -- one line with hits

    def take(self, stream: Stream, line: Line) -> Ways | None:
        """Take a line that holds literals: as matches, as a version, as a gap, or as unknown.

        Return where all lines go that hit and match alike; None where each must be looked at.
        """
        raw, hits, known = line.raw, line.hits, self.known
        stream.graves += hits <= known.levels
        if hits & known.absences and self.take_absence(stream, line):
            return None
        envelope = strip(raw) if raw.startswith("{") else None
        text = envelope.line[:MATCHED] if envelope else raw
        for one in hits & known.versions.keys():
            if told := known.versions[one].pattern.search(text):
                stream.version = told["version"]
        emitter = stream.place.emitter
        if emitter is Emitter.UNKNOWN:
            emitter, found = self.unattributed(stream.place, text, envelope or strip(raw), hits)
        else:
            found = matching(candidates(emitter, hits, known.routine), text)
            if not found and self.short and not stream.place.certain:
                emitter, found = self.strayed(emitter, text, envelope or strip(raw), hits)
        # Lines of a level alone are counted one by one, up to a bound
        alone = hits <= known.levels or bool(hits & (known.absences | known.versions.keys()))
        alone = alone or emitter is Emitter.UNKNOWN or emitter is not stream.place.emitter
        if found:
            ways = self.take_found(stream, emitter, found, line)
            alone = alone or any(signature is coredns.BANNER for signature, _ in ways)
            return None if alone else ways
        if emitter is not Emitter.UNKNOWN and not stream.full and GRAVE.search(raw):
            self.take_unknown(stream, line)
            # A stranger's line: lines like it are alike in what its own program says by it
            alone = alone or bool(matching(candidates(Emitter.UNKNOWN, hits, known.routine), text))
        return None if alone else ()

    def take_found(
        self, stream: Stream, emitter: Emitter, found: Sequence[Found], line: Line
    ) -> Ways:
        """Keep a line's matches in the stream of the program that printed it."""
        place = stream.place
        if emitter is not place.emitter:
            stream = self.stream(
                replace(place, emitter=emitter) if place.named else self.unnamed(emitter)
            )
            stream.note(line.raw.encode(errors="backslashreplace"))
            line = replace(line, number=stream.lines)
        ways = []
        for signature, match in found:
            ways.append((signature, self.keep(stream, Hit(signature, match, line), match)))
            if signature is coredns.BANNER:
                stream.version = match["version"]
        return tuple(ways)

    def unattributed(
        self, place: Place, text: str, envelope: Envelope, hits: frozenset[int]
    ) -> tuple[Emitter, list[Found]]:
        """Return (whose line it is, its matches) in a log or text of unknown origin."""
        routine = self.known.routine
        every = matching(candidates(Emitter.UNKNOWN, hits, routine), text)
        if not every:
            return Emitter.UNKNOWN, []
        sure = words_of(envelope.line, envelope.source)
        if sure in OWN_LOG and (found := matching(candidates(sure, hits, routine), text)):
            return sure, found
        unnamed = not place.named and not place.subject.kind
        told = (
            one.emitter
            for one, _ in every
            if one.name not in ANYBODYS
            or (
                unnamed
                and one.emitter is Emitter.COREDNS
                and (OF_COREDNS.search(text) or (self.lone and one is not coredns.PANIC))
            )
        )
        emitter = min(told, key=PRECEDENCE.index, default=Emitter.UNKNOWN)
        if emitter is Emitter.UNKNOWN:
            return emitter, []
        return emitter, matching(candidates(emitter, hits, routine), text)

    def strayed(
        self, emitter: Emitter, text: str, envelope: Envelope, hits: frozenset[int]
    ) -> tuple[Emitter, list[Found]]:
        """Return (whose line it is, its matches) where logs were pasted into one another."""
        other = words_of(envelope.line, envelope.source)
        if other is emitter or other not in OWN_LOG:
            return emitter, []
        return other, matching(candidates(other, hits, self.known.routine), text)

    def take_healthy(
        self, stream: Stream, block: Block, number: int, raw: str, ordinal: int
    ) -> None:
        """Take a line of a long log that says what a healthy program says for each request."""
        for signature in applying(stream.place.emitter):
            if signature.routine and (found := signature.match(raw)):
                line = self.line(block, number, raw, frozenset(), ordinal)
                self.keep(stream, Hit(signature, found, line), found)

    def keep(self, stream: Stream, hit: Hit, found: re.Match[str]) -> Kept:
        """Count a match, and keep it if it is among the first or the last of its key."""
        name = hit.signature.name
        stream.counts[name] += self.times(hit.line)
        key = key_of(hit.signature, found)
        if key not in stream.kept:
            if stream.keys[name] >= MOST_KEYS or self.slots >= MOST_KEPT:
                key = (name, "and others")
            if key not in stream.kept:
                stream.kept[key] = Kept()
                stream.keys[name] += 1
                self.slots += FIRST + LAST
        stream.kept[key].add(hit)
        return stream.kept[key]

    def times(self, line: Line) -> int:
        """Return how often a line stood there, where the log was condensed."""
        several = self.part.times
        return several[line.index] if line.index < len(several) else 1

    def take_absence(self, stream: Stream, line: Line) -> bool:
        """Whether a line is kubectl's or the kubelet's own; what stands for a log is a gap."""
        text = strip(line.raw[:MATCHED]).text
        subject, ask = stream.place.subject, self.part.ask
        run = "the log of the run before of" if self.part.previous else "the log of"
        what = f"{run} {subject}" if subject.kind else "a log"
        if not subject.name and ask is not None:
            what = ASKS[ask].title
        gap = absence(text, what, self.prose)
        if gap is None:
            return text.startswith(KUBECTL)
        self.gaps[f"{what}: {gap.because}"] = gap
        stream.absent += 1
        if found := api_client.SERVER_REFUSED.match(text):
            of_kubectl = self.stream(Place(Emitter.API_CLIENT, CLUSTER))
            of_kubectl.note(line.raw.encode(errors="backslashreplace"))
            line = replace(line, number=of_kubectl.lines)
            self.keep(of_kubectl, Hit(api_client.SERVER_REFUSED, found, line), found)
        return True

    def take_unknown(self, stream: Stream, line: Line) -> None:
        """Keep a line of level error or fatal that nothing knows, if it is unlike the others."""
        envelope = strip(line.raw)
        if envelope.level in ("error", "fatal"):
            stream.unknown.setdefault(alike(envelope.text[:500]), self.quote(line))

    def quote(self, line: Line) -> Quote:
        """Return a line as evidence."""
        number = self.part.first_line + line.index
        return Quote(self.part.origin, shortened(line.shown), number, aside=is_aside(line.raw))

    def gap(self, kind: GapKind, because: str, ask: str = "") -> None:
        """Note what was not read of the part."""
        self.gaps[because] = Gap(self.part.origin, kind, because, ask)

    # -- the end

    def result(self) -> Parsed:
        """Return the streams in the order in which they begin, then look-ups."""
        if not self.begun:
            self.begin(b"")
        reference = self.part.taken_at or self.latest()
        streams = [
            self.finished(one, reference) for one in self.streams.values() if self.is_told(one)
        ]
        lookups = [from_match(match) for stream in streams for match in stream.matches]
        if self.left_out:
            self.gap(
                GapKind.PARTIAL,
                f"lines of more than {MOST_STREAMS} containers: {self.left_out} lines of the "
                "others were not read",
                "give the logs of the pods in question alone",
            )
        told = (one for one in lookups if one is not None)
        return Parsed((*streams, *told), tuple(self.gaps.values()))

    def is_told(self, stream: Stream) -> bool:
        """Whether a stream is worth an item: a program's own log, or lines that are known."""
        if stream.counts or stream.unknown:
            return True
        if stream.place.emitter is Emitter.UNKNOWN or self.prose:
            return False
        if stream is self.default and (self.by_identity or not stream.lines):
            # An empty answer is a log; an empty file is not known to be one
            return not self.by_identity and not self.gaps and self.part.ask is not None
        return stream.lines > stream.absent

    def told(self, hit: Hit) -> Iterable[tuple[str, str | None]]:
        """Return what a line tells, by the names of the pattern's groups."""
        found = hit.found
        if found is None:
            raw = hit.line.raw
            text = strip(raw).line[:MATCHED] if raw.startswith("{") else raw
            found = match_of(hit.signature, hit.line.hits, self.known, text)
        return found.groupdict().items() if found else ()

    def latest(self) -> datetime | None:
        """Return the latest full time at the ends of the streams."""
        ends = (line for one in self.streams.values() for line in (*one.head[:1], *one.tail))
        return max((at for line in ends if (at := time_of(line, None))), default=None)

    def finished(self, stream: Stream, reference: datetime | None) -> LogStream:
        """Return a stream as an item."""
        place = stream.place
        hits = [hit for kept in stream.kept.values() for hit in (*kept.first, *kept.last)]
        first = (at for line in stream.head if (at := time_of(line, reference)))
        last = (at for line in reversed(stream.tail) if (at := time_of(line, reference)))
        return LogStream(
            emitter=place.emitter,
            subject=place.subject,
            origin=self.part.origin,
            lines=stream.lines - stream.absent,
            matches=tuple(
                Match(
                    signature=hit.signature.name,
                    subject=place.subject,
                    quote=self.quote(hit.line),
                    fields={name: value for name, value in self.told(hit) if value},
                    number=hit.line.number,
                    at=strip(hit.line.raw, reference).at,
                    times=self.times(hit.line),
                )
                for hit in sorted(hits, key=lambda hit: hit.line.number)
            ),
            counts=dict(stream.counts),
            unknown=tuple(stream.unknown.values()),
            first_at=next(first, None),
            last_at=next(last, None),
            previous=self.part.previous,
            whole=self.part.whole,
            version=stream.version,
            container=place.container,
            taken_at=self.part.taken_at if self.part.ask else None,
        )


def time_of(line: bytes, reference: datetime | None) -> datetime | None:
    """Return the time of a line's envelope."""
    return strip(plain(line.decode(errors="backslashreplace")), reference).at
