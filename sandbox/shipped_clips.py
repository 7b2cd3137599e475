"""Makes media/playout/clips: every recorded sentence in every language, by a woman's and a man's voice of espeak-ng.

    python -m sandbox.shipped_clips

A file that a human voice was recorded for is written over: name the languages to make, if not all of them are meant.
"""

from __future__ import annotations

import argparse

from media.playout.notices import CLIPS
from sandbox.speech.voice import record_sentence
from services.audio.g711 import SAMPLE_RATE_HZ
from services.language.persona import GENDERS, LANGUAGES, Persona
from services.prompt.sentences import RECORDED, sentence


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "language", nargs="*", choices=[[], *LANGUAGES], metavar="LANGUAGE", help="all of them unless named"
    )
    for language in parser.parse_args().language or LANGUAGES:
        for gender in GENDERS:
            record(Persona(language, gender))


def record(persona: Persona) -> None:
    """All sentences that this persona has."""
    folder = CLIPS / persona.language / persona.gender
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in RECORDED.items():
        if persona.language in table:
            sound = record_sentence(sentence(table, persona), persona.language, persona.gender)
            (folder / f"{name}.ulaw").write_bytes(sound)
            print(f"{persona.language} {persona.gender} {name}: {len(sound) / SAMPLE_RATE_HZ:.1f} s")


if __name__ == "__main__":
    main()
