"""The bundle: a recorded live run as one file, a manifest and the raw answers beside it.

A bundle is a .tar.gz whose first file, manifest.json, tells what was asked, what came of it and
what did not; `corediag run --from` makes the same haul of it that the live run made. An unpacked
one is read as well, and one that somebody packed anew, shortened or added files to: what differs
from the manifest becomes a gap, what was added is read as loose evidence.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import IO, Any, TypeVar

from diagnose import __version__
from diagnose.asks import ASKS, Ask
from diagnose.model import Gap, GapKind, Subject
from diagnose.parts import Haul, Kind, Part
from diagnose.redaction import Redactor
from diagnose.signatures.base import Emitter
from diagnose.sources.archive import (
    BROKEN,
    LIMITS,
    Limits,
    file_size,
    is_archive,
    members,
    safe_name,
)
from diagnose.sources.base import Member, SourceError, scratch, told_by, way_out
from diagnose.sources.loose import Reading, add_member
from diagnose.text.clean import decode, looks_binary
from diagnose.text.flow import Flow
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass
from diagnose.written import whole

__all__ = ["is_archive", "is_bundle", "members", "read", "write"]

SCHEMA = 1
MARK = "corediag_bundle"  # the manifest's first key: its schema
MANIFEST = "manifest.json"
MANIFEST_BYTES = 16 * 1024 * 1024
HELD_BYTES = 16 * 1024 * 1024  # a longer log stays in a file
LONGEST_TEXT = 64 * 1024 * 1024
LOOK_AT = 64  # members of an archive among which the manifest is looked for
BLOCK = 1024 * 1024
UNSAFE = regex(r"[^A-Za-z0-9._-]+")
FOLDERS = {
    Kind.LOG: "logs",
    Kind.OBJECTS: "objects",
    Kind.COREFILE: "config",
    Kind.CERTIFICATE: "config",
    Kind.KUBELET_CONFIG: "config",
    Kind.RESOLV_CONF: "nodes",
    Kind.ADDRESSES: "nodes",
    Kind.ROUTES: "nodes",
    Kind.FILTER_RULES: "nodes",
    Kind.KERNEL_SETTINGS: "nodes",
    Kind.LISTENERS: "nodes",
    Kind.FILE_LIST: "nodes",
    Kind.SUBNET_ENV: "nodes",
    Kind.CNI_CONFIG: "nodes",
}
ENDINGS = {Kind.LOG: ".log", Kind.OBJECTS: ".json"}
ON_CLUSTER = "corediag run "
RUN_AGAIN = (("run it again", "collect it anew"), ("run it without", "collect it anew without"))
AnyEnum = TypeVar("AnyEnum", bound=Enum)


# ---------------------------------------------------------------- writing


@dataclass(frozen=True)
class File:
    """One file to be packed: its bytes, or a temporary file that holds them."""

    name: str
    sha256: str
    size: int
    data: bytes = b""
    path: Path | None = None


def write(haul: Haul, path: Path | IO[bytes], *, redactor: Redactor) -> int:
    """Write the haul as a bundle, redacted, to a file or a stream; return its size in bytes.

    The file is readable by its owner alone. Raises OSError, and then leaves no file.
    """
    redactor.keep(*names_and_networks(haul.parts))
    files: list[File] = []
    parts: list[dict[str, Any]] = []
    names: set[str] = {MANIFEST}
    try:
        for part in haul.parts:
            file = redacted_file(part, file_name(part, names, redactor), redactor)
            names.add(file.name)
            files.append(file)
            parts.append({"file": file.name, "sha256": file.sha256, "bytes": file.size})
            parts[-1].update(part_entry(part, redactor))
        manifest = json.dumps(manifest_of(haul, parts, redactor), ensure_ascii=False, indent=1)
        data = manifest.encode("utf-8", "backslashreplace")
        first = File(MANIFEST, hashlib.sha256(data).hexdigest(), len(data), data)
        every = [first, *files]
        if isinstance(path, Path):
            store(path, every, haul.taken_at)
            return path.stat().st_size
        counted = Counted(path)
        pack(counted, every, haul.taken_at)
        path.flush()
        return counted.size
    finally:
        for file in files:
            if file.path is not None:
                with contextlib.suppress(OSError):
                    file.path.unlink()


class Counted(io.RawIOBase):
    """A stream that counts what is written to another one; to close it leaves that open."""

    def __init__(self, out: IO[bytes]) -> None:
        """Begin with nothing written."""
        super().__init__()
        self.out = out
        self.size = 0

    def writable(self) -> bool:
        """Whether it can be written to: always."""
        return True

    def write(self, data: Any) -> int:
        """Pass bytes on."""
        self.out.write(data)
        self.size += len(data)
        return len(data)


def store(path: Path, files: Sequence[File], at: datetime | None) -> None:
    """Write files as a bundle, readable by its owner alone; whole or not at all."""
    with whole(path, 0o600) as out:
        pack(out, files, at)


def pack(out: IO[bytes] | Counted, files: Iterable[File], at: datetime | None) -> None:
    """Write files as a compressed tar; the same files make the same bytes."""
    seconds = int(at.timestamp()) if at else 0
    with (
        gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=seconds) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for file in files:
            info = tarfile.TarInfo(f"corediag/{file.name}")
            info.size, info.mtime, info.mode = file.size, seconds, 0o644
            if file.path is None:
                tar.addfile(info, io.BytesIO(file.data))
            else:
                with file.path.open("rb") as content:
                    tar.addfile(info, content)


def manifest_of(haul: Haul, parts: list[dict[str, Any]], redactor: Redactor) -> dict[str, Any]:
    """Return the manifest: what was asked and what came, and the files."""
    asks = sorted({*haul.looked, *haul.gaps}, key=list(Ask).index)
    return {
        MARK: SCHEMA,
        "corediag": __version__,
        "taken_at": told(haul.taken_at),
        "source": redactor.text(haul.source),
        "redacted": {"secrets": True, "addresses": redactor.addresses, "hosts": redactor.hosts},
        "asks": {
            ask.value: {
                "looked": ask in haul.looked,
                "gaps": [gap_entry(gap, redactor) for gap in haul.gaps.get(ask, ())],
            }
            for ask in asks
        },
        "gaps": [gap_entry(gap, redactor) for gap in haul.general_gaps],
        "parts": parts,
    }


def gap_entry(gap: Gap, redactor: Redactor) -> dict[str, str]:
    """Return a gap as the manifest holds it."""
    text = redactor.text
    return {
        "what": text(gap.what),
        "kind": gap.kind.value,
        "because": text(gap.because),
        "ask": text(gap.ask),
    }


def part_entry(part: Part, redactor: Redactor) -> dict[str, Any]:
    """Return what the manifest tells of a part besides its file."""
    text, subject = redactor.text, part.subject
    return {
        "kind": part.kind.name,
        "origin": text(part.origin),
        "ask": part.ask.value if part.ask else "",
        "emitter": part.emitter.name,
        "subject": {
            "kind": subject.kind,
            "name": text(subject.name),
            "namespace": text(subject.namespace),
            "node": text(subject.node),
        },
        "container": text(part.container),
        "command": text(part.command),
        "first_line": part.first_line,
        "previous": part.previous,
        "whole": part.whole,
        "taken_at": told(part.taken_at),
    }


def told(at: datetime | None) -> str:
    """Return a time as the manifest holds it; "" for none."""
    return at.isoformat() if at else ""


def file_name(part: Part, taken: set[str], redactor: Redactor) -> str:
    """Return a name of its own for a part's file, by what the part is called."""
    folder = FOLDERS.get(part.kind, "other")
    if part.kind is Kind.OBJECTS and part.ask:
        folder = part.ask.value
    called = redactor.text(part.origin)
    pieces = [UNSAFE.sub("-", piece).strip("-.") for piece in called.split("/")]
    stem = "_".join(piece for piece in pieces if piece)[:150] or part.kind.name.lower()
    ending = ENDINGS.get(part.kind, "")
    stem = stem.removesuffix(ending)
    for number in range(1, len(taken) + 2):
        name = f"{folder}/{stem}{f'-{number}' if number > 1 else ''}{ending}"
        if name not in taken:
            return name
    raise AssertionError("more names than files")


