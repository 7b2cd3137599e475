"""Who carries calls: the processes of the installation, on whichever machine."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.db.models.base import Base


class RunningWorker(Base):
    """One process, as it last said of itself (services/calls/workers.py). Its times are the database's own."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    machine: Mapped[str] = mapped_column(String(100))
    pid: Mapped[int]
    version: Mapped[str] = mapped_column(String(40))
    # Calls that it carries, and may carry. takes_calls: False while it drains, or is late with what it has.
    carried: Mapped[int]
    places: Mapped[int]
    takes_calls: Mapped[bool]
    seen_at: Mapped[datetime]
    # Since when it was never silent for longer than PRESENT.
    present_since: Mapped[datetime]
