"""What steers one conversation, as plain values: the business's choices within the installation's tuning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from media.conversation.barge_in import BargeInSettings, Strategy
from media.playout.notices import notice
from services.audio.g711 import FRAME_MS
from services.booking.messages import messages_of
from services.calls.context import CallContext
from services.language.persona import Persona
from services.prompt import sentences
from services.prompt.sentences import sentence
from services.realtime_prompt_builder import resume_instructions

# By our own listening the caller has been silent for so long, and the model still waits: longer than the at most
# 0.8 s of its detector by level, or the 8, 4 or 2 s of the one by meaning, ever take.
SERVER_VAD_FRAMES = 1500 // FRAME_MS
SEMANTIC_VAD_FRAMES = {
    eagerness: ms // FRAME_MS for eagerness, ms in (("low", 9000), ("medium", 5000), ("auto", 5000), ("high", 3000))
}
CLOSING_MS = 12_000  # a goodbye that is not heard to its end by then is over


@dataclass(frozen=True, slots=True)
class MediaTuning:
    """The installation's settings that concern a call, explained in docs/settings.md."""

    barge_in: str = "two_phase"  # off switches it off for all; otherwise the business's own choice counts
    barge_in_voice_frames: int = 10
    min_utt_sec: float = 1.0
    max_utt_sec: float = 4.5
    reply_refractory_ms: int = 1000
    vad_hangover_ms: int = 200


@dataclass(frozen=True, slots=True)
class Phrases:
    """What the product says by itself, in one language: sentences that the engine speaks word for word, and recorded
    mu-law for when there is none."""

    silence_prompt: str = ""
    goodbye_silent: str = ""
    goodbye_length: str = ""
    ask_again: str = ""
    handing_over: str = ""
    no_transfer: str = ""  # a [SERVER] fact: a wish for a person leads neither to one nor to a recorded message
    one_moment: bytes = b""  # for when the model takes long
    trouble: bytes = b""  # … or cannot be had


@dataclass(frozen=True, slots=True)
class ConversationSettings(Phrases):
    """Lengths in frames of 20 ms. The phrases are in the business's own language, the first of `languages`;
    `translated` holds them in the others."""

    languages: tuple[str, ...] = ("he",)
    language: str = ""  # what the call's answers had come to before this stream
    translated: Mapping[str, Phrases] = field(default_factory=dict)
    takes_messages: bool = False  # a caller may leave a recorded message
    greet: bool = False
    greeting_text: str = ""
    greeting_clip: bytes | None = None
    notice_text: str = ""  # said before the greeting (D2); "" where none is, or it was heard before
    notice_clip: bytes | None = None
    opening_instructions: str = ""  # a resumed call: the first thing to say
    resumed: bool = False
    pending_facts: tuple[str, ...] = ()  # [SERVER] facts the lost session was not told
    barge_in: BargeInSettings = field(default_factory=BargeInSettings)
    duck: bool = False
    open_turn_frames: int = SERVER_VAD_FRAMES
    min_utt_frames: int = 1000 // FRAME_MS
    max_utt_frames: int = 4500 // FRAME_MS
    refractory_frames: int = 1000 // FRAME_MS
    silence_frames: int = 8000 // FRAME_MS
    max_silence_prompts: int = 3
    max_call_frames: int = 15 * 60_000 // FRAME_MS
    closing_ms: int = CLOSING_MS

    def may_prompt(self, real: bool) -> bool:
        """Without a greeting the agent stays silent until the caller really spoke (G1)."""
        return self.greet or self.resumed or real


def conversation_settings(context: CallContext, tuning: MediaTuning) -> ConversationSettings:
    """The business's choices within the installation's limits."""
    resumed = context.resume.generation > 0
    last_agent = next((t.text for t in reversed(context.resume.turns) if t.role == "agent"), "")

    own = _phrases(context, context.language)
    return ConversationSettings(
        takes_messages=context.may.take_messages,
        greet=context.enable_greeting and not context.resume.greeting_done and not resumed,
        greeting_text=context.greeting_text,
        greeting_clip=context.greeting_clip,
        notice_text="" if context.resume.notice_heard else context.notice_text,
        notice_clip=context.notice_clip,
        opening_instructions=resume_instructions(context.spoken_language, last_agent) if resumed else "",
        resumed=resumed,
        pending_facts=context.resume.pending_server,
        barge_in=replace(
            BargeInSettings(), strategy=_strategy(context, tuning), voice_frames=tuning.barge_in_voice_frames
        ),
        duck=context.line.barge_in_action == "duck",
        open_turn_frames=_open_turn_frames(context),
        min_utt_frames=round(tuning.min_utt_sec * 1000 / FRAME_MS),
        max_utt_frames=round(tuning.max_utt_sec * 1000 / FRAME_MS),
        refractory_frames=tuning.reply_refractory_ms // FRAME_MS,
        silence_frames=context.silence_prompt_s * 1000 // FRAME_MS,
        max_silence_prompts=context.max_silence_prompts,
        max_call_frames=max(0, context.max_call_s * 1000 - context.resume.begins_ms) // FRAME_MS,
        languages=context.answer_languages,
        language=context.resume.answer_language,
        translated={each: _phrases(context, each) for each in context.answer_languages[1:]},
        silence_prompt=own.silence_prompt,
        goodbye_silent=own.goodbye_silent,
        goodbye_length=own.goodbye_length,
        ask_again=own.ask_again,
        handing_over=own.handing_over,
        no_transfer=own.no_transfer,
        one_moment=context.one_moment_clip or own.one_moment,
        trouble=context.trouble_clip or own.trouble,
    )


def _phrases(context: CallContext, language: str) -> Phrases:
    persona = Persona(language, context.gender)

    def say(table: sentences.Sentence) -> str:
        return sentence(table, persona)

    return Phrases(
        silence_prompt=say(sentences.STILL_HERE),
        goodbye_silent=say(sentences.GOODBYE_SILENT),
        goodbye_length=say(sentences.GOODBYE_LENGTH),
        ask_again=say(sentences.ASK_AGAIN),
        handing_over=say(sentences.HANDING_OVER),
        no_transfer=_no_transfer(context, persona.language),
        one_moment=notice("one_moment", persona),
        trouble=notice("trouble", persona),
    )


def _open_turn_frames(context: CallContext) -> int:
    by_meaning = context.line.endpointing == "semantic_vad"
    return SEMANTIC_VAD_FRAMES[context.line.eagerness] if by_meaning else SERVER_VAD_FRAMES


def _no_transfer(context: CallContext, language: str) -> str:
    """What the model is told of a wish for a person where none can be had (L9); as it was when the call began."""
    leads_on = context.may.transfer and context.may.take_messages
    if leads_on or context.may_put_through(context.started_at):
        return ""
    return messages_of(context, language).not_offered("transfer").text


def _strategy(context: CallContext, tuning: MediaTuning) -> Strategy:
    if tuning.barge_in == "off" or context.line.barge_in == "off":
        return "off"
    return "immediate" if "immediate" in (tuning.barge_in, context.line.barge_in) else "two_phase"
