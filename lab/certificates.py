"""Makes the cluster's keys and certificates with openssl, once per state folder."""

import base64
from dataclasses import dataclass
from pathlib import Path

from lab.process import run


@dataclass(frozen=True)
class Identity:
    """One certificate: its file's name, what it says, and the names that it serves under."""

    name: str
    common_name: str
    organisation: str = ""
    serves: tuple[str, ...] = ()


def make_authority(folder: Path) -> None:
    """Assert that the folder holds a certificate authority and the service accounts' key."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("ca", "sa"):
        if not (folder / f"{name}.key").exists():
            _key(folder / f"{name}.key")
    if not (folder / "sa.pub").exists():
        run("openssl", "ec", "-in", folder / "sa.key", "-pubout", "-out", folder / "sa.pub")
    if not (folder / "ca.crt").exists():
        run(
            *("openssl", "req", "-x509", "-new", "-key", folder / "ca.key", "-days", "365"),
            *("-subj", "/CN=kubernetes", "-out", folder / "ca.crt"),
            *("-addext", "keyUsage=critical,digitalSignature,keyCertSign"),
        )


def issue(folder: Path, identity: Identity, *, anew: bool = False) -> None:
    """Assert that the folder holds the identity's key and a certificate of its authority."""
    key, certificate = folder / f"{identity.name}.key", folder / f"{identity.name}.crt"
    if certificate.exists() and not anew:
        return
    if not key.exists():
        _key(key)
    subject = f"/O={identity.organisation}" if identity.organisation else ""
    kinds = "digitalSignature\nextendedKeyUsage=clientAuth,serverAuth"
    names = ",".join(
        f"{'IP' if name.replace('.', '').isdigit() else 'DNS'}:{name}" for name in identity.serves
    )
    extensions = f"keyUsage=critical,{kinds}\n"
    if names:
        extensions += f"subjectAltName={names}\n"
    request = run(
        "openssl", "req", "-new", "-key", key, "-subj", f"{subject}/CN={identity.common_name}"
    )
    settings = folder / f"{identity.name}.ext"
    settings.write_text(extensions)
    run(
        *("openssl", "x509", "-req", "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key"),
        *("-CAcreateserial", "-days", "365", "-extfile", settings, "-out", certificate),
        stdin=request.stdout,
    )
    settings.unlink()


def kubeconfig(folder: Path, name: str, server: str) -> str:
    """Return a kubeconfig that holds the identity's certificate itself, so it can be moved."""

    def data(file: str) -> str:
        return base64.b64encode((folder / file).read_bytes()).decode()

    return f"""apiVersion: v1
kind: Config
clusters:
- name: lab
  cluster:
    server: {server}
    certificate-authority-data: {data("ca.crt")}
users:
- name: {name}
  user:
    client-certificate-data: {data(f"{name}.crt")}
    client-key-data: {data(f"{name}.key")}
contexts:
- name: lab
  context: {{cluster: lab, user: {name}}}
current-context: lab
"""


def _key(path: Path) -> None:
    run("openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", path)
    path.chmod(0o600)