def redacted_file(part: Part, name: str, redactor: Redactor) -> File:
    """Return the file of a part, redacted; a log that is in a file is never held whole."""
    if part.path is None:
        redact = redactor.text if part.kind is Kind.LOG else redactor.document
        data = redact(part.text).encode("utf-8", "backslashreplace")
        return File(name, hashlib.sha256(data).hexdigest(), len(data), data)
    kept = scratch() / f"redacted-{os.getpid()}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    digest, size = hashlib.sha256(), 0
    with part.path.open("rb") as raw, kept.open("wb") as out:
        for piece in pieces_of(raw):
            data = redactor.text(decode(piece)[0]).encode("utf-8", "backslashreplace")
            digest.update(data)
            size += len(data)
            out.write(data)
    return File(name, digest.hexdigest(), size, path=kept)


def pieces_of(raw: IO[bytes] | Flow) -> Iterator[bytes]:
    """Yield a stream in pieces that end with a line, unless a line is longer than a piece."""
    rest = b""
    while block := raw.read(BLOCK):
        block = rest + block
        end = block.rfind(b"\n") + 1
        if not end and len(block) < 8 * BLOCK:
            rest = block
            continue
        end = end or len(block)
        yield block[:end]
        rest = block[end:]
    if rest:
        yield rest


