"""Shapes of findings that several checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from diagnose.facts.api_failures import ApiFailure, ApiFailures
from diagnose.facts.corefile import Corefile
from diagnose.facts.corefile_faults import CorefileFault, CorefileFaults, FaultKind
from diagnose.facts.flannel_failures import FlannelFailures
from diagnose.facts.logs import Logs, Match
from diagnose.facts.pod_policies import WrongPolicy
from diagnose.facts.proxy_failures import ProxyFailure, ProxyFailures
from diagnose.facts.refused_permissions import Refusal
from diagnose.facts.resolv_conf import ResolvConfs
from diagnose.facts.sandbox import SandboxFailures, by_place, seen
from diagnose.facts.upstream_failures import UpstreamFailure, UpstreamFailures
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, edit_corefile, look, quoted, restart_coredns
from diagnose.signatures.base import Emitter, Signature
from diagnose.signatures.trouble import Reason

if TYPE_CHECKING:  # its module is for few checks
    from diagnose.facts.certificate_faults import CertificateFault

RARE_OF = 100  # one lost answer of so many is noted, and no more
Steps = Callable[[ApiFailure], tuple[Remedy, ...]]


def times(count: int) -> str:
    """Return a count in words for a message: "once", "7 times"."""
    return "once" if count == 1 else f"{count} times"


def api_findings(
    failures: ApiFailures,
    reasons: Iterable[Reason],
    message: str,
    steps: Steps,
    *,
    proven: bool = True,
    but: tuple[Emitter, ...] = (),
) -> Iterator[Finding]:
    """Yield one finding per program whose requests to the API server fail for these reasons.

    `message` may hold {target}, the address asked, and {resource}. A failure after which the
    same program reached the server again is history and left out; so are the programs in `but`.
    """
    wanted = frozenset(reasons)
    groups: dict[object, list[ApiFailure]] = {}
    for failure in failures.failures:
        if failure.emitter in but:
            continue
        if failure.trouble.reason in wanted and not failure.recovered:
            groups.setdefault((failure.emitter, failure.subject), []).append(failure)
    for several in groups.values():
        first = several[0]
        targets = dict.fromkeys(one.trouble.target for one in several if one.trouble.target)
        resources = dict.fromkeys(one.trouble.resource for one in several if one.trouble.resource)
        text = message.format(
            target=", ".join(targets) or "the API server",
            resource=", ".join(resources) or "what it needs",
        )
        count = sum(one.count for one in several)
        yield Finding(
            subject=first.subject,
            message=f"{first.emitter.value}: {text} ({times(count)})",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=steps(first),
            proven=proven and any(one.certain for one in several),
            at=first.first_at,
        )


def certificate_findings(
    faults: Iterable[CertificateFault], steps: Callable[[CertificateFault], tuple[Remedy, ...]]
) -> Iterator[Finding]:
    """Yield one finding per fault that was seen of a certificate.

    A possibility: whoever fails may be shown another one.
    """
    for one in faults:
        yield Finding(
            subject=CLUSTER,
            message=one.message,
            quotes=one.quotes,
            remedy=steps(one),
            proven=False,
            severity=one.severity,
        )


def upstream_findings(
    failures: UpstreamFailures,
    reasons: Iterable[Reason],
    message: str,
    steps: Callable[[UpstreamFailure], tuple[Remedy, ...]],
    *,
    corefile: Corefile | None,
    resolvers: ResolvConfs | None,
    family: Callable[[UpstreamFailure], str] = lambda _: "",
    certain: bool = True,
) -> Iterator[Finding]:
    """Yield one finding per upstream server that fails for these reasons, all pods together.

    `message` may hold {server}. The finding is a possibility where the failures themselves are (see
    UpstreamFailure.certain), and where the reason has several causes: then it is not `certain`.
    """
    wanted = frozenset(reasons)
    groups: dict[str, list[UpstreamFailure]] = {}
    for failure in failures.failures:
        if failure.trouble.reason in wanted:
            groups.setdefault(failure.server, []).append(failure)
    for server, several in groups.items():
        several.sort(key=lambda one: one.probe_only)
        first = several[0]
        subjects = {one.subject for one in several}
        names = list(dict.fromkeys(name for one in several for name in one.names))
        asked = f"; asked for {', '.join(names[:3])}" if names else ""
        probes = all(one.probe_only for one in several)
        if probes:
            asked = "; so far only CoreDNS's own loop self-test (HINFO) asked it"
        places = list(dict.fromkeys(one.asked_from for one in several if one.asked_from))
        if places:
            more = f" and {len(places) - 2} more" if len(places) > 2 else ""
            asked += f"; corediag asked it from {', '.join(places[:2])}{more}"
        notes = list(dict.fromkeys(one.note for one in several if one.note))
        if notes:
            asked += f"; {'; '.join(notes[:3])}"
        others = all(one.others_answer for one in several)
        if others:
            asked += "; another upstream answers"
        answers = [one.answers_now for one in several if one.answers_now]
        count, severity = sum(one.count for one in several), Severity.WARNING if others else None
        said = f"{message.format(server=server or 'an upstream')} ({times(count)})"
        if all(one.answered for one in several):
            every = count + sum({one.subject: one.answered for one in several}.values())
            said = (
                f"{server or 'an upstream'} failed {count} of {every} forwarded queries "
                f"({first.trouble.reason.value}); the others were answered, later ones too"
            )
            severity = Severity.INFO if count * RARE_OF <= every else Severity.WARNING
        yield Finding(
            subject=first.subject if len(subjects) == 1 else CLUSTER,
            message=f"{said}{asked}" + told_by(server, corefile, resolvers),
            quotes=(*(one.quote for one in several[:3]), *answers[:1]),
            remedy=steps(first),
            proven=certain and any(one.certain for one in several),
            severity=severity,
            family=family(first),
            at=first.first_at,
        )


def told_by(server: str, corefile: Corefile | None, resolvers: ResolvConfs | None) -> str:
    """Return where an upstream's address comes from, as far as it is known; "" otherwise."""
    if corefile and any(server and server in one for one in corefile.upstreams(".")):
        return "; the Corefile names it"
    files = resolvers.of_nodes if resolvers else ()
    if any(server in one.nameservers for one in files):
        return "; the node's resolv.conf names it"
    return ""


