"""RFC 6455 framing without I/O, for both roles: bytes in, complete messages out; messages in, bytes out.

Small because it does only what a call needs: no extensions (a reserved bit is a protocol error), messages
whole or not at all, control frames handed up as they come. Fast because a read that holds whole frames is
sliced where it lies; only the tail of an incomplete frame is ever copied aside.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

OP_CONTINUATION = 0x0
OP_TEXT = 0x1
OP_BINARY = 0x2
OP_CLOSE = 0x8
OP_PING = 0x9
OP_PONG = 0xA
# Not on the wire: the peer broke the protocol. The payload is that of the close frame to answer with.
FAILED = 0x100

CLOSE_NORMAL = 1000
CLOSE_GOING_AWAY = 1001
CLOSE_PROTOCOL_ERROR = 1002
CLOSE_NO_STATUS = 1005  # never sent: the peer's close frame carried no code
CLOSE_ABNORMAL = 1006  # never sent: the connection ended without a close frame
CLOSE_INVALID_DATA = 1007
CLOSE_POLICY = 1008
CLOSE_TOO_BIG = 1009

MAX_CONTROL_BYTES = 125
Item = tuple[int, bytes]

_FIN = 0x80
_MASKED = 0x80
_LENGTH_16 = 126
_LENGTH_64 = 127
_SMALL = Struct("!BB")
_MEDIUM = Struct("!BBH")
_LARGE = Struct("!BBQ")
_U16 = Struct("!H")
_CODES_ON_WIRE = frozenset({*range(CLOSE_NORMAL, 1004), *range(CLOSE_INVALID_DATA, 1015)})
_KEY_POOL_BYTES = 4096
# A number that repeats a key so many times when multiplied with it; for frames of a call's size.
_REPEAT = tuple(((1 << 32 * words) - 1) // ((1 << 32) - 1) for words in range(128))


class _Violation(Exception):
    """The peer broke the protocol; `code` is the close code RFC 6455 asks for."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class FrameParser:
    """Incremental parser of one direction of one connection.

    `masked` is what the peer's role demands (True when we are the server). `check_utf8` off trusts text: on
    the model's side the JSON parser refuses bad UTF-8 anyway and a second pass over every delta buys nothing.
    """

    __slots__ = (
        "_check_utf8",
        "_failed",
        "_masked",
        "_max_bytes",
        "_need",
        "_opcode",
        "_parts",
        "_size",
        "_tail",
    )

    def __init__(self, *, masked: bool, max_message_bytes: int, check_utf8: bool) -> None:
        self._masked = masked
        self._max_bytes = max_message_bytes
        self._check_utf8 = check_utf8
        self._tail = bytearray()  # start of a frame that is not complete yet
        self._need = 0  # bytes the tail must hold before looking at it again makes sense
        self._opcode = 0  # of the fragmented message being collected, 0 when there is none
        self._parts: list[bytes] = []
        self._size = 0
        self._failed = False

    def feed(self, data: bytes) -> list[Item]:
        """What `data` completes, in order: pairs of opcode (text, binary, close, ping, pong) and payload.

        Never raises: the peer's violation is the last item, FAILED. After that or a close input is ignored.
        """
        if self._failed:
            return []
        if self._tail:
            self._tail += data
            if len(self._tail) < self._need:
                return []
            data = bytes(self._tail)
            self._tail.clear()
        items: list[Item] = []
        try:
            used = self._parse(data, items)
        except _Violation as violation:
            self._failed = True
            items.append((FAILED, encode_close_payload(violation.code, violation.reason)))
            return items
        if used < len(data):
            self._tail += data[used:]
        return items

    def _parse(self, data: bytes, items: list[Item]) -> int:
        """Append every complete message of `data` to `items`; returns how many bytes were used up."""
        pos, end, mask_bytes = 0, len(data), 4 if self._masked else 0
        while end - pos >= 2:
            first, second = data[pos], data[pos + 1]
            body = pos + 2 + mask_bytes
            length = second & 0x7F
            if length >= _LENGTH_16:
                extra = 2 if length == _LENGTH_16 else 8
                body += extra
                if end - pos < 2 + extra:
                    self._need = 2 + extra
                    return pos
                length = int.from_bytes(data[pos + 2 : pos + 2 + extra], "big")
                if length < _LENGTH_16 or (extra == 8 and (length < 1 << 16 or length >> 63)):
                    raise _Violation(CLOSE_PROTOCOL_ERROR, "length not minimal")
            plain = first == _FIN | OP_TEXT and not self._opcode  # nearly every frame of a call
            if not plain or (second >= _MASKED) is not self._masked or length > self._max_bytes:
                self._check_header(first, second, length)
            stop = body + length
            if stop > end:
                self._need = stop - pos
                return pos
            payload = data[body:stop]
            if mask_bytes:
                payload = apply_mask(data[body - 4 : body], payload)
            pos = stop
            if plain:
                if self._check_utf8 and not payload.isascii():
                    _require_utf8(payload)
                items.append((OP_TEXT, payload))
            elif self._take(first, payload, items):
                self._failed = True
                return end
        self._need = 2
        return pos

    def _check_header(self, first: int, second: int, length: int) -> None:
        """Everything that can be known before the payload has arrived: nothing too big is ever buffered."""
        if (second >= _MASKED) is not self._masked:
            raise _Violation(CLOSE_PROTOCOL_ERROR, "wrong masking")
        opcode = first & 0x0F
        if first & 0x70:
            raise _Violation(CLOSE_PROTOCOL_ERROR, "reserved bit set")
        if opcode in (OP_CLOSE, OP_PING, OP_PONG):
            if not first & _FIN or length > MAX_CONTROL_BYTES:
                raise _Violation(CLOSE_PROTOCOL_ERROR, "control frame fragmented or too long")
            return
        if opcode not in (OP_CONTINUATION, OP_TEXT, OP_BINARY):
            raise _Violation(CLOSE_PROTOCOL_ERROR, "reserved opcode")
        if (opcode == OP_CONTINUATION) is not bool(self._opcode):
            raise _Violation(CLOSE_PROTOCOL_ERROR, "fragments out of order")
        if self._size + length > self._max_bytes:
            raise _Violation(CLOSE_TOO_BIG, "message too big")

    def _take(self, first: int, payload: bytes, items: list[Item]) -> bool:
        """One complete frame that is not a plain text message. True when it was the peer's close."""
        opcode = first & 0x0F
        if opcode == OP_CLOSE:
            decode_close_payload(payload)
            items.append((OP_CLOSE, payload))
            return True
        if opcode in (OP_PING, OP_PONG):
            items.append((opcode, payload))
            return False
        self._opcode = self._opcode or opcode
        self._parts.append(payload)
        self._size += len(payload)
        if first & _FIN:
            whole = b"".join(self._parts)
            items.append((OP_TEXT, self._text(whole)) if self._opcode == OP_TEXT else (OP_BINARY, whole))
            self._opcode, self._size = 0, 0
            self._parts.clear()
        return False

    def _text(self, payload: bytes) -> bytes:
        if self._check_utf8 and not payload.isascii():
            _require_utf8(payload)
        return payload


