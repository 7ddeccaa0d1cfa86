"""Real artifacts, and what people and programs do to them on their way to us."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from diagnose import demos
from diagnose.collect import diagnose, evidence_of
from diagnose.model import Diagnosis, Gap, GapKind, Severity
from diagnose.parts import Haul
from diagnose.rank import downstream
from diagnose.registry import load
from diagnose.sources import bundle
from diagnose.sources.loose import Reading, add_bytes
from tests.checks.worlds import cases, page_of, signs

NOW = datetime(2024, 1, 1, tzinfo=UTC)
CHECKS = load().checks
REACH = downstream(CHECKS)
# What a damaged line that proves one check is for another: the same cause in less detail, though
# the one does not bring the other about. "plugin/forward: …" says that its set-up fails.
LESS = {
    "cni-bridge-failed": ("cni-kernel-refused",),
    "cni-bridge-name-taken": ("cni-bridge-failed",),
    "cni-apiserver-unauthorized": ("apiserver-ca-mismatch",),  # who asked stands at the beginning
    "coredns-serviceaccount-missing": ("corefile-argument-error",),
    "corefile-duplicate-zone": ("corefile-argument-error",),
    "corefile-forward-invalid": ("corefile-argument-error",),
    "corefile-syntax-error": ("corefile-argument-error",),
    "corefile-unknown-directive": ("corefile-argument-error",),
    "corefile-unknown-property": ("corefile-argument-error",),
    "corefile-version-skew": (
        "corefile-argument-error",
        "corefile-unknown-directive",
        "corefile-unknown-property",
    ),
    "node-resolvconf-empty": ("corefile-argument-error",),
}


@dataclass(frozen=True)
class World:
    """One incident: what lies in its folder, name by name.

    `about` is the check that it shows, or that something in it rules out.
    """

    name: str
    files: tuple[tuple[str, bytes], ...]
    about: str = ""

    def changed(self, file: int, data: bytes) -> World:
        """Return the world with another content of one file."""
        files = list(self.files)
        files[file] = (files[file][0], data)
        return replace(self, files=tuple(files))

    def without(self, file: int) -> World:
        """Return the world without one of its files."""
        return replace(self, files=self.files[:file] + self.files[file + 1 :])


@functools.cache
def worlds() -> tuple[World, ...]:
    """Return every incident that this project carries: cases, pages, demos."""
    return tuple(world for world in found_worlds() if world.files)


def found_worlds() -> Iterator[World]:
    """Yield the worlds in a fixed order."""
    for case in cases():
        files = sorted(
            (path.relative_to(case.folder).as_posix(), path.read_bytes())
            for path in case.folder.rglob("*")
            if path.is_file() and path.name != "expected.toml"
        )
        yield World(f"{case.check.id}/{case.folder.name}", tuple(files), case.check.id)
    for check in CHECKS:
        page = page_of(check).read_text(encoding="utf-8")
        yield World(
            f"page of {check.id}",
            tuple((name, text.encode()) for name, text in signs(page).items()),
        )
    for demo in demos.cases():
        yield World(f"demo {demo.name}", tuple(demo_files(demo)))


def demo_files(demo: demos.Demo) -> Iterator[tuple[str, bytes]]:
    """Yield what a recorded incident is made of; of a bundle, the parts as loose files."""
    if bundle.is_bundle(demo.evidence):
        for part in bundle.read(demo.evidence).parts:
            yield part.origin.replace(" ", "-"), part.text.encode()
        return
    for path in sorted(demo.evidence.iterdir()):
        if path.name != demos.ABOUT:
            yield path.name, path.read_bytes()


# ---------------------------------------------------------------- what is done to a text

Mutation = Callable[[bytes, float, bytes], bytes]  # of a text, at a share of it, with another one

COLOUR = b"\x1b[1;31m", b"\x1b[0m"


def lines_of(data: bytes) -> list[bytes]:
    """Return the lines of a text, each with its end."""
    return data.splitlines(keepends=True)


def at(data: bytes, share: float) -> int:
    """Return a position in a text."""
    return int(len(data) * share)


def cut_behind(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text that ends too early, at any byte."""
    return data[: at(data, share)]


