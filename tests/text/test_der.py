"""What a certificate says is read of its bytes, and of bytes that are none nothing."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.text.der import decoded, time_text, written

NAMES = "DNS:kubernetes.default.svc,IP:10.32.0.1,IP:fd00::1,DNS:a.example,email:o@example.com"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a certificate that openssl made."""
    if not shutil.which("openssl"):
        pytest.skip("certificates are made by openssl")
    folder = tmp_path_factory.mktemp("made")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30")
    holder = ("-subj", "/O=Ökö, Ltd/CN=kube-apiserver/serialNumber=7")
    names = ("-addext", f"subjectAltName={NAMES}", "-utf8")
    line = ["openssl", "req", "-x509", *curve, *holder, *names, "-keyout", "k.pem", "-out", "c.pem"]
    subprocess.run(line, cwd=folder, check=True, capture_output=True)
    return folder / "c.pem"


def der_of(path: Path) -> bytes:
    """Return a certificate as it goes over a wire."""
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def test_it_is_read_as_openssl_reads_it(made: Path) -> None:
    """Names and dates are those that openssl prints, in its words."""
    one = decoded(der_of(made))
    assert one.names == (
        "DNS:kubernetes.default.svc",
        "IP Address:10.32.0.1",
        "IP Address:fd00::1",
        "DNS:a.example",
        "email:o@example.com",
    )
    assert one.holder == one.issuer == "O = Ökö, Ltd, CN = kube-apiserver, 2.5.4.5 = 7"
    line = ("openssl", "x509", "-noout", "-dates", "-in", str(made))
    told = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    assert told in written(one)


def test_a_time_is_told_in_english() -> None:
    """A day below ten is set as openssl does, which is no matter of a locale."""
    at = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert time_text(at) == "Mar  4 05:06:07 2026 GMT"


def test_half_of_one_is_none(made: Path) -> None:
    """Wherever the bytes end, that is an error and no certificate with less in it."""
    data = der_of(made)
    for end in range(0, len(data), 7):
        with pytest.raises(ValueError, match=r".*"):
            decoded(data[:end])


@given(st.binary(max_size=300))
def test_other_bytes_are_none(data: bytes) -> None:
    """What is no certificate raises ValueError, whatever it is."""
    with pytest.raises(ValueError, match=r".*"):
        decoded(data)


@given(st.data())
def test_changed_bytes_do_no_harm(made: Path, data: st.DataObject) -> None:
    """A certificate with bytes changed is read, or is none; nothing else happens."""
    octets = bytearray(der_of(made))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        text = written(decoded(bytes(octets)))
    except ValueError:
        return
    assert text.count("\n") == 6
