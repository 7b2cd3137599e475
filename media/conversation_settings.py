"""What steers one conversation, as plain values: the business's choices within the installation's tuning."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from media.audio_config import FRAME_MS
from media.barge_in import BargeInSettings, Strategy
from media.notices import notice
from services import sentences
from services.call_context import CallContext
from services.realtime_prompt_builder import greeting_instructions, resume_instructions
from services.sentences import sentence

# By our own listening the caller has been silent for so long, and the model still waits: longer than the at most
# 0.8 s of its detector by level, or the 4 s of the one by meaning, ever take.
SERVER_VAD_FRAMES = 1500 // FRAME_MS
SEMANTIC_VAD_FRAMES = 5000 // FRAME_MS
CLOSING_MS = 12_000  # a goodbye that is not heard to its end by then is over


@dataclass(frozen=True, slots=True)
class MediaTuning:
    """The installation's settings (environment, SPEC 0) that concern a call. Each is explained in docs/settings.md."""

    barge_in: str = "two_phase"  # off switches it off for all; otherwise the business's own choice counts
    barge_in_voice_frames: int = 10
    min_utt_sec: float = 1.0
    max_utt_sec: float = 4.5
    reply_refractory_ms: int = 1000
    vad_hangover_ms: int = 200


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """Lengths in frames of 20 ms; instructions are complete texts for the model."""

    greet: bool = False
    greeting_text: str = ""
    greeting_instructions: str = ""
    greeting_clip: bytes | None = None
    opening_instructions: str = ""  # a resumed call: the first thing to say
    resumed: bool = False
    pending_facts: tuple[str, ...] = ()  # [SERVER] facts the lost session was not told
    barge_in: BargeInSettings = field(default_factory=BargeInSettings)
    duck: bool = False
    local_endpointing: bool = False
    open_turn_frames: int = SERVER_VAD_FRAMES
    min_utt_frames: int = 1000 // FRAME_MS
    max_utt_frames: int = 4500 // FRAME_MS
    refractory_frames: int = 1000 // FRAME_MS
    silence_frames: int = 8000 // FRAME_MS
    max_silence_prompts: int = 3
    max_call_frames: int = 15 * 60_000 // FRAME_MS
    closing_ms: int = CLOSING_MS
    silence_prompt: str = ""
    goodbye_silent: str = ""
    goodbye_length: str = ""
    ask_again: str = ""
    handing_over: str = ""
    one_moment: bytes = b""  # recorded mu-law, for when the model takes long
    trouble: bytes = b""  # … or cannot be had

    def may_prompt(self, real: bool) -> bool:
        """Without a greeting the agent stays silent until the caller really spoke (G1)."""
        return self.greet or self.resumed or real


def conversation_settings(context: CallContext, tuning: MediaTuning) -> ConversationSettings:
    """The business's choices within the installation's limits."""
    resumed = context.resume.generation > 0
    last_agent = next((t.text for t in reversed(context.resume.turns) if t.role == "agent"), "")

    def say(table: dict[str, str]) -> str:
        return greeting_instructions(sentence(table, context.language))

    return ConversationSettings(
        greet=context.enable_greeting and not context.resume.greeting_done and not resumed,
        greeting_text=context.greeting_text,
        greeting_instructions=greeting_instructions(context.greeting_text),
        greeting_clip=context.greeting_clip,
        opening_instructions=resume_instructions(context.language, last_agent) if resumed else "",
        resumed=resumed,
        pending_facts=context.resume.pending_server,
        barge_in=replace(
            BargeInSettings(), strategy=_strategy(context, tuning), voice_frames=tuning.barge_in_voice_frames
        ),
        duck=context.line.barge_in_action == "duck",
        local_endpointing=context.line.endpointing == "local",
        open_turn_frames=SEMANTIC_VAD_FRAMES if context.line.endpointing == "semantic_vad" else SERVER_VAD_FRAMES,
        min_utt_frames=round(tuning.min_utt_sec * 1000 / FRAME_MS),
        max_utt_frames=round(tuning.max_utt_sec * 1000 / FRAME_MS),
        refractory_frames=tuning.reply_refractory_ms // FRAME_MS,
        silence_frames=context.silence_prompt_s * 1000 // FRAME_MS,
        max_silence_prompts=context.max_silence_prompts,
        max_call_frames=max(0, context.max_call_s * 1000 - context.resume.begins_ms) // FRAME_MS,
        silence_prompt=say(sentences.STILL_HERE),
        goodbye_silent=say(sentences.GOODBYE_SILENT),
        goodbye_length=say(sentences.GOODBYE_LENGTH),
        ask_again=say(sentences.ASK_AGAIN),
        handing_over=say(sentences.HANDING_OVER),
        one_moment=context.one_moment_clip or notice("one_moment", context.language),
        trouble=context.trouble_clip or notice("trouble", context.language),
    )


def _strategy(context: CallContext, tuning: MediaTuning) -> Strategy:
    if tuning.barge_in == "off" or context.line.barge_in == "off":
        return "off"
    return "immediate" if "immediate" in (tuning.barge_in, context.line.barge_in) else "two_phase"
