"""What a business has recorded in its own voice, so that it is heard at once or without a model (G1, W8, L7). Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from services.language.persona import Persona
from services.prompt import sentences
from services.prompt.sentences import sentence


@dataclass(frozen=True, slots=True)
class OwnVoice:
    """`engine`, `voice`, `model`, `cascade_voice`: "" and rate_pct None for the installation's; `greeting` and `notice`
    (D2): "" when none is to be spoken."""

    persona: Persona
    voice: str
    model: str
    greeting: str
    notice: str = ""
    engine: str = ""
    cascade_voice: str = ""
    rate_pct: int | None = None

    @property
    def texts(self) -> Mapping[str, str]:
        """What to say, by the column of BusinessSettings that the sound belongs to."""
        texts = {
            "one_moment_clip": sentence(sentences.ONE_MOMENT, self.persona),
            "trouble_clip": sentence(sentences.TROUBLE, self.persona),
        }
        opening = {"notice_clip": self.notice, "greeting_clip": self.greeting}
        return {**texts, **{name: text for name, text in opening.items() if text}}

    @property
    def fingerprint(self) -> str:
        """The same as long as the sound would be: whatever changes it changes this."""
        made_of: list[object] = [self.persona.language, self.persona.gender, self.voice, self.model, self.texts]
        chosen = [self.engine, self.cascade_voice, self.rate_pct]
        if any(chosen):  # what was made before there was a choice stays good
            made_of += chosen
        return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()
