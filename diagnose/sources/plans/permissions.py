"""The plan that asks the cluster what one may do in it."""

from __future__ import annotations

from collections.abc import Sequence

from diagnose.rbac import EVERYWHERE, Right, held
from diagnose.sources.plans.base import KUBE_SYSTEM, Plan, gap_of
from diagnose.sources.plans.reading import at
from diagnose.sources.probe import Review
from diagnose.values import dataclass


@dataclass(frozen=True)
class Lacking:
    """Which of some rights one does not have. `unknown` says why that could not be told.

    `there_only` are those of the missing that one has in kube-system, though not everywhere.
    """

    missing: tuple[Right, ...] = ()
    there_only: tuple[Right, ...] = ()
    unknown: str = ""


def lacking(several: Sequence[Right]) -> Plan[Lacking]:
    """Return which of some rights one lacks.

    One review for each namespace concerned. Where its answer is incomplete, as by an authorizer
    outside of the cluster, one more for each right that it does not show.
    """
    places = {one.namespace: Review(one.namespace or EVERYWHERE) for one in several}
    reviews = [*places.values(), Review(KUBE_SYSTEM)]
    answers = dict(zip(reviews, (yield reviews), strict=True))
    sure: set[Right] = set()
    unsure: list[Right] = []
    for namespace, review in places.items():
        answer = answers[review]
        status = at(answer.value, "status")
        if answer.status not in (200, 201) or not isinstance(status, dict):
            gap = gap_of(answer, "create selfsubjectrulesreviews")
            return Lacking(unknown=gap.because)
        wanted = [one for one in several if one.namespace == namespace]
        shown = held(wanted, status)
        sure |= shown
        if status.get("incomplete") is not False:
            unsure += [one for one in wanted if one not in shown]
    asked = [Review(one.namespace, one.group, one.resource, one.verb) for one in unsure]
    for right, answer in zip(unsure, (yield asked) if asked else (), strict=True):
        if at(answer.value, "status", "allowed") is True:
            sure.add(right)
    missing = tuple(one for one in several if one not in sure)
    there = at(answers[Review(KUBE_SYSTEM)].value, "status")
    mine = held((one for one in missing if not one.namespace), there if there else {})
    return Lacking(missing, tuple(one for one in missing if one in mine))
