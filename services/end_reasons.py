"""Why a call ended, as it stands in its row. Each is decided in one place; what Twilio is told follows from it."""

from __future__ import annotations

from typing import Final

CALLER_HANGUP: Final = "caller_hangup"
GOODBYE: Final = "goodbye"
SILENCE: Final = "silence"
MAX_LENGTH: Final = "max_length"
HAND_OVER: Final = "hand_over"
ENDED_BY_STAFF: Final = "ended_by_staff"
MODEL_UNREACHABLE: Final = "model_unreachable"
# The socket is gone but the call may go on: Twilio asks /webhook/resume_call, or reports the call's end.
STREAM_LOST: Final = "stream_lost"
