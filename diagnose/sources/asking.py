"""Questions to DNS servers from inside of a pod: as the script takes them, and what it printed.

See diagnose.sources.commands.ASK_SCRIPT for the forms of both.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime

from diagnose.facts.dns_answers import Asked, Place, Server
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.model import Quote
from diagnose.parsers.lookups import outcome_of
from diagnose.parsers.lookups import parse as parse_lookups
from diagnose.parts import Kind, Part
from diagnose.sources import commands
from diagnose.sources.questions import Question, Read, message, reply
from diagnose.sources.questions import escaped as as_format
from diagnose.text.clean import decode
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

WAIT_S = 2  # for an answer; a resolver asks again after 5, but a packet takes milliseconds
SPARE_S = 4.0  # for the shell itself, and the way through API server and kubelet
AT_ONCE = 12  # see the script
MOST_BYTES = 1024 * 1024
LONGEST = 300  # characters of what a program says
UNTOLD = Quote("", "")
LINE = regex(r"(?P<kind>[:!>.]) (?P<number>\d{1,4})(?: (?P<rest>.*))?$")
BYTES = regex(r"\s*(?:[0-9a-fA-F]{2}(?:\s+|$)){1,64}$")
TEXT = regex(rb"[\t\n\r\x20-\x7e]{3,}$")
OPENED = regex(r"\S+ \(\S+\) open$")


@dataclass(frozen=True)
class Asking:
    """One question for one server. A transport "own" is a name for the pod's own resolver.

    `number` is the id of its message.
    """

    server: Server
    transport: str
    question: Question
    number: int

    @property
    def words(self) -> str:
        """It, as the script takes it."""
        asked = self.question
        if self.transport == "own":
            return f"own - 0 {asked.qtype} {asked.name} -"
        wire = message(asked, self.number)
        if self.transport == "tcp":
            wire = len(wire).to_bytes(2, "big") + wire
        server = self.server
        return (
            f"{self.transport} {server.address} {server.port} {asked.qtype} {asked.name} "
            f"{as_format(wire)}"
        )


@dataclass(frozen=True)
class Answered:
    """What came of a place's questions.

    `unasked` are those for which the pod has no tool; `whole` says that the script came to its
    end; `tools` by what it asked.
    """

    asked: tuple[Asked, ...] = ()
    unasked: tuple[Asking, ...] = ()
    resolv_conf: str = ""
    tools: tuple[str, ...] = ()
    whole: bool = False


def askings(
    wanted: Sequence[tuple[Server, str, Question]], source: random.Random
) -> tuple[Asking, ...]:
    """Return questions with ids of their own."""
    numbers = source.sample(range(1, 1 << 16), len(wanted))
    return tuple(
        Asking(server, transport, question, number)
        for (server, transport, question), number in zip(wanted, numbers, strict=True)
    )


def command_of(several: Sequence[Asking]) -> tuple[str, ...]:
    """Return the command that asks."""
    return commands.of_asking(WAIT_S, [one.words for one in several])


def timeout_s(several: Sequence[Asking]) -> float:
    """Return the seconds in which the command ends, also where nobody answers."""
    rounds = -(-len(several) // AT_ONCE)
    return SPARE_S + rounds * (WAIT_S + 1)


@dataclass
class Heard:
    """What was printed of one question."""

    data: bytearray = field(default_factory=bytearray)
    said: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    took_ms: int | None = None
    tool: str = ""


def understood(
    place: Place, several: Sequence[Asking], output: bytes, at: datetime | None
) -> Answered:
    """Return what the script's output says; whatever it holds, nothing is raised."""
    heard = [Heard() for _ in several]
    resolver: list[str] = []
    whole = False
    for line in decode(output[:MOST_BYTES])[0].split("\n"):
        if line.startswith("= "):
            resolver.append(line[2:])
        elif line == f"# {len(several)}":
            whole = True
        elif (found := LINE.match(line)) and int(found["number"]) < len(several):
            note(heard[int(found["number"])], found["kind"], found["rest"] or "")
    pairs = [(one, what) for one, what in zip(several, heard, strict=True) if what.tool]
    return Answered(
        asked=tuple(
            made(place, one, what, at) for one, what in pairs if what.tool not in ("", "none")
        ),
        unasked=tuple(one for one, what in pairs if what.tool == "none"),
        resolv_conf="".join(f"{line}\n" for line in resolver),
        tools=tuple(dict.fromkeys(what.tool for _, what in pairs if what.tool != "none")),
        whole=whole,
    )


