"""How long things may take that wait for each other: one place, each computed from what it must outlast. Pure.

All in seconds. `tests/services/test_deadlines.py` holds the relations.
"""

from __future__ import annotations

# -- the database (services/db/database.py) --------------------------------------------------------------------

STATEMENT_S = 5.0  # PostgreSQL ends a statement that takes longer
LOCK_S = STATEMENT_S / 2  # and the wait for a row that somebody else is changing
SILENT_SERVER_S = STATEMENT_S + 1.0  # a server that lives ends the statement itself before that
# Between two statements of a transaction nothing is waited for: a machine that pauses there for so long has vanished,
# and the server lets go what it had locked.
VANISHED_CLIENT_S = 2 * STATEMENT_S

# -- the journal of a call (media/record/journal.py, services/calls/store.py) ----------------------------------

RECORD_S = 1.0  # how long one record is tried again before the journal makes a pause
RECORD_AT_MOST_S = RECORD_S + LOCK_S  # the last of these tries may wait for a lock
RETRY_S = 0.5  # that pause
# The last word waits for the record under way and a pause, never for a chat model. Meanwhile the stream stays open:
# when it closes, Twilio asks what comes next.
FINAL_RECORD_S = RECORD_AT_MOST_S + RETRY_S + RECORD_AT_MOST_S

# -- the booking side of a call (media/record/booking.py, services/booking/dialogue.py) ----------------------------

CHAT_MODEL_S = 4.0  # for one reading of the chat model; then the built-in parser's stands alone
STEP_S = 2.5  # how long one step is tried again before the caller is told that the calendar is away
BOOKING_ENDS_S = CHAT_MODEL_S + STEP_S + LOCK_S  # after a call's end: for the reading under way and its step

# -- the end of a call (media/media_ws_ai.py) -------------------------------------------------------------------

# From the end of the stream until all threads of the call are gone: what the booking side wrote last is noted after it.
CALL_ENDS_S = max(FINAL_RECORD_S, BOOKING_ENDS_S) + RETRY_S

# -- a worker that is told to go (app/worker/drain.py, gunicorn.conf.py) -----------------------------------------

PLATFORM_KILLS_S = 30.0  # Heroku, after SIGTERM
WORKER_ENDS_S = 25.0  # for the calls, after SIGTERM (W10)
TELEMETRY_ENDS_S = 0.5  # at the very end, for traces, and for reports of errors: they may be lost
JOBS_END_S = PLATFORM_KILLS_S - WORKER_ENDS_S - 2 * TELEMETRY_ENDS_S  # before, for what webhooks left behind
LISTENER_CLOSES_S = 1.5  # gunicorn's gevent worker looks once a second whether it should go
SUCCESSOR_WITHIN_S = 5.0  # for another worker to answer
# Then how long a call waits for a pause before the caller is cut in mid-sentence.
PAUSE_WITHIN_S = WORKER_ENDS_S - LISTENER_CLOSES_S - SUCCESSOR_WITHIN_S - CALL_ENDS_S
