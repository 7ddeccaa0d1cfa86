"""CNI plugins that are not there or do not run: by runtimes' words, and by a node's own files.

A node's configuration names plugins by type; each is a file of that name in the runtime's folder.
CRI-O looks for all of them when it reads a configuration, and leaves one out that lacks any.

Limits: a runtime may be told to look in further folders, so that a name missing from one of them is
a possibility until a sandbox fails for it.
Source: containernetworking/cni pkg/invoke/find.go (FindInPath), v1.1.2; SPEC.md, "Execution
Protocol"; cri-o/ocicni pkg/ocicni/ocicni.go (loadNetworks), v0.4.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.cni_config import CNIConfig
from diagnose.facts.file_lists import FileList
from diagnose.facts.logs import LogStream
from diagnose.facts.nodes import Node
from diagnose.facts.sandbox import SandboxFailures, by_place, seen
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.cni import PLUGIN_MISSING, PLUGIN_NOT_EXECUTABLE
from diagnose.signatures.runtime import SANDBOX_START_FAILED, SANDBOX_STARTED
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

FOLDER = "/opt/cni/bin"
SHOWN = 12  # names of a folder that are quoted
CHECKED = regex(r"Error validating CNI config")
NAME = regex(r"[A-Za-z0-9][\w.+-]{0,99}")  # what a runtime takes for a plugin's name


@dataclass(frozen=True)
class MissingPlugin:
    """One plugin on one node; `what` says what is wrong, `folder` where it should be.

    `refused` is why the kernel does not run the file that is there, "" where there is none.
    """

    subject: Subject
    plugin: str
    folder: str
    what: str
    quotes: tuple[Quote, ...]
    refused: str = ""
    proven: bool = True
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class MissingPlugins(Fact):
    """The CNI plugins that nodes lack."""

    asks: ClassVar[tuple[Ask, ...]] = (*SandboxFailures.asks, Ask.NODE_FILES)

    plugins: tuple[MissingPlugin, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what sandboxes failed for, and what files show beyond it.

        That nodes' files are not seen is no gap where failures would be: they say it as well.
        """
        compared = (*by_runtimes(evidence), *by_files(evidence))
        failures = evidence.fetch(SandboxFailures)
        if isinstance(failures, Gap):
            if not compared:
                return failures
            origin = ", ".join(dict.fromkeys(one.quotes[0].origin for one in compared))
            return cls(origin=origin, gaps=(failures,), plugins=compared)
        said = tuple(by_failures(failures))
        told = {(node_of(one.subject), one.plugin) for one in said}
        rest = (one for one in compared if (node_of(one.subject), one.plugin) not in told)
        return cls(origin=failures.origin, gaps=failures.gaps, plugins=(*said, *rest))


def node_of(subject: Subject) -> str:
    """Return the name of the node that a subject is or lies on."""
    return subject.name if subject.kind == "Node" else subject.node


def by_failures(failures: SandboxFailures) -> Iterator[MissingPlugin]:
    """Yield what sandboxes failed for, once per node and kind.

    What a runtime cannot execute when it starts the sandbox itself is no plugin.
    """
    for signature in (PLUGIN_MISSING, PLUGIN_NOT_EXECUTABLE):
        plugins = (
            one
            for one in failures.matching(signature)
            if all(match.signature != SANDBOX_START_FAILED.name for match in one.reasons)
        )
        for place, several in by_place(plugins):
            reasons = (reason for one in several for reason in one.reasons)
            match = next(reason for reason in reasons if reason.signature == signature.name)
            plugin = match["plugin"] or match["path"].rpartition("/")[2] or "the plugin"
            folder = (match["path"].strip("[]").split(" ") or [""])[0] or FOLDER
            what = f"is not in {folder}"
            if match["reason"]:
                folder, what = folder.rpartition("/")[0], f"cannot be executed: {match['reason']}"
            yield MissingPlugin(
                subject=place,
                plugin=plugin,
                folder=folder,
                what=f"{what} ({seen(several)})",
                quotes=tuple(one.quote for one in several[:3]),
                refused=match["reason"],
                at=several[0].first_at,
            )


def by_runtimes(evidence: Evidence) -> Iterator[MissingPlugin]:
    """Yield what a runtime misses when it reads its configuration, before any sandbox.

    A runtime that starts before the network add-on brings its plugins says the same once; so it is
    a fault for certain only while the node has no network.
    """
    without = any(one.ready is False for one in evidence.of(Node))
    for stream in evidence.of(LogStream):
        lines = [one for one in stream.matching(PLUGIN_MISSING) if CHECKED.search(one.quote.text)]
        begun = [one.number for one in stream.matching(SANDBOX_STARTED)]
        if not lines or lines[-1].number < max(begun, default=-1):
            continue
        match = lines[-1]
        folder = match["path"].split(" ")[0].rstrip("/") or FOLDER
        node = stream.subject.name if stream.subject.kind == "Node" else stream.subject.node
        yield MissingPlugin(
            subject=Subject("Node", node),
            plugin=match["plugin"],
            folder=folder,
            what=f"is not in {folder}, and the runtime leaves out the configuration that names it",
            quotes=(match.quote,),
            proven=without,
            at=match.at,
        )


def by_files(evidence: Evidence) -> Iterator[MissingPlugin]:
    """Yield the types of the configuration in force that have no file in the node's folder.

    A runtime takes the first configuration in the order of their names.
    """
    folders = [one for one in evidence.of(FileList) if is_plugin_folder(one)]
    first: dict[Subject, CNIConfig] = {}
    for config in evidence.of(CNIConfig):
        at = first.get(config.subject)
        if config.path and config.plugins and (at is None or config.path < at.path):
            first[config.subject] = config
    for subject, config in first.items():
        here = [one for one in folders if one.subject == subject]
        if not here or not subject.kind:
            continue
        names = {name for one in here for name in one.names}
        for plugin in dict.fromkeys(config.plugins):
            if plugin not in names and NAME.fullmatch(plugin):
                shown = visible(", ".join(sorted(names)[:SHOWN])) or "no file at all"
                folder = here[0]
                listed = f"({plugin} is not among: {shown})" if folder.exists else folder.quote.text
                yield MissingPlugin(
                    subject=subject,
                    plugin=plugin,
                    folder=folder.path,
                    what=f"is not in {folder.path}, {config.path} names it",
                    quotes=(config.quote, Quote(folder.origin, listed, summary=folder.exists)),
                    proven=False,
                )


def is_plugin_folder(one: FileList) -> bool:
    """Whether a folder is one of CNI plugins, by its path."""
    return (one.path.endswith("/bin") and "cni" in one.path) or one.path.endswith("/cni")
