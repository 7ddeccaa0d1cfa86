"""Certificates in words: what openssl's x509 and s_client print, and kubeadm's list of them.

A live run writes down what it was shown in the same words. Of a PEM block what it holds is read.
The names count only where another line of openssl follows theirs: the end of a list that was cut
must not be taken for its end.

Source: openssl 3.0 apps/x509.c, apps/s_client.c, crypto/x509/t_x509.c, v3_san.c; kubernetes
v1.31.0 cmd/kubeadm/app/cmd/certs.go (check-expiration), apimachinery pkg/util/duration
(ShortHumanDuration: <invalid>).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from diagnose.facts.certificates import Certificate
from diagnose.model import Gap, GapKind, Quote
from diagnose.parts import Parsed, Part
from diagnose.text import der
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible

SEEN = 20_000  # characters of a line: a certificate may name hundreds of hosts
SHOWN = 500
MOST = 200  # certificates of a part
MOST_PEM_LINES = 2_000
TIME = (
    r"(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?P<time>\d\d:\d\d:\d\d)(?:\.\d{1,9})? "
    r"(?P<year>\d{4}) GMT"
)
SHOWN_AT = regex(
    r"# shown at (?P<server>\S{1,400})(?:; (?P<clock>[^;]{1,60}) said " + TIME + r")?$"
)
BEGINS_NEW = regex(r"Certificate:$")
HOLDER = regex(r"(?:subject ?= ?|Subject: ?)(?P<value>\S.{0,1000})$")
ISSUER = regex(r"(?:issuer ?= ?|Issuer: ?)(?P<value>\S.{0,1000})$")
BEGIN = regex(r"(?:notBefore=|Not Before ?: )" + TIME)
END = regex(r"(?:notAfter=|Not After ?: )" + TIME)
NAMES = regex(r"X509v3 Subject Alternative Name:(?: critical)?$")
NAME = regex(
    r"(?P<kind>DNS|IP Address|IP|email|URI|othername|DirName|Registered ID):(?P<value>.*)$"
)
VERDICT = regex(r"(?:verify error:num=(?P<a>\d{1,3}):|Verify return code: (?P<b>\d{1,3}) \()")
NOT_YET, EXPIRED = 9, 10  # include/openssl/x509_vfy.h
PEM = regex(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----$")
PEM_END = regex(r"-----END (?:TRUSTED )?CERTIFICATE-----$")
FOLLOWS = regex(
    r"(?:subject|issuer) ?=|not(?:Before|After)=|X509v3 |Signature (?:Algorithm|Value)|-----|"
    r"serial=|(?:SHA\w{0,10}|sha\w{0,10}|MD5) Fingerprint=|\d(?:\.\d{1,9}){3,20}:|"
    r"(?:Authority Information Access|CT Precertificate SCTs|Netscape \w)"
)
LISTED = regex(
    r"(?P<file>[a-z][\w.-]{1,60})\s+"
    r"(?P<month>[A-Z][a-z]{2}) (?P<day>\d\d), (?P<year>\d{4}) (?P<clock>\d\d:\d\d) UTC\s+"
    r"(?P<left><invalid>|\d{1,6}[smhdy]\w{0,8})(?:\s|$)"
)
LIST_HEAD = regex(r"CERTIFICATE(?: AUTHORITY)?\s+EXPIRES\s+RESIDUAL TIME")


def parse(part: Part) -> Parsed:
    """Return the certificates in the order in which they stand."""
    reading = Reading(part)
    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw[:SEEN]).strip()
        if line:
            reading.take(line, Quote(part.origin, visible(line[:SHOWN]), part.first_line + index))
    reading.close()
    gaps: tuple[Gap, ...] = ()
    if not reading.found and not reading.known:
        what = f"{part.origin} as {part.kind.value}"
        gaps = (Gap(what, GapKind.MALFORMED, "no certificate is told in it"),)
    return Parsed(items=tuple(reading.found), gaps=gaps)


class Reading:
    """What was read so far: certificates, and the one that is being told."""

    def __init__(self, part: Part) -> None:
        """Begin with nothing."""
        self.part = part
        self.found: list[Certificate] = []
        self.known = False  # whether anything was understood
        self.fields: dict[str, Any] = {}
        self.names: tuple[tuple[str, ...], Quote] | None = None  # whose end is not seen yet
        self.awaits_names = False
        self.pem: list[str] | None = None

    def take(self, line: str, here: Quote) -> None:
        """Take one line that is not blank."""
        if self.pem is not None:
            self.take_pem(line, here)
            return
        if self.awaits_names:
            self.awaits_names = False
            if (names := names_of(line)) is not None:
                self.names = names, here
                return
        if self.names is not None:
            names, quote = self.names
            self.names = None
            if FOLLOWS.match(line):
                self.put(here, names=names, names_quote=quote)
        if found := SHOWN_AT.match(line):
            self.close()
            self.put(here, server=found["server"])
            if found["clock"] and (at := time_of(found)):
                self.put(here, at=at, clock=found["clock"])
        elif BEGINS_NEW.match(line):
            self.close()
            self.known = True
        elif NAMES.match(line):
            self.awaits_names = self.known = True
        elif found := HOLDER.match(line):
            self.anew("holder", found["value"])
            self.put(here, holder=visible(found["value"]))
        elif found := ISSUER.match(line):
            self.anew("issuer", found["value"])
            self.put(here, issuer=visible(found["value"]))
        elif found := BEGIN.match(line):
            self.put_time("begins", time_of(found), here)
        elif found := END.match(line):
            self.put_time("ends", time_of(found), here)
        elif found := VERDICT.match(line):
            self.known = True
            code = int(found["a"] or found["b"])
            if code in (NOT_YET, EXPIRED):
                name = "ended" if code == EXPIRED else "not_begun"
                self.put(here, **{name: True}, dates_quote=here)
        elif PEM.match(line):
            self.pem, self.known = [], True
        elif LIST_HEAD.match(line):
            self.known = True
        elif found := LISTED.match(line):
            self.listed(found, here)

    def take_pem(self, line: str, here: Quote) -> None:
        """Take a line of a PEM block; where it ends, what it holds is told as openssl would."""
        assert self.pem is not None
        if not PEM_END.match(line):
            self.pem.append(line)
            if len(self.pem) > MOST_PEM_LINES:
                self.pem = None
            return
        data, self.pem = "".join(self.pem), None
        try:
            one = der.decoded(base64.b64decode(data, validate=True))
        except ValueError:
            return
        if "begins" in self.fields or "names" in self.fields:
            return  # told in words already, or another one of its chain
        names = names_of(", ".join(one.names)) or ()
        text = " ".join(der.written(one).split())[:SHOWN]
        quote = Quote(here.origin, visible(text), here.line, summary=True)
        self.put(quote, holder=one.holder, issuer=one.issuer)
        self.put(quote, names=names, names_quote=quote)
        self.put(quote, begins=one.begins, ends=one.ends, dates_quote=quote)

    def anew(self, name: str, value: str) -> None:
        """Begin another certificate where one tells a field again, and otherwise."""
        if self.fields.get(name) not in (None, visible(value)) and "server" not in self.fields:
            self.close()

    def put_time(self, name: str, at: datetime | None, here: Quote) -> None:
        """Keep the begin or the end of a certificate; another end begins another certificate."""
        if at is None:
            return
        if self.fields.get(name) not in (None, at):
            self.close()
        known = self.fields.get("dates_quote")
        self.put(here, **{name: at}, dates_quote=here if name == "ends" else known or here)

    def put(self, here: Quote, **fields: Any) -> None:
        """Keep fields of the certificate that is being told."""
        self.known = True
        self.fields.setdefault("quote", here)
        self.fields.update(fields)

    def listed(self, found: Any, here: Quote) -> None:
        """Add a row of kubeadm's list."""
        self.close()
        text = f"{found['year']} {found['month']} {found['day']} {found['clock']}"
        ends = timed(text, "%H:%M")
        if ends is not None:
            ended = found["left"] == "<invalid>"
            self.put(here, file=found["file"], ends=ends, ended=ended, dates_quote=here)
            self.close()

    def close(self) -> None:
        """Add the certificate that is being told, if there is one."""
        fields, self.fields, self.names, self.awaits_names = self.fields, {}, None, False
        if fields and len(self.found) < MOST:
            empty = Certificate(self.part.subject, self.part.origin, fields["quote"])
            self.found.append(replace(empty, **fields))


def names_of(line: str) -> tuple[str, ...] | None:
    """Return the names and addresses of a line of openssl; None for any other line."""
    if line == der.NO_NAMES:
        return ()
    return tuple(told) if (told := list(each_name(line))) and None not in told else None  # type: ignore[arg-type]


def each_name(line: str) -> Iterator[str | None]:
    """Yield the names of a line, lower-case and without their kinds; None for what is no name."""
    for word in line.split(", "):
        found = NAME.match(word.strip())
        yield found["value"].strip().lower() if found else None


def time_of(found: Any) -> datetime | None:
    """Return a time that openssl printed; None for one that is none."""
    text = f"{found['year']} {found['month']} {found['day']} {found['time']}"
    return timed(text, "%H:%M:%S")


def timed(text: str, clock: str) -> datetime | None:
    """Return a time by year, month, day and clock, whatever the locale; None for what is none."""
    year, month, day, rest = text.split()
    if month not in der.MONTHS:
        return None
    number = der.MONTHS.index(month) + 1
    try:
        at = datetime.strptime(f"{year} {number} {day} {rest}", f"%Y %m %d {clock}")
    except ValueError:
        return None
    return at.replace(tzinfo=UTC)
