"""Questions as messages, and what is read from whatever comes back."""

from __future__ import annotations

import random
import socket
import struct

import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.dns_answers import (
    Asked,
    NameKind,
    Place,
    PlaceKind,
    Server,
    ServerRole,
    breaches,
)
from diagnose.facts.lookups import NOWHERE, Outcome
from diagnose.model import Quote
from diagnose.sources.questions import (
    LARGE_BYTES,
    Question,
    absent_label,
    escaped,
    inside,
    is_askable,
    large,
    message,
    messages,
    outside,
    reply,
    service,
)
from tests.sources.nameserver import answered, name_server

SERVICE = service("cluster.local")
ID = 0x1234


def asked_over_udp(question: Question, port: int) -> bytes:
    """Return what a server on this machine answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(5)
        one.connect(("127.0.0.1", port))
        one.send(message(question, ID))
        return one.recv(65535)


# ---------------------------------------------------------------- questions


def test_what_is_asked() -> None:
    """A cluster's own names are few, and each has an answer that is known beforehand."""
    found = {(one.kind, one.qtype): one.name for one in inside("cluster.local", "10.32.0.1", "x")}
    assert found == {
        (NameKind.SERVICE, "A"): "kubernetes.default.svc.cluster.local.",
        (NameKind.SERVICE, "AAAA"): "kubernetes.default.svc.cluster.local.",
        (NameKind.ZONE, "SOA"): "cluster.local.",
        (NameKind.ZONE, "NS"): "cluster.local.",
        (NameKind.REVERSE, "PTR"): "1.0.32.10.in-addr.arpa.",
        (NameKind.VERSION, "TXT"): "dns-version.cluster.local.",
        (NameKind.ABSENT, "A"): "x.default.svc.cluster.local.",
    }


@pytest.mark.parametrize("address", ["", "None", "10.32.0", "<script>"])
def test_no_reverse_name_without_an_address(address: str) -> None:
    """Where the Service's address is not known its reverse name is not asked for."""
    assert NameKind.REVERSE not in {one.kind for one in inside("cluster.local", address, "x")}


def test_ids_differ() -> None:
    """Messages on one connection are told apart by their ids."""
    several = messages(inside("cluster.local", "10.32.0.1", "x"), random.Random(1))
    assert len({one[:2] for one in several}) == len(several)


def test_absent_labels_are_labels() -> None:
    """A label that nobody has is one that could be asked for."""
    first, second = absent_label(random.Random(1)), absent_label(random.Random(2))
    assert first != second
    assert is_askable(f"{first}.default.svc.cluster.local.")


@pytest.mark.parametrize("name", ["a" * 64 + ".com", "a..b", ".".join("abcdefgh" * 40)])
def test_what_is_no_name(name: str) -> None:
    """A name that no message can hold is found out beforehand."""
    assert not is_askable(name)
    with pytest.raises(ValueError, match=r".+"):
        message(outside(name), ID)


def test_a_large_question_fills_a_packet() -> None:
    """Padding brings a question to its size, and it stays the same question."""
    wire = message(large("cluster.local"), ID)
    assert len(wire) == LARGE_BYTES
    assert dns.message.from_wire(wire).question[0].name.to_text() == SERVICE.name


def test_an_answer_to_a_large_question_shows_that_it_arrived() -> None:
    """A server that reads the beginning alone answers FORMERR, which is an answer."""
    with name_server() as port:
        wire = asked_over_udp(large("cluster.local"), port)
    assert reply(large("cluster.local"), ID, wire).outcome is Outcome.FORMERR


@given(st.binary(max_size=200))
def test_escapes_are_plain_words(wire: bytes) -> None:
    """Bytes become a format of printf without blanks, quotes and wildcards, and come back."""
    text = escaped(wire)
    assert not set(text) & set(" \t\n'\"*?[]$`;&|<>()#~")
    assert formatted(text) == wire


