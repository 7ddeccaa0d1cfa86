"""What plans are made of: the run that they note into, and the steps that they share.

A plan is a generator that yields the requests that it wants next and is sent their answers.
Plans run side by side, none waits for what another one wants, and what two of them want is
requested once; so a plan may use another one's results without knowing whether it ran. In which
order answers come changes nothing of what is found. Nothing here has a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import NoneType
from typing import Any, TypeVar

from diagnose.asks import ASKS, Ask
from diagnose.model import Gap, GapKind
from diagnose.parts import Kind, Part
from diagnose.sources.http import Answer, Request, Trouble
from diagnose.sources.options import LiveOptions, Pool
from diagnose.sources.plans.reading import Object, name_of, number_at, text_at
from diagnose.sources.streams import Came, Wanted, failed
from diagnose.text.clean import decode
from diagnose.text.shown import visible
from diagnose.values import dataclass

Result = TypeVar("Result")


@dataclass(frozen=True)
class AnyOf:
    """Groups of requests; a plan that wants these goes on once one group is answered whole."""

    groups: tuple[Sequence[Wanted], ...]


# Requests that are all wanted, for whose answers a plan waits; or groups, for it to go on with any.
Need = Sequence[Wanted] | AnyOf
# It is sent the answers in the order of the requests, for groups a mapping of all that came.
# Which class an answer has follows from that of its request.
Plan = Generator[Need, Any, Result]
PAGE = 500  # objects of one answer
KINDS = {
    "pods": "Pod",
    "services": "Service",
    "nodes": "Node",
    "events": "Event",
    "daemonsets": "DaemonSet",
    "deployments": "Deployment",
    "networkpolicies": "NetworkPolicy",
    "endpointslices": "EndpointSlice",
    "endpoints": "Endpoints",
    "configmaps": "ConfigMap",
    "clusterroles": "ClusterRole",
    "clusterrolebindings": "ClusterRoleBinding",
}
KUBE_SYSTEM = "kube-system"
# Read from the API server's cache, which may be seconds old, instead of from etcd: free for both.
CACHED = (("resourceVersion", "0"),)


def drive(
    plan: Plan[Result],
    fetch: Callable[[Wanted], Came],
    pool: Pool,
    answers: dict[Wanted, Came],
    spare: Callable[[], bool] = lambda: False,
) -> Result:
    """Return what a plan returns, its requests answered; none is made twice.

    `answers` holds what is known already, and afterwards everything that came. While an answer is
    awaited `spare` is called, for a piece of work each time, until it returns False.
    """
    work = pool.work(fetch)
    asked: set[Wanted] = set()
    came: Any = None  # what the plan is sent: nothing at first
    while True:
        try:
            need = plan.send(came)
        except StopIteration as end:
            result: Result = end.value
            return result
        groups = groups_of(need)
        for request in dict.fromkeys(one for group in groups for one in group):
            if request not in answers and request not in asked:
                asked.add(request)
                work.add(request)
        while not any(is_met(group, answers) for group in groups):
            while work.waits and spare():
                pass
            request, answer = work.take()
            late = isinstance(answer, TimeoutError)
            answers[request] = failed(request, Trouble.DEADLINE) if late else answer  # type: ignore[assignment]
        came = answers if isinstance(need, AnyOf) else [answers[one] for one in need]


def groups_of(need: Need) -> tuple[Sequence[Wanted], ...]:
    """Return the groups of requests of which one has to be answered whole."""
    return need.groups if isinstance(need, AnyOf) else (need,)


def is_met(group: Sequence[Wanted], answers: Mapping[Wanted, Came]) -> bool:
    """Whether every request of a group is answered."""
    return all(one in answers for one in group)


def together(*plans: Plan[Result]) -> Plan[list[Result]]:
    """Return one plan that runs several side by side, and returns their results in order.

    Each goes on as soon as what it waits for is there, whatever the others wait for.
    """
    results: dict[int, Result] = {}
    waiting: dict[int, Need] = {}
    for number, plan in enumerate(plans):
        step(number, plan, None, waiting, results)
    while waiting:
        groups = (group for need in waiting.values() for group in groups_of(need))
        answers = yield AnyOf(tuple(groups))
        for number, need in list(waiting.items()):
            if isinstance(need, AnyOf):
                if any(is_met(group, answers) for group in need.groups):
                    step(number, plans[number], answers, waiting, results)
            elif is_met(need, answers):
                step(number, plans[number], [answers[one] for one in need], waiting, results)
    return [results[number] for number in range(len(plans))]


def step(
    number: int,
    plan: Plan[Result],
    answers: Sequence[Came] | Mapping[Wanted, Came] | None,
    waiting: dict[int, Need],
    results: dict[int, Result],
) -> None:
    """Advance one plan by its answers: to its next requests, or to its result."""
    try:
        waiting[number] = next(plan) if answers is None else plan.send(answers)
    except StopIteration as end:
        waiting.pop(number, None)
        results[number] = end.value


class Run:
    """What the plans of one run have found so far. Noting the same thing twice changes nothing."""

    def __init__(self, options: LiveOptions, asks: frozenset[Ask], now: datetime) -> None:
        """Know nothing yet."""
        self.options = options
        self.asks = asks
        self.now = now
        self.parts: dict[tuple[Ask, object], Part] = {}
        self.gaps: dict[Ask, dict[Gap, None]] = {}
        self.looked: set[Ask] = set()
        self._made: dict[Wanted, Any] = {}

    def worked_out(self, request: Wanted, work: Callable[[], Result]) -> Result:
        """Return what is made of the answer to a request; it is worked out once in a run."""
        if request not in self._made:
            self._made[request] = work()
        made: Result = self._made[request]
        return made

    def found(self) -> tuple[Part, ...]:
        """Return the parts, in an order that does not tell in which their answers came.

        Several plans may keep lists of one ask; everything else is in the order its plan chose.
        """
        order = {ask: number for number, ask in enumerate(Ask)}

        def place(one: tuple[tuple[Ask, object], Part]) -> tuple[int, str]:
            (ask, _), part = one
            return order[ask], part.origin if part.kind is Kind.OBJECTS else ""

        return tuple(part for _, part in sorted(self.parts.items(), key=place))

    def missing(self) -> dict[Ask, tuple[Gap, ...]]:
        """Return the gaps of each ask, in an order that does not tell when they were noted."""
        return {
            ask: tuple(sorted(gaps, key=lambda gap: (gap.what, gap.because)))
            for ask, gaps in sorted(self.gaps.items(), key=lambda pair: pair[0].value)
        }

    def gap(self, ask: Ask, kind: GapKind, because: str, close: str = "", what: str = "") -> None:
        """Note what is missing of an ask, and what would close it."""
        gap = Gap(what or ASKS[ask].title, kind, because, close)
        self.gaps.setdefault(ask, {})[gap] = None

    def unknown_by(self, ask: Ask, source: Ask) -> bool:
        """Whether an ask cannot be carried out for what is missing of another; then so is this."""
        for gap in self.gaps.get(source, ()):
            self.gap(ask, gap.kind, f"{gap.what} are not known: {gap.because}", gap.ask)
        return source in self.gaps

    def refused(self, ask: Ask, answer: Answer, verb: str, what: str = "") -> None:
        """Note an answer that does not bring what was asked for."""
        gap = gap_of(answer, verb)
        self.gap(ask, gap.kind, gap.because, gap.ask or ASKS[ask].by_hand, what)

    def objects(self, ask: Ask, answer: Answer, origin: str, *, whole: bool = True) -> None:
        """Keep an answer that holds API objects."""
        if (ask, answer.request) in self.parts:
            return
        self.parts[ask, answer.request] = Part(
            kind=Kind.OBJECTS,
            origin=origin,
            text=decode(answer.body)[0],
            ask=ask,
            whole=whole,
            taken_at=answer.at or datetime.now(UTC),
        )


def gap_of(answer: Answer, verb: str) -> Gap:
    """Return the gap that a request left; `verb` is what was tried, as RBAC says it."""
    what = visible(answer.request.target)
    if answer.trouble is not Trouble.NONE:
        because = answer.trouble.value + (f": {answer.detail}" if answer.detail else "")
        kind = {
            Trouble.TOO_LARGE: GapKind.PARTIAL,
            Trouble.BUDGET: GapKind.NOT_COLLECTED,
            Trouble.CUT: GapKind.MALFORMED,
            Trouble.NOT_JSON: GapKind.MALFORMED,
        }.get(answer.trouble, GapKind.UNREACHABLE)
        ask = "allow more with --max-requests" if answer.trouble is Trouble.BUDGET else ""
        if answer.trouble in (Trouble.DEADLINE, Trouble.TIMEOUT):
            ask = "give it more time: --timeout 2m"
        return Gap(what, kind, because, ask)
    if answer.status == 401:
        return Gap(what, GapKind.DENIED, "the credentials are refused (401)", "log in again")
    if answer.status == 403:
        ask = f"permission to {verb}; `corediag rbac` prints the role"
        return Gap(what, GapKind.DENIED, f"forbidden: {answer.message}", ask)
    if answer.status == 429:
        later = f", and names {answer.again_s:.0f} s to wait" if answer.again_s else ""
        because = f"the API server is too busy (429){later}"
        return Gap(what, GapKind.UNREACHABLE, because, "try again later, with --gentle")
    if answer.absent:
        return Gap(what, GapKind.NOT_COLLECTED, f"not found: {answer.message}")
    return Gap(what, GapKind.UNREACHABLE, f"answered {answer.status}: {answer.message}")


@dataclass(frozen=True)
class Listing:
    """What a list brought; `answered` says whether anything came, `whole` whether all did."""

    items: tuple[Object, ...] = ()
    answered: bool = False
    whole: bool = False


def listed(
    run: Run,
    ask: Ask,
    path: str,
    origin: str,
    *,
    labels: str = "",
    fields: str = "",
    namespace: str = "",
    limit: int = PAGE,
    pages: int = 1,
    keep: bool = True,
    more_is_fine: bool = False,
    cached: bool = False,
) -> Plan[Listing]:
    """List a resource page by page; what does not come becomes a gap of the ask.

    `path` ends with the resource's name. Without a namespace it is listed in all of them, and
    where that is forbidden in kube-system alone. `keep` keeps the answers as parts. `cached` reads
    as CACHED tells; some servers then send all at once, whatever the limit.
    """
    resource = path.rpartition("/")[2]
    query = [("labelSelector", labels), ("fieldSelector", fields), ("limit", str(limit))]
    query = [(key, value) for key, value in query if value] + list(CACHED if cached else ())
    items: list[Object] = []
    token, page, renewed, narrow, odd = "", 0, False, False, False
    while True:
        place = namespace or (KUBE_SYSTEM if narrow else "")
        target = f"{path.removesuffix(resource)}namespaces/{place}/{resource}" if place else path
        if token:  # which tells the version to go on with
            query = [one for one in query if one not in CACHED]
        more = [("continue", token)] if token else []
        (answer,) = yield [Request(target, (*query, *more))]
        if answer.status == 410 and token and not renewed:
            # the list's version expired; the server hands out a token to go on with another one
            token, renewed = text_at(answer.value, "metadata", "continue"), True
            if token:
                continue
        if answer.fine and not is_list(answer.value):
            answer = replace(answer, trouble=Trouble.NOT_JSON, detail="no list")
        if not answer.fine:
            where = f"in {namespace}" if namespace else "in all namespaces"
            if answer.status == 403 and not place and resource != "nodes":
                narrow = True
                continue
            if page:
                gap = gap_of(answer, "")
                run.gap(ask, GapKind.PARTIAL, f"only {len(items)} were read: {gap.because}")
            else:
                run.refused(ask, answer, f"list {resource} {where}")
            return Listing(tuple(items), bool(page))
        if narrow and not page:
            run.gap(
                ask,
                GapKind.PARTIAL,
                f"only those of {KUBE_SYSTEM}: listing all namespaces is forbidden",
                f"permission to list {resource} in all namespaces; `corediag rbac` prints the role",
            )
        found, others = sorted_out(answer.value, KINDS.get(resource, ""))
        token = text_at(answer.value, "metadata", "continue")
        if others:
            several = f"{others} of {others + len(found)}"
            because = f"{several} that came are no {resource}, or have no name"
            run.gap(ask, GapKind.MALFORMED, because, ASKS[ask].by_hand)
            odd = True
        if found and keep:
            numbered = f"{origin}, page {page + 1}" if page else origin
            run.objects(ask, answer, numbered, whole=not token and not odd)
        items += found
        page += 1
        if not token:
            return Listing(tuple(items), answered=bool(found) or not odd, whole=not (narrow or odd))
        if page >= pages:
            if not more_is_fine:
                rest = number_at(answer.value, "metadata", "remainingItemCount")
                left = f"{rest} more were" if rest else "the rest was"
                run.gap(ask, GapKind.PARTIAL, f"{len(items)} {resource} were read, {left} not")
            return Listing(tuple(items), answered=True)


def is_list(value: Object) -> bool:
    """Whether an answer is a list; an empty one may hold null."""
    return "items" in value and isinstance(value["items"], list | NoneType)


def sorted_out(value: Object, kind: str) -> tuple[list[Object], int]:
    """Return the items of a list that are objects of a kind, and how many others there are.

    Items of a typed list name no kind of their own.
    """
    several = value["items"] or ()
    typed = text_at(value, "kind").removesuffix("List") in ("", kind)
    found: list[Object] = [
        one
        for one in several
        if typed
        and isinstance(one, dict)
        and name_of(one)
        and (not kind or one.get("kind", kind) == kind)
    ]
    return found, len(several) - len(found)


def got(*paths: str) -> Plan[Sequence[Answer]]:
    """Return the answers to several gets."""
    if not paths:
        return ()
    answers: Sequence[Answer] = yield [Request(path) for path in paths]
    return [as_named(answer) for answer in answers]


def as_named(answer: Answer) -> Answer:
    """Return an answer, in trouble where it brings another object than the one of its path."""
    resource, _, name = answer.request.path.rpartition("/")
    if not answer.fine or name == "version":
        return answer
    kind = answer.value.get("kind")
    expected = KINDS.get(resource.rpartition("/")[2], kind)
    if name_of(answer.value) == name and kind in (None, expected):
        return answer
    return replace(answer, trouble=Trouble.NOT_JSON, detail="another object came")


def config_maps(
    run: Run, ask: Ask, names: Sequence[tuple[str, str]], *, first_only: bool = False
) -> Plan[int]:
    """Get ConfigMaps by namespace and name; return how many exist. None is no gap.

    With `first_only` they are guesses, and the first that exists is the one.
    """
    answers = yield from got(*(f"/api/v1/namespaces/{ns}/configmaps/{name}" for ns, name in names))
    count = 0
    for (namespace, name), answer in zip(names, answers, strict=True):
        if answer.fine and not (first_only and count):
            run.objects(ask, answer, f"configmap {namespace}/{name}")
            count += 1
        elif not answer.fine and not answer.absent:
            what = f"the ConfigMap {namespace}/{name}"
            run.refused(ask, answer, f"get configmaps in {namespace}", what)
    return count