def corefile_findings(
    faults: CorefileFaults,
    kinds: Iterable[FaultKind],
    check: str,
    title: Callable[[CorefileFault], str],
) -> Iterator[Finding]:
    """Yield one finding per fault of these kinds; proven where CoreDNS said it itself.

    `title` says what to change of the file. A fault that only holds for some versions is a
    possibility until the version is known, and so is one that a piece of the file shows.
    """
    for fault in faults.of(*kinds):
        which = f" (CoreDNS {fault.versions})" if fault.versions else ""
        which += "; or this is not the whole Corefile" if fault.torn and not fault.said else ""
        yield Finding(
            subject=fault.subject,
            message=fault.message + which,
            quotes=fault.quotes,
            remedy=(
                edit_corefile(title(fault), check),
                restart_coredns("a pod in CrashLoopBackOff waits up to five minutes otherwise"),
            ),
            proven=not fault.torn and (fault.said or not fault.versions),
            at=fault.at,
        )


def permission_findings(
    refusals: Iterable[Refusal], steps: Callable[[Refusal, str], tuple[Remedy, ...]]
) -> Iterator[Finding]:
    """Yield one finding per account of CoreDNS that may not read something.

    `steps` takes the refusal and the account's name as RBAC writes it.
    """
    for one in refusals:
        account = one.account or "system:serviceaccount:kube-system:coredns"
        said = f"{one.who} may not read {' and '.join(one.resources) or 'what it asks for'}"
        yield Finding(
            subject=one.subject,
            message=f"{said}: {one.why}" if one.why else said,
            quotes=one.quotes[:3],
            remedy=steps(one, account),
            proven=one.proven,
            at=one.at,
        )


