"""A running cluster, as far as one may look: from lists and logs up to what pods can be asked.

Each ask has a plan (diagnose.sources.plans), and each plan stands on a rung of the ladder: 1 gets,
lists and logs; 2 what kubelets and CoreDNS answer through the API server; 3 read-only commands in
pods that run; 4 a probe pod. The first two are climbed at once, the others when they are wanted.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from diagnose.asks import ASKS, Ask
from diagnose.model import Gap, GapKind
from diagnose.parts import Haul, Kind, Part
from diagnose.rbac import Right
from diagnose.signatures.base import Emitter
from diagnose.sources.base import SourceError
from diagnose.sources.http import Answer, Client, Request, Trouble
from diagnose.sources.kubeconfig import WITHOUT, access
from diagnose.sources.options import LiveOptions, Pool
from diagnose.sources.pace import Pace
from diagnose.sources.plans import PLANS
from diagnose.sources.plans.base import Run, drive, together
from diagnose.sources.plans.permissions import Lacking, lacking
from diagnose.sources.plans.reading import text_at
from diagnose.sources.probe import Probe, Probes, Removal, Review, Writer
from diagnose.sources.streams import Came, Streams, Wanted
from diagnose.text import der
from diagnose.text.der import time_text
from diagnose.text.shown import visible

OWN = "corediag's own request"
SERVERS, OWN_CLOCK = "the server's clock", "corediag's own clock"
LOG_ASKS = frozenset(
    {
        Ask.DNS_LOGS,
        Ask.PROXY_LOGS,
        Ask.FLANNEL_LOGS,
        Ask.CONTROLLER_MANAGER_LOGS,
        Ask.KUBELET_LOGS,
    }
)
BY_HAND = (
    "mkdir incident; cd incident  # on a control-plane node\n"
    "journalctl -u kubelet --since -1h > kubelet.log\n"
    "crictl ps -aq --name 'apiserver|etcd|coredns' | "
    "xargs -I@ sh -c 'crictl logs @ > @.log 2>&1'\n"
    "cp /etc/resolv.conf .; ip addr > ip-addr.txt; ip route > ip-route.txt\n"
    "iptables-save > iptables-save.txt\n"
    "corediag run --from .  # there, or wherever you copy the folder to"
)


ADDRESS = "kubectl config view --minify  # is it the right address? does it need a VPN or a tunnel?"
ON_CONTROL_PLANE = (
    "crictl ps -a --name 'kube-apiserver|etcd'  # on a control-plane node: is the server up there?"
)


def gather(asks: frozenset[Ask], *, options: LiveOptions, pool: Pool) -> Haul:
    """Return what the cluster answers to the asks, as far as the options allow to go.

    Raises SourceError when there is no way to ask it: no usable kubeconfig, or one whose
    credentials are refused. An API server that does not answer is a gap.
    """
    return Live(options, pool).ask(asks)


class Live:
    """One cluster, asked once or several times; what was asked before is not asked again."""

    def __init__(self, options: LiveOptions, pool: Pool) -> None:
        """Find the way to the API server and its first answer. Raises SourceError: see gather."""
        self._options = options
        self._pool = pool
        started_s = time.monotonic()
        way = next(iter(pool.map(lambda _: access_or_error(options), (None,))))
        if isinstance(way, TimeoutError):
            raise SourceError(
                "the credential plugin of the kubeconfig did not end in time",
                "run its command by hand; give more time with --timeout",
            )
        if isinstance(way, SourceError):
            raise way
        pace = Pace(options.limits)
        self._client = Client(
            way.manager,
            way.host,
            way.headers,
            timeout_s=options.timeout_s,
            request_timeout_s=options.request_timeout_s,
            connect_timeout_s=options.connect_timeout_s,
            pace=pace,
            on_request=options.on_request,
        )
        self._streams = Streams(way, options, pace)
        self._writer = Writer(way, options.on_request)
        rest_s = options.timeout_s - (time.monotonic() - started_s)
        self._probes = Probes(self._client, self._writer, rest_s, options.on_write)
        self._host = way.host
        self._source = f"cluster {visible(way.host)} (context {visible(way.context)})"
        first = self._first(way.context)
        self._silent = silent(first)
        self._refused: Part | None = None
        if first.trouble is Trouble.ENCRYPTION:
            self._refused = self._refused_certificate()
        self._answers: dict[Wanted, Came] = {first.request: first}
        self._run = Run(options, frozenset(), first.at or datetime.now(UTC))
        self._handed = 0  # of the run's parts
        self._done: set[Ask] = set()
        self._complete: set[Ask] = set()

    def _first(self, context: str) -> Answer:
        probe = Request("/version")
        first = next(iter(self._pool.map(self._client.fetch, (probe,))))
        if isinstance(first, TimeoutError):
            first = Answer(probe, trouble=Trouble.DEADLINE)
        if first.status == 401:
            raise SourceError(
                f"{self._host} refuses the credentials of context {context!r} (401 Unauthorized)",
                f"log in again, or choose another --context; {WITHOUT}",
            )
        if first.trouble is Trouble.PROXY:
            # it tells of this machine, and nothing of the cluster
            raise SourceError(
                f"{self._host}: {first.trouble.value}: {first.detail}",
                "see proxy-url in the kubeconfig and HTTPS_PROXY; NO_PROXY names what goes without",
            )
        return first

    def ask(self, asks: frozenset[Ask], *, stop: bool = False) -> Haul:
        """Return everything that came so far, the answers to these asks included.

        With `stop` nothing more is asked, since a cause is proven.
        """
        run = self._run
        plans = [ask for ask in Ask if ask in asks and ask in PLANS]
        if self._silent:
            carried_out = frozenset(plans)
            haul = unreachable(self._host, self._silent, carried_out, self._source, run.now)
            if self._refused is None or Ask.API_CERTIFICATE not in asks:
                return haul
            return replace(haul, parts=(*haul.parts, self._refused))
        fresh = [ask for ask in plans if ask not in self._done and not self.barred(ask)]
        allowed = [] if stop else fresh
        run.asks |= frozenset(allowed)
        self._done.update(allowed)
        self._carry_out(one for one in allowed if ASKS[one].rung < 4)
        try:
            # last: it waits for pods to start, and nothing else shall wait with it
            self._carry_out(one for one in allowed if ASKS[one].rung == 4)
        finally:
            self._probes.remove()
        self._note_certificates()
        run.looked.update(allowed)
        self._complete.update(allowed)
        gaps = run.missing()
        settled = ("a cause was proven without it", "corediag run --rung 3")
        for ask in plans:
            if because := self.barred(ask) or (settled if stop and ask in fresh else None):
                gap = Gap(ASKS[ask].title, GapKind.NOT_COLLECTED, *because)
                gaps[ask] = (*gaps.get(ask, ()), gap)
        return Haul(
            parts=run.found(),
            looked=frozenset(run.looked),
            gaps=gaps,
            source=self._source,
            taken_at=run.now,
        )

    def so_far(self, asks: frozenset[Ask]) -> Haul:
        """Return what came of asks that were interrupted; of those nothing counts as looked for."""
        run = self._run
        gaps = run.missing()
        for ask in asks - self._complete:
            gap = Gap(ASKS[ask].title, GapKind.PARTIAL, "the run was interrupted", "run it again")
            gaps[ask] = (*gaps.get(ask, ()), gap)
        whole = Gap("the cluster", GapKind.PARTIAL, "the run was interrupted", "run it again")
        return Haul(
            parts=run.found(),
            looked=frozenset(run.looked & self._complete),
            gaps=gaps,
            general_gaps=(whole,),
            source=self._source,
            taken_at=run.now,
        )

    def barred(self, ask: Ask) -> tuple[str, str] | None:
        """Return why an ask is not carried out, and what would change that."""
        rung = ASKS[ask].rung
        if rung == 3 and not self._options.exec_allowed:
            return "--no-exec: no command is run in any pod", "run it without --no-exec"
        if rung > self._options.rung:
            option = "--probe" if rung == 4 else f"--rung {rung}"
            return f"the run stopped at rung {self._options.rung}", f"corediag run {option}"
        if self._options.skip_logs and ask in LOG_ASKS:
            return "--skip-logs: no log is read", "run it without --skip-logs"
        return None

    def _note_certificates(self) -> None:
        """Keep the certificates that the connections of the run were shown."""
        ask = Ask.API_CERTIFICATE
        if ask not in self._run.asks:
            return
        for number, (data, at) in enumerate(self._client.certificates):
            if (ask, data) not in self._run.parts:
                clock = f"; {SERVERS} said {time_text(at)}" if at else ""
                part = certificate_part(data, f"{visible(self._host)}{clock}", number, at)
                self._run.parts[ask, data] = part
        if not self._client.certificates and self._host.startswith("https:"):
            because = "no connection to the API server came so far"
            self._run.gap(ask, GapKind.NOT_COLLECTED, because, ASKS[ask].by_hand)

    def _refused_certificate(self) -> Part | None:
        """Return the certificate that was refused, seen without being trusted."""
        data = next(iter(self._pool.map(lambda _: self._client.refused_certificate(), (None,))))
        if not isinstance(data, bytes):
            return None
        now = datetime.now(UTC)
        return certificate_part(
            data, f"{visible(self._host)}; {OWN_CLOCK} said {time_text(now)}", 0, now
        )

    def lacking(self, several: Sequence[Right]) -> Lacking:
        """Return which of some rights the user does not have."""
        if self._silent:
            return Lacking(unknown=self._silent)
        return drive(lacking(several), self._fetch, self._pool, self._answers)

    def _carry_out(self, asks: Iterable[Ask]) -> None:
        plan = together(*(PLANS[ask](self._run) for ask in asks))
        drive(plan, self._fetch, self._pool, self._answers, self._spare)

    def _spare(self) -> bool:
        """Do a piece of the work that is the caller's; False when there is none at the moment."""
        if self._handed < len(self._run.parts):
            part = next(islice(self._run.parts.values(), self._handed, None))
            self._handed += 1
            self._options.on_part(part)
            return True
        return self._options.spare()

    def _fetch(self, request: Wanted) -> Came:
        match request:
            case Request():
                return self._client.fetch(request)
            case Probe():
                return self._probes.fetch(request)
            case Removal():
                return self._writer.delete(request.name, request.uid)
            case Review():
                return self._writer.review(request)
            case _:
                return self._streams.fetch(request)


