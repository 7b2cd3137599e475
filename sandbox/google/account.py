"""A service account of its own making: TLS as Google's services have it, and tokens that are really looked at (C9)."""

from __future__ import annotations

import datetime
import ipaddress
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import jwt

HOST = "localhost"  # the name the certificate is for
_BEARER = "Bearer "
_PEM, _NO_PASSWORD = serialization.Encoding.PEM, serialization.NoEncryption()


@dataclass(frozen=True, slots=True)
class Account:
    """json_text: the key as Google would give it out; certificate, key: PEM of server and signer alike."""

    json_text: str
    certificate: bytes
    key: bytes

    def refusal(self, authorization: str) -> str:
        """Why a call with this header is not let in, "" when it is."""
        if not authorization.startswith(_BEARER):
            return "Request is missing required authentication credential."
        try:
            claims = jwt.decode(authorization.removeprefix(_BEARER), certs=self.certificate)
        except ValueError as error:
            return f"Request had invalid authentication credentials: {error}"
        wanted = json.loads(self.json_text)["client_email"]
        if claims.get("iss") != wanted or claims.get("aud") != f"https://{HOST}/":
            return f"The token is of {claims.get('iss')} for {claims.get('aud')}"
        return ""


def make_account() -> Account:
    """A new one, good for a day."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, _NO_PASSWORD)
    fields = {
        "type": "service_account",
        "project_id": "sandbox",
        "private_key_id": "0123456789abcdef",
        "private_key": pem.decode(),
        "client_email": "calls@sandbox.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return Account(json.dumps(fields), _certificate(key), pem)


def _certificate(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(_PEM)


class Doorkeeper(grpc.aio.ServerInterceptor):
    """Refuses calls without a token of this account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], details: Any) -> Any:
        handler = await continuation(details)
        given = dict(details.invocation_metadata).get("authorization", "")
        why = self._account.refusal(str(given))
        return handler if not why or handler is None else _refusing(handler, why)


def _refusing(handler: Any, why: str) -> Any:
    async def refuse(_request: Any, context: Any) -> None:
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, why)

    async def refuse_stream(_requests: Any, context: Any) -> Any:
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, why)
        yield b""  # what is answered with is a stream

    # Of the services' methods those that stream, stream both ways.
    if handler.response_streaming:
        return grpc.stream_stream_rpc_method_handler(refuse_stream)
    return grpc.unary_unary_rpc_method_handler(refuse)
