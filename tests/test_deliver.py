"""Delivery: mail at a real SMTP server, webhooks, chats; each receiver once, and no secret told."""

import email
import json
import os
import re
import socket
import ssl
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import Any, ClassVar

import keyring
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from keyring.backend import KeyringBackend
from typer.testing import CliRunner

from logpipe.cli import app
from logpipe.config import Config, Secret, read_config
from logpipe.deliver import Sent, deliver_due, plan_words, sent_words, try_delivery, wanted
from logpipe.deliver.mail import _drawn, night_mail, send_mail
from logpipe.deliver.parcel import Parcel
from logpipe.deliver.secrets import fault_words, read_secret
from logpipe.errors import ConfigError, DeliveryError
from logpipe.nightly import deliver_again, plan_night, run_night
from logpipe.report.mailed import chat_lines, subject_words
from logpipe.rules import load_rules
from logpipe.store import ask, open_store
from tests.test_nightly import IDLE, give
from tests.test_report import PAYLOADS, Page, incident, report

PASSWORD = "pa55-w0rd-of-mail"  # noqa: S105 - of a server that this test starts
TOKEN = "t0ken-Of-a-hook"  # noqa: S105 - as above

# what newer versions of Python find old in packages is not ours
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")
OF_APPRISE = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Box:
    """What a mail server got."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address.startswith("refused"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 taken"

    @property
    def mails(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(one.original_content or b"", policy=default)
            for one in self.envelopes
        ]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def who(_server: Any, _session: Any, _envelope: Any, _mechanism: Any, told: Any) -> AuthResult:
    assert isinstance(told, LoginPassword)
    return AuthResult(success=told == LoginPassword(b"logpipe", PASSWORD.encode()), handled=False)


@contextmanager
def server(box: Box, **how: Any) -> Iterator[int]:
    """Run a mail server; yields its port."""
    running = Controller(box, hostname="127.0.0.1", port=free_port(), ready_timeout=20, **how)
    running.start()
    try:
        yield running.port
    finally:
        running.stop()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


def configure(folder: Path, text: str) -> Config:
    (folder / "in").mkdir(exist_ok=True)
    (folder / "logpipe.toml").write_text(f'folders = ["in"]\nlook_back_days = 30\n{text}', "utf-8")
    return read_config(folder / "logpipe.toml")


def mail_to(port: int, *to: str, more: str = "") -> str:
    return (
        f'[mail]\nhost = "127.0.0.1"\nport = {port}\nfrom = "logpipe@gw.example"\n'
        f"to = {json.dumps(to or ('ops@corp.example',))}\ntimeout_s = 5\n{more}"
    )


def night_of(*incidents: dict[str, Any], **known: Any) -> dict[str, Any]:
    """Return the report of a night with these incidents, all of them new."""
    rows = [
        {
            "known_as": one["id"], "incident_id": one["id"], "state": "new", "seen": True,
            "suppressed": None, "rule": one["rule"], "host": one["host"],
            "service": one["service"], "severity": one["severity"], "title": one["title"],
            "messages": 112, "started_at": one["started_at"], "last_at": one["ended_at"],
            "ended_at": one["ended_at"],
        }
        for one in incidents
    ]  # fmt: skip
    night = {
        "night_id": 1, "began": "2007-09-13T01:30:00Z", "from_ts": None, "to_ts": None,
        "since": None, "files": 1, "records": 100, "unchanged": 0, "silent": [], "incidents": rows,
    } | known  # fmt: skip
    return {"logpipe": "0", "night": night} | report(*incidents)


def parcel(told: dict[str, Any], page: bytes | None = b"<!doctype html><p>\xc3\xa4") -> Parcel:
    return Parcel(told, "2007-09-13.0123456789abcdef", "/srv/nights/2007-09-13", page)


def test_a_mail_arrives_whole_and_says_the_same_as_text_and_as_html(tmp_path: Path) -> None:
    box = Box()
    with server(box) as port:
        config = configure(
            tmp_path, mail_to(port, "a@corp.example", "b@corp.example", more='security = "none"')
        )
        assert config.mail
        told = night_of(incident(host="GW1"), incident(id="b", title="Second", severity="low"))
        assert send_mail(config.mail, parcel(told), config.mail.to) == {}
    (envelope,) = box.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("logpipe@gw.example", list(config.mail.to))
    (mail,) = box.mails
    assert mail["Subject"] == "logpipe 2007-09-13: 2 new, worst high on GW1"
    assert mail["To"] == "a@corp.example, b@corp.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<2007-09-13.0123456789abcdef.logpipe@gw.example>"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text
    assert html
    said = text.get_content()
    assert max(map(len, said.splitlines())) <= 72
    shown = Page(html.get_content()).text
    for words in ("112 messages lay idle", "Second", "/srv/nights/2007-09-13"):
        assert words in " ".join(said.split())
        assert words in shown
    (page,) = mail.iter_attachments()
    assert page.get_filename() == "report.html"
    assert page.get_payload(decode=True) == b"<!doctype html><p>\xc3\xa4"


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # the server cannot see the outer TLS
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_password_goes_over_checked_tls_only(
    security: str,
    tmp_path: Path,
    authority: trustme.CA,
    tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    how: dict[str, Any] = {"authenticator": who, "auth_required": True}
    if security == "tls":
        how |= {"ssl_context": tls, "auth_require_tls": False}
    else:
        how |= {"tls_context": tls, "require_starttls": True}
    logon = f'security = "{security}"\nusername = "logpipe"\npassword_env = "MAIL_PASSWORD"\n'
    box = Box()
    with server(box, **how) as port:
        trusting = configure(tmp_path, mail_to(port, more=f'{logon}ca_file = "ca.pem"')).mail
        doubting = configure(tmp_path, mail_to(port, more=logon)).mail
        assert trusting
        assert doubting
        assert send_mail(trusting, parcel(night_of()), trusting.to) == {}
        (fault,) = send_mail(doubting, parcel(night_of()), doubting.to).values()
        assert "certificate is not trusted" in fault
        monkeypatch.setenv("MAIL_PASSWORD", "wrong-password")
        (fault,) = send_mail(trusting, parcel(night_of()), trusting.to).values()
        assert fault == f"127.0.0.1:{port}: refused the user name or password (535)"
        monkeypatch.delenv("MAIL_PASSWORD")
        (fault,) = send_mail(trusting, parcel(night_of()), trusting.to).values()
        assert fault == "environment variable MAIL_PASSWORD is not set"
    assert len(box.envelopes) == 1


def test_without_starttls_nothing_is_sent(tmp_path: Path) -> None:
    box = Box()
    with server(box) as port:
        mail = configure(tmp_path, mail_to(port)).mail
        assert mail
        (fault,) = send_mail(mail, parcel(night_of()), mail.to).values()
    assert "does not offer STARTTLS" in fault
    assert box.envelopes == []


def test_a_server_that_hangs_or_is_gone_is_told_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        more = 'security = "none"\n'
        mail = configure(tmp_path, mail_to(port, more=more).replace("= 5", "= 0.3")).mail
        assert mail
        assert send_mail(mail, parcel(night_of()), ["a@b.example"]) == {
            "a@b.example": f"127.0.0.1:{port}: does not answer in time"
        }
    (fault,) = send_mail(mail, parcel(night_of()), ["a@b.example"]).values()
    assert "refused" in fault


@contextmanager
def hostile(answer: Callable[[bytes], bytes | Iterator[bytes]]) -> Iterator[int]:
    """Run a server that answers each line as told, and may never come to an end; yields its port.

    A line it answers with nothing ends the talk.
    """
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as odd:

        def serve() -> None:
            with suppress(OSError):
                talk, _ = odd.accept()
                with talk, talk.makefile("rb") as lines:
                    line = b""
                    while said := answer(line):
                        for part in [said] if isinstance(said, bytes) else said:
                            talk.sendall(part)
                            if over.is_set():
                                return
                        line = lines.readline()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(odd.getsockname()[1])
    over.set()
    thread.join(10)
    assert not thread.is_alive()


def spoken(line: bytes, **otherwise: bytes) -> bytes:
    """Return the answer of a server that takes all but some commands."""
    verb = line[:4].decode("ascii", "replace").strip().upper()
    usual = {"EHLO": b"250-hi\r\n250 AUTH PLAIN\r\n", "DATA": b"354 go\r\n", "QUIT": b""}
    return otherwise.get(verb, usual.get(verb, b"220 or 250\r\n" if line else b"220 hi\r\n"))


THREE = ["one@b.example", "two@b.example", "three@b.example"]


@pytest.mark.parametrize("breaks_at", [1, 2, 3])
def test_who_was_accepted_before_the_server_broke_off_has_no_mail(
    breaks_at: int, tmp_path: Path
) -> None:
    asked = []

    def answer(line: bytes) -> bytes:
        if line.startswith(b"rcpt"):
            asked.append(line)
        busy = len(asked) == breaks_at and line.startswith(b"rcpt")
        return b"421 too busy\r\n" if busy else b"250 ok\r\n" if line else b"220 hi\r\n"

    with hostile(answer) as port:
        mail = configure(tmp_path, mail_to(port, *THREE, more='security = "none"')).mail
        assert mail
        faults = send_mail(mail, parcel(night_of()), mail.to)
    assert list(faults) == THREE
    assert faults.pop(THREE[breaks_at - 1]).endswith("refused: 421 too busy")
    assert {fault.partition(": ")[2] for fault in faults.values()} == {
        "broke off before the mail was handed over"
    }


LOGON = 'security = "none"\nusername = "u"\npassword_env = "MAIL_PASSWORD"\n'


@pytest.mark.parametrize(
    "said",
    [
        b"501 Syntax error: %s\r\n",
        b"535-no\r\n535 %s\r\n",
        b"334 %s\r\n",
        b"334 !\r\n",
        b"500 " + b"x" * 280 + b" %s\r\n",
    ],
)
def test_nothing_that_a_server_says_of_a_logon_is_told(
    said: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)

    def answer(line: bytes) -> bytes:
        if line.startswith(b"AUTH"):
            return said.replace(b"%s", line.strip())
        return spoken(line) if line.startswith(b"ehlo") or not line else b"535 no\r\n"

    with hostile(answer) as port:
        mail = configure(tmp_path, mail_to(port, more=LOGON)).mail
        assert mail
        (fault,) = send_mail(mail, parcel(night_of()), mail.to).values()
    told = fault.partition(": ")[2].partition(" (")[0]
    assert told == "refused the user name or password"


def test_a_password_is_masked_in_whatever_form_a_server_repeats_it() -> None:
    for secret in ("pa  ss\tw0rd", PASSWORD, "\u00fcber-geheim"):
        token = f"\0logpipe\0{secret}"
        forms = {
            secret: secret,
            "folded": " ".join(secret.split()),
            "coded": b64encode(secret.encode()).decode(),
            "plain": b64encode(token.encode()).decode(),
            "within": b64encode(f"xx {token} yy".encode()).decode(),
            "other": urlsafe_b64encode(token.encode()).decode().rstrip("="),
        }
        for form in forms.values():
            assert fault_words(f"501 what is {form} here", secret, token) == "501 what is *** here"
            told = fault_words("x" * (298 - len(form) // 2) + " " + form, secret, token)
            assert set(told) <= {"x", " ", "*", "."}
    assert fault_words("550 no such mailbox", "pw") == "550 no such mailbox"


def test_a_password_beyond_ascii_is_one_line_and_the_rest_is_sent(
    tmp_path: Path, hooks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "p\u00e4ssw\u00f6rd")
    monkeypatch.setenv("HOOK", f"http://{hooks}/services/{TOKEN}")
    with hostile(spoken) as port:
        more = f'{LOGON}[[webhook]]\nurl_env = "HOOK"\n'
        config = configure(tmp_path, mail_to(port, more=more))
        mailed, hooked = try_delivery(config, datetime(2007, 9, 13))  # noqa: DTZ001
    assert "letters beyond ASCII" in str(mailed.fault)
    assert hooked.fault is None


@pytest.mark.parametrize("host", ["mail..corp", f"{'x' * 64}.corp", "mail\\u0000corp"])
def test_a_host_that_can_be_none_is_a_fault_of_one_line(host: str, tmp_path: Path) -> None:
    text = mail_to(25, more='security = "none"').replace("127.0.0.1", host)
    mail = configure(tmp_path, text).mail
    assert mail
    (fault,) = send_mail(mail, parcel(night_of()), mail.to).values()
    assert fault.isprintable()


def drip(part: bytes, first: bytes = b"", pause: float = 0.02) -> Iterator[bytes]:
    yield first
    while True:
        yield part
        sleep(pause)


@pytest.mark.parametrize(
    "said",
    [drip(b"220-h\r\n"), drip(b"x", b"220 "), drip(b"220-hello\r\n" * 1000, pause=0)],
    ids=["lines", "bytes", "flood"],
)
def test_a_mail_server_that_never_ends_is_left(said: Iterator[bytes], tmp_path: Path) -> None:
    with hostile(lambda _: said) as port:
        text = mail_to(port, more='security = "none"').replace("= 5", "= 0.2")
        mail = configure(tmp_path, text).mail
        assert mail
        before = monotonic()
        (fault,) = send_mail(mail, parcel(night_of()), mail.to).values()
        assert monotonic() - before < 5
    assert fault.isprintable()


@OF_APPRISE
@pytest.mark.parametrize("way", ["http", "json"])
@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 100 Continue\r\n\r\n", b"x"],
    ids=["continue", "bytes"],
)
def test_a_hook_that_never_ends_is_left(
    way: str, said: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" if said == b"x" else b""
    with hostile(lambda _: drip(said, first)) as port:
        monkeypatch.setenv("HOOK", f"{way}://127.0.0.1:{port}/{TOKEN}")
        table = "webhook" if way == "http" else "notify"
        text = f'[[{table}]]\nurl_env = "HOOK"\ntimeout_s = 0.2\n'
        before = monotonic()
        (one,) = try_delivery(configure(tmp_path, text), datetime(2007, 9, 13))  # noqa: DTZ001
        assert monotonic() - before < 5
    assert one.fault == "HOOK: does not come to an end in 0.8 s"


def test_a_server_that_speaks_no_smtp_is_a_fault_of_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:

        def answer() -> None:
            talk, _ = odd.accept()
            with talk:
                talk.sendall(b"\x1b[2JHTTP/1.1 400 no\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        port = odd.getsockname()[1]
        mail = configure(tmp_path, mail_to(port, more='security = "none"')).mail
        assert mail
        (fault,) = send_mail(mail, parcel(night_of()), ["a@b.example"]).values()
        thread.join(10)
    assert fault.isprintable()


@pytest.mark.parametrize("text", [*PAYLOADS, "a\r\nBcc: all@corp.example", "MÜNCHEN-Ж-東京"])
def test_what_a_log_says_is_no_header_and_no_markup_of_a_mail(text: str, tmp_path: Path) -> None:
    mail = configure(tmp_path, mail_to(25)).mail
    assert mail
    told = night_of(incident(host=text, title=text, summary=text, todo=text, id=text))
    sent = night_mail(mail, parcel(told), datetime(2007, 9, 13))  # noqa: DTZ001 - only a header
    back = email.message_from_bytes(bytes(sent), policy=default)
    assert set(back.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
        "X-Auto-Response-Suppress", "Content-Type",
    }  # fmt: skip
    assert back["Subject"].isprintable()
    assert len(back["Subject"]) <= 150
    html, text_part = back.get_body(("html",)), back.get_body(("plain",))
    assert html
    assert text_part
    page = Page(html.get_content())
    assert not {"script", "img", "svg", "iframe", "style"} & set(page.elements)
    assert not [name for _, name in page.attributes if name.startswith("on")]
    assert page.links == []
    assert "\x1b" not in text_part.get_content()
    if text.startswith("M"):
        assert text in back["Subject"]
        assert text in page.text


@pytest.mark.parametrize("attach", ["zip", "none"])
def test_a_page_is_packed_or_left_where_it_lies(attach: str, tmp_path: Path) -> None:
    mail = configure(tmp_path, mail_to(25, more=f'attach = "{attach}"')).mail
    assert mail
    first, second = (
        night_mail(mail, parcel(night_of()), datetime(2007, 9, 13)).iter_attachments()  # noqa: DTZ001
        for _ in range(2)
    )
    names = [one.get_filename() for one in first]
    assert names == ([] if attach == "none" else ["report.zip"])
    assert len(list(second)) == len(names)


def test_domains_beyond_ascii_are_coded_as_servers_take_them(tmp_path: Path) -> None:
    box = Box()
    with server(box, enable_SMTPUTF8=False) as port:
        text = mail_to(port, "ops@b\u00fccher.example", more='security = "none"')
        mail = configure(tmp_path, text).mail
        assert mail
        assert send_mail(mail, parcel(night_of()), mail.to) == {}
        (fault,) = send_mail(mail, parcel(night_of()), ["\u00fc@corp.example"]).values()
    assert box.envelopes[0].rcpt_tos == ["ops@xn--bcher-kva.example"]
    assert fault.startswith(f"127.0.0.1:{port}: ")  # this server takes no such names


class Hooked(BaseHTTPRequestHandler):
    """A web server that keeps what it is told."""

    told: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "moved" in self.path:
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
        else:
            self.send_response(404 if "missing" in self.path else 200)
            self.told.append((self.path, json.loads(body)))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hooks() -> Iterator[str]:
    Hooked.told.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Hooked) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield f"127.0.0.1:{web.server_address[1]}"
        web.shutdown()
        thread.join(10)


@OF_APPRISE
def test_a_webhook_gets_the_night_as_json_and_a_chat_as_words(
    tmp_path: Path, hooks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", f"http://{hooks}/services/{TOKEN}")
    monkeypatch.setenv("CHAT", f"json://{hooks}/{TOKEN}")
    config = configure(tmp_path, '[[webhook]]\nurl_env = "HOOK"\n[[notify]]\nurl_env = "CHAT"\n')
    assert [one.fault for one in try_delivery(config, datetime(2007, 9, 13))] == [None, None]  # noqa: DTZ001
    (_, chat), (path, hook) = Hooked.told
    assert path == f"/services/{TOKEN}"
    assert "test of the delivery" in hook["text"]
    assert "test of the delivery" in chat["message"]


@OF_APPRISE
@pytest.mark.parametrize(
    ("way", "url", "words"),
    [
        ("webhook", f"http://{{}}/missing/{TOKEN}", "answers 404"),
        ("webhook", f"http://{{}}/moved/{TOKEN}", "answers 302"),
        ("webhook", f"ftp://{{}}/{TOKEN}", "holds no http or https address"),
        ("webhook", f"http://127.0.0.1:1/{TOKEN}", "cannot be reached"),
        ("webhook", f"http://127.0.0.1:port/{TOKEN}", "HOOK"),
        ("webhook", f"https://{{}}/{TOKEN}", "cannot be reached"),
        ("notify", f"json://{{}}/missing/{TOKEN}", "the service answers 404"),
        ("notify", f"json://127.0.0.1:1/{TOKEN}", "did not take it"),
        ("notify", f"nothing://{TOKEN}", "no address that apprise knows"),
    ],
)
def test_no_fault_tells_a_secret(  # noqa: PLR0917 - a case and what pytest gives
    way: str,
    url: str,
    words: str,
    tmp_path: Path,
    hooks: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOOK", url.format(hooks))
    config = configure(tmp_path, f'[[{way}]]\nurl_env = "HOOK"\ntimeout_s = 5\n')
    (one,) = try_delivery(config, datetime(2007, 9, 13))  # noqa: DTZ001
    assert one.fault
    assert words in one.fault
    told = one.fault + "".join(plan_words(config)) + "".join(capfd.readouterr())
    assert TOKEN not in told
    assert "HOOK" in told


def test_a_chat_calls_nobody_and_opens_nothing() -> None:
    told = night_of(incident(title="@everyone <!channel> https://x.example/`rm`", host="@here"))
    said = "\n".join(chat_lines(told, "/srv/nights"))
    for sign in ("@", "<", "://", "`"):
        assert sign not in said


def test_a_subject_is_short_and_says_the_worst() -> None:
    assert subject_words(night_of()) == "2007-09-13: no incident"
    many = [incident(id=str(n), host=f"EX{n}") for n in range(9)]
    assert subject_words(night_of(*many)) == (
        "2007-09-13: 9 new, worst high on EX0, EX1 and 7 more"
    )


def test_who_wants_only_bad_news_or_changes_gets_no_other(tmp_path: Path) -> None:
    config = configure(
        tmp_path,
        mail_to(25)
        + '[[notify]]\nurl_env = "BAD"\nmin_severity = "high"\n'
        + '[[webhook]]\nurl_env = "CHANGES"\nonly_changes = true\n',
    )

    def names(*rows: tuple[str, str, str | None]) -> list[str]:
        told = [{"severity": bad, "state": state, "suppressed": why} for bad, state, why in rows]
        return [name for _, name in wanted(config, told)]

    mail = "ops@corp.example"
    assert names() == [mail]
    assert names(("high", "continuing", None)) == [mail, "BAD"]
    assert names(("low", "gone", None)) == [mail, "CHANGES"]
    assert names(("critical", "new", "known")) == [mail]
    assert names(("critical", "new", None)) == [mail, "BAD", "CHANGES"]


def night(config: Config, moment: str) -> list[Sent]:
    return run_night(config, load_rules(None), {}, datetime.fromisoformat(moment)).sent


def book(config: Config) -> list[tuple[Any, ...]]:
    with open_store(Path(config.store), read_only=True) as con:
        told = (
            "SELECT night_id, receiver, tries, sent IS NOT NULL AS sent FROM delivery ORDER BY ALL"
        )
        return [tuple(row.values()) for row in ask(con, told)]


def delivered(config: Config) -> list[bool]:
    with open_store(Path(config.store), read_only=True) as con:
        return [row["delivered"] is not None for row in ask(con, "FROM night ORDER BY night_id")]


def test_each_receiver_gets_each_night_once_whatever_fails(tmp_path: Path) -> None:
    port = free_port()
    more = 'security = "none"\n'
    config = configure(tmp_path, mail_to(port, "a@corp.example", "refused@corp.example", more=more))
    give(tmp_path, "0907", part=0.97)
    sent = night(config, "2007-09-08T01:30")  # nobody is at the port
    assert [one.fault is None for one in sent] == [False, False]
    assert delivered(config) == [False]
    assert (tmp_path / "reports" / "2007-09-08" / "report.html").exists()
    box = Box()
    running = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=20)
    running.start()
    try:
        later = datetime(2007, 9, 8, 2)  # noqa: DTZ001 - naive UTC as in the store
        sent = deliver_again(config, later)
        assert [(one.receiver, one.fault is None) for one in sent] == [
            ("a@corp.example", True),
            ("refused@corp.example", False),
        ]
        assert "550" in str(sent[1].fault)
        assert [one.receiver for one in deliver_again(config, later)] == ["refused@corp.example"]
        assert delivered(config) == [False]
        config = configure(tmp_path, mail_to(port, "a@corp.example", "b@corp.example", more=more))
        sent = night(config, "2007-09-09T01:30")  # the refused one is not configured any more
        assert [(one.night, one.receiver, one.fault) for one in sent] == [
            ("2007-09-09", "a@corp.example", None),
            ("2007-09-09", "b@corp.example", None),
        ]
        assert deliver_again(config, later) == []
    finally:
        running.stop()
    assert [one.rcpt_tos for one in box.envelopes] == [
        ["a@corp.example"],
        ["a@corp.example", "b@corp.example"],
    ]
    assert len({mail["Message-ID"] for mail in box.mails}) == 2
    assert delivered(config) == [False, True]
    assert book(config) == [
        (1, "a@corp.example", 2, True),
        (1, "refused@corp.example", 3, False),
        (2, "a@corp.example", 1, True),
        (2, "b@corp.example", 1, True),
    ]


def test_a_run_that_is_killed_while_it_sends_leaves_the_rest_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Box()
    with server(box) as port:
        config = configure(tmp_path, mail_to(port, more='security = "none"'))
        monkeypatch.setattr("logpipe.deliver.send_mail", _killed)
        with pytest.raises(KeyboardInterrupt):
            night(config, "2007-09-08T01:30")
        monkeypatch.undo()
        assert delivered(config) == [False]
        sent = night(config, "2007-09-09T01:30")
    assert [(one.night, one.fault) for one in sent] == [("2007-09-08", None), ("2007-09-09", None)]
    assert [mail["Subject"][8:18] for mail in box.mails] == ["2007-09-08", "2007-09-09"]
    assert delivered(config) == [True, True]


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_may_have_arrived_twice_is_told_by_its_message_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Box()
    with server(box) as port:
        config = configure(tmp_path, mail_to(port, more='security = "none"'))
        monkeypatch.setattr("logpipe.deliver.note_sent", _killed)
        with pytest.raises(KeyboardInterrupt):
            night(config, "2007-09-08T01:30")
        monkeypatch.undo()
        assert len(deliver_again(config, datetime(2007, 9, 8, 2))) == 1  # noqa: DTZ001
    first, second = box.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_a_report_of_long_ago_is_not_sent_any_more(tmp_path: Path) -> None:
    config = configure(tmp_path, mail_to(free_port()))
    assert [one.fault is None for one in night(config, "2007-09-08T01:30")] == [False]
    with open_store(Path(config.store)) as con:
        assert deliver_due(con, config, datetime(2007, 9, 16)) == []  # noqa: DTZ001


def test_a_night_without_delivery_says_so_in_its_last_line_and_exit_code(tmp_path: Path) -> None:
    configure(tmp_path, mail_to(free_port(), more='security = "none"'))
    told = ["nightly", "--config", str(tmp_path / "logpipe.toml"), "--quiet"]
    result = CliRunner().invoke(app, told)
    assert "1 delivery failed" in str(result.exception)
    assert "; NOT delivered 1: ops@corp.example: 127.0.0.1:" in result.output.splitlines()[-1]
    result = CliRunner().invoke(app, [*told, "--deliver-again"])
    assert "1 delivery failed" in str(result.exception)


def test_a_dry_run_tells_who_would_get_it_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    monkeypatch.delenv("HOOK", raising=False)
    more = 'username = "logpipe"\npassword_env = "MAIL_PASSWORD"\n[[webhook]]\nurl_env = "HOOK"\n'
    configure(tmp_path, mail_to(2525, more=more))
    told = ["nightly", "--config", str(tmp_path / "logpipe.toml"), "--dry-run"]
    result = CliRunner().invoke(app, told)
    assert "mail from logpipe@gw.example by 127.0.0.1:2525 (starttls)" in result.output
    assert "with MAIL_PASSWORD (set) to ops@corp.example" in result.output
    assert "webhook by HOOK (not set)" in result.output
    assert PASSWORD not in result.output
    configure(tmp_path, "")
    assert "Delivery: to nobody" in CliRunner().invoke(app, told).output


TO_H = '[mail]\nhost = "h"\nfrom = "a@b.example"\nto = ["a@b.example"]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[mail]\nhost = "h"\nto = ["a@b.example"]', "`from`"),
        ('[mail]\nhost = "h"\nfrom = "a@b.example"\nto = []', "mail.to"),
        ('[mail]\nhost = "h"\nfrom = "x"\nto = ["a@b.example"]', "mail.from"),
        ('[mail]\nhost = "h"\nfrom = "a@b.example\\n"\nto = ["a@b.example"]', "mail.from"),
        (
            '[mail]\nhost = "h"\nfrom = "a@b.example"\nto = ["a@b.example"]\npassword = "x"',
            "password",
        ),
        (
            '[mail]\nhost = "h"\nfrom = "a@b.example"\nto = ["a@b.example"]\nusername = "u"',
            "give password_env, password_file or password_keyring",
        ),
        (
            f'{TO_H}security = "none"\nusername = "u"\npassword_env = "P"',
            "a password needs security",
        ),
        ('[[notify]]\nurl = "https://x.example"', "url"),
        (
            '[[notify]]\nmin_severity = "high"',
            "notify 1: url: give url_env, url_file or url_keyring",
        ),
        ('[[webhook]]\nurl_env = "https://x.example"', "webhook"),
    ],
)
def test_a_slip_in_the_delivery_is_one_line_that_names_it(
    text: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        configure(tmp_path, text)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_one_line_tells_what_was_delivered() -> None:
    sent = [Sent("n", "mail", "a@b.example", None), Sent("n", "mail", "c@b.example", "550 no")]
    assert list(sent_words(sent)) == ["delivered 1", "NOT delivered 1: c@b.example: 550 no"]
    assert list(sent_words([])) == []


def test_one_line_names_everybody_who_was_not_reached() -> None:
    sent = [
        Sent("n", "mail", "a@b.example", "550 no"),
        Sent("n", "mail", "c@b.example", "550 no"),
        Sent("n", "webhook", "HOOK", "environment variable HOOK is not set"),
    ]
    assert list(sent_words(sent)) == [
        (
            "NOT delivered 3: a@b.example and c@b.example: 550 no;"
            " HOOK: environment variable HOOK is not set"
        )
    ]


def test_a_dry_run_fails_where_a_night_could_not_be_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK", raising=False)
    monkeypatch.delenv("SECOND", raising=False)
    configure(tmp_path, '[[webhook]]\nurl_env = "HOOK"\n[[notify]]\nurl_env = "SECOND"\n')
    told = ["nightly", "--config", str(tmp_path / "logpipe.toml"), "--dry-run"]
    result = CliRunner().invoke(app, told)
    assert isinstance(result.exception, DeliveryError)
    assert "HOOK is not set; environment" in str(result.exception) or "SECOND is not set;" in str(
        result.exception
    )
    for name in ("HOOK", "SECOND"):
        monkeypatch.setenv(name, "https://x.example/token")
    assert CliRunner().invoke(app, told).exit_code == 0


def test_a_night_that_read_nothing_sends_no_charts() -> None:
    assert _drawn(parcel(night_of(incident(), files=0))) == []


def test_a_host_that_falls_silent_concerns_also_those_who_want_only_bad_news_or_changes(
    tmp_path: Path,
) -> None:
    hook = '[[notify]]\nurl_env = "{}"\n{}\n'
    bad = hook.format("BAD", 'min_severity = "high"')
    config = configure(tmp_path, bad + hook.format("CHANGES", "only_changes = true"))
    for lasting, why, names in (
        (False, None, ["BAD", "CHANGES"]),
        (True, None, []),
        (False, "moved", []),
    ):
        silent = [{"host": "GW1", "lasting": lasting, "suppressed": why}]
        assert [name for _, name in wanted(config, [], silent)] == names


def test_an_incident_of_the_sample_is_told_and_shown_in_the_mail(tmp_path: Path) -> None:
    box = Box()
    with server(box) as port:
        config = configure(tmp_path, mail_to(port, more='security = "none"'))
        give(tmp_path, "0907", part=0.97)
        assert [one.fault for one in night(config, "2007-09-08T01:30")] == [None]
    (mail,) = box.mails
    body = mail.get_body(("html",))
    assert body
    assert IDLE in body.get_content()
    images = re.findall(r'src="cid:([^"]+)"', body.get_content())
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert [part["Content-ID"] for part in pictures] == [f"<{cid}>" for cid in images]
    assert all(part.get_content().startswith(b"\x89PNG") for part in pictures)
    assert pictures[0].get_filename() == "incidents.png"
    (page,) = (part for part in mail.iter_attachments() if part.get_filename() == "report.html")
    whole = (tmp_path / "reports" / "2007-09-08" / "report.html").read_bytes()
    assert page.get_payload(decode=True) == whole


class Ring(KeyringBackend):
    """A keyring that lives as long as the test."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return PASSWORD if (service, username) == ("logpipe", "mail") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


