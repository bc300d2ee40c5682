"""A night's summary to chat services by apprise, and to any address as JSON."""

import http.client
import json
import logging
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from logpipe import __version__
from logpipe.config import Hook
from logpipe.deliver.parcel import Parcel
from logpipe.deliver.secrets import fault_words, read_secret
from logpipe.errors import DeliveryError
from logpipe.report.mailed import chat_lines, subject_words, summary

STATUS = re.compile(r"error[= ]\(?(\d{3})\b")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the summary goes where the configuration says, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Return nothing, which makes the redirect an error."""


def post(hook: Hook, parcel: Parcel) -> None:
    """POST the summary of a night as JSON; raises DeliveryError where it is not taken."""
    url = read_secret(hook.url)
    if urlsplit(url).scheme not in {"http", "https"}:
        raise DeliveryError(f"{hook.url.name}: holds no http or https address")
    body = json.dumps(summary(parcel.report, parcel.place), ensure_ascii=False, allow_nan=False)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"logpipe/{__version__}",
        "Idempotency-Key": parcel.key,  # the same when it is sent again
    }
    try:
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            url, body.encode("utf-8", "backslashreplace"), headers, method="POST"
        )
        with urllib.request.build_opener(_Stay).open(request, timeout=hook.timeout_s) as answer:
            answer.read(1 << 16)
    except urllib.error.HTTPError as error:
        error.close()
        raise DeliveryError(f"{hook.url.name}: answers {error.code}") from None
    except urllib.error.URLError as error:
        told = error.reason.strerror if isinstance(error.reason, OSError) else None
        raise DeliveryError(
            f"{hook.url.name}: cannot be reached: {fault_words(told or error.reason, url)}"
        ) from None
    except TimeoutError:
        raise DeliveryError(f"{hook.url.name}: does not answer in time") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryError(f"{hook.url.name}: {fault_words(error, url)}") from None


def chat(hook: Hook, parcel: Parcel) -> None:
    """Tell a chat service of a night; raises DeliveryError where it does not take it."""
    url = read_secret(hook.url)
    try:
        import apprise  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise DeliveryError(
            f"{hook.url.name}: install apprise: python -m pip install apprise"
        ) from error
    service = apprise.Apprise()
    with _told() as words:
        if not service.add(url):
            raise DeliveryError(f"{hook.url.name}: holds no address that apprise knows")
        for one in service:
            one.socket_connect_timeout = one.socket_read_timeout = hook.timeout_s
        taken = service.notify(
            title=f"logpipe {subject_words(parcel.report)}",
            body="\n".join(chat_lines(parcel.report, parcel.place)),
            body_format=apprise.NotifyFormat.TEXT,
        )
    if not taken:
        found = STATUS.search(" ".join(words))
        why = f"the service answers {found[1]}" if found else "the service did not take it"
        raise DeliveryError(f"{hook.url.name}: {why}")


class _Kept(logging.Handler):
    """Keeps what apprise says, which may hold a secret, from every other log."""

    def __init__(self, words: list[str]) -> None:
        """Add every message to these words."""
        super().__init__()
        self.words = words

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.words.append(record.getMessage())


@contextmanager
def _told() -> Iterator[list[str]]:
    """Yield what apprise says meanwhile; nothing of it reaches stderr or another log."""
    words: list[str] = []
    logger, handler = logging.getLogger("apprise"), _Kept(words)
    outward, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield words
    finally:
        logger.removeHandler(handler)
        logger.propagate = outward
