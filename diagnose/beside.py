"""What only people can show, and when nothing rests on it.

Some checks are made of what an application saw, of a node's logs, or of its files, which no request
brings. Where nothing wrong was found and pods asked DNS themselves, each answered as it must be,
nobody is known to whom such a check could apply. Whoever has an application that fails all the same
can show what it saw. Where something is wrong, these checks stay unknown: one may be the reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnose.asks import Ask
from diagnose.evidence import Evidence, excerpt, not_collected
from diagnose.facts import ClientMatrix, ReadyEndpoints
from diagnose.facts.dns_answers import ServerRole
from diagnose.facts.probe_matrix import POD_KINDS
from diagnose.model import Fact, Gap, GapKind, Status, Verdict

BY_HAND = (
    Ask.CLIENT_OUTPUT,
    Ask.KERNEL_LOGS,
    Ask.RUNTIME_LOGS,
    Ask.KUBELET_LOGS,
    Ask.NODE_FILES,
)
LEFT_OUT = (GapKind.NOT_COLLECTED, GapKind.PARTIAL)  # a refusal is no choice, and stays a gap
CLIENTS_ASK = (ServerRole.SERVICE, ServerRole.NODE_LOCAL, ServerRole.CONFIGURED)


def pods_are_answered(matrix: Fact | Gap, endpoints: Fact | Gap) -> bool:
    """Whether pods asked DNS as applications do, on all nodes that were to be asked, without fail.

    An answer of pods that end tells nothing of what comes after them.
    """
    if not isinstance(matrix, ClientMatrix) or matrix.gaps or matrix.all.failed:
        return False
    if isinstance(endpoints, ReadyEndpoints) and any(one.ending for one in endpoints.backends):
        return False
    return any(
        one.place.kind in POD_KINDS and one.server.role in CLIENTS_ASK for one in matrix.items
    )


def put_aside(
    verdicts: Sequence[Verdict], evidence: Evidence
) -> tuple[tuple[Verdict, ...], tuple[Gap, ...]]:
    """Return the verdicts, those that want such evidence alone as not applicable, and its gaps.

    `evidence` is that of pods_are_answered, where nothing was found.
    """
    wanted = {made(ask) for ask in BY_HAND for made in (not_collected, excerpt)}
    wanted |= {gap for ask in BY_HAND for gap in evidence.gaps.get(ask, ())}
    kept: list[Verdict] = []
    aside: dict[Gap, None] = {}
    for verdict in verdicts:
        gaps = verdict.because
        if verdict.status is Status.UNKNOWN and all(
            gap in wanted and gap.kind in LEFT_OUT for gap in gaps
        ):
            aside |= dict.fromkeys(gaps)
            what = " and ".join(dict.fromkeys(gap.what for gap in gaps))
            note = f"{what} would show it, and pods that asked DNS were answered as they must be"
            kept.append(Verdict(verdict.check, Status.NOT_APPLICABLE, note=note))
        else:
            kept.append(verdict)
    return tuple(kept), tuple(aside)
