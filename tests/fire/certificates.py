"""Certificates for 127.0.0.1, one that counts and one that has expired, made by openssl."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

CONFIG = """\
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = names
x509_extensions = more
unique_subject = no
[names]
commonName = supplied
[more]
subjectAltName = IP:127.0.0.1
"""
DATES = {
    "valid": ("20200101000000Z", "20990101000000Z"),
    "expired": ("20200101000000Z", "20210101000000Z"),
}


def available() -> bool:
    """Whether they can be made here."""
    return shutil.which("openssl") is not None


def make(folder: Path) -> Path:
    """Write key.pem, valid.pem, expired.pem and both.pem, which clients trust; return the folder.

    By `ca`, as only there every version of openssl takes dates that are past.
    """
    (folder / "ca.cnf").write_text(CONFIG)
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01\n")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=api")
    openssl(folder, "req", *curve, "-keyout", "key.pem", "-out", "request.pem")
    own = ("-batch", "-config", "ca.cnf", "-selfsign", "-keyfile", "key.pem", "-in", "request.pem")
    for name, (begins, ends) in DATES.items():
        dates = ("-startdate", begins, "-enddate", ends)
        openssl(folder, "ca", *own, *dates, "-notext", "-out", f"{name}.pem")
    texts = [(folder / f"{name}.pem").read_text() for name in DATES]
    (folder / "both.pem").write_text("".join(texts))
    return folder


def openssl(folder: Path, *words: str) -> None:
    """Run openssl."""
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