def policy_findings(several: Iterable[WrongPolicy]) -> Iterator[Finding]:
    """Yield one finding per pod whose dnsPolicy keeps it from what it asked for."""
    for one in several:
        space, pod = quoted(one.subject.namespace, "default"), quoted(one.subject.name, "<pod>")
        workload = "<workload>" if one.certain else f"{one.subject.kind.lower()}/{pod}"
        pod = pod if one.certain else workload
        policy = "ClusterFirstWithHostNet" if one.host_network else "ClusterFirst"
        name = quoted(one.name, "<name>")
        own = one.policy == "None"
        yield Finding(
            subject=one.subject,
            message=f"the pod {one.why}; {one.name} is known to cluster DNS alone",
            quotes=one.quotes,
            proven=one.certain,
            remedy=(
                look(
                    "See whom the pod asks",
                    f"kubectl -n {space} exec {pod} -- cat /etc/resolv.conf",
                    verify="the servers of its dnsConfig: that is the fault"
                    if own
                    else "the node's servers: that is the fault",
                ),
                Remedy(
                    title=f"Set dnsPolicy: {policy} in its workload"
                    + (", or name cluster DNS in its dnsConfig" if own else ""),
                    commands=(
                        f"kubectl -n {space} patch {workload} --type merge -p "
                        f'\'{{"spec":{{"template":{{"spec":{{"dnsPolicy":"{policy}"}}}}}}}}\'',
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl -n {space} exec {pod} -- nslookup {name}",
                ),
            ),
        )


def log_findings(
    logs: Logs,
    signatures: tuple[Signature, ...],
    message: Callable[[Match], str],
    steps: Callable[[Match], tuple[Remedy, ...]],
    *,
    proven: bool = True,
) -> Iterator[Finding]:
    """Yield one finding per pod or node that logged any of the signatures, quoting the last."""
    last = {match.subject: match for match in logs.matching(*signatures)}
    for subject, match in last.items():
        count = sum(
            stream.count(*signatures) for stream in logs.streams if stream.subject == subject
        )
        yield Finding(
            subject=subject,
            message=f"{message(match)} ({times(max(count, 1))})",
            quotes=(match.quote,),
            remedy=steps(match),
            proven=proven,
            at=match.at,
        )


def sandbox_findings(
    failures: SandboxFailures,
    signatures: tuple[Signature, ...],
    message: Callable[[Match], str],
    steps: Callable[[Match, str], tuple[Remedy, ...]],
    *,
    proven: Callable[[Match], bool] = lambda _: True,
    family: Callable[[Match], str] = lambda _: "",
    only: Callable[[Match], bool] = lambda _: True,
) -> Iterator[Finding]:
    """Yield one finding per node on which sandboxes fail with any of these errors.

    `steps` takes the first such error and the node's name, or its placeholder. `only` leaves errors
    of the same words to another check.
    """
    names = {one.name for one in signatures}

    def fits(match: Match) -> bool:
        return match.signature in names and only(match)

    found = (one for one in failures.matching(*signatures) if any(map(fits, one.reasons)))
    for place, several in by_place(found):
        match = next(m for one in several for m in one.reasons if fits(m))
        node = place.name if place.kind == "Node" else place.node
        yield Finding(
            subject=place,
            message=f"{message(match)} ({seen(several)})",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=steps(match, quoted(node, NODE)),
            proven=proven(match),
            family=family(match),
            at=several[0].first_at,
        )


def flannel_findings(
    failures: FlannelFailures,
    signatures: tuple[Signature, ...],
    message: Callable[[Match], str],
    steps: Callable[[Match], tuple[Remedy, ...]],
    *,
    proven: bool = True,
) -> Iterator[Finding]:
    """Yield one finding per flannel pod that ended with one of these errors."""
    for one in failures.of(*signatures):
        yield Finding(
            subject=one.subject,
            message=f"{message(one.match)} ({times(one.count)})",
            quotes=(one.match.quote,),
            remedy=steps(one.match),
            proven=proven,
            at=one.match.at,
        )


def proxy_findings(
    failures: ProxyFailures,
    signatures: tuple[Signature, ...],
    message: Callable[[Match], str],
    steps: Callable[[Match, str], tuple[Remedy, ...]],
    *,
    proven: Callable[[ProxyFailure], bool] = lambda _: True,
    least: int = 1,
) -> Iterator[Finding]:
    """Yield one finding per kube-proxy that logs any of these at least so often.

    `steps` takes the last such line and the node's name, "" where it is not known. An empty
    message leaves the line to another check.
    """
    for one in failures.matching(*signatures):
        text = message(one.match)
        if not text or one.count < least:
            continue
        yield Finding(
            subject=one.subject,
            message=f"{text} ({times(one.count)})",
            quotes=one.quotes[:3],
            remedy=steps(one.match, one.subject.node),
            proven=proven(one),
            at=one.first_at,
        )
