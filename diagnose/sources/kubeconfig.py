"""Access to a cluster: by a kubeconfig as kubectl finds it, else by the account of the pod.

Loading and credential plugins are those of the package `kubernetes`; what is wrong with a
kubeconfig is said here in words. The file is never changed. A context with nothing but a server,
certificates and a token, as kubeadm, k3s and kind write it, is opened without that package, whose
import takes longer than all that is asked of a healthy cluster.
Limits: impersonation (`as:`) is not supported by that package, and refused rather than ignored.
"""

from __future__ import annotations

import base64
import contextlib
import difflib
import errno
import importlib.util
import ipaddress
import logging
import os
import re
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from diagnose.sources.base import SourceError
from diagnose.text.regex import regex
from diagnose.text.shown import visible
from diagnose.values import dataclass

DEFAULT = "~/.kube/config"
MOST_BYTES = 16 * 1024 * 1024
TEXTS = frozenset(
    {
        *("server", "tls-server-name", "certificate-authority", "certificate-authority-data"),
        *("proxy-url", "client-certificate", "client-certificate-data", "client-key"),
        *("client-key-data", "token", "tokenFile", "username", "password"),
    }
)
PLAIN_CLUSTER = frozenset(
    {
        *("server", "certificate-authority", "certificate-authority-data", "tls-server-name"),
        *("insecure-skip-tls-verify", "extensions"),
    }
)
PLAIN_USER = frozenset(
    {
        *("client-certificate", "client-certificate-data", "client-key", "client-key-data"),
        *("token", "extensions"),
    }
)
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})
PROXY_PLACES = "see proxy-url in the kubeconfig and HTTPS_PROXY; NO_PROXY names what goes without"
CONNECTIONS = 16
SERVER = regex(r"https?://(?:[^/?#]*@)?(?P<host>[^/?#]*)")
HOST = regex(r"(?P<name>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[^:\[\]]*))?")
PORT = regex(r"0*(\d{1,5})", re.ASCII)
NO_NAME = regex(r"[\s\x00-\x20\x7f<>{}()*$|\\^`\"%]")  # what no name of a host holds
LONGEST_LABEL, LONGEST_NAME, LARGEST_PORT = 63, 253, 65535
LIKE = "it is to be like https://HOST:PORT"
LIKE_IPV6 = "it is to be like https://[2001:db8::1]:6443"
PASSWORD = regex(r"(?i)^([a-z][a-z0-9+.-]*://)(?P<given>[^/?#]*)@")
TAIL = regex(r"[?#].*", re.DOTALL)
SENDABLE = regex(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
WITHOUT = "without access, record evidence elsewhere and use `corediag run --from FILE`"
GIVE = f"give --kubeconfig FILE or set KUBECONFIG; {WITHOUT}"


@dataclass(frozen=True)
class Access:
    """Where the API server is, and how to be let in. `manager` is urllib3's pool manager."""

    host: str
    context: str
    manager: Any
    headers: Mapping[str, str]


def access(kubeconfig: Path | None, context: str | None, environ: Mapping[str, str]) -> Access:
    """Return the access that the options and the environment name. Raises SourceError."""
    paths = candidates(kubeconfig, environ)
    existing = [path for path in paths if there(path)]
    if existing:
        chosen = checked(existing, context)
        if (way := plainly(chosen, environ)) is not None:
            return way
    from kubernetes.client import Configuration  # noqa: PLC0415  takes a quarter of a second
    from kubernetes.config import load_incluster_config  # noqa: PLC0415  likewise

    configuration = Configuration()
    if existing:
        shown = ", ".join(map(str, existing))
        name = chosen.name
        with told(shown) as complaints:
            load(configuration, [path for path in existing if not is_blank(path)], name)
        if chosen.cluster.get("proxy-url"):
            configuration.no_proxy = None  # as for kubectl, it is for what the environment names
        if complaints and not configuration.auth_settings() and not configuration.cert_file:
            raise SourceError(
                f"{shown}: no credentials for context {name!r}: {visible(complaints[0])[:300]}",
                "run the command of the context's user by hand; log in again if it asks to",
            )
    elif kubeconfig is None and "KUBERNETES_SERVICE_HOST" in environ and not context:
        name = "the pod's own account"
        with told(name):
            own_account: Any = load_incluster_config  # untyped there
            own_account(client_configuration=configuration)
    else:
        missing = ", ".join(map(str, paths)) or "KUBECONFIG"
        raise SourceError(f"no kubeconfig: {missing} does not exist", GIVE)
    return opened(configuration, name)


def candidates(kubeconfig: Path | None, environ: Mapping[str, str]) -> list[Path]:
    """Return the kubeconfig files to read, in kubectl's order of preference."""
    if kubeconfig is not None:
        return [Path(os.path.expanduser(kubeconfig))]  # noqa: PTH111  it leaves ~nobody as it is
    named = [one for one in environ.get("KUBECONFIG", "").split(os.pathsep) if one]
    return [Path(os.path.expanduser(one)) for one in named or [DEFAULT]]  # noqa: PTH111


def there(path: Path) -> bool:
    """Whether a path exists, also when it cannot be looked at."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


@dataclass(frozen=True)
class Context:
    """A context of a kubeconfig, with what its cluster and its user say, each in which folder."""

    name: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    cluster_folder: Path
    user_folder: Path


def checked(paths: list[Path], context: str | None) -> Context:
    """Return the context to use. Raises SourceError for what is wrong with the files."""
    folders: dict[tuple[str, str], Path] = {}
    contexts: dict[str, Mapping[str, Any]] = {}
    users: dict[str, Mapping[str, Any]] = {}
    clusters: dict[str, Mapping[str, Any]] = {}
    current = ""
    for path in paths:
        content = content_of(path)
        for kind, key, into in (
            ("contexts", "context", contexts),
            ("users", "user", users),
            ("clusters", "cluster", clusters),
        ):
            entries = content.get(kind)
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                    value = entry.get(key)
                    into.setdefault(entry["name"], value if isinstance(value, dict) else {})
                    folders.setdefault((kind, entry["name"]), path.parent)
        # as kubectl does: the first file that names one wins
        named = content.get("current-context")
        current = current or (named if isinstance(named, str) else "")
    shown = ", ".join(map(str, paths))
    name = context or current
    if not clusters and not contexts:
        raise SourceError(f"{shown}: a kubeconfig without clusters", GIVE)
    if not name:
        raise SourceError(
            f"{shown}: no current context", f"choose one: --context {listed(contexts)}"
        )
    if name not in contexts:
        near = difflib.get_close_matches(name, contexts, n=1)
        meant = f"did you mean {near[0]}?" if near else f"there are: {listed(contexts)}"
        raise SourceError(f"{shown}: no context {name!r}", meant)
    for kind, known in (("cluster", clusters), ("user", users)):
        wanted = contexts[name].get(kind)
        wanted = wanted if isinstance(wanted, str) else ""
        if (kind == "cluster" or wanted) and wanted not in known:
            raise SourceError(
                f"{shown}: context {name!r} names the {kind} {wanted!r}, which is not there",
                f"kubectl config view --context {name}",
            )
    of_cluster, of_user = contexts[name]["cluster"], contexts[name].get("user") or ""
    cluster, user = clusters[of_cluster], users.get(of_user, {})
    for kind, settings in (("cluster", cluster), ("user", user)):
        for key in TEXTS & settings.keys():
            if settings[key] is not None and not isinstance(settings[key], str):
                raise SourceError(
                    f"{shown}: {key} of the {kind} of context {name!r} is no text", GIVE
                )
    if not isinstance(cluster.get("insecure-skip-tls-verify") or False, bool):
        raise SourceError(  # "false" in quotes would switch it on
            f"{shown}: insecure-skip-tls-verify of the cluster of context {name!r} is neither true "
            "nor false",
            GIVE,
        )
    if not cluster.get("server"):
        raise SourceError(f"{shown}: the cluster of context {name!r} has no server", GIVE)
    if fault := fault_of(cluster["server"]):
        server = visible(without_password(cluster["server"]))[:300]
        what, hint = fault
        raise SourceError(f"{shown}: the server of context {name!r} {what}: {server}", hint)
    if user.get("as"):
        raise SourceError(
            f"{shown}: context {name!r} impersonates {user['as']!r}, which is not supported",
            "choose a context without `as:`",
        )
    here = Path()
    return Context(
        name,
        cluster,
        user,
        folders.get(("clusters", of_cluster), here),
        folders.get(("users", of_user), here),
    )


def fault_of(server: str) -> tuple[str, str] | None:
    """Return what is wrong with a server's URL, and what to do; None where it can be asked."""
    url = SERVER.match(server)
    if url is None:
        return "does not begin with https:// or http://", LIKE
    split = HOST.fullmatch(url["host"])
    if split is None:
        if is_address(url["host"].strip("[]")):
            return "holds an IPv6 address without brackets", LIKE_IPV6
        return "holds more than a host and a port", LIKE
    name = split["name"]
    number = PORT.fullmatch(split["port"] or "443")
    if number is None or not 0 < int(number[1]) <= LARGEST_PORT:
        return "has a port that is none", "a port is a number from 1 to 65535; most often 6443"
    if name.startswith("["):
        if is_address(name[1:-1]):
            return None
        return "holds no IPv6 address in its brackets", LIKE_IPV6
    if not name:
        return "names no host", LIKE
    if NO_NAME.search(name):
        return (
            "holds characters that no host's name has",
            f"{LIKE}; is it a template that was not filled in?",
        )
    return None if is_name(name) else ("holds no name of a host", LIKE)


def is_address(text: str) -> bool:
    """Whether a text is an IPv6 address, with its zone or without."""
    try:
        ipaddress.IPv6Address(text.replace("%25", "%"))
    except ValueError:
        return False
    return True


def is_name(text: str) -> bool:
    """Whether a text can be the name of a host: of labels that are neither empty nor too long."""
    import urllib3  # noqa: PLC0415  only a live run needs it

    try:
        host = urllib3.util.parse_url(f"//{text}/").host or ""
    except urllib3.exceptions.LocationParseError:  # what is no IDNA
        return False
    labels = host.removesuffix(".").split(".")
    return len(host) <= LONGEST_NAME and all(0 < len(one) <= LONGEST_LABEL for one in labels)


def plainly(context: Context, environ: Mapping[str, str]) -> Access | None:
    """Return the access of a context that takes certificates and a token at most; else None.

    None also where something is wrong with it: the package `kubernetes` says what.
    """
    cluster, user = context.cluster, context.user
    if (cluster.keys() - PLAIN_CLUSTER) or (user.keys() - PLAIN_USER):
        return None
    if any(environ.get(name) for one in PROXIES for name in (one, one.lower())):
        return None
    import urllib3  # noqa: PLC0415  only a live run needs it

    try:
        token = str(user.get("token") or "").strip()
        if token and not SENDABLE.fullmatch(token):
            return None
        options: dict[str, Any] = {"maxsize": CONNECTIONS}
        if cluster["server"].startswith("https:"):
            options["ssl_context"] = tls(context)
        if cluster.get("tls-server-name"):
            options["server_hostname"] = cluster["tls-server-name"]
        manager = urllib3.PoolManager(**options)
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if cluster.get("insecure-skip-tls-verify"):
        # the kubeconfig says so; a warning at each request would drown the report
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    headers = {"Authorization": f"Bearer {token}"} if token else basic(cluster["server"])
    return Access(without_password(cluster["server"]), context.name, manager, headers)


def tls(context: Context) -> ssl.SSLContext:
    """Return TLS as a context wants it. Raises OSError or ValueError for what cannot be used."""
    from urllib3.util import create_urllib3_context  # noqa: PLC0415  see plainly

    cluster, user = context.cluster, context.user
    made: ssl.SSLContext = create_urllib3_context()
    if cluster.get("insecure-skip-tls-verify"):
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif authority := content_or_file(cluster, "certificate-authority", context.cluster_folder):
        made.load_verify_locations(cadata=authority.decode("ascii"))
    else:
        made.load_default_certs()
    certificate = content_or_file(user, "client-certificate", context.user_folder)
    key = content_or_file(user, "client-key", context.user_folder)
    if certificate and key:
        # OpenSSL takes them from files alone
        with tempfile.TemporaryDirectory(prefix="corediag-") as folder:
            pair = Path(folder) / "pair.pem"
            pair.touch(mode=0o600)
            pair.write_bytes(certificate.rstrip() + b"\n" + key)
            made.load_cert_chain(pair, password=locked)
    elif certificate or key:
        raise ValueError("half a pair")
    return made


def locked() -> str:
    """Raise ValueError in place of the passphrase of a key: OpenSSL would ask the terminal."""
    raise ValueError("the key has a passphrase")


def content_or_file(settings: Mapping[str, Any], key: str, folder: Path) -> bytes:
    """Return what a setting holds, or the file that it names; b"" when it is not there."""
    if data := settings.get(f"{key}-data"):
        return base64.b64decode(data, validate=True)
    if name := settings.get(key):
        path = Path(folder, name)
        if not path.is_file():
            raise OSError(errno.EINVAL, "not a regular file")  # which might never end, or begin
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES)
    return b""


