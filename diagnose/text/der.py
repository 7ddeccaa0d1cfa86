"""X.509 certificates as they come over a wire (DER): whom they name, what for, and when.

Of a certificate that was not verified Python's ssl gives the bytes alone. Read is what openssl
prints of one: holder, issuer, names and dates; signatures are not looked at, so that what is read
is what somebody shows, and proves nothing about who that is.

Source: ITU-T X.690 (DER: tag, length, content); RFC 5280, 4.1 (Certificate), 4.2.1.6 (names),
4.1.2.5 (times: two-digit years from 50 on are of the last century).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime

from diagnose.text.shown import visible
from diagnose.values import dataclass

SEQUENCE, OBJECT_ID = 0x30, 0x06
SHORT_TIME, LONG_TIME = 0x17, 0x18
BMP_STRING = 0x1E
VERSION, EXTENSIONS = 0xA0, 0xA3
MAIL, DNS, URI, ADDRESS = 0x81, 0x82, 0x86, 0x87
ALTERNATIVE_NAME = bytes((0x55, 0x1D, 0x11))  # 2.5.29.17
ATTRIBUTES = {  # 2.5.4.x, as openssl calls them
    bytes((0x55, 0x04, last)): name
    for last, name in ((3, "CN"), (6, "C"), (7, "L"), (8, "ST"), (10, "O"), (11, "OU"))
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Certificate:
    """One certificate; `names` are as openssl prints them: DNS:a, IP Address:192.0.2.1."""

    holder: str
    issuer: str
    names: tuple[str, ...]
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Piece:
    """One element of DER: its tag, and its content as a stretch of the whole."""

    tag: int
    content: bytes

    def pieces(self) -> Iterator[Piece]:
        """Yield the elements in its content. Raises ValueError where there are none."""
        return pieces_of(self.content)


def pieces_of(data: bytes) -> Iterator[Piece]:
    """Yield the elements of some DER one after the other. Raises ValueError for what is none."""
    at = 0
    while at < len(data):
        if len(data) < at + 2:
            raise ValueError("half an element")
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 4 or len(data) < at + count:
                raise ValueError("no length")
            size = int.from_bytes(data[at : at + count])
            at += count
        if len(data) < at + size:
            raise ValueError("an element that ends in its middle")
        yield Piece(tag, data[at : at + size])
        at += size


def decoded(data: bytes) -> Certificate:
    """Return what a certificate says. Raises ValueError for what is none."""
    (whole,) = pieces_of(data)
    signed = next(whole.pieces(), None)
    if signed is None or signed.tag != SEQUENCE:
        raise ValueError("no certificate")
    fields = list(signed.pieces())
    if fields and fields[0].tag == VERSION:
        del fields[0]
    if len(fields) < 6:
        raise ValueError("half a certificate")
    _, _, issuer, validity, holder, _, *more = fields
    begins, ends = map(time_of, validity.pieces())
    extensions = next((one for one in more if one.tag == EXTENSIONS), None)
    return Certificate(name_of(holder), name_of(issuer), tuple(names_in(extensions)), begins, ends)


def time_of(piece: Piece) -> datetime:
    """Return a time. Raises ValueError for what is none."""
    text = piece.content.decode("ascii")
    if piece.tag == SHORT_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif piece.tag != LONG_TIME:
        raise ValueError("no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def name_of(piece: Piece) -> str:
    """Return a distinguished name as openssl prints it: CN = a, O = b."""
    found = []
    for several in piece.pieces():
        for attribute in several.pieces():
            kind, value = attribute.pieces()
            named = ATTRIBUTES.get(kind.content) or dotted(kind.content)
            found.append(f"{named} = {text_of(value)}")
    return ", ".join(found)


def dotted(content: bytes) -> str:
    """Return an object identifier in its dotted form."""
    numbers, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2) if numbers else 0
    rest = [numbers[0] - 40 * first, *numbers[1:]] if numbers else []
    return ".".join(map(str, (first, *rest)))


def text_of(piece: Piece) -> str:
    """Return a string, safe to show."""
    encoding = "utf-16-be" if piece.tag == BMP_STRING else "utf-8"
    return visible(piece.content.decode(encoding, "replace"))


def names_in(extensions: Piece | None) -> Iterator[str]:
    """Yield the alternative names among some extensions; none where there is no such."""
    for several in extensions.pieces() if extensions else ():
        for extension in several.pieces():
            identifier, *_, value = extension.pieces()
            if identifier.tag == OBJECT_ID and identifier.content == ALTERNATIVE_NAME:
                for names in pieces_of(value.content):
                    yield from map(alternative, names.pieces())


def alternative(piece: Piece) -> str:
    """Return one alternative name with its kind."""
    if piece.tag == ADDRESS:
        return f"IP Address:{ipaddress.ip_address(piece.content)}"
    kinds = {DNS: "DNS", MAIL: "email", URI: "URI"}
    if piece.tag not in kinds:
        return "othername:<unsupported>"
    # a comma or a line's end in a name would make two of it
    text = visible(piece.content.decode("utf-8", "replace")).replace(",", "\\x2c")
    return f"{kinds[piece.tag]}:{text}"


def written(one: Certificate) -> str:
    """Return a certificate as `openssl x509 -noout -ext subjectAltName -subject …` prints it."""
    return (
        "X509v3 Subject Alternative Name:\n"
        f"    {', '.join(one.names) or NO_NAMES}\n"
        f"subject={one.holder}\n"
        f"issuer={one.issuer}\n"
        f"notBefore={time_text(one.begins)}\n"
        f"notAfter={time_text(one.ends)}\n"
    )


NO_NAMES = "<none>"


def time_text(at: datetime) -> str:
    """Return a time as openssl prints it, whatever the locale."""
    return f"{MONTHS[at.month - 1]} {at.day:2} {at:%H:%M:%S} {at.year:04} GMT"
