"""The rules of the house, held by reading the code: who may import whom, and what has exactly one home."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = ("app", "media", "services")
OUTSIDE = ("sandbox", "bench", "tests")

# Each room may import itself and the rooms listed; `wsgi.py → app → media → services`, never back.
MAY_IMPORT = {
    "services": {"services"},
    "media": {"media", "services"},
    "app": {"app", "media", "services"},
    "wsgi.py": {"app"},
    "gunicorn.conf.py": {"app"},
    "migrations": {"services"},
}

# They decide, parse or build; they get time and settings as arguments.
PURE = (
    "app/public_url.py",
    "app/redaction.py",
    "app/stream_token.py",
    "app/twilio_form.py",
    "app/twiml.py",
    "media/answers.py",
    "media/audio_config.py",
    "media/audio_guard.py",
    "media/barge_in.py",
    "media/call_state.py",
    "media/conversation_settings.py",
    "media/echo_guard.py",
    "media/endpointing.py",
    "media/gap_recovery.py",
    "media/input_gate.py",
    "media/line_filters.py",
    "media/listener.py",
    "media/log_lines.py",
    "media/metrics.py",
    "media/mulaw.py",
    "media/notices.py",
    "media/music_mode.py",
    "media/playback_ledger.py",
    "media/playout.py",
    "media/silence.py",
    "media/soft_preprocess.py",
    "media/transcript_filter.py",
    "media/turn.py",
    "media/twilio_protocol.py",
    "media/tx_queue.py",
    "media/vad.py",
    "media/voice_model.py",
    "media/voice_features.py",
    "media/voice_activity.py",
    "services/business_policy.py",
    "services/call_closing.py",
    "services/call_context.py",
    "services/caller_text.py",
    "services/engine.py",
    "services/honesty_guard.py",
    "services/honesty_patterns.py",
    "services/keypad.py",
    "services/lean_lock.py",
    "services/model_catalogue.py",
    "services/nlp_calendar.py",
    "services/nlp_dates.py",
    "services/nlp_fold.py",
    "services/nlp_given_names.py",
    "services/nlp_hours.py",
    "services/nlp_intent.py",
    "services/nlp_lexicon_en.py",
    "services/nlp_lexicon_he.py",
    "services/nlp_name_words.py",
    "services/nlp_offers.py",
    "services/nlp_parser.py",
    "services/nlp_people.py",
    "services/nlp_phone.py",
    "services/nlp_relative.py",
    "services/nlp_times.py",
    "services/nlp_tokens.py",
    "services/nlp_topics.py",
    "services/nlp_types.py",
    "services/phone_numbers.py",
    "services/policy_calendar.py",
    "services/policy_settings.py",
    "services/policy_words.py",
    "services/pricing.py",
    "services/prompt_texts.py",
    "services/realtime_prompt_builder.py",
    "services/realtime_protocol.py",
    "services/sentences.py",
    "services/session_settings.py",
    "services/websocket_frames.py",
)
IMPURE = {"gevent", "flask", "flask_sock", "sqlalchemy", "websocket", "simple_websocket", "os", "socket"}

# What is said on a wire: a pattern in the code → the one file that may hold it.
_MESSAGE = r"""["']event\\?["']:\s*\\?["'](?:media|mark|clear)\\?["']"""
ONE_HOME = {
    "media, mark and clear for Twilio": (_MESSAGE, "media/twilio_protocol.py"),
    "response.cancel": (r"""["']response\.cancel["']""", "services/realtime_protocol.py"),
    "conversation.item.truncate": (r"""["']conversation\.item\.truncate["']""", "services/realtime_protocol.py"),
}
# Methods of the engine that only one file of media/ may call.
ONE_CALLER = {"cancel": "media/answers.py", "truncate": "media/interruption.py"}

# Who may know gevent: the entrance, and two places that look whether it is there and do without when it is not.
KNOW_GEVENT = {"wsgi.py", "app/native_thread.py", "services/socket_reader.py"}

ENVIRONMENT_READER = "app/settings.py"


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def files(*rooms: str) -> list[Path]:
    found: list[Path] = []
    for room in rooms:
        place = ROOT / room
        found += sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return found


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Dotted names of every import, wherever in the file it stands."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name(path)}: relative import; rooms are named"
            module = node.module or ""
            inner = [f"{module}.{alias.name}" for alias in node.names]
            yield from (one if is_module(one) else module for one in inner)


def is_module(dotted: str) -> bool:
    place = ROOT / dotted.replace(".", "/")
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def bare_code(path: Path) -> str:
    """The file's code as text without comments and docstrings."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(module):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                first.value.value = ""
    return ast.unparse(module)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_in_one_direction(room: str) -> None:
    rooms = {*MAY_IMPORT, *OUTSIDE}
    wrong = [
        f"{name(path)} imports {imported}"
        for path in files(room)
        for imported in imports(path)
        if (top := imported.partition(".")[0]) in rooms and top not in MAY_IMPORT[room]
    ]
    assert not wrong


@pytest.mark.parametrize("path", [path for path in PURE if (ROOT / path).exists()])
def test_a_pure_file_imports_nothing_that_waits_or_touches_the_world(path: str) -> None:
    tops = {imported.partition(".")[0] for imported in imports(ROOT / path)}
    assert not tops & IMPURE
    calls = {
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(tree(ROOT / path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    }
    assert not calls & {"time.sleep", "time.time", "time.monotonic", "datetime.now", "datetime.utcnow", "date.today"}


@pytest.mark.parametrize("path", [path for path in PURE if (ROOT / path).exists()])
def test_a_pure_file_leans_only_on_pure_files_of_ours(path: str) -> None:
    wrong = [
        imported
        for imported in imports(ROOT / path)
        if imported.partition(".")[0] in PRODUCTION and f"{imported.replace('.', '/')}.py" not in PURE
    ]
    assert not wrong


def test_gevent_is_known_in_the_named_places_only() -> None:
    places = files(*PRODUCTION, "wsgi.py", "gunicorn.conf.py", "migrations")
    knowing = {name(path) for path in places if any(one.partition(".")[0] == "gevent" for one in imports(path))}
    assert knowing <= KNOW_GEVENT


def test_only_the_settings_read_the_environment() -> None:
    reading = re.compile(r"\bos\.(environb?|getenv)\b|from os import .*\b(environ|getenv)")
    places = files(*PRODUCTION, "wsgi.py", "gunicorn.conf.py", "migrations")
    readers = {name(path) for path in places if reading.search(bare_code(path))}
    assert readers == {ENVIRONMENT_READER}


@pytest.mark.parametrize("what", ONE_HOME)
def test_what_is_said_on_the_wire_is_built_in_one_file(what: str) -> None:
    pattern, home = ONE_HOME[what]
    homes = {name(path) for path in files(*PRODUCTION) if re.search(pattern, bare_code(path))}
    assert homes <= {home}, f"{what} is built in {sorted(homes)}"


@pytest.mark.parametrize("method", ONE_CALLER)
def test_an_answer_is_cut_off_in_one_place(method: str) -> None:
    callers = {
        name(path)
        for path in files("media")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
        and "engine" in ast.unparse(node.func.value).lower()
    }
    assert callers == {ONE_CALLER[method]}


def test_nobody_but_the_sender_writes_to_twilio() -> None:
    writers = {
        name(path)
        for path in files("media")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr == "send" and "socket" in ast.unparse(node.value).lower()
    }
    assert writers - {"media/twilio_socket.py"} <= {"media/audio_tx_loop.py"}


def test_nothing_prints() -> None:
    printers = [
        f"{name(path)}:{node.lineno}"
        for path in files(*PRODUCTION, "wsgi.py", "gunicorn.conf.py", "migrations")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printers


def test_every_broad_except_is_at_a_threads_outermost_level_and_says_why() -> None:
    silent = []
    for path in files(*PRODUCTION, "wsgi.py", "gunicorn.conf.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.ExceptHandler)
                and is_broad(node)
                and "outermost level" not in lines[node.lineno - 1]
            ):
                silent.append(f"{name(path)}:{node.lineno}")
    assert not silent


def is_broad(handler: ast.ExceptHandler) -> bool:
    caught = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else set()
    return handler.type is None or bool(caught & {"Exception", "BaseException"})


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|pytest\.mark\.(skip|xfail)\b")
    here = Path(__file__)
    left = [
        f"{name(path)}:{number}"
        for path in files(*PRODUCTION, *OUTSIDE)
        if path != here
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert not left


def test_the_production_requirements_hold_nothing_of_the_sandbox() -> None:
    production = (ROOT / "requirements.txt").read_text().lower()
    for word in ("espeak", "moonshine", "numpy", "aiohttp", "rich", "pytest"):
        assert not re.search(rf"^{word}", production, re.MULTILINE), word