def content_of(path: Path) -> Mapping[str, Any]:
    """Return what one kubeconfig holds. Raises SourceError."""
    try:
        if not path.is_file() and not path.is_dir():
            raise SourceError(f"{path}: not a regular file", GIVE)
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise SourceError(f"{path}: not a kubeconfig: it is too long", GIVE)
        content = yaml.safe_load(data.decode())
        content = {} if content is None else content  # as kubectl takes an empty one
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}", GIVE) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise SourceError(f"{path}: not a kubeconfig: no YAML{line}", GIVE) from error
    if not isinstance(content, dict) or not isinstance(content.get("clusters") or [], list):
        raise SourceError(f"{path}: not a kubeconfig", GIVE)
    return content


def is_blank(path: Path) -> bool:
    """Whether a kubeconfig holds nothing, which the package does not take for one."""
    return not content_of(path)


def load(configuration: Any, paths: list[Path], context: str) -> None:
    """Fill a configuration of the package `kubernetes`, credential plugins run included."""
    from kubernetes.config import load_kube_config  # noqa: PLC0415  see access

    file: Any = load_kube_config  # untyped there
    file(
        config_file=os.pathsep.join(map(str, paths)),
        context=context,
        client_configuration=configuration,
        persist_config=False,
    )


@contextlib.contextmanager
def told(shown: str) -> Iterator[list[str]]:
    """Yield the list of what the package logs meanwhile, and turn its errors into ours.

    It reports a credential plugin that fails only to the root logger.
    """
    from kubernetes.config import ConfigException  # noqa: PLC0415  see access

    complaints: list[str] = []
    listener = logging.Handler(logging.ERROR)
    listener.emit = lambda record: complaints.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(listener)
    try:
        yield complaints
    except (ConfigException, yaml.YAMLError, OSError, ValueError, RecursionError) as error:
        raise SourceError(f"{shown}: cannot be used: {visible(str(error))[:300]}", GIVE) from error
    except (AttributeError, LookupError, TypeError) as error:
        # a file that is not built as the package expects fails inside of it in many ways
        raise SourceError(
            f"{shown}: cannot be used: it is not built as a kubeconfig is", GIVE
        ) from error
    finally:
        root.removeHandler(listener)


