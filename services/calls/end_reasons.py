"""Why a call ended, as it stands in its row. What follows from a reason: services/calls/routing.py."""

from __future__ import annotations

from typing import Final

CALLER_HANGUP: Final = "caller_hangup"
GOODBYE: Final = "goodbye"
SILENCE: Final = "silence"
# The greeting is off, and nobody was heard at all.
NO_VOICE: Final = "no_voice"
MAX_LENGTH: Final = "max_length"
HAND_OVER: Final = "hand_over"
# The caller wished to leave a message in their own voice.
RECORD_MESSAGE: Final = "record_message"
ENDED_BY_STAFF: Final = "ended_by_staff"
MODEL_UNREACHABLE: Final = "model_unreachable"
# The socket is gone but the call may go on: Twilio asks /webhook/resume_call, or reports the call's end. As a row's
# reason: it could not go on.
STREAM_LOST: Final = "stream_lost"
# Nothing was heard of the call for so long that it cannot be going on.
LOST: Final = "lost"
# What Twilio reports of a call that did not come about.
BUSY: Final = "busy"
NO_ANSWER: Final = "no_answer"
CARRIER_FAILED: Final = "carrier_failed"
# The call was not taken: the worker was full, or a limit of its business was reached (services/calls/limits.py).
OVERLOAD: Final = "overload"
CALLER_LIMIT: Final = "caller_limit"
CALLS_LIMIT: Final = "calls_limit"
MINUTES_LIMIT: Final = "minutes_limit"

# A call that was refused stays refused when its webhook is repeated.
REFUSALS: Final = frozenset({OVERLOAD, CALLER_LIMIT, CALLS_LIMIT, MINUTES_LIMIT})

# Twilio's words (DialCallStatus) for a transfer that somebody answered.
TRANSFER_ANSWERED: Final = frozenset({"completed", "answered"})
