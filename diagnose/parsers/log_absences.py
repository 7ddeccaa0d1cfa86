"""What stands in a log's place where there is none: the kubelet's and kubectl's own answers.

By kubernetes/kubernetes pkg/kubelet/kuberuntime/logs (ReadLogs), pkg/kubelet/kubelet.go
(validateContainerLogStatus), pkg/registry/core/pod/strategy.go (LogLocation), and
kubernetes/kubectl pkg/cmd/util/helpers.go (StandardErrorMessage).
"""

from __future__ import annotations

import re

from diagnose.model import Gap, GapKind
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass


@dataclass(frozen=True)
class Absence:
    """A line that stands in place of a log; `because` is filled with the pattern's groups.

    `in_prose` says that it counts in a text too that is not known to be an answer.
    """

    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    kind: GapKind
    because: str
    ask: str = ""
    in_prose: bool = False


# The log lies there as long as the container does, whatever kubectl reaches
NODE_LOG = "the file below /var/log/pods on the node"
# In order: the first that fits tells.
ABSENCES = (
    Absence(
        ("unable to retrieve container logs for ",),
        regex(r"unable to retrieve container logs for (?P<container>\S+)"),
        GapKind.NOT_COLLECTED,
        "the kubelet has no log of {container}: the container was removed",
        NODE_LOG,
        in_prose=True,
    ),
    Absence(
        ("previous terminated container ",),
        regex(
            r"(?:Error from server[^:]{0,40}: )?previous terminated container "
            r'"(?P<container>[^"]+)" in pod "[^"]+" not found'
        ),
        GapKind.NOT_COLLECTED,
        "there is no earlier run of container {container}, or its log was removed",
        in_prose=True,
    ),
    Absence(
        ("\nError from server", "] Error from server"),
        regex(
            r"Error from server[^:]*: (?:Get \"?https://[^/\"\s]+/containerLogs/\S+ |"
            r"error dialing backend: )(?P<why>.+)$"
        ),
        GapKind.UNREACHABLE,
        "the API server does not reach the kubelet: {why}",
        f"{NODE_LOG}; let the API server reach port 10250 of the node",
        in_prose=True,
    ),
    Absence(
        (),
        regex(r"Error from server \((?:Forbidden|Unauthorized)\): (?P<why>.+)$"),
        GapKind.DENIED,
        "{why}",
        "permission to get pods/log",
    ),
    Absence(
        (),
        regex(r"Error from server(?: \([\w ]+\))?: (?P<why>.+)$"),
        GapKind.NOT_COLLECTED,
        "{why}",
    ),
    Absence(
        ("\nThe connection to the server ", "\nUnable to connect to the server"),
        regex(
            r"(?P<why>The connection to the server \S+ was refused|"
            r"Unable to connect to the server: .+$)"
        ),
        GapKind.UNREACHABLE,
        "kubectl did not reach the API server: {why}",
    ),
    Absence(("\nerror: ",), regex(r"error: (?P<why>.+)$"), GapKind.NOT_COLLECTED, "{why}"),
)
# How kubectl's own errors begin: they tell of who runs it, not of the program whose log it is.
KUBECTL = ("Error from server", "error: ")
LITERALS = tuple(literal for absence in ABSENCES for literal in absence.literals)
SHOWN = 1000


def absence(text: str, what: str, prose: bool) -> Gap | None:
    """Return the gap that a line tells, free of its envelope; None where it is a log's line.

    `what` names the log. In prose only what can be said of nothing else counts.
    """
    for one in ABSENCES:
        found = one.pattern.match(text)
        if found and (one.in_prose or not prose):
            because = one.because.format(**found.groupdict())
            return Gap(what, one.kind, visible(because[:SHOWN]), one.ask)
    return None
