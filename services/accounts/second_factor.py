"""The second factor: codes of a generator app (TOTP, RFC 6238), and recovery codes for when it is lost.

Every function runs in the transaction of the calling code.
"""

from __future__ import annotations

import re
import secrets
from base64 import b32encode
from datetime import datetime, timedelta
from hashlib import sha256

import pyotp
from pyotp.utils import strings_equal
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.db.models import RecoveryCode, SecondFactor, User

RECOVERY_CODES = 10
# How long a secret that was shown waits for its first code.
BEGUN_LIFE = timedelta(minutes=15)
_ISSUER = "Call Assistant"
_STEP_S = 30
# Clocks of telephones may be a little wrong.
_STEPS_AROUND = (0, -1, 1)


def has_second_factor(session: Session, user_id: int) -> bool:
    """Whether a code is asked for at log-in. Its secret is not read: pages open whether it can be or not."""
    confirmed = select(SecondFactor.id).where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
    return session.scalar(confirmed) is not None


def begin_second_factor(session: Session, user: User, now: datetime) -> str:
    """A new secret, not in force yet; the address that a generator app reads (otpauth://…)."""
    row = _row(session, user.id)
    if row is None:
        row = SecondFactor(user_id=user.id, secret="", created_at=now)
        session.add(row)
    row.secret, row.created_at, row.confirmed_at, row.last_step = pyotp.random_base32(), now, None, 0
    session.flush()
    return _address(row.secret, user.email)


def begun_address(session: Session, user: User, now: datetime) -> str | None:
    """The address of the secret that waits for its first code; None when none does."""
    row = _begun(session, user.id, now)
    return None if row is None else _address(row.secret, user.email)


def confirm_second_factor(session: Session, user_id: int, code: str, now: datetime) -> list[str] | None:
    """Put the secret in force by a first code. The recovery codes, shown once; None: wrong code, or nothing begun."""
    row = _begun(session, user_id, now)
    if row is None:
        return None
    step = _step_of(row.secret, code, now)
    if step is None:
        return None
    row.confirmed_at, row.last_step = now, step
    return renew_recovery_codes(session, user_id)


def remove_second_factor(session: Session, user_id: int) -> bool:
    """Without secret and recovery codes; False when there was no second factor in force."""
    was_on = has_second_factor(session, user_id)
    for model in (SecondFactor, RecoveryCode):
        session.execute(delete(model).where(model.user_id == user_id).execution_options(synchronize_session=False))
    return was_on


def use_code(session: Session, user_id: int, code: str, now: datetime) -> bool:
    """Whether this is a code of the generator or a recovery code; either works once."""
    row = _confirmed(session, user_id)
    if row is None:
        return False
    step = _step_of(row.secret, code, now)
    if step is None:
        return _use_recovery_code(session, user_id, code)
    used = update(SecondFactor).where(SecondFactor.id == row.id, SecondFactor.last_step < step).values(last_step=step)
    result = session.execute(used.returning(SecondFactor.id).execution_options(synchronize_session=False))
    return bool(result.all())


def renew_recovery_codes(session: Session, user_id: int) -> list[str]:
    """New recovery codes; the old ones stop working."""
    old = delete(RecoveryCode).where(RecoveryCode.user_id == user_id)
    session.execute(old.execution_options(synchronize_session=False))
    codes = [b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(user_id=user_id, code_hash=_hashed(code)) for code in codes)
    session.flush()
    return ["-".join(re.findall("....", code)) for code in codes]


def recovery_codes_left(session: Session, user_id: int) -> int:
    """How many were not used."""
    return session.scalar(select(func.count(RecoveryCode.id)).where(RecoveryCode.user_id == user_id)) or 0


def _use_recovery_code(session: Session, user_id: int, code: str) -> bool:
    plain = re.sub(r"[\s-]", "", code.lower())
    used = delete(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hashed(plain))
    result = session.execute(used.returning(RecoveryCode.id).execution_options(synchronize_session=False))
    return bool(result.all())


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step, now or beside now, whose code this is."""
    digits = re.sub(r"\s", "", code)
    totp, step = pyotp.TOTP(secret, interval=_STEP_S), int(now.timestamp()) // _STEP_S
    return next((step + each for each in _STEPS_AROUND if strings_equal(digits, totp.generate_otp(step + each))), None)


def _row(session: Session, user_id: int) -> SecondFactor | None:
    return session.scalars(select(SecondFactor).where(SecondFactor.user_id == user_id)).one_or_none()


def _confirmed(session: Session, user_id: int) -> SecondFactor | None:
    row = _row(session, user_id)
    return row if row is not None and row.confirmed_at is not None else None


def _begun(session: Session, user_id: int, now: datetime) -> SecondFactor | None:
    row = _row(session, user_id)
    waits = row is not None and row.confirmed_at is None and row.created_at > now - BEGUN_LIFE
    return row if waits else None


def _address(secret: str, email: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)


def _hashed(code: str) -> str:
    return sha256(code.encode()).hexdigest()