# Of the cluster itself: its nodes' names, and the networks of its Services and pods.
NODE_NAME = regex(r'"(?:nodeName|kubernetes\.io/hostname)"\s*:\s*"([^"\\]{1,253})"')
ADDRESS_KEYS = regex(
    r'"(clusterIPs?|podCIDRs?|clusterDNS)"\s*:\s*(\[[^\]]{0,2000}\]|"[^"\\]{0,64}")'
)
ADDRESS = regex(r"[0-9a-fA-F.:]{2,45}(?:/\d{1,3})?")
CLUSTER_DNS = regex(r"clusterDNS:(?:\\n|\s)*((?:-\s*[\"']?[0-9a-fA-F.:]+[\"']?(?:\\n|\s)*){1,9})")


def names_and_networks(parts: Sequence[Part]) -> tuple[set[str], set[str]]:
    """Return the names and networks in a haul that are the cluster's own, so that they stay."""
    names: set[str] = set()
    networks: set[str] = set()
    for part in parts:
        subject = part.subject
        names.update(one for one in (subject.name, subject.node, subject.namespace) if one)
        if part.kind not in (Kind.OBJECTS, Kind.KUBELET_CONFIG):
            continue
        names.update(NODE_NAME.findall(part.text))
        for key, value in ADDRESS_KEYS.findall(part.text):
            for address in ADDRESS.findall(value):
                networks.add(around(address) if "CIDR" not in key else address)
        for several in CLUSTER_DNS.findall(part.text):
            networks.update(map(around, ADDRESS.findall(several)))
    return names, networks


def around(address: str) -> str:
    """Return the network that an address of a Service lies in, as far as one can guess."""
    return f"{address}/64" if ":" in address else f"{address}/16"


# ---------------------------------------------------------------- reading


def is_bundle(path: Path) -> bool:
    """Whether a path is one of our bundles, packed or unpacked. False when it cannot be read."""
    try:
        if path.is_dir():
            manifest = path / MANIFEST
            if manifest.is_symlink() or not manifest.is_file():
                return False
            with manifest.open("rb") as stream:
                return marked(stream.read(4096))
        if not path.is_file() or not is_archive(path):
            return False
        limits = Limits(unpacked_bytes=4 * MANIFEST_BYTES)
        for number, member in enumerate(members(path, limits)):
            if is_manifest(member.name) and member.gap is None:
                return marked(content(member, 4096))
            if number >= LOOK_AT:
                break
    except BROKEN:
        return False
    return False


def is_manifest(name: str) -> bool:
    """Whether a member may be the manifest: at the top, or in the one folder there."""
    return name == MANIFEST or (name.count("/") == 1 and name.endswith(f"/{MANIFEST}"))


def marked(head: bytes) -> bool:
    """Whether the beginning of a file is that of our manifest."""
    return head.lstrip()[:1] == b"{" and f'"{MARK}"'.encode() in head


def content(member: Member, most: int = -1) -> bytes:
    """Return a member's bytes, up to `most` of them when it is not negative."""
    if member.path is None:
        return member.data if most < 0 else member.data[:most]
    with member.path.open("rb") as stream:
        return stream.read(most)


def read(path: Path, limits: Limits = LIMITS, called: str = "") -> Haul:
    """Return the recorded haul; what is missing or broken becomes a gap of its ask.

    `called` is what errors call the file, where that is not its path.
    Raises SourceError when the manifest cannot be read, or is of a later corediag.
    """
    gaps: list[Gap] = []
    found: dict[str, Member] = {}
    listing = folder_members(path, limits) if path.is_dir() else members(path, limits)
    for member in listing:
        if member.gap is not None:
            gaps.append(member.gap)
        elif member.name:
            found[member.name] = member
    top = next((name.removesuffix(MANIFEST) for name in found if is_manifest(name)), None)
    if top is None:
        because = f": {gaps[0].because}" if gaps else ""
        raise SourceError(
            f"{called or path}: its manifest is missing{because}", "copy the bundle again"
        )
    manifest = manifest_from(
        called or str(path), content(found.pop(top + MANIFEST), MANIFEST_BYTES + 1)
    )
    files = {name.removeprefix(top): one for name, one in found.items()}
    return Haul(*recorded(manifest, files, gaps, path))