def note(heard: Heard, kind: str, rest: str) -> None:
    """Take one line of a question."""
    if kind == ":" and BYTES.match(rest):
        heard.data += bytes.fromhex(rest)
    elif kind == "!":
        heard.said.append(visible(rest)[:LONGEST])
    elif kind == ">":
        heard.told.append(rest)
    elif kind == ".":
        milliseconds, _, tool = rest.partition(" ")
        if milliseconds.isascii() and milliseconds.isdecimal() and len(milliseconds) < 8:
            heard.took_ms = int(milliseconds)
        heard.tool = tool[:20]


def made(place: Place, asking: Asking, heard: Heard, at: datetime | None) -> Asked:
    """Return one question and what came of it."""
    asked = asking.question
    if heard.tool in ("dig", "nslookup", "getent"):
        read = by_lookup(asking, heard)
    else:
        read = by_message(asking, heard)
    return Asked(
        place=place,
        server=asking.server,
        transport="udp" if asking.transport == "own" else asking.transport,
        name_kind=asked.kind,
        name=asked.name,
        qtype=asked.qtype,
        outcome=read.outcome,
        origin="",
        quote=UNTOLD,
        answers=read.answers,
        authority=read.authority,
        flags=read.flags,
        payload=asked.payload,
        asked_bytes=asked.bytes,
        size=read.size,
        took_ms=heard.took_ms or 0,
        detail=read.detail,
        at=at,
    )


def by_message(asking: Asking, heard: Heard) -> Read:
    """Return what bytes say, or the words of the program that should have brought some."""
    data = bytes(heard.data)
    number = asking.number.to_bytes(2, "big")
    is_text = bool(TEXT.match(data)) and data[:2] != number
    if not data or is_text:
        words = [one for one in heard.said if not OPENED.match(one)]
        words += [data.decode("ascii")] if data else []
        said = visible(" ".join(" ".join(words).split()))[:LONGEST]
        outcome = outcome_of(said, Outcome.TIMEOUT) if said else Outcome.TIMEOUT
        early = heard.took_ms is not None and heard.took_ms < WAIT_S * 900
        if not said and early:
            said = f"{heard.tool} ended after {heard.took_ms} ms without a word"
        return Read(outcome, detail=said)
    if asking.transport == "tcp":
        length, data = int.from_bytes(data[:2], "big"), data[2:]
        if len(data) < length:
            detail = f"{len(data)} of {length} bytes came"
            return Read(Outcome.GARBAGE, size=len(data), detail=detail)
    return reply(asking.question, asking.number, data)


def by_lookup(asking: Asking, heard: Heard) -> Read:
    """Return what the output of a look-up tool says."""
    asked, tool = asking.question, heard.tool
    late = heard.took_ms is None or heard.took_ms >= WAIT_S * 900
    if not any(line.strip() for line in heard.told):
        # getent says nothing of a name that it does not find; cut short, no tool says a thing
        outcome = Outcome.NOT_KNOWN if tool == "getent" and not late else Outcome.TIMEOUT
        return Read(outcome, detail=f"{tool} printed nothing")
    command = {
        "dig": f"dig @{asking.server.address} {asked.name} {asked.qtype}",
        "nslookup": f"nslookup -type={asked.qtype} {asked.name} {asking.server.address}",
    }.get(tool, f"getent hosts {asked.name}")
    text = "\n".join(heard.told)
    part = Part(Kind.LOOKUP, "", text, command=command)
    found = [one for one in parse_lookups(part).items if isinstance(one, Lookup)]
    said = visible(" ".join(text.split()))[:LONGEST]
    if not found:
        return Read(outcome_of(said, Outcome.TIMEOUT), detail=said)
    best = next((one for one in found if one.outcome is Outcome.NOERROR), found[-1])
    good = best.outcome is Outcome.NOERROR
    return Read(best.outcome, best.answers, detail=f"by {tool}" if good else said)


def bare_address(text: str) -> bool:
    """Whether a text is an address that a program can be given as it is."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text