def cut_before(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text that lost its beginning."""
    return data[at(data, share) :]


def last_lines(data: bytes, share: float, _: bytes) -> bytes:
    """Return what `tail` shows."""
    lines = lines_of(data)
    return b"".join(lines[int(len(lines) * share) :])


def first_lines(data: bytes, share: float, _: bytes) -> bytes:
    """Return what `head` shows."""
    lines = lines_of(data)
    return b"".join(lines[: int(len(lines) * share)])


def dots(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text with some lines left out, as authors mark it."""
    lines = lines_of(data)
    here = int(len(lines) * share)
    return b"".join((*lines[:here], b"...\n", *lines[here + max(1, len(lines) // 4) :]))


def lost_lines(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text with some lines left out, unmarked."""
    lines = lines_of(data)
    here = int(len(lines) * share)
    return b"".join((*lines[:here], *lines[here + max(1, len(lines) // 4) :]))


def doubled_line(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text with one line twice."""
    lines = lines_of(data)
    here = int(len(lines) * share)
    return b"".join((*lines[: here + 1], *lines[here:]))


def doubled(data: bytes, _share: float, _: bytes) -> bytes:
    """Return a text with every line twice."""
    return b"".join(line for line in lines_of(data) for _ in range(2))


def repeated(data: bytes, _share: float, _: bytes) -> bytes:
    """Return a text that was pasted twice."""
    return data + b"\n" + data


def interleaved(data: bytes, _share: float, other: bytes) -> bytes:
    """Return two texts that were written to one file at a time, line by line."""
    mine, its = lines_of(data + b"\n"), lines_of(other + b"\n")
    both = [line for pair in zip(mine, its, strict=False) for line in pair]
    shorter = min(len(mine), len(its))
    return b"".join((*both, *mine[shorter:], *its[shorter:]))


def inserted(data: bytes, share: float, other: bytes) -> bytes:
    """Return a text with another one in the middle of it, between lines."""
    lines = lines_of(data)
    here = int(len(lines) * share)
    return b"".join((*lines[:here], other, b"\n", *lines[here:]))


def wrapped(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text as copied from a terminal of some width that kept its line breaks."""
    width = (80, 100, 120, 132)[int(share * 3.99)]
    text = data.decode("utf-8", "replace")
    lines = (
        line[start : start + width]
        for line in text.split("\n")
        for start in range(0, max(1, len(line)), width)
    )
    return "\n".join(lines).encode()


def curled(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text with the quotes that a word processor puts in their place."""
    opening, closing, single = ("“”’", "„“‚", "«»‘", "″″′")[int(share * 3.99)]
    text = data.decode("utf-8", "replace")
    text = re.sub(r'"([^"\n]*)"', rf"{opening}\1{closing}", text)
    return text.replace("'", single).encode()


def tabbed(data: bytes, _share: float, _: bytes) -> bytes:
    """Return a text whose columns are apart by tabs."""
    return re.sub(rb" {2,}", b"\t", data)


def squeezed(data: bytes, _share: float, _: bytes) -> bytes:
    """Return a text whose runs of blanks became one, as browsers do."""
    return re.sub(rb"[ \t]+", b" ", data)


def hard_blanks(data: bytes, _share: float, _: bytes) -> bytes:
    """Return a text with no-break spaces."""
    return data.replace(b" ", "\u00a0".encode())


def coloured(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text with the colours of a terminal on every line."""
    if share < 0.3:
        return b"".join(
            COLOUR[0] + line.rstrip(b"\r\n") + COLOUR[1] + b"\n" for line in lines_of(data)
        )
    return re.sub(rb"(?i)(error|warning|fatal|failed|info)", COLOUR[0] + rb"\1" + COLOUR[1], data)


def crlf(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text with the line ends of Windows, or of old Macs."""
    return data.replace(b"\n", b"\r\n" if share < 0.8 else b"\r")


def marked(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text in a coding with a byte order mark."""
    if share < 0.5:
        return b"\xef\xbb\xbf" + data
    return data.decode("utf-8", "replace").encode("utf-16" if share < 0.75 else "utf-16-le")


def damaged(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text with a byte that is no UTF-8 in place of one of its own."""
    here = at(data, share)
    return data[:here] + b"\xff" + data[here + 1 :]


def stray(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text with some stray bytes in it: Latin-1, controls, NUL."""
    here = at(data, share)
    return data[:here] + b"\xe9\x01\x00\x07" + data[here:]


def prompted(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text with the prompts before and behind it."""
    prompt = (b"$ ", b"root@node-1:~# ", b"[admin@bastion ~]$ ", b"PS C:\\> ")[int(share * 3.99)]
    return data.rstrip(b"\n") + b"\n" + prompt


def indented(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text as a block in Markdown, or deeper."""
    margin = (b"    ", b"\t", b"  ", b" " * 12)[int(share * 3.99)]
    return b"".join(margin + line if line.strip() else line for line in lines_of(data))


def fenced(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text between the fences of Markdown, with a word before it."""
    mark = (b"```", b"~~~", b"```text", b"```yaml")[int(share * 3.99)]
    return b"this is what I see:\n" + mark + b"\n" + data + b"\n" + mark[:3] + b"\nany ideas?\n"


def quoted(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text as quoted in a mail or a chat."""
    mark = (b"> ", b">> ", b"> > ", b">")[int(share * 3.99)]
    return b"".join(mark + line for line in lines_of(data))


def escaped(data: bytes, _share: float, _: bytes) -> bytes:
    """Return a text as it stands in the source of a web page."""
    for raw, entity in ((b"&", b"&amp;"), (b"<", b"&lt;"), (b">", b"&gt;"), (b'"', b"&quot;")):
        data = data.replace(raw, entity)
    return data


def shuffled(data: bytes, share: float, _: bytes) -> bytes:
    """Return a text whose lines came in reverse order, or with two halves changed."""
    lines = lines_of(data + b"\n")
    if share < 0.3:
        return b"".join(reversed(lines))
    here = int(len(lines) * share)
    return b"".join((*lines[here:], *lines[:here]))


# What keeps all that the text says, for a program as for a reader; what is done first stands first.
FAITHFUL: tuple[Mutation, ...] = (
    doubled,
    repeated,
    hard_blanks,
    coloured,
    prompted,
    escaped,
    indented,
    fenced,
    quoted,
    crlf,
    marked,
)
# What may take something away, what rules a fault out among it.
LOSSY: tuple[Mutation, ...] = (
    cut_behind,
    cut_before,
    first_lines,
    last_lines,
    dots,
    lost_lines,
    doubled_line,
    interleaved,
    inserted,
    wrapped,
    curled,
    tabbed,
    squeezed,
    damaged,
    stray,
    shuffled,
)
MUTATIONS = (*FAITHFUL, *LOSSY)
# What makes another file of a configuration file, one that may well be wrong.
EDITS = frozenset(
    {
        doubled,
        repeated,
        first_lines,
        last_lines,
        lost_lines,
        doubled_line,
        interleaved,
        inserted,
        wrapped,
        damaged,
        stray,
        shuffled,
    }
)

MIXED = frozenset({interleaved, inserted})
# What happened once may have passed; what happened twice lasts.
TWICE = frozenset({doubled, repeated, doubled_line})
CONFIGURATION = re.compile(
    r"corefile|resolv|config|kubelet[\w.-]*\.ya?ml$|net-conf|subnet\.env|\.conflist$", re.IGNORECASE
)

# ---------------------------------------------------------------- what is said of a world


def diagnosis_of(*some: World) -> Diagnosis:
    """Return the diagnosis of worlds that lie in one folder, as loose evidence."""
    reading = Reading()
    for world in some:
        for name, data in world.files:
            add_bytes(data, name, reading)
    haul = Haul(tuple(reading.parts), general_gaps=tuple(reading.gaps), source="a folder")
    return diagnose(CHECKS, evidence_of(haul), NOW)


def proven(diagnosis: Diagnosis, least: Severity = Severity.INFO) -> frozenset[str]:
    """Return the causes that a diagnosis calls proven, of at least some severity."""
    return frozenset(
        cause.verdict.check
        for cause in diagnosis.causes
        if cause.proven and cause.severity >= least
    )


def with_effects(found: Iterable[str]) -> frozenset[str]:
    """Return checks with all that they bring about.

    Where the line that proves a cause is gone, its effects may stand alone: that is the same
    cause in less detail, as the edges `explains` tell.
    """
    several = frozenset(found)
    several |= {less for one in several for less in LESS.get(one, ())}
    return several.union(*(REACH[one] for one in several))


def all_proven(diagnosis: Diagnosis) -> frozenset[str]:
    """Return what a diagnosis proves, folded or not, with all that it brings about."""
    return with_effects(one.check for one in diagnosis.verdicts if one.proven)


def shown(world: World) -> frozenset[str]:
    """Return what a world proves, with the effects."""
    return all_proven(diagnosis_of(world))


def suggested(world: World) -> frozenset[str]:
    """Return what a world proves or calls possible: a line that stands twice may prove it."""
    return with_effects(one.check for one in diagnosis_of(world).verdicts if one.findings)


def shown_by_less(world: World, file: int) -> frozenset[str]:
    """Return what may be proven of a world of which one file lost something.

    That is what holds without the whole file too, and the fault that the world is about: the
    line that rules it out, or tells that it has passed, may be the one that is gone.
    """
    rest = world.without(file)
    found = shown(world)
    about = {world.about} if world.about else set()
    if not about & found:  # what brings it about may be ruled out there too
        about |= {one for one, effects in REACH.items() if world.about in effects}
    return found | with_effects(about) | (shown(rest) if rest.files else frozenset())


def defects(diagnosis: Diagnosis) -> list[Gap]:
    """Return the gaps that call a defect ours."""
    every = (*diagnosis.gaps, *(gap for one in diagnosis.verdicts for gap in one.because))
    return [gap for gap in every if gap.kind is GapKind.CRASHED]
