"""The plan of rung 4: a pod of its own on a few nodes, from which DNS is asked as pods ask it.

Nothing is created unless the user may also remove it again, the image is known to hold a shell,
and standard error has said what comes. What was left over by earlier runs is removed first.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from diagnose.asks import PROBE, Ask
from diagnose.facts.dns_answers import NameKind, Place, PlaceKind, Server, ServerRole
from diagnose.model import GapKind
from diagnose.rbac import Right, rules_of
from diagnose.sources.asking import Asking, askings, command_of
from diagnose.sources.asking import understood as answers_in
from diagnose.sources.http import Request
from diagnose.sources.plans.answers import (
    MOST_UPSTREAMS,
    REPEATS,
    Setting,
    View,
    Wanting,
    external,
    is_told,
    note,
    numbers,
    resolver_of,
    setting,
)
from diagnose.sources.plans.base import PAGE, Plan, Run, gap_of, got, listed, together
from diagnose.sources.plans.choice import chosen_nodes
from diagnose.sources.plans.permissions import lacking
from diagnose.sources.plans.places import Shell, is_linux, readiness
from diagnose.sources.plans.reading import (
    Object,
    at,
    labels_at,
    name_of,
    number_at,
    several_at,
    text_at,
)
from diagnose.sources.probe import (
    CONTAINER,
    MANAGED_BY,
    NAMESPACE,
    OWNER,
    PODS,
    PREFIX,
    Probe,
    Probed,
    Removal,
)
from diagnose.sources.questions import KUBERNETES, Question, large, service
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

ASK = Ask.PROBE_ANSWERS
MOST_LEFT = 100  # pods of earlier runs that are looked at
MOST_EVENTS = 50
SPARE_S = 60  # beyond a run's deadline, after which the kubelet ends a pod that nobody removed
READ_S = 60  # for which a pod that ended is left to the run that will read its log
# Images that hold a shell and nslookup, the smallest and best known first; by the last part of the
# name, then by the tag. All but the first are Alpine with BusyBox, the one named for BIND's tools
# apart. Sources: flannel-io/flannel images/Dockerfile, flannel-io/cni-plugin Dockerfile.image,
# cloudnativelabs/kube-router Dockerfile, kubernetes/kubernetes test/images/agnhost/Dockerfile and
# test/images/jessie-dnsutils/Dockerfile.
SHELLS = tuple(
    regex(pattern)
    for pattern in (
        r"(?:^|-)busybox:",
        r"(?:^|-)alpine:",
        r"(?:^|-)dnsutils:",
        r"(?:^|-)netshoot:",
        r"^agnhost:",
        r"(?:^|-)flannel(?:-cni-plugin)?:",
        r"^kube-router:",
        r":[\w.-]*\balpine",
    )
)
BARE = regex(r"distroless|scratch|static|windows|nanoserver")


@dataclass(frozen=True)
class Image:
    """An image to take for a node, and whether the node has it."""

    name: str
    present: bool


def probe_answers(run: Run) -> Plan[None]:
    """What DNS answers to a pod of its own on each of a few nodes."""
    if not (yield from permitted(run)):
        return
    yield from swept(run)
    known = yield from setting(run, ASK)
    if not known.cluster:
        if ASK not in run.gaps:
            run.gap(ASK, GapKind.NOT_COLLECTED, "there is no DNS Service and no pod of CoreDNS")
        return
    images = yield from places(run)
    if not images:
        return
    instance = secrets.token_hex(4)
    asked: dict[Probe, tuple[Asking, ...]] = {}
    for number, (node, image) in enumerate(images.items(), 1):
        name = f"{PREFIX}{instance}-{number}"
        several = askings(questions(run, known, node), numbers(name))
        probe = Probe(
            name=name,
            instance=instance,
            node=node,
            image=image.name,
            present=image.present,
            command=command_of(several),
            lives_s=round(run.options.timeout_s) + SPARE_S,
        )
        asked[probe] = several
    run.options.on_write(announced(list(asked)))
    came = yield list(asked)
    yield from together(*(understood(run, known, one, asked[one.request]) for one in came))


def questions(run: Run, known: Setting, node: str) -> Wanting:
    """Return what a probe asks: all at once, since it is not asked a second time.

    The order is that of their worth, in case that time is short.
    """
    question = service(known.zone)
    servers = [one for one in known.cluster if one.address]
    asked: Wanting = [(one, "udp", question) for one in servers]
    away = [one for one in known.replicas if one.address and one.subject.node != node]
    asked += [(one, "udp", large(known.zone)) for one in away[:1]]
    short = Question(NameKind.SHORT, KUBERNETES.removesuffix(".svc"), "A")
    asked.append((Server(ServerRole.CONFIGURED, ""), "own", short))
    asked += [(one, "tcp", question) for one in servers]
    for beyond in external(run, ASK):
        asked += [(one, "udp", beyond) for one in known.services[:1]]
        outer = [one for one in known.upstreams if not one.address.startswith(("127.", "::1"))]
        asked += [(one, "udp", beyond) for one in outer[:MOST_UPSTREAMS]]
    for one in known.services[:1]:
        asked += [(one, "udp", question)] * REPEATS
    return asked


def permitted(run: Run) -> Plan[bool]:
    """Whether one may create and remove probe pods; what is missing is noted."""
    wanted = [
        Right(rule.namespace, rule.group, resource, verb)
        for rule in PROBE
        for resource in rule.resources
        for verb in rule.verbs
    ]
    found = yield from lacking(wanted)
    if found.unknown:
        because = f"whether probe pods may be created is not known: {found.unknown}"
        run.gap(ASK, GapKind.UNREACHABLE, because, "corediag rbac --rung 4 --missing")
        return False
    if found.missing:
        told = "; ".join(
            f"{', '.join(rule.verbs)} {', '.join(rule.resources)}"
            for rule in rules_of(found.missing)
        )
        run.gap(
            ASK,
            GapKind.DENIED,
            f"nothing was created: you may not {told} in namespace {NAMESPACE}",
            f"permission to {told} in namespace {NAMESPACE}; `corediag rbac --rung 4 --missing` "
            "prints it as a role",
        )
    return not found.missing


def swept(run: Run) -> Plan[None]:
    """Remove what earlier runs left: never a pod that runs, or whose log is still to be read."""
    found = yield from listed(
        run,
        ASK,
        PODS.replace(f"/namespaces/{NAMESPACE}", ""),
        "",
        labels=f"{MANAGED_BY}={OWNER}",
        namespace=NAMESPACE,
        limit=MOST_LEFT,
        keep=False,
        more_is_fine=True,
    )
    old = [
        Removal(name_of(one), text_at(one, "metadata", "uid"))
        for one in found.items
        if is_left(one, run.now)
    ]
    if not old:
        return
    run.options.on_write(f"removes {len(old)} probe pods that earlier runs left")
    for removal, answer in zip(old, (yield old), strict=True):
        if answer.status not in (200, 202, 404, 409):
            gap = gap_of(answer, "delete pods")
            because = f"{removal.name} of an earlier run is still there: {gap.because}"
            close = f"kubectl -n {NAMESPACE} delete pod {removal.name}"
            run.gap(ASK, GapKind.PARTIAL, because, close)


def is_left(pod: Object, now: datetime) -> bool:
    """Whether a pod is a probe that no run will come back to."""
    labels = labels_at(pod, "metadata", "labels")
    if labels.get(MANAGED_BY) != OWNER or not name_of(pod).startswith(PREFIX):
        return False
    born = time_at(pod, "metadata", "creationTimestamp")
    if born is None:
        return False
    lives_s = number_at(pod, "spec", "activeDeadlineSeconds")
    if lives_s and now > born + timedelta(seconds=lives_s + READ_S):
        return True
    ends = [
        time_at(one, "state", "terminated", "finishedAt")
        for one in several_at(pod, "status", "containerStatuses")
    ]
    if text_at(pod, "status", "phase") not in ("Succeeded", "Failed"):
        return False
    last = max((one for one in ends if one is not None), default=born)
    return now > last + timedelta(seconds=READ_S)


def time_at(value: object, *path: str) -> datetime | None:
    """Return the time at a path; None where there is none."""
    try:
        found = datetime.fromisoformat(text_at(value, *path))
    except ValueError:
        return None
    return found if found.tzinfo else None


def places(run: Run) -> Plan[Mapping[str, Image]]:
    """Return on which nodes to start a pod, and of which image; what is left out is noted."""
    names = yield from chosen_nodes(run, ASK)
    told = yield from listed(
        run, ASK, "/api/v1/nodes", "", limit=PAGE, keep=False, more_is_fine=True
    )
    known = {name_of(one): one for one in told.items}
    apart = [one for one in names if one not in known]
    for answer in (yield from got(*(f"/api/v1/nodes/{one}" for one in apart))):
        if answer.fine:
            known[name_of(answer.value)] = answer.value
    chosen: dict[str, Image] = {}
    for name in names:
        node = known.get(name, {})
        image = image_for(node, run.options.probe_image)
        if not is_linux(node) or readiness(node) != "True":
            run.gap(ASK, GapKind.PARTIAL, f"node {visible(name)} is not Ready: no pod starts there")
        elif image is None:
            run.gap(
                ASK,
                GapKind.PARTIAL,
                f"node {visible(name)} tells of no image with a shell that it has",
                "corediag run --probe --probe-image IMAGE  # with sh and nslookup, as busybox has",
            )
        else:
            chosen[name] = image
    return chosen


def image_for(node: Object, named: str) -> Image | None:
    """Return the image for a node: the one that is named, else one with a shell that it has."""
    if named:
        return Image(named, present=False)
    ranked = [
        (rank, number_at(one, "sizeBytes"), name)
        for one in several_at(node, "status", "images")
        for name in names_of(one)
        if (rank := rank_of(name)) is not None
    ]
    return Image(min(ranked)[2], present=True) if ranked else None


def names_of(image: Object) -> Iterable[str]:
    """Return the names of a node's image that have a tag; a digest alone tells nothing of it."""
    found = at(image, "names")
    for name in found if isinstance(found, list) else ():
        if isinstance(name, str) and "@" not in name and "<none>" not in name and len(name) < 500:
            yield name


