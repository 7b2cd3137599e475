"""The recorded sentences, as <Play> fetches them. They are no secret and belong to no business (L12)."""

from __future__ import annotations

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from media.playout.notices import notice
from services.calls.wav import mono_wav
from services.language.persona import GENDERS, LANGUAGES, Persona
from services.prompt.sentences import RECORDED

clips = Blueprint("clips", __name__, url_prefix="/clips")

# Twilio keeps what it may. A clip is replaced with a deploy, at most, and says the same.
_CACHED = "public, max-age=3600"


@clips.get("/<language>/<gender>/<name>.wav")
def clip(language: str, gender: str, name: str) -> ResponseReturnValue:
    """A sentence of this language and gender; English where the language has no such clip."""
    if language not in LANGUAGES or gender not in GENDERS or name not in RECORDED:
        abort(404)
    sound = mono_wav(notice(name, Persona(language, gender)))
    return Response(sound, mimetype="audio/wav", headers={"Cache-Control": _CACHED})
