"""The rules of the house, held by reading the code: who may import whom, and what has exactly one home."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.places import ROOT

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

# They decide, parse or build; they get time and settings as arguments. A folder stands for every file in it.
PURE = (
    "app/public_url.py",
    "app/telephony/form.py",
    "app/telephony/stream_token.py",
    "app/telephony/twiml.py",
    "media/audio_config.py",
    "media/conversation",
    "media/detection",
    "media/log_lines.py",
    "media/metrics.py",
    "media/playout",
    "media/twilio/protocol.py",
    "services/accounts/links.py",
    "services/accounts/passwords.py",
    "services/appointments/links.py",
    "services/audio",
    "services/booking/choice.py",
    "services/booking/companions.py",
    "services/booking/conditions.py",
    "services/booking/draft.py",
    "services/booking/honesty.py",
    "services/booking/keypad.py",
    "services/booking/message_texts.py",
    "services/booking/messages.py",
    "services/booking/reading.py",
    "services/booking/slot.py",
    "services/business_policy.py",
    "services/calendar_sync/core",
    "services/calls/context.py",
    "services/calls/end_reasons.py",
    "services/calls/kinds.py",
    "services/calls/pricing.py",
    "services/calls/summary.py",
    "services/claims",
    "services/deadlines.py",
    "services/engines/audio_convert.py",
    "services/engines/catalogue.py",
    "services/engines/google/credentials.py",
    "services/engines/google/failures.py",
    "services/engines/google/memory.py",
    "services/engines/google/results.py",
    "services/engines/google/rotation.py",
    "services/engines/google/sentences.py",
    "services/engines/google/session.py",
    "services/engines/google/turn_words.py",
    "services/engines/google/unanswered.py",
    "services/engines/google/wav.py",
    "services/engines/interface.py",
    "services/engines/realtime/protocol.py",
    "services/engines/realtime/session.py",
    "services/imports/reading.py",
    "services/language",
    "services/nlp",
    "services/policy",
    "services/prompt",
    "services/realtime_prompt_builder.py",
    "services/sockets/frames.py",
    "services/sockets/locks.py",
    "services/texts/reading.py",
    "services/texts/words.py",
)
# In a pure folder, and yet not pure: why.
NOT_PURE = {
    "services/nlp/model.py": "asks the chat model over the network",
}
CLOCKS = {"time.sleep", "time.time", "time.monotonic", "datetime.now", "datetime.utcnow", "date.today"}
IMPURE = {"gevent", "flask", "flask_sock", "sqlalchemy", "websocket", "simple_websocket", "os", "socket"}

# What is said on a wire: a pattern in the code → the one file that may hold it.
_MESSAGE = r"""["']event\\?["']:\s*\\?["'](?:media|mark|clear)\\?["']"""
ONE_HOME = {
    "media, mark and clear for Twilio": (_MESSAGE, "media/twilio/protocol.py"),
    "response.cancel": (r"""["']response\.cancel["']""", "services/engines/realtime/protocol.py"),
    "conversation.item.truncate": (
        r"""["']conversation\.item\.truncate["']""",
        "services/engines/realtime/protocol.py",
    ),
}
# Methods of the engine that only one file of media/ may call.
ONE_CALLER = {"cancel": "media/conversation/shell.py", "truncate": "media/conversation/shell.py"}

# Documented by their libraries: rows as mappings, named tuples, forms, Flask's proxies.
LIBRARIES_PRIVATE = {"_mapping", "_asdict", "_replace", "_fields", "_get_current_object"}

# Who may know gevent: the entrance, and two places that look whether it is there and do without when it is not.
KNOW_GEVENT = {"wsgi.py", "app/worker/native_thread.py", "services/sockets/reader.py"}

GRPC_UNDER_GEVENT = "app/worker/native_thread.py"
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


def pure_files(*places: str) -> list[Path]:
    return [file for file in files(*places) if name(file) not in NOT_PURE]


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


@pytest.mark.parametrize(
    "path",
    [
        *PURE,
        *NOT_PURE,
        *sorted(KNOW_GEVENT),
        ENVIRONMENT_READER,
        *(home for _, home in ONE_HOME.values()),
        *ONE_CALLER.values(),
    ],
)
def test_every_place_that_a_rule_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()
    assert files(path)


@pytest.mark.parametrize("path", PURE)
def test_a_pure_place_imports_nothing_that_waits_or_touches_the_world(path: str) -> None:
    for file in pure_files(path):
        tops = {imported.partition(".")[0] for imported in imports(file)}
        assert not tops & IMPURE, name(file)
        calls = {
            f"{node.func.value.id}.{node.func.attr}"
            for node in ast.walk(tree(file))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        }
        assert not calls & CLOCKS, name(file)


@pytest.mark.parametrize("path", PURE)
def test_a_pure_place_leans_only_on_pure_places_of_ours(path: str) -> None:
    pure = {name(file) for file in pure_files(*PURE)}
    wrong = [
        f"{name(file)} imports {imported}"
        for file in pure_files(path)
        for imported in imports(file)
        if imported.partition(".")[0] in PRODUCTION and file_of(imported) not in pure
    ]
    assert not wrong


def test_no_circle_of_imports_between_files() -> None:
    assert not circle({name(file): ours(file) for file in files(*PRODUCTION)})


def test_no_circle_of_imports_between_packages() -> None:
    leads: dict[str, set[str]] = {}
    for file in files(*PRODUCTION):
        leads.setdefault(package(name(file)), set()).update(package(one) for one in ours(file))
    assert not circle(leads)


def ours(file: Path) -> set[str]:
    """Files of ours that this one imports."""
    return {file_of(one) for one in imports(file) if is_module(one)}


def test_a_circle_is_found() -> None:
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}
    assert not circle({"a": {"b", "c"}, "b": {"c"}, "c": {"c"}})