def formatted(text: str) -> bytes:
    """Return what printf(1) prints of such a format and the argument 0."""
    data = bytearray()
    index = 0
    while index < len(text):
        if text[index] == "\\":
            data.append(int(text[index + 1 : index + 4], 8))
            index += 4
        elif text[index] == "%":
            digits = text[index + 2 : text.index("d", index)]
            data += b"0" * int(digits)
            index += len(digits) + 3
        else:
            data.append(ord(text[index]))
            index += 1
    return bytes(data)


# ---------------------------------------------------------------- replies


@pytest.mark.parametrize(
    ("question", "outcome", "answers"),
    [
        (SERVICE, Outcome.NOERROR, ("10.32.0.1",)),
        (service("cluster.local", "AAAA"), Outcome.NODATA, ()),
        (Question(NameKind.VERSION, "dns-version.cluster.local.", "TXT"), Outcome.NOERROR, None),
        (Question(NameKind.ABSENT, "nope.cluster.local.", "A"), Outcome.NXDOMAIN, ()),
        (outside("example.com"), Outcome.NOERROR, ("192.0.2.10",)),
    ],
)
def test_answers_of_a_server(
    question: Question, outcome: Outcome, answers: tuple[str, ...] | None
) -> None:
    """What a real server sends is read as it is meant."""
    with name_server() as port:
        read = reply(question, ID, wire := asked_over_udp(question, port))
    assert read.outcome is outcome
    assert answers is None or read.answers == answers
    assert read.size == len(wire)
    assert "RA" in read.flags
    assert "QR" not in read.flags


def response(**changes: int) -> dns.message.Message:
    """Return the right answer, some of whose fields are changed."""
    wire = answered(message(SERVICE, ID))
    assert wire is not None
    found = dns.message.from_wire(wire)
    for key, value in changes.items():
        setattr(found, key, value)
    return found


def test_a_truncated_answer_is_an_answer() -> None:
    """TC without a record does not say that there is none."""
    found = response()
    found.answer.clear()
    found.flags |= dns.flags.TC
    read = reply(SERVICE, ID, found.to_wire())
    assert read.outcome is Outcome.NOERROR
    assert "TC" in read.flags


def test_an_alias_is_told() -> None:
    """An alias that leads nowhere is NODATA, with what it is an alias of."""
    text = "id 4660\nopcode QUERY\nrcode NOERROR\nflags QR\n;QUESTION\nexample.com. IN A\n;ANSWER\n"
    found = dns.message.from_text(text + "example.com. 5 IN CNAME www.example.net.\n")
    read = reply(outside("example.com"), ID, found.to_wire())
    assert (read.outcome, read.detail) == (Outcome.NODATA, "alias of www.example.net.")


def good() -> bytes:
    """Return the right answer as bytes."""
    return response().to_wire()


LOOP = struct.pack("!HHHHHH", ID, 0x8000, 1, 0, 0, 0) + b"\xc0\x0c\x00\x01\x00\x01"


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (b"", "no DNS message"),
        (b"\x12\x34\x80", "no DNS message"),
        (LOOP, "Pointer"),
        (good()[:30], ""),
        (b"\x00\x07" + good()[2:], "the id 7"),
        (good()[:2] + b"\x01\x00" + good()[4:], "question itself"),
        (response(id=ID).to_wire().replace(b"kubernetes", b"kubernetez"), "another question"),
        (b"\x12\x34" + b"\xff" * 60, ""),
    ],
)
def test_garbage_is_told_as_such(wire: bytes, words: str) -> None:
    """What is no answer to this question is malformed, with a word why."""
    read = reply(SERVICE, ID, wire)
    assert read.outcome is Outcome.GARBAGE
    assert words in read.detail
    assert read.detail


def test_a_response_code_without_a_name() -> None:
    """A code that is none of the usual is named."""
    found = response()
    found.set_rcode(dns.rcode.NOTAUTH)
    assert reply(SERVICE, ID, found.to_wire()).detail == "response code NOTAUTH"