def rank_of(name: str) -> int | None:
    """Return how well an image fits, 0 the best; None where it may lack a shell."""
    last = name.rpartition("/")[2]
    if ":" not in last or BARE.search(last):
        return None
    return next((rank for rank, one in enumerate(SHELLS) if one.search(last)), None)


def announced(probes: Sequence[Probe]) -> str:
    """Return what is said before anything is created."""
    pods = "pod" if len(probes) == 1 else "pods"
    lines = [f"creates {len(probes)} {pods} in namespace {NAMESPACE}, and removes them at the end"]
    for one in probes:
        origin = "which it has" if one.present else "pulled unless it is there"
        lines.append(f"{one.name} on {visible(one.node)}: {visible(one.image)}, {origin}")
    return "\n".join(lines)


def understood(run: Run, known: Setting, came: Probed, several: Sequence[Asking]) -> Plan[None]:
    """Note what a probe said; of one that did not start, what is told of it."""
    probe = came.request
    what = f"the probe pod on {visible(probe.node)}"
    if came.refusal is not None:
        gap = gap_of(came.refusal, f"create pods in {NAMESPACE}")
        run.gap(ASK, gap.kind, gap.because, gap.ask, what)
        return
    if not came.started:
        run.gap(ASK, GapKind.UNREACHABLE, came.because, "give it more time: --timeout 2m", what)
        yield from why_not_started(run, probe)
        return
    shell = Shell(
        NAMESPACE, probe.name, CONTAINER, probe.node, address=came.address, cluster_dns=True
    )
    place = Place(PlaceKind.PROBE, shell.subject, came.address)
    told = answers_in(place, several, came.log, datetime.now(UTC))
    view = View(shell, list(told.asked), resolver_of(told.resolv_conf, shell), told.resolv_conf)
    view.whole = told.whole
    if not told.whole:
        because = came.because or "its log ends in its middle"
        run.gap(ASK, GapKind.PARTIAL, because, "give it more time: --timeout 2m", what)
    unasked = {f"{one.question.name} over {one.transport}" for one in told.unasked if is_told(one)}
    if unasked:
        because = f"{visible(probe.image)} has no tool to ask {', '.join(sorted(unasked)[:3])}"
        run.gap(ASK, GapKind.PARTIAL, because, "corediag run --probe --probe-image IMAGE", what)
    note(run, known, view, ASK)


def why_not_started(run: Run, probe: Probe) -> Plan[None]:
    """Keep the events of a pod that did not start: they are evidence like those of any other."""
    fields = f"involvedObject.name={probe.name},type=Warning"
    path = f"/api/v1/namespaces/{NAMESPACE}/events"
    request = Request(path, (("fieldSelector", fields), ("limit", str(MOST_EVENTS))))
    (answer,) = yield [request]
    if answer.fine and several_at(answer.value, "items"):
        run.objects(ASK, answer, f"events of the probe pod on {visible(probe.node)}")