def access_or_error(options: LiveOptions) -> Any:
    """Return the access to the cluster, or the SourceError why there is none."""
    try:
        return access(options.kubeconfig, options.context, options.environ)
    except SourceError as error:
        return error


def certificate_part(data: bytes, seen: str, number: int, at: datetime | None) -> Part:
    """Return a certificate in words, `seen` at an address; as it is where it is none."""
    try:
        text = der.written(der.decoded(data))
    except ValueError:
        text = "no certificate that can be read\n"
    return Part(
        kind=Kind.CERTIFICATE,
        origin="certificate of the API server" + (f" ({number + 1})" if number else ""),
        text=f"# shown at {seen}\n{text}",
        ask=Ask.API_CERTIFICATE,
        whole=True,
        taken_at=at,
    )


def silent(first: Answer) -> str:
    """Return why the first answer is not one of an API server that works; "" when it is."""
    if first.trouble is not Trouble.NONE:
        return f"{first.trouble.value}: {first.detail}" if first.detail else first.trouble.value
    if first.status in (403, 429):
        return ""  # what else it answers is worth a try
    if first.status != 200:
        return f"it answers {first.status}: {first.message or 'without a word'}"
    if not text_at(first.value, "gitVersion") and not text_at(first.value, "major"):
        return f"{Trouble.NOT_JSON.value}: no version"
    return ""


