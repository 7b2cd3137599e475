"""The scripts waiting for connections."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.realtime.script import Script


class ScriptQueue:
    """Hands out scripts: by the session's instructions first, then in order."""

    def __init__(self, scripts: Iterable[Script] = ()) -> None:
        self._left: list[tuple[Script, int]] = []  # how many connections it still serves, 0: every one
        for script in scripts:
            self.add(script)

    def add(self, script: Script) -> None:
        """Put a script behind the others."""
        self._left.append((script, script.times))

    def clear(self) -> None:
        """Take all scripts away; sessions keep theirs."""
        self._left.clear()

    def for_handshake(self) -> Script | None:
        """The next script without `match`, when it has a say in the handshake."""
        for script, _ in self._left:
            if script.match is None:
                return self._taken(script) if script.handshake else None
        return None

    def for_session(self, instructions: str) -> Script | None:
        """The script of a session with these instructions; None when none is left."""
        for script, _ in self._left:
            if script.match is not None and script.match in instructions:
                return self._taken(script)
        for script, _ in self._left:
            if script.match is None:
                return self._taken(script)
        return None

    def _taken(self, script: Script) -> Script:
        at = next(number for number, (one, _) in enumerate(self._left) if one is script)
        times = self._left[at][1]
        if times == 1:
            del self._left[at]
        elif times > 1:
            self._left[at] = (script, times - 1)
        return script
