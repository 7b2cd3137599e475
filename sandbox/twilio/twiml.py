"""Reads TwiML into verbs, as strictly as Twilio: element names are case sensitive. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

VERBS = frozenset({"Connect", "Redirect", "Say", "Play", "Pause", "Dial", "Record", "Hangup", "Reject"})


class TwimlError(Exception):
    """The document cannot be executed (12100 parse failure, 12200 schema)."""


@dataclass(slots=True, frozen=True)
class StreamNoun:
    url: str
    status_callback: str | None
    status_callback_method: str
    name: str | None
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Verb:
    """One verb: its attributes, its text, and for Connect the stream, for Dial the numbers."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    stream: StreamNoun | None = None
    numbers: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class Document:
    """A TwiML document; `warnings` are what Twilio logs as 12200 and otherwise ignores."""

    text: str
    verbs: tuple[Verb, ...]
    warnings: tuple[str, ...] = ()
    url: str = ""


def parse_twiml(text: str) -> Document:
    """Raises TwimlError when there is nothing Twilio could execute."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise TwimlError(f"12100: {error}") from error
    if root.tag != "Response":
        raise TwimlError(f"12100: the root is <{root.tag}>, not <Response>")
    verbs: list[Verb] = []
    warnings: list[str] = []
    for element in root:
        if element.tag in VERBS:
            verbs.append(_verb(element, warnings))
        else:
            warnings.append(f"12200: unknown verb <{element.tag}>")
    return Document(text, tuple(verbs), tuple(warnings))


def _verb(element: ElementTree.Element, warnings: list[str]) -> Verb:
    stream = None
    numbers: tuple[str, ...] = ()
    text = (element.text or "").strip()
    if element.tag == "Connect":
        stream = _stream(element, warnings)
    elif element.tag == "Dial":
        numbers = tuple((child.text or "").strip() for child in element if child.tag in {"Number", "Sip", "Client"})
        numbers = (text, *numbers) if text else numbers
    return Verb(element.tag, dict(element.attrib), text, stream, numbers)


def _stream(connect: ElementTree.Element, warnings: list[str]) -> StreamNoun:
    streams = connect.findall("Stream")
    if len(streams) != 1:
        raise TwimlError(f"12200: <Connect> needs exactly one <Stream>, found {len(streams)}")
    stream = streams[0]
    parameters: dict[str, str] = {}
    for child in stream.findall("Parameter"):
        name, value = child.get("name", ""), child.get("value", "")
        if len(name) + len(value) >= 500:
            warnings.append(f"<Parameter> {name!r} is {len(name) + len(value)} characters, the limit is 499")
        parameters[name] = value
    if stream.get("track") not in {None, "inbound_track"}:
        raise TwimlError(f"31941: track {stream.get('track')!r} on <Connect><Stream>")
    return StreamNoun(
        url=stream.get("url", ""),
        status_callback=stream.get("statusCallback"),
        status_callback_method=stream.get("statusCallbackMethod", "POST"),
        name=stream.get("name"),
        parameters=parameters,
    )