def folder_members(folder: Path, limits: Limits) -> Iterator[Member]:
    """Yield the files of an unpacked bundle; links are not followed."""
    number = 0
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(names):
            file = Path(where, name)
            inner = file.relative_to(folder).as_posix()
            number += 1
            if number > limits.files:
                yield Member(
                    inner, gap=Gap(str(folder), GapKind.PARTIAL, f"more than {limits.files} files")
                )
                return
            if file.is_symlink() or not file.is_file():
                gap = Gap(visible(inner), GapKind.MALFORMED, "a link, which is not followed")
                yield Member(visible(inner), gap=gap)
            elif not name.startswith("."):
                yield Member(inner, path=file)


def manifest_from(path: str, data: bytes) -> Mapping[str, Any]:
    """Return the decoded manifest. Raises SourceError when it is none, or a later one."""
    try:
        if len(data) > MANIFEST_BYTES:
            raise ValueError(f"it is longer than {MANIFEST_BYTES // 1024**2} MiB")
        manifest: dict[str, Any] = json.loads(decode(data)[0])
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{path}: its manifest cannot be read: {visible(str(error))}",
            "copy the bundle again; an unpacked folder without its manifest.json is read as "
            "loose files",
        ) from error
    schema = manifest.get(MARK) if isinstance(manifest, dict) else None
    if type(schema) is not int or schema < 1:
        raise SourceError(
            f"{path}: its manifest is not one of corediag's",
            "unpack it, remove manifest.json, and give the folder",
        )
    if schema > SCHEMA:
        raise SourceError(
            f"{path}: written by a later corediag ({text_of(manifest, 'corediag')})",
            "install that version or a later one",
        )
    return manifest


def recorded(
    manifest: Mapping[str, Any], files: dict[str, Member], broken: list[Gap], path: Path
) -> tuple[
    tuple[Part, ...],
    frozenset[Ask],
    dict[Ask, tuple[Gap, ...]],
    tuple[Gap, ...],
    str,
    datetime | None,
]:
    """Return the fields of the haul that a manifest and its files tell, in their order."""
    gaps: dict[Ask, list[Gap]] = {}
    general = [*broken, *gaps_from(manifest.get("gaps"))]
    looked: set[Ask] = set()
    asks = manifest.get("asks")
    for name, entry in asks.items() if isinstance(asks, dict) else ():
        ask = member_of(Ask, name)
        if ask is None or not isinstance(entry, dict):
            continue  # of a version that asks for more than this one knows
        if entry.get("looked") is True:
            looked.add(ask)
        if found := gaps_from(entry.get("gaps")):
            gaps[ask] = found
    parts = []
    entries = manifest.get("parts")
    taken_at = time_of(manifest.get("taken_at"))
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        part, gap = part_from(entry, files, taken_at)
        if part is not None:
            parts.append(part)
        if gap is not None:
            (gaps.setdefault(part_ask, []) if (part_ask := ask_of(entry)) else general).append(gap)
    for name in sorted(files):
        parts.extend(added(replace(files[name], name=name), general))
    source = text_of(manifest, "source")
    return (
        tuple(parts),
        frozenset(looked),
        {ask: tuple(several) for ask, several in gaps.items()},
        tuple(general),
        f"{path.name} ({source})" if source else path.name,
        taken_at,
    )


