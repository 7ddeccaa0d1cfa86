"""Every request of a run, every fault: what comes of it, and whether that is as promised.

The requests are those that a run makes when nothing is wrong; nothing is listed by hand. What
is promised is said once, in `broken`, and holds for every fault alike; it is told by comparing with
the run without faults.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
import ssl
import tempfile
import threading
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from diagnose.asks import ASKS, Ask
from diagnose.cli import exit_code
from diagnose.collect import asks_of, diagnose, evidence_of, is_settled
from diagnose.model import Diagnosis, Gap, GapKind, Status
from diagnose.parts import Haul, Kind, Part
from diagnose.pool import Pool
from diagnose.registry import load
from diagnose.report.json import as_object
from diagnose.sources.base import SourceError
from diagnose.sources.http import Exchange
from diagnose.sources.live import Live
from diagnose.sources.options import LiveOptions
from diagnose.sources.plans import PLANS
from tests.fire.faults import BY_NAME, ELSEWHERE, ROWS, Limits, Row, is_stream
from tests.fire.proxy import (
    Asked,
    Choice,
    Counts,
    Fault,
    Proxy,
    Recording,
    Sample,
    is_whole,
    proxied,
)
from tests.fire.worlds import MORE, world
from tests.sources.apiserver import kubeconfig, serving

CHECKS = load().checks
DYING_S = 3.0  # how long a run may take whose server goes down
POOL = 8  # connections in use at once: the threads of diagnose.cli
ROUNDS = 2  # of questions to DNS in one place, where the first leaves something open
MOST_OPEN = 2 * POOL  # those that wait for a next request included
CODES = (0, 1, 2, 3)  # of a run that was not interrupted, and is no defect
GRACE_S = 1.5  # beyond a deadline, for reading and judging on a busy machine
MOST_BYTES = 160 << 20  # that are read of all answers, in the worst case
PATIENT = Limits()
HASTY = Limits(run_s=20.0, request_s=0.5, connect_s=1.0)  # for what has to wait for a limit
TRIES = 5  # of what a busy machine may have disturbed, each more patient
SIDE_BY_SIDE = 10  # runs that wait most of the time
ALONE = threading.Lock()  # for what is tried a second time


@dataclass(frozen=True)
class Made:
    """What came of one run."""

    haul: Haul
    diagnosis: Diagnosis
    code: int
    wall_s: float
    counts: Counts
    exchanges: tuple[Exchange, ...]
    refused: str = ""  # why there was no run at all

    @property
    def statuses(self) -> dict[str, Status]:
        """Each check's verdict."""
        return {one.check: one.status for one in self.diagnosis.verdicts}

    @property
    def gaps(self) -> set[Gap]:
        """Whatever is said to be missing."""
        own = (gap for several in self.haul.gaps.values() for gap in several)
        return {*own, *self.haul.general_gaps}


