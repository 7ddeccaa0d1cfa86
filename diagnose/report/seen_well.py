"""What was seen to be well: what DNS answered to corediag itself, and who stands behind it."""

from __future__ import annotations

from diagnose.facts.dns_answers import PlaceKind, ServerRole
from diagnose.facts.probe_matrix import ProbeMatrix, bounds
from diagnose.facts.services import Backends, ReadyEndpoints
from diagnose.model import Diagnosis

AS_CLIENTS = frozenset({ServerRole.SERVICE, ServerRole.NODE_LOCAL, ServerRole.CONFIGURED})


def backends_of(diagnosis: Diagnosis) -> tuple[Backends, ...]:
    """Return what stands behind the DNS Services, as far as it is known."""
    facts = (one for one in diagnosis.facts if isinstance(one, ReadyEndpoints))
    return next((one.backends for one in facts), ())


def matrix_of(diagnosis: Diagnosis) -> ProbeMatrix | None:
    """Return what DNS answered, where any check of the diagnosis needed it."""
    return next((fact for fact in diagnosis.facts if isinstance(fact, ProbeMatrix)), None)


def how_well(matrix: ProbeMatrix, backends: tuple[Backends, ...] = ()) -> str:
    """Return what it says that no question failed: of whom, and what it says nothing of."""
    empty = bool(backends) and not any(one.ready or one.more for one in backends)
    ending = sum(len(one.ending) for one in backends)
    if any(server.role in AS_CLIENTS for server in matrix.servers):
        if empty and ending:
            return (
                "all answered as they must be, but by pods that end: the Service has no ready "
                "endpoint, and nobody is answered once they are gone"
            )
        return f"all answered as they must be ({could_be_missed(len(matrix.items))})"
    past = all(place.kind is PlaceKind.DIRECT for place in matrix.places)
    how = "CoreDNS's pods themselves, past the network" if past else "CoreDNS's pods themselves"
    if empty:
        left = "no ready endpoint" if any(one.endpoints for one in backends) else "no endpoint"
        return (
            f"all answered by {how}. The Service was not asked, as it has {left}: its clients get "
            "no answer"
        )
    return (
        f"all answered as they must be by {how}. The Service was not asked, so that its clients "
        "are answered is not shown"
    )


def clients_are_answered(diagnosis: Diagnosis) -> bool:
    """Whether questions went the way of clients, and none failed."""
    matrix = matrix_of(diagnosis)
    if matrix is None or matrix.all.failed:
        return False
    return any(server.role in AS_CLIENTS for server in matrix.servers)


def could_be_missed(asked: int) -> str:
    """Return how rare a failure must be to show in none of so many questions."""
    share = int(1 / bounds(0, asked)[1])
    if share < 2:
        return "too few to show one that comes and goes"
    return f"a failure of fewer than 1 in {share} could go unseen"


def seen_well(diagnosis: Diagnosis) -> str:
    """Return in a sentence what is well, where nothing says otherwise; "" without any."""
    matrix, backends = matrix_of(diagnosis), backends_of(diagnosis)
    told = []
    if matrix is not None and not matrix.all.failed:
        asked, places = len(matrix.items), len(matrix.places)
        if clients_are_answered(diagnosis):
            where = f"{places} places" if places > 1 else "1 place"
            told.append(f"DNS answered all {asked} questions from {where}")
        elif asked:
            told.append(f"CoreDNS's pods answered all {asked} questions, past the Service")
    ready = sum(len(one.ready) for one in backends)
    if told and ready and all(one.ready for one in backends):
        told.append(f"its Service has {ready} ready endpoint{'s' if ready > 1 else ''}")
    return f"{', and '.join(told)}. " if told else ""


def failed_unexplained(diagnosis: Diagnosis) -> str:
    """Return in a sentence that questions failed of which no check tells; "" where none did."""
    matrix = matrix_of(diagnosis)
    if matrix is None or not matrix.all.failed:
        return ""
    failed, asked = len(matrix.all.failed), len(matrix.items)
    return f"{failed} of {asked} questions failed, and no check tells why: see ASKED. "
