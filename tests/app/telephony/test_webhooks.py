"""The webhooks over real HTTP, under gevent and under plain threads, as Twilio and as a forger asks them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.telephony.stream_token import MAX_CHARS
from services.calls.lifecycle import MAX_RESUMES, claim_stream, find_call, finish_call, set_next_step
from services.calls.voice_messages import messages_of
from services.db.models import BusinessSettings, Call, CallEvent, CallStatus, NextStep
from services.db.tenancy import unscoped
from tests.conftest import ServerMaker
from tests.serving import CALLER, CLINIC, OFFICE, PUBLIC_BASE, HttpAnswer, RunningServer, sign, wait_until

INCOMING, RESUME = "/webhook/incoming_call", "/webhook/resume_call"


def new_sid() -> str:
    return f"CA{uuid.uuid4().hex}"


def ring(server: RunningServer, sid: str, to: str = CLINIC, frm: str = CALLER) -> HttpAnswer:
    return server.post(INCOMING, {"CallSid": sid, "From": frm, "To": to, "CallStatus": "ringing"})


def verbs(answer: HttpAnswer) -> list[str]:
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"].startswith("text/xml")
    return [verb.tag for verb in ElementTree.fromstring(answer.body)]


def token_of(answer: HttpAnswer) -> str:
    parameter = ElementTree.fromstring(answer.body).find("Connect/Stream/Parameter")
    assert parameter is not None, answer.body
    return parameter.attrib["value"]


def row(server: RunningServer, sid: str) -> Call | None:
    return server.database.read(lambda session: find_call(session, sid))


def change(server: RunningServer, fn: Callable[[Session], object]) -> None:
    server.database.write(lambda session: fn(session) and None)


def count_calls(server: RunningServer) -> int:
    def count(session: Session) -> int:
        with unscoped(session, "a test counts all calls"):
            return session.scalar(select(func.count()).select_from(Call)) or 0

    return server.database.read(count)


def claim(server: RunningServer, sid: str) -> None:
    """What the media socket does with the token."""

    def use(session: Session) -> None:
        call = find_call(session, sid)
        assert call is not None
        claimed = claim_stream(
            session, call_sid=sid, business_id=call.business_id, nonce=call.stream_nonce, now=call.started_at
        )
        assert claimed is not None

    change(server, use)


def test_a_call_is_connected_to_the_media_socket(server: RunningServer) -> None:
    sid = new_sid()
    answer = ring(server, sid)
    assert verbs(answer) == ["Connect", "Redirect"]
    document = ElementTree.fromstring(answer.body)
    connect, stream = document.find("Connect"), document.find("Connect/Stream")
    assert connect is not None
    assert stream is not None
    assert connect.attrib == {"action": f"{PUBLIC_BASE}/webhook/resume_call", "method": "POST"}
    assert stream.attrib["url"] == "wss://phone.example.com/ws/twilio-media"
    assert stream.attrib["statusCallback"] == f"{PUBLIC_BASE}/webhook/stream_status"
    assert len("token" + token_of(answer)) < MAX_CHARS
    call = row(server, sid)
    assert call is not None
    assert (call.status, call.caller, call.dialled) == (CallStatus.RINGING, CALLER, CLINIC)


def test_a_repeated_webhook_gets_the_same_answer_and_leaves_one_row(server: RunningServer) -> None:
    sid = new_sid()
    first = ring(server, sid)
    before = count_calls(server)
    assert ring(server, sid).body == first.body
    assert count_calls(server) == before


def test_webhooks_repeated_at_once_get_the_same_answer(server: RunningServer) -> None:
    sid, answers = new_sid(), []
    threads = [threading.Thread(target=lambda: answers.append(ring(server, sid).body)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert len(set(answers)) == 1


def test_each_call_gets_a_token_of_its_own_and_each_number_its_business(server: RunningServer) -> None:
    first, second = new_sid(), new_sid()
    assert token_of(ring(server, first)) != token_of(ring(server, second, OFFICE))
    clinic, office = row(server, first), row(server, second)
    assert clinic is not None
    assert office is not None
    assert clinic.business_id != office.business_id
    assert (clinic.language, office.language) == ("he", "en")


@pytest.mark.parametrize("number", ["+97239999999", "anonymous", "client:anna", "+", "0"])
def test_an_unknown_number_hears_a_polite_hebrew_sentence_and_the_end(server: RunningServer, number: str) -> None:
    before = count_calls(server)
    answer = ring(server, new_sid(), number)
    assert verbs(answer) == ["Play", "Hangup"]
    assert ElementTree.fromstring(answer.body).findtext("Play") == f"{PUBLIC_BASE}/clips/he/female/unknown_number.wav"
    assert count_calls(server) == before


@pytest.mark.parametrize("withheld", ["anonymous", "unknown", "client:anna", "sip:someone@example.com"])
def test_a_withheld_number_is_a_call_without_a_caller(server: RunningServer, withheld: str) -> None:
    sid = new_sid()
    assert verbs(ring(server, sid, frm=withheld)) == ["Connect", "Redirect"]
    call = row(server, sid)
    assert call is not None
    assert call.caller == ""


@pytest.mark.parametrize("missing", ["CallSid", "From", "To"])
def test_a_call_with_a_missing_field_is_refused_without_a_trace(server: RunningServer, missing: str) -> None:
    form = {"CallSid": new_sid(), "From": CALLER, "To": CLINIC}
    del form[missing]
    before = count_calls(server)
    answer = server.post(INCOMING, form)
    assert answer.status == 400
    assert missing in answer.body
    assert count_calls(server) == before


@pytest.mark.parametrize("sid", ["CA.1", "CA 1", "x" * 65, "קול", "'; DROP TABLE calls; --"])
def test_an_impossible_call_id_is_refused(server: RunningServer, sid: str) -> None:
    assert ring(server, sid).status == 400
    assert server.post(RESUME, {"CallSid": sid}).status == 400


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("call_status", {"CallSid": "CA1"}),
        ("call_status", {"CallStatus": "completed"}),
        ("stream_status", {"CallSid": "CA1"}),
        ("stream_ended", {"StreamEvent": "stream-stopped"}),
        ("resume_call", {}),
    ],
)
def test_status_webhooks_with_missing_fields_are_refused(
    server: RunningServer, path: str, form: dict[str, str]
) -> None:
    assert server.post(f"/webhook/{path}", form).status == 400


def test_a_call_id_of_another_business_is_refused(server: RunningServer) -> None:
    sid = new_sid()
    ring(server, sid, CLINIC)
    assert ring(server, sid, OFFICE).status == 409
    call = row(server, sid)
    assert call is not None
    assert call.dialled == CLINIC


@pytest.mark.parametrize("path", ["incoming_call", "resume_call", "stream_status", "stream_ended", "call_status"])
@pytest.mark.parametrize("signed_as", ["nothing", "another form", "another path"])
def test_an_unsigned_or_wrongly_signed_webhook_gets_403_and_has_no_effect(
    server: RunningServer, path: str, signed_as: str
) -> None:
    form = {"CallSid": new_sid(), "From": CALLER, "To": CLINIC, "CallStatus": "completed", "StreamEvent": "started"}
    signatures = {
        "nothing": "",
        "another form": sign(f"{PUBLIC_BASE}/webhook/{path}", {**form, "To": OFFICE}),
        "another path": sign(f"{PUBLIC_BASE}/webhook/{path}x", form),
    }
    before = count_calls(server)
    assert server.post(f"/webhook/{path}", form, signature=signatures[signed_as]).status == 403
    assert count_calls(server) == before
    assert row(server, form["CallSid"]) is None


def test_a_signature_counts_every_field_even_unknown_ones(server: RunningServer) -> None:
    sid = new_sid()
    form = {"CallSid": sid, "From": CALLER, "To": CLINIC, "StirVerstat": "TN-Validation-Passed-A", "City": "תל אביב"}
    assert verbs(server.post(INCOMING, form)) == ["Connect", "Redirect"]


@pytest.mark.parametrize(
    ("said", "attested"), [("TN-Validation-Passed-A", True), ("TN-Validation-Passed-B", False), (None, False)]
)
def test_a_call_keeps_whether_its_carrier_vouches_for_the_number(
    server: RunningServer, said: str | None, attested: bool
) -> None:
    sid = new_sid()
    form = {"CallSid": sid, "From": CALLER, "To": CLINIC} | ({"StirVerstat": said} if said else {})
    server.post(INCOMING, form)
    call = row(server, sid)
    assert call is not None
    assert call.caller_attested is attested


def test_the_host_that_the_request_names_is_not_trusted(server: RunningServer) -> None:

    form = {"CallSid": new_sid(), "From": CALLER, "To": CLINIC}
    assert server.post(INCOMING, form, signature=sign(server.url + INCOMING, form)).status == 403


def test_the_preview_shows_what_twilio_gets_with_the_token_masked(server: RunningServer) -> None:
    real = ring(server, new_sid())
    before = count_calls(server)
    preview = server.get("/webhook/incoming_call_preview?To=%2B97239990001")
    assert preview.body == real.body.replace(token_of(real), "***")
    assert server.get("/webhook/incoming_call_preview?To=+97239990001").body == preview.body
    assert server.get("/webhook/incoming_call_preview").body == preview.body
    assert verbs(server.get("/webhook/incoming_call_preview?To=%2B97239999999")) == ["Play", "Hangup"]
    assert count_calls(server) == before


def test_the_status_of_a_call_is_written_behind_its_204(server: RunningServer) -> None:
    sid = new_sid()
    ring(server, sid)
    answer = server.post("/webhook/call_status", {"CallSid": sid, "CallStatus": "completed"})
    assert (answer.status, answer.body) == (204, "")

    def ended() -> bool:
        call = row(server, sid)
        return call is not None and call.status is CallStatus.ENDED

    wait_until(ended)


def test_a_status_of_a_call_nobody_knows_is_accepted_and_changes_nothing(server: RunningServer) -> None:
    before = count_calls(server)
    assert server.post("/webhook/call_status", {"CallSid": new_sid(), "CallStatus": "completed"}).status == 204
    assert count_calls(server) == before


@pytest.mark.parametrize("path", ["stream_status", "stream_ended"])
def test_stream_events_stand_on_the_calls_time_line(server: RunningServer, path: str) -> None:
    sid = new_sid()
    ring(server, sid)
    form = {"CallSid": sid, "StreamSid": "MZ1", "StreamEvent": "stream-error", "StreamError": "31924 protocol"}
    assert server.post(f"/webhook/{path}", form).status == 204

    def noted(session: Session) -> list[str]:
        call = find_call(session, sid)
        assert call is not None
        events = session.scalars(select(CallEvent).where(CallEvent.call_id == call.id))
        return [f"{event.kind}: {event.detail['error']}" for event in events]

    assert wait_until(lambda: server.database.read(noted)) == ["stream-error: 31924 protocol"]


def test_a_lost_stream_is_followed_by_another_with_a_new_token(server: RunningServer) -> None:
    sid = new_sid()
    first = ring(server, sid)
    claim(server, sid)
    again = server.post(RESUME, {"CallSid": sid, "CallStatus": "in-progress"})
    assert verbs(again) == ["Connect", "Redirect"]
    assert token_of(again) != token_of(first)
    call = row(server, sid)
    assert call is not None
    assert (call.status, call.stream_generation, call.resume_count) == (CallStatus.RESUMING, 1, 1)


def test_after_three_resumes_the_caller_gets_the_businesss_fallback(server: RunningServer) -> None:
    clinic, office = new_sid(), new_sid()
    for sid, number, fallback in [(clinic, CLINIC, ["Play", "Hangup"]), (office, OFFICE, ["Play", "Record", "Hangup"])]:
        ring(server, sid, number)
        for _ in range(MAX_RESUMES):
            claim(server, sid)
            assert verbs(server.post(RESUME, {"CallSid": sid})) == ["Connect", "Redirect"]
        claim(server, sid)
        assert verbs(server.post(RESUME, {"CallSid": sid})) == fallback
        call = row(server, sid)
        assert call is not None
        leaves_message = "Record" in fallback
        assert call.end_reason == "stream_lost"
        assert call.status is (CallStatus.LIVE if leaves_message else CallStatus.ENDED)
        server.post("/webhook/call_status", {"CallSid": sid, "CallStatus": "completed"})
        wait_until(lambda sid=sid: (found := row(server, sid)) is not None and found.status is CallStatus.ENDED)


def test_a_socket_that_never_opens_is_not_tried_for_ever(server: RunningServer) -> None:
    sid = new_sid()
    ring(server, sid)
    answers = [verbs(server.post(RESUME, {"CallSid": sid})) for _ in range(MAX_RESUMES + 1)]
    assert answers[-2] == ["Connect", "Redirect"]
    assert answers[-1] == ["Play", "Hangup"]


def test_a_call_that_ended_gets_a_hang_up(server: RunningServer) -> None:
    sid = new_sid()
    ring(server, sid)
    claim(server, sid)
    call = row(server, sid)
    assert call is not None
    change(server, lambda s: finish_call(s, call.id, end_reason="goodbye", metrics={}, now=call.started_at))
    assert verbs(server.post(RESUME, {"CallSid": sid})) == ["Hangup"]


@pytest.mark.parametrize("form", [{"CallStatus": "completed"}, {"CallStatus": "canceled"}])
def test_a_caller_who_hung_up_gets_no_new_stream(server: RunningServer, form: dict[str, str]) -> None:
    sid = new_sid()
    ring(server, sid)
    claim(server, sid)
    assert verbs(server.post(RESUME, {"CallSid": sid, **form})) == ["Hangup"]


def test_a_resume_of_a_call_nobody_knows_hangs_up(server: RunningServer) -> None:
    assert verbs(server.post(RESUME, {"CallSid": new_sid()})) == ["Hangup"]


@pytest.mark.parametrize(
    ("step", "number", "expected"),
    [
        (NextStep.HANG_UP, None, ["Hangup"]),
        (NextStep.DIAL, "+97239990011", ["Play", "Dial"]),
        (NextStep.VOICEMAIL, None, ["Play", "Record", "Hangup"]),
        (NextStep.MESSAGE, None, ["Play", "Hangup"]),
    ],
)
def test_what_the_call_decided_is_what_follows_its_stream(
    server: RunningServer, step: NextStep, number: str | None, expected: list[str]
) -> None:
    sid = new_sid()
    ring(server, sid)
    claim(server, sid)
    call = row(server, sid)
    assert call is not None
    change(server, lambda s: set_next_step(s, call.id, step, number) or True)
    answer = server.post(RESUME, {"CallSid": sid})
    assert verbs(answer) == expected
    if number:
        dial = ElementTree.fromstring(answer.body).find("Dial")
        assert dial is not None
        assert dial.attrib["callerId"] == CLINIC
        assert [child.text for child in dial] == [number]


@pytest.mark.parametrize(
    ("status", "expected"),
    [("completed", ["Hangup"]), ("busy", ["Play", "Record", "Hangup"]), ("no-answer", ["Play", "Record", "Hangup"])],
)
def test_an_unanswered_hand_over_ends_in_voicemail(server: RunningServer, status: str, expected: list[str]) -> None:
    sid = new_sid()
    ring(server, sid)
    assert verbs(server.post(RESUME, {"CallSid": sid, "DialCallStatus": status})) == expected


def test_a_recorded_message_is_kept_and_thanked_for(server: RunningServer) -> None:
    sid = new_sid()
    ring(server, sid)
    form = {"CallSid": sid, "RecordingUrl": "https://api.twilio.com/rec/RE1", "RecordingDuration": "7"}
    assert verbs(server.post(RESUME, form)) == ["Play", "Hangup"]

    def noted(session: Session) -> list[dict[str, str]]:
        call = find_call(session, sid)
        assert call is not None
        found = session.scalars(select(CallEvent).where(CallEvent.call_id == call.id, CallEvent.kind == "voicemail"))
        return [event.detail for event in found]

    assert server.database.read(noted) == [{"seconds": "7"}]
    assert verbs(server.post(RESUME, form)) == ["Play", "Hangup"], "a repeat is thanked for and kept once"
    assert server.database.read(noted) == [{"seconds": "7"}]
    call = row(server, sid)
    assert call is not None
    assert call.status is CallStatus.ENDED


def test_a_message_is_known_by_twilios_word_that_its_sound_is_ready_alone(server: RunningServer) -> None:
    sid = new_sid()
    ring(server, sid)
    form = {"CallSid": sid, "RecordingSid": "RE77", "RecordingUrl": "https://x/RE77", "RecordingStatus": "completed"}
    assert server.post("/webhook/recording_status", {**form, "RecordingDuration": "9"}).status == 204

    def kept() -> list[tuple[str, int]]:
        def read(session: Session) -> list[tuple[str, int]]:
            call = find_call(session, sid)
            assert call is not None
            return [(each.recording_sid, each.seconds) for each in messages_of(session, call.id)]

        return server.database.read(read)

    assert wait_until(kept) == [("RE77", 9)]
    assert server.post("/webhook/recording_status", {"CallSid": sid, "RecordingSid": "../x"}).status == 400
    assert (
        server.post("/webhook/recording_status", {"CallSid": sid, "RecordingSid": "RE1"}, signature="x").status == 403
    )


def test_a_voicemail_asks_twilio_to_say_when_its_sound_is_ready(server: RunningServer) -> None:
    sid = new_sid()
    ring(server, sid)
    answer = server.post(RESUME, {"CallSid": sid, "DialCallStatus": "busy"})
    record = ElementTree.fromstring(answer.body).find("Record")
    assert record is not None
    assert record.attrib["recordingStatusCallback"] == f"{PUBLIC_BASE}/webhook/recording_status"


@pytest.mark.parametrize("number", ["+449098790000", "+88216123456", "+252612345678", "+97231234567"])
def test_a_number_that_is_costly_foreign_or_not_listed_is_never_dialled(server: RunningServer, number: str) -> None:
    """However it got into the row (S6)."""
    sid = new_sid()
    ring(server, sid)
    claim(server, sid)
    call = row(server, sid)
    assert call is not None
    change(server, lambda s: set_next_step(s, call.id, NextStep.DIAL, number) or True)
    answer = server.post(RESUME, {"CallSid": sid})
    assert verbs(answer) == ["Play", "Record", "Hangup"]
    assert number not in answer.body


def test_a_business_that_forwards_is_dialled_when_the_stream_is_lost_for_good(make_server: ServerMaker) -> None:
    server = make_server()

    def forward(session: Session) -> None:
        with unscoped(session, "a test changes every business"):
            session.execute(update(BusinessSettings).values(fallback="forward"))

    change(server, forward)
    sid = new_sid()
    ring(server, sid)
    answers = [server.post(RESUME, {"CallSid": sid}) for _ in range(MAX_RESUMES + 1)]
    assert verbs(answers[-1]) == ["Play", "Dial"]
    assert "+97239990011" in answers[-1].body


def test_in_development_without_a_token_the_checks_are_off_and_the_log_says_so(make_server: ServerMaker) -> None:
    server = make_server(TWILIO_AUTH_TOKEN="", PUBLIC_BASE_URL="")
    assert "SIGNATURE CHECKS ARE OFF" in server.wait_log("TWILIO_AUTH_TOKEN is not set")
    form = {"CallSid": new_sid(), "From": CALLER, "To": CLINIC}
    answer = server.post(INCOMING, form, signature="")
    stream = ElementTree.fromstring(answer.body).find("Connect/Stream")
    assert stream is not None
    assert stream.attrib["url"] == f"wss://127.0.0.1:{server.port}/ws/twilio-media"


def test_a_body_larger_than_twilio_sends_is_refused(server: RunningServer) -> None:
    assert server.post(INCOMING, {"CallSid": new_sid(), "Junk": "x" * 70_000}).status == 413


def test_phone_numbers_and_tokens_stay_out_of_the_log(make_server: ServerMaker) -> None:
    server = make_server()
    sid = new_sid()
    answer = ring(server, sid)
    ring(server, new_sid(), "+97231234567")
    server.post(RESUME, {"CallSid": sid, "DialCallStatus": "busy"})
    failed = {"CallSid": sid, "StreamEvent": "stream-error", "StreamError": f"from {CALLER}"}
    server.post("/webhook/stream_status", failed)
    server.wait_log("stream status")
    logs = server.logs()
    for secret in (CALLER, CALLER[1:], CLINIC, "31234567", token_of(answer)):
        assert secret not in logs
    assert f"[{sid}]" in logs
    assert "Traceback" not in logs
