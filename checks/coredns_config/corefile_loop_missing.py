"""CoreDNS forwards without looking for loops.

Limits: a note: without a loop nothing is wrong.
Source: coredns/coredns v1.12.0, plugin/loop/README.md.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import Corefile
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile


@check(
    title="CoreDNS forwards without looking for loops",
    severity=Severity.INFO,
    family="corefile-domain",
    explains=("loop-undetected",),
)
def corefile_loop_missing(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding when no block of the cluster's server has the loop plugin."""
    owners = corefile.plugin("kubernetes")
    if not owners:
        raise NotApplicable("this Corefile is not of the cluster's DNS server")
    if not corefile.plugin("forward"):
        raise NotApplicable("the Corefile forwards nothing")
    if corefile.plugin("loop") or corefile.faults or corefile.torn:
        return
    yield Finding(
        subject=CLUSTER,
        message="no loop plugin: queries that come back circle unseen",
        quotes=(corefile.quote(owners[0][0].line),),
        remedy=edit_corefile("Add to the block: loop", "corefile-loop-missing"),
    )
