"""Bounds of delivery: whatever a server does, an attempt ends, and takes little memory."""

import io
import smtplib
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from time import monotonic
from typing import Any

from logpipe.config import Mail
from logpipe.errors import DeliveryError

PATIENCE = 4  # times timeout_s, which is of one answer: after that an attempt has failed
MOST_SAID = 1 << 20  # bytes of all that a mail server says


class _Said(io.RawIOBase):
    """What a server says, until it has said too much or too long."""

    def __init__(self, server: "Bounded") -> None:
        """Read what this server says next."""
        self.server = server

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; raises OSError where there is no time or no room left."""
        server = self.server
        left = server.ends - monotonic()
        if left <= 0 or server.sock is None:
            raise TimeoutError("timed out")
        if server.said > MOST_SAID:
            raise OSError("it says far more than a mail server does")
        server.sock.settimeout(min(left, server.patience))
        got = server.sock.recv_into(buffer)
        server.sock.settimeout(server.patience)
        server.said += got
        return got


class Bounded(smtplib.SMTP):
    """A mail server whose answers have an end in time and length."""

    def __init__(self, mail: Mail, **tls: Any) -> None:
        """Connect to the server of a configuration."""
        self.patience, self.said = mail.timeout_s, 0
        self.ends = monotonic() + PATIENCE * mail.timeout_s
        super().__init__(mail.host, mail.at_port, timeout=mail.timeout_s, **tls)

    def getreply(self) -> tuple[int, bytes]:
        """Return the next answer."""
        if self.file is None:  # a new one after each change of the connection
            self.file = io.BufferedReader(_Said(self))
        return super().getreply()


class BoundedTls(Bounded, smtplib.SMTP_SSL):
    """The same, where TLS begins at once."""


def in_time(work: Callable[[], None], timeout: float, name: str) -> None:
    """Do some work; raises DeliveryError where it has not come to its end in time.

    It is done beside this thread, and left behind where it takes too long.
    """
    done: Future[None] = Future()

    def run() -> None:
        try:
            work()
            done.set_result(None)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            done.set_exception(error)

    Thread(target=run, daemon=True).start()
    wait([done], PATIENCE * timeout)
    if not done.done():
        raise DeliveryError(f"{name}: does not come to an end in {PATIENCE * timeout:g} s")
    done.result()
