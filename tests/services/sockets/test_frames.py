"""The frame codec against wsproto as the oracle, and the rules of RFC 6455 one by one."""

from __future__ import annotations

import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import CloseReason, FrameProtocol, Opcode, ParseFailed

from services.sockets import frames as ws

KEY = b"\x11\x22\x33\x44"
MAX_BYTES = 1 << 17
CHUNKS = st.lists(st.integers(1, 4000), min_size=1, max_size=30)
# Sizes on both sides of every change of the length field's form.
SIZES = st.sampled_from([0, 1, 125, 126, 127, 300, 65535, 65536, 70000])
TEXTS = st.one_of(st.text(max_size=300), SIZES.map(lambda n: "ש" * (n // 2) + "x" * (n % 2)))
MESSAGES = st.one_of(
    TEXTS.map(lambda text: (ws.OP_TEXT, text.encode())),
    st.binary(max_size=300).map(lambda data: (ws.OP_BINARY, data)),
    st.binary(max_size=125).map(lambda data: (ws.OP_PING, data)),
    st.binary(max_size=125).map(lambda data: (ws.OP_PONG, data)),
)


def server_parser(max_message_bytes: int = MAX_BYTES) -> ws.FrameParser:
    return ws.FrameParser(masked=True, max_message_bytes=max_message_bytes, check_utf8=True)


def client_parser() -> ws.FrameParser:
    return ws.FrameParser(masked=False, max_message_bytes=MAX_BYTES, check_utf8=False)


def fed_in_chunks(parser: ws.FrameParser, wire: bytes, sizes: list[int]) -> list[ws.Item]:
    """Feed the wire cut into pieces of the given sizes, repeated as often as needed."""
    items: list[ws.Item] = []
    pos, turn = 0, 0
    while pos < len(wire):
        size = sizes[turn % len(sizes)]
        items += parser.feed(wire[pos : pos + size])
        pos, turn = pos + size, turn + 1
    return items


def frame(first: int, payload: bytes, *, masked: bool = True) -> bytes:
    """A hand-made frame with any first byte, so that broken ones can be made too."""
    encoded = ws.encode_frame(0, payload, KEY if masked else None)
    return bytes([first]) + encoded[1:]


ODD_FRAMES = st.lists(
    st.builds(
        frame,
        st.one_of(st.sampled_from([0x00, 0x01, 0x02, 0x80, 0x81, 0x88, 0x89, 0x8A]), st.integers(0, 255)),
        st.one_of(st.binary(max_size=130), st.text(max_size=50).map(str.encode)),
        masked=st.sampled_from([True, True, True, False]),
    ),
    max_size=6,
).map(b"".join)


def failure(items: list[ws.Item]) -> int:
    opcode, payload = items[-1]
    assert opcode == ws.FAILED
    return struct.unpack("!H", payload[:2])[0]


@given(messages=st.lists(MESSAGES, max_size=8), chunks=CHUNKS, key=st.binary(min_size=4, max_size=4))
def test_a_server_reads_what_a_client_encoded_however_it_is_cut(
    messages: list[ws.Item], chunks: list[int], key: bytes
) -> None:
    wire = b"".join(ws.encode_frame(opcode, payload, key) for opcode, payload in messages)
    assert fed_in_chunks(server_parser(), wire, chunks) == messages


@given(messages=st.lists(MESSAGES, max_size=8), chunks=CHUNKS)
def test_a_client_reads_what_a_server_encoded_however_it_is_cut(messages: list[ws.Item], chunks: list[int]) -> None:
    wire = b"".join(ws.encode_frame(opcode, payload) for opcode, payload in messages)
    assert fed_in_chunks(client_parser(), wire, chunks) == messages


@given(messages=st.lists(MESSAGES, max_size=6), chunks=CHUNKS, pieces=st.integers(1, 4), client=st.booleans())
def test_messages_and_fragments_made_by_wsproto_are_read(
    messages: list[ws.Item], chunks: list[int], pieces: int, client: bool
) -> None:
    oracle = FrameProtocol(client, [])
    wire = bytearray()
    for opcode, payload in messages:
        if opcode == ws.OP_PING:
            wire += oracle.ping(payload)
        elif opcode == ws.OP_PONG:
            wire += oracle.pong(payload)
        else:
            whole = payload.decode() if opcode == ws.OP_TEXT else payload
            step = max(1, len(whole) // pieces)
            cuts = [whole[at : at + step] for at in range(0, len(whole), step)] or [whole]
            for number, cut in enumerate(cuts, 1):
                wire += oracle.send_data(cut, fin=number == len(cuts))
    parser = server_parser() if client else client_parser()
    assert fed_in_chunks(parser, bytes(wire), chunks) == messages


@given(messages=st.lists(MESSAGES, max_size=6), as_client=st.booleans())
def test_what_we_encode_wsproto_reads(messages: list[ws.Item], as_client: bool) -> None:
    oracle = FrameProtocol(not as_client, [])
    keys = ws.MaskKeys(os.urandom)
    seen: dict[int, list[bytes]] = {}
    sent: dict[int, list[bytes]] = {}
    for opcode, payload in messages:
        oracle.receive_bytes(ws.encode_frame(opcode, payload, keys.next() if as_client else None))
        sent[opcode] = [*sent.get(opcode, []), payload]
        collected = b""
        for got in oracle.received_frames():
            collected += got.payload.encode() if isinstance(got.payload, str) else bytes(got.payload)
            if got.message_finished and got.frame_finished:
                seen[int(got.opcode)] = [*seen.get(int(got.opcode), []), collected]
    assert seen == sent


def oracle_reading(wire: bytes) -> tuple[list[ws.Item], int]:
    """What wsproto as a server makes of `wire`: (messages, close code of its refusal or 0)."""
    oracle = FrameProtocol(False, [])
    oracle.receive_bytes(wire)
    messages: list[ws.Item] = []
    collected = b""
    try:
        for got in oracle.received_frames():
            if got.opcode == Opcode.CLOSE:
                return [*messages, (ws.OP_CLOSE, b"")], 0
            data = got.payload.encode() if isinstance(got.payload, str) else bytes(got.payload)
            if got.opcode.iscontrol():
                messages.append((int(got.opcode), data))
                continue
            collected += data
            if got.message_finished and got.frame_finished:
                messages.append((int(got.opcode), collected))
                collected = b""
    except ParseFailed as refused:
        return messages, int(refused.code)
    return messages, 0


@given(wire=st.one_of(st.binary(max_size=400), ODD_FRAMES), chunks=CHUNKS)
def test_any_bytes_at_all_are_read_or_refused_just_as_wsproto_does(wire: bytes, chunks: list[int]) -> None:
    ours = fed_in_chunks(server_parser(1 << 62), wire, chunks)
    refused = failure(ours) if ours and ours[-1][0] == ws.FAILED else 0
    messages = [(op, b"" if op == ws.OP_CLOSE else data) for op, data in ours if op != ws.FAILED]
    expected, code = oracle_reading(wire)
    if code == CloseReason.INVALID_FRAME_PAYLOAD_DATA:
        # wsproto refuses bad UTF-8 in the first fragment, we when the message is complete.
        assert messages[: len(expected)] == expected
        return
    assert messages == expected
    # One of the two may refuse at the header what the other refuses when the frame is complete.
    assert not (refused and code) or refused == code


def test_control_frames_between_fragments_come_first_and_do_not_disturb_them() -> None:
    wire = frame(0x01, b"hel") + frame(0x89, b"now") + frame(0x80, b"lo")
    assert server_parser().feed(wire) == [(ws.OP_PING, b"now"), (ws.OP_TEXT, b"hello")]


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        pytest.param(frame(0x81, b"x", masked=False), 1002, id="unmasked client frame"),
        pytest.param(frame(0xC1, b"x"), 1002, id="compressed without negotiation"),
        pytest.param(frame(0x83, b"x"), 1002, id="reserved data opcode"),
        pytest.param(frame(0x8B, b"x"), 1002, id="reserved control opcode"),
        pytest.param(frame(0x09, b"x"), 1002, id="fragmented ping"),
        pytest.param(frame(0x89, b"x" * 126), 1002, id="ping of 126 bytes"),
        pytest.param(frame(0x80, b"x"), 1002, id="continuation of nothing"),
        pytest.param(frame(0x01, b"x") + frame(0x81, b"x"), 1002, id="new message inside a message"),
        pytest.param(b"\x81\xfe\x00\x05" + KEY + b"x" * 5, 1002, id="16-bit length for 5 bytes"),
        pytest.param(b"\x81\xff" + bytes(6) + b"\x01\x00" + KEY, 1002, id="64-bit length for 256 bytes"),
        pytest.param(b"\x81\xff\x80" + bytes(7) + KEY, 1002, id="length with the top bit set"),
        pytest.param(frame(0x88, b"x"), 1002, id="close with half a code"),
        pytest.param(frame(0x88, struct.pack("!H", 1005)), 1002, id="close with a code that is never sent"),
        pytest.param(frame(0x88, struct.pack("!H", 999)), 1002, id="close with a code out of range"),
        pytest.param(frame(0x88, struct.pack("!H", 1000) + b"\xff"), 1007, id="close reason not UTF-8"),
        pytest.param(frame(0x81, b"\xc3\x28"), 1007, id="text not UTF-8"),
        pytest.param(frame(0x01, b"\xc3") + frame(0x80, b"\x28"), 1007, id="fragments not UTF-8"),
        pytest.param(frame(0x81, b"x" * 1001), 1009, id="text over the limit"),
        pytest.param(frame(0x82, b"x" * 1001), 1009, id="binary over the limit"),
        pytest.param(frame(0x01, b"x" * 600) + frame(0x00, b"x" * 600), 1009, id="fragments over the limit"),
        pytest.param(b"\x81\xff" + struct.pack("!Q", 1 << 40) + KEY, 1009, id="a terabyte announced"),
    ],
)
def test_a_violation_is_answered_with_the_right_close_code_and_ends_reading(wire: bytes, code: int) -> None:
    parser = server_parser(1000)
    good = frame(0x81, b"before")
    items = parser.feed(good + wire + good)
    assert items[0] == (ws.OP_TEXT, b"before")
    assert failure(items) == code
    assert len(items) == 2
    assert parser.feed(good) == []


def test_a_character_may_be_split_between_fragments() -> None:
    first, second = "ש".encode()[:1], "ש".encode()[1:]
    assert server_parser().feed(frame(0x01, first) + frame(0x80, second)) == [(ws.OP_TEXT, "ש".encode())]


def test_a_masked_frame_from_a_server_is_refused() -> None:
    assert failure(client_parser().feed(frame(0x81, b"x"))) == 1002


def test_text_of_a_trusted_peer_is_not_validated_again() -> None:
    assert client_parser().feed(frame(0x81, b"\xff", masked=False)) == [(ws.OP_TEXT, b"\xff")]


def test_nothing_is_read_after_a_close_frame() -> None:
    parser = server_parser()
    wire = frame(0x88, struct.pack("!H", 4000) + b"bye")
    assert parser.feed(wire + frame(0x81, b"late")) == [(ws.OP_CLOSE, struct.pack("!H", 4000) + b"bye")]
    assert parser.feed(frame(0x81, b"later")) == []
    assert ws.decode_close_payload(struct.pack("!H", 4000) + b"bye") == (4000, "bye")
    assert ws.decode_close_payload(b"") == (ws.CLOSE_NO_STATUS, "")


@given(code=st.integers(0, 70000), reason=st.text(max_size=200))
def test_a_close_payload_always_fits_a_control_frame_and_can_be_read_back(code: int, reason: str) -> None:
    payload = ws.encode_close_payload(code, reason)
    assert len(payload) <= ws.MAX_CONTROL_BYTES
    if not ws.is_code_on_wire(code):
        assert payload == b""
        return
    read_code, read_reason = ws.decode_close_payload(payload)
    assert read_code == code
    assert reason.startswith(read_reason)


@given(key=st.binary(min_size=4, max_size=4), payload=st.binary(max_size=500))
def test_masking_is_the_plain_xor_of_the_rfc(key: bytes, payload: bytes) -> None:
    assert ws.apply_mask(key, payload) == bytes(b ^ key[i % 4] for i, b in enumerate(payload))


def test_masking_keys_come_from_the_given_source_four_bytes_each_and_none_twice() -> None:
    drawn: list[int] = []

    def numbered(size: int) -> bytes:
        start = sum(drawn)
        drawn.append(size)
        return b"".join(struct.pack("!I", start // 4 + i) for i in range(size // 4))

    keys = ws.MaskKeys(numbered)
    assert [keys.next() for _ in range(3000)] == [struct.pack("!I", i) for i in range(3000)]
