"""Sends mail by SMTP."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Literal

from app.core.ports.mail import Mail, MailFault

WAIT_S = 20.0
Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True)
class SmtpMailer:
    """Implements `ports.mail.Mailer`. One connection a mail.

    Attributes:
        security: starttls: a connection that turns to TLS, or nothing is sent; tls: TLS from the start; none: in the
            clear, for a server on this machine.
        sender: the address that mails come from.
    """

    host: str
    port: int
    security: Security
    sender: str
    user: str | None = None
    password: str | None = None
    trust: ssl.SSLContext | None = None

    def send(self, mail: Mail) -> None:
        """Returns once the server has taken it. Raises MailFault."""
        try:
            message = self._message(mail)
            with self._connected() as server:
                if self.user is not None:
                    server.login(self.user, self.password or "")
                # `send_message` would turn a line that begins with "From" into ">From".
                server.sendmail(self.sender, [mail.to], message.as_bytes(policy=SMTP))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise MailFault("the address was refused", final=all(code >= 500 for code in codes)) from error
        except smtplib.SMTPResponseException as error:
            raise MailFault(f"the server answered {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailFault(f"the server cannot be used: {type(error).__name__}") from error
        except ValueError as error:  # also of a name that cannot be in a header
            raise MailFault("the mail cannot be written", final=True) from error

    def _connected(self) -> smtplib.SMTP:
        context = self.trust or ssl.create_default_context()
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=WAIT_S, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=WAIT_S)
        if self.security == "starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                with suppress(smtplib.SMTPException, OSError):
                    server.close()
                raise
        return server

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, mail.to, mail.subject
        domain = self.sender.rpartition("@")[2]
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{mail.id}@{domain}>" if mail.id else make_msgid(domain=domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        if mail.picture is not None:
            message.add_attachment(mail.picture, maintype="image", subtype="png", filename="pass.png")
        return message