def _require_utf8(payload: bytes) -> None:
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise _Violation(CLOSE_INVALID_DATA, "not UTF-8") from None


def apply_mask(key: bytes, payload: bytes) -> bytes:
    """XOR with the repeated 4-byte key; its own inverse. One big-integer XOR instead of a loop over bytes."""
    size = len(payload)
    words = (size + 3) >> 2
    number = int.from_bytes
    pad = number(key, "little") * _REPEAT[words] if words < len(_REPEAT) else number(key * words, "little")
    return (number(payload, "little") ^ pad).to_bytes(words << 2, "little")[:size]


def encode_frame(opcode: int, payload: bytes, key: bytes | None = None) -> bytes:
    """One final frame: unmasked as a server sends it, or masked with a fresh 4-byte `key` like a client's."""
    size = len(payload)
    flag = 0
    if key is not None:
        flag = _MASKED
        payload = key + apply_mask(key, payload)
    if size < _LENGTH_16:
        return _SMALL.pack(_FIN | opcode, flag | size) + payload
    if size < 1 << 16:
        return _MEDIUM.pack(_FIN | opcode, flag | _LENGTH_16, size) + payload
    return _LARGE.pack(_FIN | opcode, flag | _LENGTH_64, size) + payload


def encode_close_payload(code: int, reason: str = "") -> bytes:
    """Payload of a close frame; the reason is cut to what fits, never inside a character."""
    if not is_code_on_wire(code):
        return b""
    text = reason.encode()[: MAX_CONTROL_BYTES - 2].decode(errors="ignore")
    return _U16.pack(code) + text.encode()


def decode_close_payload(payload: bytes) -> tuple[int, str]:
    """(code, reason) of a close frame that the parser let through."""
    if not payload:
        return CLOSE_NO_STATUS, ""
    if len(payload) == 1 or not is_code_on_wire(_U16.unpack_from(payload)[0]):
        raise _Violation(CLOSE_PROTOCOL_ERROR, "bad close code")
    _require_utf8(payload[2:])
    return _U16.unpack_from(payload)[0], payload[2:].decode()


def is_code_on_wire(code: int) -> bool:
    """May this close code stand in a frame? (RFC 6455 section 7.4 and the IANA registry)"""
    return code in _CODES_ON_WIRE or 3000 <= code < 5000


class MaskKeys:
    """Masking keys drawn from `random` (os.urandom) a pool at a time: a draw per frame is a system call."""

    __slots__ = ("_at", "_pool", "_random")

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._pool = b""
        self._at = 0

    def next(self) -> bytes:
        """Four bytes. Not for several threads at once: call it under the lock that orders the sends."""
        at = self._at
        if at >= len(self._pool):
            self._pool, at = self._random(_KEY_POOL_BYTES), 0
        self._at = at + 4
        return self._pool[at : at + 4]