def package(file: str) -> str:
    """The room of a file: its folder, or the file itself where it stands at the top. The admin pages are a house in
    the house: their rooms count one by one."""
    depth = 3 if file.startswith("app/admin/") else 2
    parts = file.split("/")
    return "/".join(parts[:depth])


def circle(leads: dict[str, set[str]]) -> list[str]:
    """One circle of names that lead to each other, [] when there is none. A name may lead to itself."""
    sorter = TopologicalSorter({one: to - {one} for one, to in leads.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def file_of(dotted: str) -> str:
    """The file of one of our modules; another's name as it is."""
    place = dotted.replace(".", "/")
    return f"{place}.py" if (ROOT / f"{place}.py").exists() else f"{place}/__init__.py"


@pytest.mark.parametrize("room", PRODUCTION)
def test_no_file_knows_a_private_name_of_another(room: str) -> None:
    knowing = []
    for path in files(room):
        own = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute) and is_own(node)}
        own |= {node.name for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        own |= {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}
        knowing += [
            f"{name(path)}:{node.lineno} {node.attr}"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own | LIBRARIES_PRIVATE
        ]
        knowing += [
            f"{name(path)}:{node.lineno} {alias.name}"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if is_private(alias.name)
        ]
    assert not knowing


def is_private(word: str) -> bool:
    return word.startswith("_") and not word.startswith("__")


def is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def test_gevent_is_known_in_the_named_places_only() -> None:
    places = files(*PRODUCTION, "wsgi.py", "gunicorn.conf.py", "migrations")
    knowing = {name(path) for path in places if any(one.partition(".")[0] == "gevent" for one in imports(path))}
    assert knowing <= KNOW_GEVENT


def test_googles_packages_are_known_in_one_file_and_grpc_in_two() -> None:
    """The product starts without them (C1)."""
    tops = {name(path): {one.partition(".")[0] for one in imports(path)} for path in files(*PRODUCTION)}
    wire = "services/engines/google/wire.py"
    assert {file for file, top in tops.items() if "google" in top} == {wire}
    assert {file for file, top in tops.items() if "grpc" in top} == {GRPC_UNDER_GEVENT, wire}


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
    assert writers - {"media/twilio/socket.py"} <= {"media/twilio/audio_tx_loop.py"}


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


def test_the_web_app_and_its_commands_open_the_database_with_its_keys() -> None:
    """Without them sound and secrets would be written plain (S8)."""
    opens = {name(file) for file in files("app") if re.search(r"\bDatabase\(", bare_code(file))}
    assert opens == {"app/database.py"}
