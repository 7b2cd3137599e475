"""`audio_tx_loop`: the one thread of a call that writes to the Twilio socket (T1), paced on absolute deadlines (T2)."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import structlog

from media.playout.playout import Messages, Playout
from media.twilio.pace_clock import Clock
from media.twilio.socket import SocketClosed, TwilioSocket

log = structlog.get_logger("media")

STATUS_EVERY_S = 10.0


@dataclass(slots=True)
class SenderStats:
    late_ms_max: float = 0.0  # how late the loop woke for a frame, at worst


class AudioSender:
    """Runs `loop` in a thread of its own until `stop`. `wake` may be called by anyone, any time."""

    def __init__(self, socket: TwilioSocket, clock: Clock) -> None:
        self.stats = SenderStats()
        self._socket = socket
        self._clock = clock
        self._awake = threading.Event()
        self._stopped = False

    def wake(self) -> None:
        self._awake.set()

    def stop(self) -> None:
        """Ends the loop at once; what is still queued is not sent."""
        self._stopped = True
        self._awake.set()

    def loop(self, playout: Playout, messages: Messages, call_sid: str) -> None:
        """Send what playout has due, sleep until the next deadline or until woken."""
        log.info(f"[AUDIO_TX_LOOP] started (call_sid={call_sid}, frame_pacing=20ms)")
        awake, step, send = self._awake, playout.step, self._socket.send
        now, wait_until = self._clock.now, self._clock.wait_until
        status_at = now() + STATUS_EVERY_S
        late_s_max = 0.0
        try:
            while True:
                awake.clear()
                if self._stopped:  # looked at after `clear`: so none of stop's two lines can be missed
                    break
                out, due = step(messages)
                for message in out:
                    send(message)
                if now() >= status_at:
                    status_at = now() + STATUS_EVERY_S
                    sent, blocked = playout.counters.frames_sent, playout.counters.discarded_bytes // 160
                    log.info(f"[PIPELINE STATUS] sent={sent} blocked={blocked}")
                late_s = wait_until(due, awake)
                if late_s is not None and late_s > late_s_max:
                    late_s_max = late_s
                    self.stats.late_ms_max = late_s * 1000
        except SocketClosed as closed:
            log.info("stream closed while sending", code=closed.code)
        log.info(
            f"[AUDIO_TX_LOOP] exiting (frames_enqueued={playout.frames_enqueued}, "
            f"frames_sent={playout.counters.frames_sent})"
        )
