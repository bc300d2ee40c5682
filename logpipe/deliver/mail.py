"""A night's report as mail: text and HTML, the page attached, over SMTP that is checked."""

import io
import smtplib
import ssl
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import NamedTuple

from logpipe.config import Mail
from logpipe.deliver.bounds import Bounded, BoundedTls
from logpipe.deliver.parcel import Parcel
from logpipe.deliver.secrets import fault_words, read_secret
from logpipe.errors import DeliveryError, LogpipeError
from logpipe.report.charts import chart_names, chart_title, render_chart
from logpipe.report.mailed import mail_html, mail_text, subject_words
from logpipe.report.text import clean, clip, fold

LONGEST_SUBJECT = 150
MOST_CHARTS = 4
EPOCH = (1980, 1, 1, 0, 0, 0)  # the only time that is the same for the same report


class Picture(NamedTuple):
    """A chart that a mail shows."""

    name: str
    title: str
    png: bytes


def send_mail(mail: Mail, parcel: Parcel, names: Sequence[str]) -> dict[str, str]:
    """Send a report to some receivers; returns what went wrong, by receiver.

    It has reached those alone whom the server accepted before it took the whole message.
    """
    drawn = _drawn(parcel) if mail.charts else []
    message = night_mail(mail, parcel, datetime.now(UTC), drawn)
    secret, place = "", _place(mail)
    try:
        secret = read_secret(mail.password) if mail.username else ""
        refused = _send(mail, secret, message, [_reached(name) for name in names])
        other = None
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
        other = f"{place}: broke off before the mail was handed over"
    except DeliveryError as error:
        return dict.fromkeys(names, str(error))
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return dict.fromkeys(names, f"{place}: {_words(error, *_hidden(mail, secret))}")
    faults: dict[str, str] = {}
    for name in names:
        if answer := refused.get(_reached(name)):
            faults[name] = f"{place}: refused: {_answer(*answer, *_hidden(mail, secret))}"
        elif other:
            faults[name] = other
    return faults


def _place(mail: Mail) -> str:
    return clean(f"{mail.host}:{mail.at_port}")


def _hidden(mail: Mail, secret: str) -> tuple[str, ...]:
    """Return what no fault may hold: the password, and what AUTH PLAIN makes of it."""
    return (secret, f"\0{mail.username}\0{secret}") if secret else ()


def _send(
    mail: Mail, secret: str, message: EmailMessage, names: Sequence[str]
) -> dict[str, tuple[int, bytes]]:
    """Hand a message over; returns the receivers that the server refused, with its answers."""
    context = ssl.create_default_context()
    if mail.ca_file:
        context.load_verify_locations(mail.ca_file)
    server = BoundedTls(mail, context=context) if mail.security == "tls" else Bounded(mail)
    try:
        if mail.security == "starttls":
            server.starttls(context=context)  # raises where the server does not offer it
        if mail.username:
            _log_on(server, mail.username, secret, _place(mail))
        return server.send_message(message, from_addr=_reached(mail.sender), to_addrs=list(names))
    finally:
        # a server that took the mail and then does not say goodbye has it all the same
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _log_on(server: smtplib.SMTP, user: str, secret: str, place: str) -> None:
    """Log on; no word that a server says about it is told, as some repeat what they were given."""
    server.ehlo_or_helo_if_needed()
    try:
        server.login(user, secret)
    except UnicodeError:
        raise DeliveryError(
            f"{place}: the user name or password has letters beyond ASCII, which cannot be sent"
        ) from None
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(
            f"{place}: refused the user name or password ({error.smtp_code})"
        ) from None
    except smtplib.SMTPServerDisconnected:
        raise DeliveryError(f"{place}: broke off while logging on, or was too slow") from None
    except smtplib.SMTPNotSupportedError:
        raise DeliveryError(f"{place}: offers no logon with user name and password") from None
    except (smtplib.SMTPException, ValueError):
        raise DeliveryError(f"{place}: refused the user name or password") from None


def _words(error: Exception, *secrets: str) -> str:
    """Return what went wrong with a server as one line."""
    said = fault_words(error, *secrets)
    if isinstance(error, smtplib.SMTPResponseException):
        said = _answer(error.smtp_code, error.smtp_error, *secrets)
    elif isinstance(error, TimeoutError) or "timed out" in str(error):
        said = "does not answer in time"
    elif isinstance(error, UnicodeError):
        said = "no name of a server, or an address that none takes"
    elif isinstance(error, ssl.SSLCertVerificationError):
        told = fault_words(error.verify_message, *secrets)
        said = f"its certificate is not trusted ({told}); name its CA in mail.ca_file"
    elif isinstance(error, smtplib.SMTPNotSupportedError) and "STARTTLS" in str(error):
        said = 'does not offer STARTTLS; is security = "tls" or another port meant?'
    elif isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        said = fault_words(f"{where}{error.strerror}", *secrets)
    return said


def _answer(code: int, said: bytes | str, *secrets: str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return fault_words(f"{code} {text}", *secrets)


def _reached(address: str) -> str:
    """Return an address whose domain every server takes: letters beyond ASCII are coded."""
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return address  # the server is told, and refuses it


def _drawn(parcel: Parcel) -> list[Picture]:
    """Return the charts of a report; none where nothing was read, or the package is not there."""
    if parcel.trial or not parcel.report["night"]["files"]:
        return []
    names = chart_names(parcel.report)
    whole = [name for name in names if not name.startswith("timeline-")]
    chosen = [*whole, *(name for name in names if name not in whole)][:MOST_CHARTS]
    try:
        return [
            Picture(
                name, chart_title(parcel.report, name), render_chart(parcel.report, name, "png")
            )
            for name in chosen
        ]
    except LogpipeError:
        return []


def night_mail(
    mail: Mail, parcel: Parcel, moment: datetime, drawn: Sequence[Picture] = ()
) -> EmailMessage:
    """Return the message: every header one line, whatever names the logs hold."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _line(f"{mail.subject} {subject_words(parcel.report)}")
    message["From"] = _reached(mail.sender)
    message["To"] = ", ".join(map(_reached, mail.to))
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = f"<{parcel.key}.logpipe@{_reached(mail.sender).rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # no answers from those who are out of office
    message["X-Auto-Response-Suppress"] = "All"
    attached = parcel.page is not None and mail.attach != "none"
    message.set_content(mail_text(parcel.report, parcel.place, attached=attached))
    ids = [(f"{number}.{parcel.key}@logpipe", one) for number, one in enumerate(drawn, 1)]
    charts = [(cid, one.title) for cid, one in ids]
    html = mail_html(parcel.report, parcel.place, attached=attached, charts=charts)
    message.add_alternative(html, subtype="html")
    if ids and (body := message.get_body(("html",))):
        for cid, one in ids:
            body.add_related(
                one.png, "image", "png", cid=f"<{cid}>", filename=f"{one.name}.png",
                disposition="inline",
            )  # fmt: skip
    if parcel.page is not None and mail.attach == "html":
        message.add_attachment(
            parcel.page, "text", "html", filename="report.html", params={"charset": "utf-8"}
        )
    elif parcel.page is not None and mail.attach == "zip":
        message.add_attachment(_packed(parcel.page), "application", "zip", filename="report.zip")
    return message


def _line(text: str) -> str:
    return clip(clean(fold(text)), LONGEST_SUBJECT)


def _packed(page: bytes) -> bytes:
    """Return a page in an archive, the same bytes for the same page."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("report.html", EPOCH), page, zipfile.ZIP_DEFLATED)
    return out.getvalue()
