"""The TwiML we answer with. Pure: text in, XML out.

Sentences are spoken by Twilio's own voices. A voice and language that do not go together can make <Say> fail, so both
are always named, as a pair that Twilio lists; an unlisted language speaks English rather than risk the verb.
"""

from __future__ import annotations

from dataclasses import dataclass

from twilio.twiml.voice_response import Connect, Dial, VoiceResponse

from app.public_url import PublicUrl

DIAL_TIMEOUT_S = 25
MESSAGE_MAX_S = 120
MESSAGE_SILENCE_S = 5


@dataclass(frozen=True, slots=True)
class _Speaker:
    language: str
    voice: str
    unknown_number: str
    unavailable: str
    connecting: str
    wait: str
    leave_message: str
    thanks: str


_SPEAKERS = {
    "he": _Speaker(
        language="he-IL",
        voice="Google.he-IL-Wavenet-A",
        unknown_number="שלום, המספר שחייגתם אינו פעיל כרגע. אנא בדקו את המספר ונסו שוב. תודה ולהתראות.",
        unavailable="סליחה, אין באפשרותנו לענות כרגע. אנא נסו שוב מאוחר יותר. תודה ולהתראות.",
        connecting="רק רגע, אני מעביר את השיחה.",
        wait="רק רגע בבקשה.",
        leave_message="סליחה, אין באפשרותנו לענות כרגע. אפשר להשאיר הודעה אחרי הצליל ונחזור אליכם.",
        thanks="תודה, ההודעה נקלטה. להתראות.",
    ),
    "en": _Speaker(
        language="en-US",
        voice="Polly.Joanna",
        unknown_number="Hello, the number you have dialed is not in service. Please check it and try again. Goodbye.",
        unavailable="Sorry, we cannot take your call right now. Please try again later. Goodbye.",
        connecting="One moment please, I am connecting you.",
        wait="One moment please.",
        leave_message="Sorry, we cannot take your call right now. Please leave a message after the tone.",
        thanks="Thank you, your message was received. Goodbye.",
    ),
}


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


def unknown_number() -> str:
    """Nobody's number: a polite Hebrew sentence and the end."""
    return _say_and_hang_up("he", "unknown_number")


def unavailable(language: str) -> str:
    """The business has nowhere to send the call to: say so and end it."""
    return _say_and_hang_up(language, "unavailable")


def thanks(language: str) -> str:
    """After a recorded message."""
    return _say_and_hang_up(language, "thanks")


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


def resume_later(public: PublicUrl, language: str, tries: int) -> str:
    """What follows the stream cannot be looked up now: ask again soon, for the time given by `tries`."""
    response = VoiceResponse()
    _say(response, language, "wait")
    response.pause(length=1)
    response.redirect(f"{public.webhook('resume_call')}?tries={tries}", method="POST")
    return str(response)


def dial(public: PublicUrl, language: str, number: str, caller_id: str) -> str:
    """Forward to a person; how it went comes to /webhook/resume_call. `caller_id` is the dialled number: it is ours."""
    response = VoiceResponse()
    _say(response, language, "connecting")
    target = Dial(
        action=public.webhook("resume_call"), method="POST", timeout=DIAL_TIMEOUT_S, caller_id=caller_id or None
    )
    target.number(number)
    response.append(target)
    return str(response)


def voicemail(public: PublicUrl, language: str) -> str:
    """Take a message; without an action Twilio would ask this document again and loop."""
    response = VoiceResponse()
    _say(response, language, "leave_message")
    response.record(
        action=public.webhook("resume_call"),
        method="POST",
        max_length=MESSAGE_MAX_S,
        timeout=MESSAGE_SILENCE_S,
        play_beep=True,
    )
    response.hangup()  # a recording of nothing but silence goes on here
    return str(response)


def _say_and_hang_up(language: str, sentence: str) -> str:
    response = VoiceResponse()
    _say(response, language, sentence)
    response.hangup()
    return str(response)


def _say(response: VoiceResponse, language: str, sentence: str) -> None:
    speaker = _SPEAKERS.get(language, _SPEAKERS["en"])
    response.say(getattr(speaker, sentence), language=speaker.language, voice=speaker.voice)