def part_from(
    entry: Mapping[str, Any], files: dict[str, Member], taken_at: datetime | None
) -> tuple[Part | None, Gap | None]:
    """Return the part that a manifest's entry tells of, and what is wrong with it.

    Its file is taken out of `files`.
    """
    name = safe_name(text_of(entry, "file"))
    kind = Kind.__members__.get(text_of(entry, "kind"))
    ask = ask_of(entry)
    origin = visible(text_of(entry, "origin")) or visible(name)
    by_hand = ASKS[ask].by_hand if ask else ""
    member = files.pop(name, None)
    if member is None:
        return None, Gap(origin, GapKind.NOT_COLLECTED, "its file is not in the bundle", by_hand)
    if kind is None:
        because = "of a kind that this version does not know"
        return None, Gap(origin, GapKind.MALFORMED, because, "use a later corediag")
    try:
        intact = digest_of(member) == text_of(entry, "sha256")
        size = len(member.data) if member.path is None else file_size(member.path)
        long = size > HELD_BYTES and kind is Kind.LOG
        data = b"" if long else content(member, LONGEST_TEXT)
    except OSError as error:
        return None, Gap(origin, GapKind.MALFORMED, told_by(error), way_out(error) or by_hand)
    gap = None
    if not long and size > LONGEST_TEXT:
        because = f"only its first {LONGEST_TEXT // 1024**2} MiB are read"
        gap = Gap(origin, GapKind.PARTIAL, because, by_hand)
    if not intact:
        gap = Gap(origin, GapKind.PARTIAL, "its file was changed after it was recorded", by_hand)
    if not long and not intact and looks_binary(data):
        return None, Gap(origin, GapKind.MALFORMED, "its file holds no text", by_hand)
    told_subject = entry.get("subject")
    subject = told_subject if isinstance(told_subject, dict) else {}
    first_line = entry.get("first_line")
    part = Part(
        kind=kind,
        origin=origin,
        text="" if long else text_in(data, intact),
        path=member.path if long else None,
        first_line=first_line if isinstance(first_line, int) and first_line > 0 else 1,
        emitter=Emitter.__members__.get(text_of(entry, "emitter"), Emitter.UNKNOWN),
        subject=Subject(
            *(visible(text_of(subject, key)) for key in ("kind", "name", "namespace", "node"))
        ),
        container=visible(text_of(entry, "container")),
        command=visible(text_of(entry, "command")),
        ask=ask,
        previous=entry.get("previous") is True,
        whole=intact and entry.get("whole") is True,
        taken_at=time_of(entry["taken_at"]) if "taken_at" in entry else taken_at,
    )
    return part, gap


def text_in(data: bytes, intact: bool) -> str:
    """Return a file's text: as it was written, or as somebody's editor left it."""
    if intact:
        return data.decode("utf-8", errors="backslashreplace")
    return decode(data)[0]


def added(member: Member, general: list[Gap]) -> Iterator[Part]:
    """Yield the parts of a file that somebody put beside the recorded ones."""
    reading = Reading()
    add_member(member, reading)
    general.extend(reading.gaps)
    yield from (part for part in reading.parts if part.kind is not Kind.BINARY)


def digest_of(member: Member) -> str:
    """Return the SHA-256 of a member in hexadecimal."""
    digest = hashlib.sha256(member.data)
    if member.path is not None:
        with member.path.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()


def gaps_from(value: object) -> list[Gap]:
    """Return the gaps that a manifest lists; entries that are none are left."""
    return [
        Gap(
            what=visible(text_of(entry, "what")),
            kind=member_of(GapKind, entry.get("kind")) or GapKind.PARTIAL,
            because=visible_lines(text_of(entry, "because")),
            ask=anew(visible_lines(text_of(entry, "ask"))),
        )
        for entry in (value if isinstance(value, list) else ())
        if isinstance(entry, dict)
    ]


def anew(ask: str) -> str:
    """Return how a gap of a recorded run is closed: not by a run on the record.

    The run's own words are those of diagnose.sources.live.
    """
    if ask.startswith(ON_CLUSTER) and "\n" not in ask:
        command, _, note = ask.removeprefix(ON_CLUSTER).partition("  # ")
        return f"corediag collect -o FILE {command}  # anew" + (f", {note}" if note else "")
    for words, instead in RUN_AGAIN:
        if ask == words or ask.startswith(f"{words} "):
            return f"{instead}{ask.removeprefix(words)}"
    return ask


def visible_lines(text: str) -> str:
    """Return a text that is safe to show, its line feeds as they are."""
    return "\n".join(map(visible, text.split("\n")))


def ask_of(entry: Mapping[str, Any]) -> Ask | None:
    """Return the ask that a part belongs to, where this version knows it."""
    return member_of(Ask, entry.get("ask"))


def member_of(kind: type[AnyEnum], value: object) -> AnyEnum | None:
    """Return the member of an enumeration with a value; None when there is none."""
    try:
        return kind(value)
    except ValueError:
        return None


def text_of(entry: Mapping[str, Any], key: str) -> str:
    """Return a text of the manifest; "" for what is none."""
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def time_of(value: object) -> datetime | None:
    """Return a time of the manifest, aware; None for what is none."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) and value else None
        # in UTC, where one at the edge of the calendar does not exist
        return at and (at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
