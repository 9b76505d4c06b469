import email
import email.policy
import io
from email.message import EmailMessage
from pathlib import Path

import pytest

from vezne_core import Mail, Sms
from vezne_host.services.mail import ConsoleMail, FolderMail, compose
from vezne_host.services.sms import ConsoleSms, FolderSms

pytestmark = pytest.mark.anyio

LONG = "Teşekkür ederiz. " * 100


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def read(file: Path) -> EmailMessage:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


async def test_mail_comes_out_as_it_went_in(tmp_path: Path) -> None:
    mail: Mail = FolderMail(tmp_path / "new", sender="shop@acme.example")

    await mail.send("ada@example.com", "Siparişiniz ₺", f"{LONG}\nGüle güle.\n", id="e1")

    message = read(tmp_path / "new" / "e1.eml")
    assert message["From"] == "shop@acme.example"
    assert message["To"] == "ada@example.com"
    assert message["Subject"] == "Siparişiniz ₺"
    assert message["Message-ID"] == "<e1@acme.example>"
    assert message.get_content().splitlines() == [LONG, "Güle güle."]
    assert message.get_content_type() == "text/plain"


async def test_message_of_the_same_id_takes_the_place_of_the_first(tmp_path: Path) -> None:
    for text in ("first", "second"):
        await FolderMail(tmp_path).send("ada@example.com", "Order", text, id="e1")
        await FolderSms(tmp_path).send("+905551112233", text, id="e1")

    assert files(tmp_path) == ["e1.eml", "e1.txt"]
    assert read(tmp_path / "e1.eml").get_content().strip() == "second"
    assert (tmp_path / "e1.txt").read_text("utf-8") == "+905551112233\n\nsecond\n"


async def test_messages_without_an_id_do_not_meet(tmp_path: Path) -> None:
    for _ in range(3):
        await FolderMail(tmp_path).send("ada@example.com", "Order", "text")
        await FolderSms(tmp_path).send("+905551112233", "text")

    assert len(files(tmp_path)) == 6


@pytest.mark.parametrize("id", ["../../outside", "/etc/passwd", ".", "a/b\\c:d"])
async def test_id_never_leads_out_of_the_folder(tmp_path: Path, id: str) -> None:
    folder = tmp_path / "messages"

    await FolderSms(folder).send("+905551112233", "text", id=id)

    assert len(files(folder)) == 1
    assert files(tmp_path) == ["messages"]


async def test_message_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "e1.txt").mkdir()

    with pytest.raises(OSError, match=r"e1\.txt"):
        await FolderSms(tmp_path).send("+905551112233", "text", id="e1")

    assert files(tmp_path) == ["e1.txt"]


@pytest.mark.parametrize(
    "to", ["", "ada", "ada@example.com, eve@example.com", "ada@example.com\nBcc: eve@example.com", "a b@c"]
)
async def test_strange_address_is_refused(to: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - most messages are those of the email package
        compose("shop@acme.example", to, "Order", "text", "e1")


async def test_subject_cannot_bring_headers() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        compose("shop@acme.example", "ada@example.com", "Order\nBcc: eve@example.com", "text", "e1")


async def test_terminal_shows_what_a_shopper_would_get() -> None:
    terminal = io.StringIO()
    mail: Mail = ConsoleMail(terminal)
    sms: Sms = ConsoleSms(terminal)

    await mail.send("ada@example.com", "Siparişiniz", "Teşekkür ederiz.")
    await sms.send("+905551112233", "Kod: 123456")

    assert terminal.getvalue() == (
        "To: ada@example.com\nSubject: Siparişiniz\n\nTeşekkür ederiz.\n\nSMS to +905551112233: Kod: 123456\n"
    )
    with pytest.raises(ValueError, match="not an e-mail address"):
        await mail.send("ada", "Order", "text")