def test_a_password_may_stand_in_the_keyring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())  # type: ignore[no-untyped-call]
    try:
        assert read_secret(Secret(keyring="mail")) == PASSWORD
        with pytest.raises(DeliveryError, match="keyring set logpipe chat"):
            read_secret(Secret(keyring="chat"))
        monkeypatch.setenv("MAIL_PASSWORD", "another")
        assert read_secret(Secret("MAIL_PASSWORD", keyring="mail")) == "another"
        monkeypatch.delenv("MAIL_PASSWORD")
        assert read_secret(Secret("MAIL_PASSWORD", keyring="mail")) == PASSWORD
    finally:
        keyring.set_keyring(before)
    mail = configure(tmp_path, f'{TO_H}username = "u"\npassword_keyring = "mail"').mail
    assert mail
    assert mail.password.name == "keyring entry mail"


@pytest.mark.skipif(os.name != "posix", reason="rights of files are told by modes on POSIX only")
def test_a_password_may_stand_in_a_file_that_nobody_else_may_read(tmp_path: Path) -> None:
    mail = configure(tmp_path, f'{TO_H}username = "u"\npassword_file = "mail.password"').mail
    assert mail
    place = tmp_path / "mail.password"
    for content, mode, words in (
        (f"{PASSWORD}\n", 0o640, "chmod 600"),
        ("\n", 0o600, "is empty"),
        (None, 0o600, "cannot be read"),
    ):
        place.unlink(missing_ok=True)
        if content is not None:
            place.write_text(content)
            place.chmod(mode)
        with pytest.raises(DeliveryError, match=words):
            read_secret(mail.password)
    place.write_text(f"{PASSWORD}\n")
    place.chmod(0o600)
    assert read_secret(mail.password) == PASSWORD


def test_a_file_with_a_secret_is_no_log_wherever_it_lies(tmp_path: Path) -> None:
    hook = '[[webhook]]\nurl_file = "in/hook.url"\n'
    more = 'username = "u"\npassword_file = "in/mail.password"\n'
    config = configure(tmp_path, f"{mail_to(25, more=more)}{hook}")
    for name in ("hook.url", "mail.password", "ex070903.log"):
        (tmp_path / "in" / name).write_text(f"{TOKEN}\n")
    assert [offer.path.name for offer in plan_night(config)[0]] == ["ex070903.log"]
