"""The TwiML we answer with. Pure: text in, XML out.

Sentences are recorded, and Twilio fetches them from our own address (app/telephony/clips.py). None is left to <Say>:
whether Twilio has a Hebrew voice is not certain, and a voice and language that do not go together make the verb fail
(L12).
"""

from __future__ import annotations

from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Connect, Dial, VoiceResponse

from app.public_url import PublicUrl
from services.language.persona import Persona

DIAL_TIMEOUT_S = 25
MESSAGE_MAX_S = 120
MESSAGE_SILENCE_S = 5


def stream(public: PublicUrl, token: str) -> str:
    """Connect the call to the media socket; when that ends, by whatever cause, Twilio asks /webhook/resume_call.

    The last verb is the same question once more: should Twilio ever go on past <Connect>, the answer is still decided
    by what the call's row says, and the caller is never left on a dead line.
    """
    response = VoiceResponse()
    connect = Connect(action=public.webhook("resume_call"), method="POST")
    media = connect.stream(
        url=public.media, status_callback=public.webhook("stream_status"), status_callback_method="POST"
    )
    media.parameter(name="token", value=token)
    response.append(connect)
    response.redirect(public.webhook("resume_call"), method="POST")
    return str(response)


def unknown_number(public: PublicUrl) -> str:
    """Nobody's number: a polite Hebrew sentence and the end."""
    return _play_and_hang_up(public, Persona("he"), "unknown_number")


def unavailable(public: PublicUrl, persona: Persona) -> str:
    """The business has nowhere to send the call to: say so and end it."""
    return _play_and_hang_up(public, persona, "unavailable")


def thanks(public: PublicUrl, persona: Persona) -> str:
    """After a recorded message."""
    return _play_and_hang_up(public, persona, "thanks")


def hang_up() -> str:
    response = VoiceResponse()
    response.hangup()
    return str(response)


def ask_again(public: PublicUrl) -> str:
    """This worker is leaving: Twilio asks once more in a second and reaches another."""
    response = VoiceResponse()
    response.pause(length=1)
    response.redirect(public.webhook("incoming_call"), method="POST")
    return str(response)


def resume_later(public: PublicUrl, persona: Persona, tries: int) -> str:
    """What follows the stream cannot be looked up now: ask again soon, for the time given by `tries`."""
    response = VoiceResponse()
    _play(response, public, persona, "one_moment")
    response.pause(length=1)
    response.redirect(f"{public.webhook('resume_call')}?tries={tries}", method="POST")
    return str(response)


def dial(public: PublicUrl, persona: Persona, number: str, caller_id: str) -> str:
    """Forward to a person; how it went comes to /webhook/resume_call. `caller_id` is the dialled number: it is ours."""
    response = VoiceResponse()
    _play(response, public, persona, "connecting")
    target = Dial(
        action=public.webhook("resume_call"), method="POST", timeout=DIAL_TIMEOUT_S, caller_id=caller_id or None
    )
    target.number(number)
    response.append(target)
    return str(response)


def voicemail(public: PublicUrl, persona: Persona) -> str:
    """Take a message; without an action Twilio would ask this document again and loop."""
    response = VoiceResponse()
    _play(response, public, persona, "leave_message")
    response.record(
        action=public.webhook("resume_call"),
        method="POST",
        max_length=MESSAGE_MAX_S,
        timeout=MESSAGE_SILENCE_S,
        play_beep=True,
        recording_status_callback=public.webhook("recording_status"),
        recording_status_callback_method="POST",
    )
    response.hangup()  # a recording of nothing but silence goes on here
    return str(response)


def message_answer(text: str) -> str:
    """The answer to an SMS or a WhatsApp message; "" sends none."""
    response = MessagingResponse()
    if text:
        response.message(text)
    return str(response)


def _play_and_hang_up(public: PublicUrl, persona: Persona, clip: str) -> str:
    response = VoiceResponse()
    _play(response, public, persona, clip)
    response.hangup()
    return str(response)


def _play(response: VoiceResponse, public: PublicUrl, persona: Persona, clip: str) -> None:
    response.play(public.clip(persona.language, persona.gender, clip))