def test_control_characters_are_shown() -> None:
    """Escapes in a record reach nobody's terminal."""
    text = (
        "id 4660\nopcode QUERY\nrcode NOERROR\nflags QR\n;QUESTION\nexample.com. IN TXT\n;ANSWER\n"
    )
    found = dns.message.from_text(text + 'example.com. 5 IN TXT "a\\027[31mb"\n')
    question = Question(NameKind.VERSION, "example.com.", "TXT")
    (answer,) = reply(question, ID, found.to_wire()).answers
    assert answer.isprintable()


@given(st.binary(max_size=300))
def test_no_bytes_raise(wire: bytes) -> None:
    """Whatever comes is read or malformed."""
    assert reply(SERVICE, ID, wire).size == len(wire)


@given(st.data())
def test_no_damage_to_an_answer_raises(data: st.DataObject) -> None:
    """An answer with bytes changed, cut or doubled is read or malformed."""
    wire = bytearray(good())
    for _ in range(data.draw(st.integers(1, 8))):
        wire[data.draw(st.integers(2, len(wire) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(wire)))
    reply(SERVICE, ID, bytes(wire[:cut]))
    reply(SERVICE, ID, bytes(wire) * 2)


# ---------------------------------------------------------------- the specification


def asked(
    kind: NameKind,
    outcome: Outcome,
    *answers: str,
    qtype: str = "A",
    role: ServerRole = ServerRole.REPLICA,
    asked_bytes: int = 0,
) -> Asked:
    """Return a question and what came."""
    return Asked(
        place=Place(PlaceKind.DIRECT, NOWHERE),
        server=Server(role, "10.200.0.5"),
        transport="tcp",
        name_kind=kind,
        name="name.cluster.local.",
        qtype=qtype,
        outcome=outcome,
        origin="x",
        quote=Quote("x", "x", 1),
        answers=answers,
        asked_bytes=asked_bytes,
    )


@pytest.mark.parametrize(
    ("one", "section"),
    [
        (asked(NameKind.SERVICE, Outcome.NXDOMAIN), "2.3.1"),
        (asked(NameKind.SERVICE, Outcome.SERVFAIL, qtype="AAAA"), "2.3.1"),
        (asked(NameKind.VERSION, Outcome.NOERROR, '"latest"', qtype="TXT"), " 2.2"),
        (asked(NameKind.VERSION, Outcome.NXDOMAIN, qtype="TXT"), " 2.2"),
        (asked(NameKind.REVERSE, Outcome.NXDOMAIN, qtype="PTR"), "2.3.3"),
        (asked(NameKind.REVERSE, Outcome.NOERROR, "host.example.", qtype="PTR"), "2.3.3"),
        (asked(NameKind.ABSENT, Outcome.NOERROR, "192.0.2.1"), "RFC 2308"),
        (asked(NameKind.ZONE, Outcome.NODATA, qtype="SOA"), "RFC 1034"),
    ],
)
def test_breaches(one: Asked, section: str) -> None:
    """An answer that the specification rules out is told with its section."""
    (told,) = breaches(one)
    assert section in told


@pytest.mark.parametrize(
    "one",
    [
        asked(NameKind.SERVICE, Outcome.NOERROR, "10.32.0.1"),
        asked(NameKind.SERVICE, Outcome.NODATA, qtype="AAAA"),
        asked(NameKind.SERVICE, Outcome.TIMEOUT),
        asked(NameKind.SERVICE, Outcome.FORMERR, asked_bytes=LARGE_BYTES),
        asked(NameKind.SERVICE, Outcome.NXDOMAIN, role=ServerRole.UPSTREAM),
        asked(NameKind.VERSION, Outcome.NOERROR, '"1.1.0"', qtype="TXT"),
        asked(NameKind.REVERSE, Outcome.NOERROR, "Kubernetes.default.svc.x.", qtype="PTR"),
        asked(NameKind.ABSENT, Outcome.NXDOMAIN),
        asked(NameKind.ZONE, Outcome.NODATA, qtype="NS"),
        asked(NameKind.EXTERNAL, Outcome.SERVFAIL),
    ],
)
def test_what_breaches_nothing(one: Asked) -> None:
    """What the specification leaves open, and what never came, breaks nothing."""
    assert breaches(one) == ()
