"""What is asked of DNS servers, as messages, and what their replies say.

The questions are those whose answers are known beforehand in every cluster, so that any other
answer tells something; they are few, since each of them is asked of several servers.

Source: RFC 1035 (messages), RFC 2308 2.2 (no data), RFC 6891 (EDNS), RFC 7830 (padding).
"""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Iterable

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.reversename

from diagnose.facts.dns_answers import NameKind
from diagnose.facts.lookups import Outcome
from diagnose.text.shown import visible
from diagnose.values import dataclass

KUBERNETES = "kubernetes.default.svc"  # the one Service that each cluster has
HEADER_BYTES = 12
PAYLOAD_BYTES = 4096
# As UDP in IPv4 it makes 1500 bytes, the largest packet that Ethernet takes whole.
LARGE_BYTES = 1472
MOST_RECORDS = 20
LONGEST = 300  # characters of one record
RCODES = {
    dns.rcode.NOERROR: Outcome.NOERROR,
    dns.rcode.NXDOMAIN: Outcome.NXDOMAIN,
    dns.rcode.SERVFAIL: Outcome.SERVFAIL,
    dns.rcode.REFUSED: Outcome.REFUSED,
    dns.rcode.FORMERR: Outcome.FORMERR,
    dns.rcode.NOTIMP: Outcome.NOTIMP,
}
# What dnspython raises on bytes that are no message; the last ones by rdata that is malformed.
MALFORMED = (dns.exception.DNSException, ValueError, IndexError, KeyError, struct.error)
PLAIN = re.compile(rb"[A-Za-z0-9]")


@dataclass(frozen=True)
class Question:
    """One question. `payload` is what it lets the answer have over UDP (0: no EDNS).

    `bytes` is the size up to which the message is padded (0: not at all). A padded question shows
    whether large packets arrive: any answer does, also FORMERR, since servers that read no more
    than 512 bytes of a question see it cut off (CoreDNS does, miekg/dns v1.1, Server.UDPSize).
    Its answer is small, so it tells nothing of large packets on the way back, and over an
    interface with a smaller MTU it travels in fragments.
    """

    kind: NameKind
    name: str
    qtype: str
    payload: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Read:
    """What a reply says; `detail` is why it is none, or what else is worth a word."""

    outcome: Outcome
    answers: tuple[str, ...] = ()
    authority: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    size: int = 0
    detail: str = ""


def service(zone: str, qtype: str = "A") -> Question:
    """Return the question for the Service `kubernetes`."""
    return Question(NameKind.SERVICE, f"{KUBERNETES}.{dotted(zone)}", qtype)


def large(zone: str) -> Question:
    """Return a question that fills an Ethernet packet."""
    name = f"{KUBERNETES}.{dotted(zone)}"
    return Question(NameKind.SERVICE, name, "A", PAYLOAD_BYTES, LARGE_BYTES)


def outside(name: str) -> Question:
    """Return the question for a name that only servers outside of the cluster know."""
    return Question(NameKind.EXTERNAL, dotted(name), "A")


def inside(zone: str, address: str, label: str) -> tuple[Question, ...]:
    """Return the questions that a server of the cluster's zone answers by itself.

    `address` is that of the Service `kubernetes`, "" when it is not known; `label` is one that
    no Service has, so that no cache knows it either.
    """
    zone = dotted(zone)
    reverse = reverse_name(address)
    return (
        service(zone),
        service(zone, "AAAA"),
        Question(NameKind.ZONE, zone, "SOA"),
        Question(NameKind.ZONE, zone, "NS"),
        *((Question(NameKind.REVERSE, reverse, "PTR"),) if reverse else ()),
        Question(NameKind.VERSION, f"dns-version.{zone}", "TXT"),
        Question(NameKind.ABSENT, f"{label}.default.svc.{zone}", "A"),
    )


def dotted(name: str) -> str:
    """Return a name with its final dot."""
    return f"{name.rstrip('.')}."


def reverse_name(address: str) -> str:
    """Return the name that an address has in the reverse zones; "" when it is none."""
    try:
        return dns.reversename.from_address(address).to_text()
    except MALFORMED:
        return ""


def absent_label(source: random.Random) -> str:
    """Return a label that no object has."""
    return f"corediag-{source.getrandbits(48):012x}"


def is_askable(name: str) -> bool:
    """Whether a name can stand in a message."""
    try:
        dns.name.from_text(name)
    except (*MALFORMED, UnicodeError):
        return False
    return True


