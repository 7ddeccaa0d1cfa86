"""From which nodes DNS is asked: a few of those that tell of themselves (see node_facts)."""

from __future__ import annotations

from diagnose.asks import ASKS, Ask
from diagnose.model import GapKind
from diagnose.sources.plans.base import Plan, Run
from diagnose.sources.plans.node_facts import chosen
from diagnose.sources.plans.nodes import nodes as all_nodes
from diagnose.sources.plans.nodes import silent_ones

MOST_NODES = 4


def chosen_nodes(run: Run, ask: Ask) -> Plan[list[str]]:
    """Return the names of a few nodes, chosen as for facts of nodes; those left out are a gap.

    A node whose kubelet is silent is left out: no command can be run there.
    """
    choice = yield from chosen(run)
    told = yield from all_nodes(run)
    lost = silent_ones(told.objects)
    if silent := [one for one in choice.nodes if one in lost]:
        because = f"no command can be run where the kubelet is silent: {', '.join(silent)}"
        run.gap(ask, GapKind.UNREACHABLE, because, f"kubectl describe node {silent[0]}")
    able = [one for one in choice.nodes if one not in lost]
    nodes = able[:MOST_NODES]
    if nodes and (choice.others or len(able) > len(nodes)):
        total = choice.of or f"{len(choice.nodes)} nodes"
        because = f"of {total} {len(nodes)} were chosen: {', '.join(nodes)}"
        run.gap(ask, GapKind.PARTIAL, because, ASKS[ask].by_hand)
    return nodes