def opened(configuration: Any, name: str) -> Access:
    """Return the access by a loaded configuration. Raises SourceError for bad certificates."""
    import urllib3  # noqa: PLC0415  see access
    from kubernetes.client import ApiClient  # noqa: PLC0415  see access
    from requests.utils import should_bypass_proxies  # noqa: PLC0415  as the package asks it

    if not configuration.verify_ssl:
        # the kubeconfig says so; a warning at each request would drown the report
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    configuration.connection_pool_maxsize = CONNECTIONS
    without = configuration.no_proxy or ""
    if configuration.proxy and not should_bypass_proxies(configuration.host, no_proxy=without):
        configuration.proxy = proxy_of(configuration.proxy, name)
    with told(name):
        manager = ApiClient(configuration).rest_client.pool_manager
        token = configuration.auth_settings().get("BearerToken", {}).get("value")
    if token and not SENDABLE.fullmatch(str(token).strip()):
        # said here: urllib3 would quote the token
        raise SourceError(f"{name}: its token holds what no HTTP header can", "log in again")
    return Access(
        host=without_password(configuration.host),
        context=name,
        manager=manager,
        headers={"Authorization": str(token).strip()} if token else basic(configuration.host),
    )


def proxy_of(text: str, name: str) -> str:
    """Return a proxy's URL, as Go and curl understand it: without a scheme it is one of HTTP.

    Raises SourceError for one that cannot be used.
    """
    url = text if "://" in text else f"http://{text}"
    scheme = url.partition("://")[0].lower()
    if scheme not in PROXY_SCHEMES:
        raise SourceError(
            f"{name}: a proxy cannot be of {scheme}: {visible(without_password(url))[:300]}",
            f"it is to be like http://HOST:PORT; {PROXY_PLACES}",
        )
    if scheme.startswith("socks") and importlib.util.find_spec("socks") is None:
        raise SourceError(
            f"{name}: Python lacks what a SOCKS proxy takes: {without_password(url)[:300]}",
            f"pip install PySocks, or name a proxy of HTTP; {PROXY_PLACES}",
        )
    return url


def without_password(url: str) -> str:
    """Return a URL without the name and password that it may hold; they would be printed.

    Nor with a query or fragment, which kubectl leaves out too.
    """
    return TAIL.sub("", PASSWORD.sub(r"\1", url))


def basic(server: str) -> dict[str, str]:
    """Return the header that a server's URL with a name and a password asks for, as Go does."""
    from urllib3.util import make_headers  # noqa: PLC0415  see is_name

    given = PASSWORD.match(server)
    if given is None:
        return {}
    name, _, password = given["given"].partition(":")
    made = make_headers(basic_auth=f"{unquote(name)}:{unquote(password)}")
    return {"Authorization": made["authorization"]}


def listed(names: Mapping[str, Any]) -> str:
    """Return the first names, to choose from."""
    return ", ".join(sorted(names)[:10]) or "(the file holds none)"
