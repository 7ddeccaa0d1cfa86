"""The lab's resolver and its questions speak the same wire format as everybody's."""

import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from lab.dns import parsed_answer, parsed_question, query
from lab.upstream import reply


def test_question_is_read_by_dnspython() -> None:
    """What the lab's client sends is one question with recursion desired."""
    message = dns.message.from_wire(query("example.com.", "AAAA", 7))
    assert (message.id, message.question[0].to_text()) == (7, "example.com. IN AAAA")


def test_question_of_dnspython_is_read() -> None:
    """The resolver reads a name, a type and where the question ends."""
    wire = dns.message.make_query("www.example.com.", "HINFO", id=9).to_wire()
    asked = parsed_question(wire)
    assert (asked.id, asked.name, asked.type, asked.size) == (9, "www.example.com.", 13, len(wire))


def test_known_name_is_answered() -> None:
    """A name of the lab's zones has an address, for dnspython and for the lab's own reader."""
    wire = reply(query("example.com.", "A", 1), "answer")
    assert wire
    assert dns.message.from_wire(wire).answer[0][0].to_text() == "192.0.2.10"
    assert parsed_answer(wire).records == ("192.0.2.10",)
    assert parsed_answer(wire).good


def test_name_without_this_type_is_no_error() -> None:
    """A name without records of a type is answered NOERROR with the zone's SOA."""
    message = dns.message.from_wire(reply(query("example.com.", "TXT", 1), "answer") or b"")
    assert message.rcode() == dns.rcode.NOERROR
    assert not message.answer
    assert message.authority[0].rdtype == dns.rdatatype.SOA


@pytest.mark.parametrize(
    ("mode", "rcode"), [("answer", "NXDOMAIN"), ("servfail", "SERVFAIL"), ("refused", "REFUSED")]
)
def test_mode_decides_the_code(mode: str, rcode: str) -> None:
    """An unknown name is denied, or refused as the mode says."""
    wire = reply(query("1.2.", "HINFO", 1), mode)
    assert wire
    assert parsed_answer(wire).rcode == rcode
    assert not parsed_answer(wire).good


def test_silence() -> None:
    """The silent mode sends nothing at all."""
    assert reply(query("example.com.", "A", 1), "silent") is None


def test_name_that_points_at_itself_ends() -> None:
    """A compressed name that never ends is refused, not followed for ever."""
    with pytest.raises(ValueError, match="never ends"):
        parsed_question(b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1")