def message(question: Question, number: int) -> bytes:
    """Return a question as a message with an id. Raises ValueError for what is no name."""
    try:
        query = dns.message.make_query(question.name, question.qtype)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(str(error)) from error
    query.id = number
    if question.payload or question.bytes:
        query.use_edns(0, payload=question.payload or PAYLOAD_BYTES)
    wire = query.to_wire()
    missing = question.bytes - len(wire) - 4
    if question.bytes and missing >= 0:
        padding = dns.edns.GenericOption(dns.edns.OptionType.PADDING, b"0" * missing)
        query.use_edns(0, payload=question.payload, options=[padding])
        wire = query.to_wire()
    return wire


def messages(questions: Iterable[Question], source: random.Random) -> tuple[bytes, ...]:
    """Return questions as messages whose ids differ."""
    several = tuple(questions)
    numbers = source.sample(range(1, 1 << 16), len(several))
    return tuple(message(one, number) for one, number in zip(several, numbers, strict=True))


def escaped(wire: bytes) -> str:
    r"""Return bytes as a format of printf(1): octal escapes, and plain letters and digits.

    A run of zeros, as padding has it, is written as one number to be padded: `%01400d`, which
    prints its argument 0.
    """
    end = len(wire.rstrip(b"0"))
    zeros = len(wire) - end
    head = wire if zeros < HEADER_BYTES else wire[:end]
    text = "".join(chr(one) if PLAIN.match(bytes((one,))) else f"\\{one:03o}" for one in head)
    return text if head is wire else f"{text}%0{zeros}d"


def reply(question: Question, number: int, wire: bytes) -> Read:
    """Return what a reply says to a question with an id; whatever it is, nothing is raised."""
    size = len(wire)
    if size < HEADER_BYTES:
        return Read(Outcome.GARBAGE, size=size, detail=f"{size} bytes are no DNS message")
    told, bits = struct.unpack("!HH", wire[:4])
    if told != number:
        detail = f"a message with the id {told}, asked with {number}"
        return Read(Outcome.GARBAGE, size=size, detail=detail)
    if not bits & dns.flags.QR:
        return Read(Outcome.GARBAGE, size=size, detail="the question itself came back")
    try:
        found = dns.message.from_wire(wire, ignore_trailing=True)
        read = understood(question, found)
    except MALFORMED as error:
        why = visible(f"{type(error).__name__}: {error}".rstrip(": "))[:LONGEST]
        return Read(Outcome.GARBAGE, flags=flags_of(bits), size=size, detail=why)
    return Read(
        outcome=read.outcome,
        answers=read.answers,
        authority=read.authority,
        flags=flags_of(bits),
        size=size,
        detail=read.detail,
    )


def understood(question: Question, found: dns.message.Message) -> Read:
    """Return what a message says that has been taken apart."""
    code = found.rcode()
    if code not in RCODES:
        return Read(Outcome.GARBAGE, detail=f"response code {dns.rcode.to_text(code)}")
    outcome = RCODES[code]
    if not asks_same(question, found) and (found.question or outcome is not Outcome.FORMERR):
        asked = ", ".join(one.to_text() for one in found.question[:2]) or "no question"
        detail = visible(f"an answer to another question: {asked}")[:LONGEST]
        return Read(Outcome.GARBAGE, detail=detail)
    wanted = dns.rdatatype.from_text(question.qtype)
    answers = [
        visible(str(one))[:LONGEST]
        for rrset in found.answer
        if rrset.rdtype == wanted
        for one in rrset
    ]
    aliases = [
        visible(str(one))[:LONGEST]
        for rrset in found.answer
        if rrset.rdtype == dns.rdatatype.CNAME and rrset.rdtype != wanted
        for one in rrset
    ]
    authority = [
        visible(f"{rrset.name} {dns.rdatatype.to_text(rrset.rdtype)} {one}")[:LONGEST]
        for rrset in found.authority
        for one in rrset
    ]
    cut_off = bool(found.flags & dns.flags.TC)
    if outcome is Outcome.NOERROR and not answers and not cut_off:
        outcome = Outcome.NODATA
    return Read(
        outcome,
        tuple(answers[:MOST_RECORDS]),
        tuple(authority[:MOST_RECORDS]),
        detail=f"alias of {', '.join(aliases[:MOST_RECORDS])}"[:LONGEST] if aliases else "",
    )


def asks_same(question: Question, found: dns.message.Message) -> bool:
    """Whether a message repeats the question; case is no difference (RFC 1035, 2.3.3)."""
    if len(found.question) != 1:
        return False
    (one,) = found.question
    return (
        one.name == dns.name.from_text(question.name)
        and one.rdtype == dns.rdatatype.from_text(question.qtype)
        and one.rdclass == dns.rdataclass.IN
    )


def flags_of(bits: int) -> tuple[str, ...]:
    """Return the names of the flags that are set, but QR, which each answer has."""
    return tuple(one for one in dns.flags.to_text(bits & 0x07B0).split() if one != "QR")
