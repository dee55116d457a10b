"""A real Dovecot for these tests: its own folder, free loopback ports, its own certificate authority; ends with the test."""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imapclient import IMAPClient

DOVECOT = shutil.which(
    "dovecot", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
)
PASSWORD = "верный-конь"
STARTS_WITHIN = 20.0
_PR_SET_PDEATHSIG = 1

CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
first_valid_uid = {uid}
first_valid_gid = 0
auth_failure_delay = 0
disable_plaintext_auth = no
auth_mechanisms = plain login
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
{drafts}}}
"""
DRAFTS_FOLDER = """  mailbox {name} {{
    auto = create
    special_use = \\Drafts
  }}
"""


class Dovecot:
    """The server. Users exist when they log in, all with the same password."""

    def __init__(self, drafts: str = "") -> None:
        """`drafts`: name of the folder that every mailbox has for them; none has one by default."""
        self._drafts = DRAFTS_FOLDER.format(name=drafts) if drafts else ""
        self.folder = Path(tempfile.mkdtemp(prefix="dc"))  # short: socket paths have a limit of 107 bytes
        self.folder.chmod(0o755)
        self.plain, self.tls = _free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None
        issue_certificates(self.folder)
        self._configure()

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def _configure(self) -> None:
        root = os.geteuid() == 0
        own = pwd.getpwuid(os.geteuid())
        internal, login = (pwd.getpwnam("dovecot"), pwd.getpwnam("dovenull")) if root else (own, own)
        mail = pwd.getpwnam("nobody") if root else own
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir()
        if root:
            os.chown(self.folder / "mail", mail.pw_uid, mail.pw_gid)
        import grp

        text = CONFIGURATION.format(
            folder=self.folder,
            internal=internal.pw_name,
            internal_group=grp.getgrgid(internal.pw_gid).gr_name,
            login=login.pw_name,
            uid=mail.pw_uid,
            gid=mail.pw_gid,
            plain=self.plain,
            tls=self.tls,
            password=PASSWORD,
            drafts=self._drafts,
        )
        (self.folder / "dovecot.conf").write_text(text)

    def start(self) -> None:
        assert DOVECOT is not None
        self._process = subprocess.Popen(
            [DOVECOT, "-F", "-c", str(self.folder / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "stderr").open("ab"),
            preexec_fn=_end_with_parent,
        )
        ends_at = time.monotonic() + STARTS_WITHIN
        while not _answers(self.plain):
            if self._process.poll() is not None or time.monotonic() > ends_at:
                raise RuntimeError(f"dovecot does not start: {self.says()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends it and every session."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def says(self) -> str:
        found = [self.folder / "log", self.folder / "stderr"]
        return " ".join(p.read_text(errors="replace")[-1500:] for p in found if p.exists())

    @contextmanager
    def session(self, user: str) -> Iterator[IMAPClient]:
        """As the owner of the mailbox, who may do everything."""
        with IMAPClient("127.0.0.1", port=self.plain, ssl=False) as client:
            client.plain_login(user, PASSWORD)
            yield client

    def append(
        self,
        user: str,
        message: bytes,
        *,
        arrived: datetime,
        folder: str = "INBOX",
        flags: tuple[bytes, ...] = (),
    ) -> None:
        with self.session(user) as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            client.append(folder, message, flags=flags, msg_time=arrived)

    def fill(self, user: str, count: int, *, arrived: datetime, start: int = 0) -> None:
        with self.session(user) as client:
            for number in range(start, start + count):
                client.append("INBOX", mail(number), msg_time=arrived)

    def number_anew(self, user: str) -> None:
        """The inbox loses its numbers, as after a repair or a move to another server."""
        for name in ("dovecot-uidlist", *(p.name for p in self._maildir(user).glob("dovecot.index*"))):
            (self._maildir(user) / name).unlink()

    def _maildir(self, user: str) -> Path:
        return self.folder / "mail" / user


def mail(number: int, *, text: str = "", message_id: str | None = None) -> bytes:
    """A short mail, the same bytes for the same arguments."""
    own = message_id if message_id is not None else f"<{number}@customers.example>"
    lines = [
        f"From: Customer {number} <customer{number}@customers.example>",
        "To: support@bank.example",
        f"Subject: Card {number}",
        *([f"Message-ID: {own}"] if own else []),
        "Date: Mon, 02 Nov 2026 08:00:00 +0000",
        "",
        text or f"Where is my card number {number}? It has not arrived.",
        "",
    ]
    return "\r\n".join(lines).encode()


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [s.getsockname()[1] for s in held]
    finally:
        for s in held:
            s.close()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"* OK"
    except OSError:
        return False


def issue_certificates(folder: Path) -> None:
    """A certificate authority of this test, a server certificate for 127.0.0.1, and an authority nobody was issued by."""
    authority, authority_key = _authority("Test authority")
    stranger, _ = _authority("Another authority")
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    server = (
        _certificate("mail server", key.public_key(), issuer=authority.subject)
        .add_extension(names, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    for name, certificate in (("ca.pem", authority), ("stranger.pem", stranger), ("server.pem", server)):
        (folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def _authority(name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    builder = (
        _certificate(name, key.public_key(), issuer=None)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256()), key


def _certificate(
    name: str, key: ec.EllipticCurvePublicKey, *, issuer: x509.Name | None
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer if issuer is not None else subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