def unreachable(host: str, because: str, asks: frozenset[Ask], source: str, at: datetime) -> Haul:
    """Return the haul of a cluster whose API server does not answer: that, and gaps."""
    what = f"the Kubernetes API server {visible(host)}"
    livez = f"curl -k --max-time 5 {shlex.quote(visible(f'{host}/livez'))}  # from here"
    by_hand = f"{ADDRESS}\n{livez}\n{ON_CONTROL_PLANE}\n{BY_HAND}"
    if because.startswith((Trouble.NOT_JSON.value, "it answers 3", "it answers 4")):
        by_hand = f"kubectl config view --minify  # is it the right server?\n{BY_HAND}"
    if because.startswith(Trouble.ENCRYPTION.value):
        by_hand = f"kubeadm certs check-expiration  # on a control-plane node\n{BY_HAND}"
    # What was tried is evidence of its own kind: a request that failed, in the words of its failure
    tried = f"GET {host}/version: {because}"
    return Haul(
        parts=(Part(Kind.LOG, OWN, tried, emitter=Emitter.API_CLIENT, taken_at=at),),
        gaps={
            ask: (
                Gap(
                    ASKS[ask].title,
                    GapKind.UNREACHABLE,
                    "the API server does not answer",
                    ASKS[ask].by_hand,
                ),
            )
            for ask in Ask
            if ask in asks
        },
        general_gaps=(Gap(what, GapKind.UNREACHABLE, because, by_hand),),
        source=source,
        taken_at=at,
    )
