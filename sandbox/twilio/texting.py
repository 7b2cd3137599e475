"""A customer's telephone that writes: an incoming SMS or WhatsApp message as Twilio brings it, signed.

Use it from code that runs in no loop, or await `send_text`::

    answer = text("http://127.0.0.1:5000", frm="+972501234567", to="+97239990001", body="2")
    answer.replies          # what the server sends back
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from xml.etree import ElementTree

import aiohttp

from sandbox.twilio.result import Webhook
from sandbox.twilio.webhook import PublicWeb, TwilioHttp

PATH = "/webhook/incoming_sms"
ACCOUNT = "AC" + "0" * 32


@dataclass(slots=True, frozen=True)
class TextAnswer:
    """What the server said. replies: the texts of its TwiML's messages; status 0 when nobody answered."""

    sid: str
    status: int
    document: str
    replies: tuple[str, ...]


def new_message_sid() -> str:
    return "SM" + secrets.token_hex(16)


def message_form(
    *, frm: str, to: str, body: str, sid: str = "", channel: str = "sms", media: int = 0, **more: str
) -> dict[str, str]:
    """The fields of the webhook. channel: "sms" or "whatsapp"."""
    sid = sid or new_message_sid()
    prefix = "whatsapp:" if channel == "whatsapp" else ""
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": prefix + frm,
        "To": prefix + to,
        "Body": body,
        "NumMedia": str(media),
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        **{f"MediaUrl{n}": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Media/ME{n}" for n in range(media)},
        **{f"MediaContentType{n}": "image/jpeg" for n in range(media)},
        **more,
    }


async def send_text(
    webhook_base: str,
    form: dict[str, str],
    *,
    public_base: str | None = None,
    auth_token: str = "",
    signature: str = "good",
) -> TextAnswer:
    """Bring a message to the server at `webhook_base`. signature: "good", "forged" or "missing"."""
    web = PublicWeb(webhook_base, public_base, auth_token)
    records: list[Webhook] = []
    async with aiohttp.ClientSession() as session:
        http = TwilioHttp(web, session, records, asyncio.get_running_loop().time, signature)
        answer = await http.request("POST", web.url(PATH), form)
    return TextAnswer(form["MessageSid"], answer.status, answer.body, _replies(answer))


def text(
    webhook_base: str,
    *,
    frm: str,
    to: str,
    body: str,
    sid: str = "",
    channel: str = "sms",
    media: int = 0,
    public_base: str | None = None,
    auth_token: str = "",
    signature: str = "good",
    **more: str,
) -> TextAnswer:
    """As `send_text`, for code without a loop."""
    form = message_form(frm=frm, to=to, body=body, sid=sid, channel=channel, media=media, **more)
    return asyncio.run(
        send_text(webhook_base, form, public_base=public_base, auth_token=auth_token, signature=signature)
    )


def _replies(answer: Webhook) -> tuple[str, ...]:
    if answer.status != 200:
        return ()
    return tuple(message.text or "" for message in ElementTree.fromstring(answer.body).iter("Message"))