@dataclass(frozen=True)
class World:
    """A cluster behind a recording, what a run finds there, and which ask makes which requests."""

    name: str
    server: Recording
    folder: Path
    clean: Made
    deep: dict[str, Status]  # with all that can be looked at, also where a cause is proven before
    asking: dict[str, frozenset[Ask]]
    others: tuple[Recording, ...] = ()
    known: dict[str, frozenset[str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def requests(self) -> tuple[str, ...]:
        """The keys of the requests of a run, in the order of their names."""
        return tuple(sorted(self.clean.counts.attempts))

    def decides(self, request: str) -> frozenset[str]:
        """Return the checks that are a problem with what other clusters answer to a request."""
        with self.lock:
            return self._decides(request)

    def _decides(self, request: str) -> frozenset[str]:
        if request not in self.known:
            found: set[str] = set()
            for reply in self.other_answers(request):
                fault = Fault("another cluster's answer", lambda reply=reply: [reply])
                choice = choice_of(request, fault)
                there = made_through(self.server, self.folder, choice, PATIENT).statuses
                found |= {one for one, status in there.items() if status is Status.PROBLEM}
            problems = {
                one for one, status in self.clean.statuses.items() if status is Status.PROBLEM
            }
            self.known[request] = frozenset(found - problems)
        return self.known[request]

    def other_answers(self, request: str) -> Iterator[bytes]:
        """Yield what other clusters answer to a request, each answer once."""
        seen = {self.server.samples[request].reply}
        for server in self.others:
            sample = server.samples.get(request)
            if sample and is_whole(sample.reply) and sample.reply not in seen:
                seen.add(sample.reply)
                yield sample.reply


@dataclass(frozen=True)
class Case:
    """One request and one fault."""

    world: str
    request: str
    row: str

    def __str__(self) -> str:
        return f"{self.world}: {self.request[:120]}: {self.row}"


@dataclass
class Tally:
    """What came of many cases."""

    cases: int = 0
    made: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    once: list[str] = field(default_factory=list)  # broken, and not when tried again
    most_at_once: int = 0
    most_open: int = 0
    most_requests: int = 0
    longest_s: float = 0.0

    def add(self, other: Tally) -> None:
        """Count what another one counted."""
        self.cases += other.cases
        self.made += other.made
        self.broken += other.broken
        self.once += other.once
        self.most_at_once = max(self.most_at_once, other.most_at_once)
        self.most_open = max(self.most_open, other.most_open)
        self.most_requests = max(self.most_requests, other.most_requests)
        self.longest_s = max(self.longest_s, other.longest_s)


# ---------------------------------------------------------------- runs


def run(
    url: str,
    folder: Path,
    limits: Limits,
    asks: frozenset[Ask] | None = None,
    authority: Path | None = None,
) -> Any:
    """Return (haul, why there is none, exchanges): what `corediag run` asks of a cluster.

    As diagnose.cli.live does: commands are run in pods only where nothing is proven without.
    """
    exchanges: list[Exchange] = []
    with tempfile.TemporaryDirectory(dir=folder) as own:
        path = kubeconfig(Path(own), url)
        if authority:
            value = json.loads(path.read_text())
            value["clusters"][0]["cluster"]["certificate-authority"] = str(authority)
            path.write_text(json.dumps(value))
        options = LiveOptions(
            kubeconfig=path,
            environ={},
            timeout_s=limits.run_s,
            request_timeout_s=limits.request_s,
            connect_timeout_s=limits.connect_s,
            on_request=exchanges.append,
        )
        pool = Pool(POOL, limits.run_s)
        try:
            session = Live(options, pool)
            if asks is not None:
                return session.ask(asks), "", exchanges
            every = asks_of(CHECKS)
            haul = session.ask(frozenset(one for one in every if ASKS[one].rung < 3))
            settled = is_settled(judged(haul))
            return session.ask(every, stop=settled), "", exchanges
        except SourceError as error:
            return Haul(), error.message, exchanges
        finally:
            pool.close()


def judged(haul: Haul) -> Diagnosis:
    """Return the diagnosis of what a run brought."""
    return diagnose(CHECKS, evidence_of(haul), haul.taken_at or datetime.now(UTC))


def made_through(server: Recording, folder: Path, choice: Choice, limits: Limits) -> Made:
    """Return what comes of a run through a proxy that has these faults."""
    with proxied(server, choice) as proxy:
        return made_by(proxy, folder, limits)


def made_by(proxy: Proxy, folder: Path, limits: Limits, authority: Path | None = None) -> Made:
    """Return what comes of a run through a proxy."""
    started = time.monotonic()
    haul, refused, exchanges = run(proxy.url, folder, limits, authority=authority)
    wall_s = time.monotonic() - started
    diagnosis = judged(haul)
    code = 2 if refused else exit_code(diagnosis)
    return Made(haul, diagnosis, code, wall_s, proxy.counts, tuple(exchanges), refused)


@contextmanager
def opened(name: str, folder: Path) -> Iterator[World]:
    """Yield a world with what a run finds in it when nothing is wrong."""
    with serving(world(name)) as url:
        server = Recording(url)
        made_through(server, folder, no_fault, PATIENT)  # what it records is fast
        clean = made_through(server, folder, no_fault, PATIENT)
        asking: dict[str, set[Ask]] = defaultdict(set)
        for ask in PLANS:
            with proxied(server) as proxy:
                run(proxy.url, folder, PATIENT, frozenset({ask}))
                for key in proxy.counts.attempts:
                    asking[key].add(ask)
        asks = {key: frozenset(several) for key, several in asking.items()}
        with proxied(server) as proxy:
            everything, _, _ = run(proxy.url, folder, PATIENT, asks_of(CHECKS))
        deep = {one.check: one.status for one in judged(everything).verdicts}
        yield World(name, server, folder, clean, deep, asks, recordings())


def no_fault(asked: Asked, server: Recording) -> None:
    """Choose no request."""
    del asked, server


@functools.cache
def recordings() -> tuple[Recording, ...]:
    """Return what all known clusters answer to a run."""
    found = []
    for name in MORE:
        with serving(world(name)) as url, tempfile.TemporaryDirectory() as folder:
            server = Recording(url)
            made_through(server, Path(folder), no_fault, PATIENT)
            found.append(server)
    return tuple(found)


# ---------------------------------------------------------------- one request, one fault


def cases(world: World, rows: Sequence[Row] = ROWS) -> Iterator[Case]:
    """Yield every request with every fault that makes sense for it."""
    for row in rows:
        for request in world.requests:
            if row.made(world.server.samples[request], PATIENT) is not None:
                yield Case(world.name, request, row.name)


def tried(world: World, case: Case) -> tuple[Made, list[str]]:
    """Return what came of a case, and which promises it breaks.

    A machine that is busy lets good requests fail for time as well; then it is tried again.
    """
    row = BY_NAME[case.row]
    sample = world.server.samples[case.request]
    for attempt in range(TRIES):
        limits = HASTY if row.slow else PATIENT
        limits = Limits(limits.run_s * 2**attempt, limits.request_s * 2**attempt, limits.connect_s)
        fault = row.made(sample, limits)
        assert fault is not None
        choice = choice_of(case.request, fault)
        made = made_through(world.server, world.folder, choice, limits)
        if not disturbed(made, case.request):
            break
    return made, list(broken(world, case, row, fault, limits, made))


def choice_of(request: str, fault: Fault) -> Choice:
    """Return the choice of one request, as often as the fault counts."""

    def choice(asked: Asked, _: Recording) -> Fault | None:
        return fault if asked.key == request and asked.attempt <= fault.times else None

    return choice


def disturbed(made: Made, request: str) -> bool:
    """Whether another request than the chosen one failed for time."""
    target = request.split(" ")[1].partition("?")[0]
    return any(
        one.trouble in ("does not answer in time", "the deadline of the run passed")
        and one.path.partition("?")[0] != target
        for one in made.exchanges
    )


# ---------------------------------------------------------------- a server that goes down


def dies(world: World, after: int, how: str) -> tuple[Made, list[str]]:
    """Return what comes of a run whose server goes down after some requests, and what it breaks.

    `how`: it hangs, breaks connections, refuses them, or says 503 and 429 to whatever is asked.
    """
    for attempt in range(TRIES):
        limits = Limits(DYING_S, DYING_S / 6 * 2**attempt, DYING_S / 6)
        with proxied(world.server) as proxy:
            proxy.choice = dying(proxy, after, how)
            made = made_by(proxy, world.folder, limits)
        if not hurried(made):
            break
    return made, list(broken_by_many(world, made, limits))


def expires(world: World, number: int, authority: Path) -> tuple[Made, list[str]]:
    """Return what comes of a run one of whose connections meets an expired certificate."""

    def settings(connection: int) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        name = "expired" if connection == number else "valid"
        context.load_cert_chain(authority / f"{name}.pem", authority / "key.pem")
        return context

    # each request on a connection of its own, so that each can be the one
    with proxied(world.server, tls=settings, closes=True) as proxy:
        made = made_by(proxy, world.folder, PATIENT, authority / "both.pem")
    return made, list(broken_by_many(world, made, PATIENT))


def hurried(made: Made) -> bool:
    """Whether answers came that a busy machine could not take in time."""
    whole = sum(1 for one in made.counts.seen if one.done_at and not one.fault)
    taken = sum(1 for one in made.exchanges if one.status and not one.trouble)
    return taken < whole


def dying(proxy: Proxy, after: int, how: str) -> Choice:
    """Return the choice of all requests after some."""
    told = {"503": BY_NAME["503"], "429": BY_NAME["429"]}

    def choice(asked: Asked, server: Recording) -> Fault | None:
        if asked.number <= after:
            return None
        if how in told:
            return told[how].made(Sample(asked, b""), PATIENT)
        if how == "refuse":
            proxy.refuse()
        return Fault(f"down: {how}", None, "hang" if how == "hang" else "reset")

    return choice


def broken_by_many(world: World, made: Made, limits: Limits) -> Iterator[str]:
    """Yield what a run breaks of what is promised when several requests brought nothing."""
    yield from ends_well(made, limits)
    yield from asks_well(world, made, None)
    if made.refused:
        yield f"no run: {made.refused}"
        return
    came = {one.asked.key for one in made.counts.seen if one.done_at and not one.fault}
    lost = [key for key in world.requests if key not in came]
    wanted = [key for key in lost if is_wanted(world, world.server.samples[key], Fault(""))]
    if wanted and not made.gaps - world.clean.gaps:
        yield f"no gap is named for {len(wanted)} requests"
    if wanted and not made.code:
        yield "exit code 0"
    for check, status in made.statuses.items():
        if status is not Status.OK:
            continue
        before = world.clean.statuses[check]
        if Status.OK not in (before, world.deep[check]):
            yield f"{check} is ok, and was {before.name}"
        for key in wanted:
            if check in world.decides(key) and not accepted(world, check, key):
                yield f"{check} is ok without {key[:100]}"
                break
    yield from keeps_what_came(world, set(lost), made)


# ---------------------------------------------------------------- promises


def broken(
    world: World, case: Case, row: Row, fault: Fault, limits: Limits, made: Made
) -> Iterator[str]:
    """Yield what a run breaks of what is promised, in words."""
    sample = world.server.samples[case.request]
    yield from ends_well(made, limits)
    yield from asks_well(world, made, {case.request})
    yield from retries_well(case, row, made)
    if row.heals or row.harmless:
        yield from finds_the_same(world, made)
        return
    if made.refused:
        if not case.request.startswith("GET /version"):
            yield f"no run for the sake of one request: {made.refused}"
        return
    told = not (row.tells and is_named(sample))
    if row.spoiled and reads_as_much(world, made):
        return
    if told and is_wanted(world, sample, fault):
        yield from names_the_gap(world, case, made)
    yield from draws_no_false_ok(world, case.request, made, told=told)
    yield from keeps_what_came(world, {case.request}, made)


def ends_well(made: Made, limits: Limits) -> Iterator[str]:
    """Within the deadline, with a code that is documented, without a defect."""
    if made.wall_s > limits.run_s + GRACE_S:
        yield f"took {made.wall_s:.1f} s of {limits.run_s} s"
    if made.code not in CODES:
        yield f"exit code {made.code}"
    because = (gap for one in made.diagnosis.verdicts for gap in one.because)
    for gap in (*because, *made.diagnosis.gaps):
        if gap.kind is GapKind.CRASHED:
            yield f"a defect: {gap.what}: {gap.because}"
            return


def asks_well(world: World, made: Made, spoiled: set[str] | None) -> Iterator[str]:
    """No writes, no other places, no more at once than promised, none more than twice."""
    counts = made.counts
    if counts.writes:
        yield f"writes: {counts.writes[:3]}"
    if counts.most_at_once > POOL:
        yield f"{counts.most_at_once} requests at once"
    if counts.most_open > MOST_OPEN:
        yield f"{counts.most_open} connections at once"
    if counts.sent_bytes > MOST_BYTES:
        yield f"read {counts.sent_bytes >> 20} MB"
    for key, times in counts.attempts.items():
        if ELSEWHERE in key:
            yield f"follows a redirect: {key}"
        usual = max(ROUNDS if is_stream_key(key) else 1, world.clean.counts.attempts[key])
        most = 2 * usual if spoiled is None or key in spoiled else usual
        if times > most:
            yield f"{times} attempts at {key[:100]}"


def retries_well(case: Case, row: Row, made: Made) -> Iterator[str]:
    """A second attempt only where one is due, and not before the time that was told."""
    several = [one for one in made.counts.seen if one.asked.key == case.request]
    waits = re.search(r"after (\d+) s$|(an hour|at a date)$", row.name)
    if not waits:
        return
    if waits[2] and len({one.asked.attempt for one in several}) > made_once(case, several):
        yield f"asks again though it was told to wait for {waits[2]}"
    if waits[1]:
        for first, second in itertools.pairwise(several):
            gap_s = second.asked.at - first.asked.at
            if first.fault and gap_s < float(waits[1]) and not is_stream_key(case.request):
                yield f"asks again after {gap_s:.2f} s, told {waits[1]} s"


def made_once(case: Case, several: Sequence[Any]) -> int:
    """Return how often a request is made when it is not repeated: streams more than once."""
    return len(several) if is_stream_key(case.request) else 1


def is_stream_key(request: str) -> bool:
    """Whether a request opens a stream."""
    return "/portforward?" in request or "/exec?" in request


def finds_the_same(world: World, made: Made) -> Iterator[str]:
    """What was healed or harmless changes nothing of what is found."""
    if made.refused:
        yield f"no run: {made.refused}"
    for check, status in made.statuses.items():
        if status is not world.clean.statuses[check]:
            yield f"{check} is {status.name}, not {world.clean.statuses[check].name}"
            return
    if new := names_of(made.gaps) - names_of(world.clean.gaps):
        yield f"new gaps: {sorted(new)[:2]}"


def reads_as_much(world: World, made: Made) -> bool:
    """Whether all was read for all that: as many things of each kind, to the same verdicts."""
    return made.statuses == world.clean.statuses and kinds_of(made) == kinds_of(world.clean)


def kinds_of(made: Made) -> Counter[type]:
    """Return how many things of each kind were read."""
    return Counter(map(type, evidence_of(made.haul).items))


def is_wanted(world: World, sample: Sample, fault: Fault) -> bool:
    """Whether something is missing for the want of an answer.

    Nothing is for that of a refusal, which some other answer has stood in for before; nor for the
    last byte of a stream, after all was said. Of the first request of all nothing is used, and the
    table of nodes tells of those beyond the first page alone.
    """
    last = is_stream(sample) and fault.at >= len(sample.reply) - 1
    unused = sample.asked.target.startswith("/version") or sample.asked.key.endswith("a table")
    return sample.status in (101, 200) and not last and not unused


def names_of(gaps: set[Gap]) -> set[str]:
    """Return gaps as texts."""
    return {f"{gap.what}: {gap.because}" for gap in gaps}


LOST = '"outcome": "timeout"'


def names_the_gap(world: World, case: Case, made: Made) -> Iterator[str]:
    """What did not come is said, in the report too; unless the same came by another way."""
    new = made.gaps - world.clean.gaps
    if not new and says_so(world, made):
        return
    if not new:
        asks = world.asking.get(case.request, frozenset())
        yield f"no gap is named (asks: {sorted(one.value for one in asks)})"
        return
    if made.statuses == world.clean.statuses:
        return  # nothing rests on it
    report = str(as_object(made.diagnosis))
    if not any(repr(gap.because)[1:-1][:60] in report for gap in new):
        yield f"the report does not tell: {sorted(names_of(new))[:2]}"
    if not made.code:
        yield "exit code 0"


def says_so(world: World, made: Made) -> bool:
    """Whether evidence tells that something did not answer: of pods and kubelets that is a fact."""
    before = {part.text for part in world.clean.haul.parts}
    return any(
        part.text not in before
        and (part.kind is Kind.HEALTH or (part.kind is Kind.DNS_ANSWERS and LOST in part.text))
        for part in made.haul.parts
    )


def draws_no_false_ok(world: World, request: str, made: Made, *, told: bool) -> Iterator[str]:
    """No ok that was none before; none that rests on what did not come.

    On what did not come rests what another answer to the request would have made a problem, and
    what is read from nothing but what is missing in part.
    """
    decided = world.decides(request) if told else frozenset()
    for check in CHECKS:
        if made.statuses[check.id] is not Status.OK:
            continue
        before = world.clean.statuses[check.id]
        if before is not Status.OK:
            if world.deep[check.id] is not Status.OK:
                yield f"{check.id} is ok, and was {before.name}"
        elif check.id in decided and not accepted(world, check.id, request):
            yield f"{check.id} is ok, which another answer makes a problem"
        elif told:
            facts = [need.fact for need in check.needs if need.required]
            for fact in facts:
                if lost := rests_on_lost(world, request, made, fact.asks):
                    yield f"{check.id} is ok without {lost.origin}, read for {fact.__name__}"
                    break


def rests_on_lost(world: World, request: str, made: Made, asks: Sequence[Ask]) -> Part | None:
    """Return a part that did not come where each ask that brought any lacks some; else None."""
    before = world.clean.haul
    hit = world.asking.get(request, frozenset())
    if any(ask in made.haul.looked and ask not in hit for ask in asks):
        return None  # some of it came
    having = [ask for ask in asks if any(part.ask is ask for part in before.parts)]
    lost = [missing(before, made.haul, ask) for ask in having]
    return lost[0][0] if lost and all(lost) else None


def missing(before: Haul, after: Haul, ask: Ask) -> list[Part]:
    """Return the parts of an ask that did not come, by whatever way."""
    came = {content_of(part) for part in after.parts}
    return [part for part in before.parts if part.ask is ask and content_of(part) not in came]


def content_of(part: Part) -> tuple[object, ...]:
    """Return what a part tells, whichever request brought it."""
    if part.kind in (Kind.DNS_ANSWERS, Kind.HEALTH):  # in the one are times, the other is of two
        return part.kind, part.origin
    return part.kind, part.text, part.previous, part.subject


def keeps_what_came(world: World, spoiled: set[str], made: Made) -> Iterator[str]:
    """What was answered well is kept, and what was proven by it stays proven."""
    hit = {ask for key in spoiled for ask in world.asking.get(key, ())}
    whole = {one.asked.key for one in made.counts.seen if one.done_at and not one.fault}
    often = Counter(sample.body for sample in world.server.samples.values())
    bodies = {
        sample.body.decode("utf-8", "replace")
        for key, sample in world.server.samples.items()
        if key in whole and often[sample.body] == 1 and not is_stream(sample)
    }
    came = {content_of(part) for part in made.haul.parts}
    for part in world.clean.haul.parts:
        due = part.ask not in hit or (part.text in bodies and part.kind is not Kind.DNS_ANSWERS)
        if (
            part.kind is Kind.DNS_ANSWERS
            and any(map(is_stream_key, spoiled))
            and part.ask in made.haul.gaps
            and set(made.haul.gaps[part.ask]) - set(world.clean.haul.gaps.get(part.ask, ()))
        ):
            continue  # where one stream hangs no other one is opened, which is said
        if due and content_of(part) not in came:
            yield f"lost {part.origin} of {part.ask.value if part.ask else '-'}"
    yield from keeps_what_is_proven(world, made)


def keeps_what_is_proven(world: World, made: Made) -> Iterator[str]:
    """A cause whose quotes all came is found again."""
    origins = {part.origin for part in made.haul.parts}
    for verdict in world.clean.diagnosis.verdicts:
        if verdict.status is not Status.PROBLEM or made.statuses[verdict.check] is Status.PROBLEM:
            continue
        quoted = {quote.origin for one in verdict.findings for quote in one.quotes}
        if quoted <= origins:
            yield f"{verdict.check} is lost, though {sorted(quoted)} came"


# Of what is told twice, either way is enough.
ENOUGH: dict[str, dict[Ask, str]] = {
    "kubelet-clusterdns-mismatch": {
        Ask.KUBELET_CONFIGZ: "the cluster's ConfigMap stands for kubelets that were not read",
        Ask.KUBELET_CONFIG: "what each kubelet runs with outranks the ConfigMap",
    },
    "rbac-core-resources-forbidden": {
        Ask.RBAC: "CoreDNS's own log, read whole, would tell that a request of it is refused",
    },
    "rbac-endpointslices-forbidden": {
        Ask.RBAC: "CoreDNS's own log, read whole, would tell that a request of it is refused",
    },
    "corefile-unknown-directive": {
        Ask.DNS_LOGS: "the Corefile itself was read, by the rules of its parser",
    },
}


def accepted(world: World, check: str, request: str) -> bool:
    """Whether all that a request brings for a check is told by another one too."""
    needed = {
        ask
        for one in CHECKS
        if one.id == check
        for need in one.needs
        if need.required
        for ask in need.fact.asks
    }
    hit = needed & world.asking.get(request, frozenset())
    return bool(hit) and hit <= set(ENOUGH.get(check, ()))


def is_named(sample: Sample) -> bool:
    """Whether an answer is that of one object by its name, of which there may be none."""
    return b'"items"' not in sample.body[:4000] or b'"kind": "List"' not in sample.body[:200]


# ---------------------------------------------------------------- many


def sample_of(several: Sequence[Case], every: int) -> list[Case]:
    """Return about one in so many cases, spread over requests and faults, one of each fault."""
    rows = {row.name: number for number, row in enumerate(ROWS)}
    requests = {one: number for number, one in enumerate(sorted({c.request for c in several}))}
    steps = (rows[one.row] * 5 + requests[one.request] for one in several)
    chosen = [one for one, at in zip(several, steps, strict=True) if at % every == 0]
    having = {one.row for one in chosen}
    first = {one.row: one for one in reversed(several) if one.row not in having}
    return chosen + list(first.values())


def tally(world: World, several: Sequence[Case]) -> Tally:
    """Return what came of cases; those that wait most of the time run side by side."""
    total = Tally()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        waiting = {one: BY_NAME[one.row].slow or BY_NAME[one.row].waits for one in several}
        several_slow = [one for one in several if waiting[one]]
        fast = (counted(world, one) for one in several if not waiting[one])
        for one in (*pool.map(lambda case: counted(world, case), several_slow), *fast):
            total.add(one)
    return total


def counted(world: World, case: Case) -> Tally:
    """Return what came of one case; an exception is a broken promise."""
    try:
        return counted_twice(world, case, lambda: tried(world, case))
    except Exception:  # noqa: BLE001  it is told with the case, and the others go on
        last = traceback.format_exc().strip().split("\n")[-3:]
        return Tally(1, Counter({"defect": 1}), [f"{case}: {' '.join(last)}"])


def counted_twice(
    world: World, case: object, run_it: Callable[[], tuple[Made, list[str]]]
) -> Tally:
    """Return what came of a run; one that breaks a promise is tried again, with nothing beside it.

    What breaks once in thousands of runs may be the machine's; it is told apart, not hidden.
    """
    made, several = run_it()
    if not several:
        return counted_as(world, made, [])
    with ALONE:
        made, again = run_it()
    told = counted_as(world, made, [f"{case}: {one}" for one in again])
    told.once += [] if again else [f"{case}: {one}" for one in several]
    return told


def counted_as(world: World, made: Made, several: list[str]) -> Tally:
    """Return what came of one run, and what it broke."""
    return Tally(
        cases=1,
        made=Counter({outcome_of(world, made): 1}),
        broken=several,
        most_at_once=made.counts.most_at_once,
        most_open=made.counts.most_open,
        most_requests=len(made.counts.seen),
        longest_s=made.wall_s,
    )


def outcome_of(world: World, made: Made) -> str:
    """Return what became of a run, in a word or two."""
    if made.refused:
        return "no way in, said so (2)"
    if any(gap.what.startswith("the Kubernetes API server") for gap in made.haul.general_gaps):
        return f"the server does not answer, said so ({made.code})"
    if not names_of(made.gaps) - names_of(world.clean.gaps):
        return f"nothing is missing ({made.code})"
    same = [one.verdict.check for one in made.diagnosis.causes] == [
        one.verdict.check for one in world.clean.diagnosis.causes
    ]
    return f"gaps are named, {'the same causes' if same else 'other causes'} ({made.code})"
