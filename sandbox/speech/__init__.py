"""A voice and ears for the sandbox, from wheels alone: espeak-ng speaks, Moonshine hears English, known clips
are recognised.

`say` makes the sentences of the simulated callers and of the sandbox's model. Every sentence it made can be
recognised again from its sound (`sandbox.speech.clips`), which is how a scripted Hebrew caller is understood.
"""

from __future__ import annotations

from sandbox.speech.espeak import SpeechUnavailable
from sandbox.speech.voice import say, say_as_agent

__all__ = ["SpeechUnavailable", "say", "say_as_agent"]
