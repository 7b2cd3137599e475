"""A call from the page with a fake microphone that plays recorded speech: the same socket, model and barge-in."""

from __future__ import annotations

import audioop
import re
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.db.models import Call
from services.db.tenancy import bind_business
from tests.app.admin.cast import OFFICE, OTHER, add_people
from tests.browser.chromium import NARROW, WIDE, Tab, chromium, find_chromium
from tests.serving import ROOT, RunningServer, copy_database, running_app, wait_until

CLIPS = ROOT / "tests" / "data" / "audio"
SENTENCE = CLIPS / "en-sentence-vm-whichbox.ulaw"
GREETING = "Good day, you have reached Harbour. Please speak."
HOME = f"/admin/b/{OFFICE}"
ANSWERED_WITHIN_MS = 60_000


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the caller says, over and over: a sentence, and a pause shorter than the assistant's answer."""
    speech = audioop.ulaw2lin(SENTENCE.read_bytes(), 2)
    pause = b"\0\0" * 8000
    sound, _ = audioop.ratecv(pause + speech + pause * 2, 2, 1, 8000, 48000, None)
    path = tmp_path_factory.mktemp("microphone") / "caller.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(sound)
    return path


@pytest.fixture(scope="module")
def browser(microphone: Path) -> Iterator[Browser]:
    switches = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
        "--autoplay-policy=no-user-gesture-required",
    )
    with chromium(*switches) as started:
        yield started


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    """The sandbox's model, hearing and speaking, as `make run` starts it."""
    find_chromium()
    command = [
        sys.executable,
        "-m",
        "sandbox.realtime",
        "--port",
        "0",
        "--brain",
        "conversation",
        "--clips",
        str(CLIPS),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            found = re.search(r"ws://127\.0\.0\.1:\d+/v1", ready)
            assert found is not None, ready
            yield found[0].replace("ws://", "http://")
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def site(model_url: str, seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("site")
    url = copy_database(seeded_template, directory)
    with running_app(directory, url, OPENAI_BASE_URL=model_url) as server:
        add_people(server.database)
        yield server


@pytest.fixture
def tab(browser: Browser, site: RunningServer) -> Iterator[Tab]:
    context = browser.new_context(viewport=WIDE, permissions=["microphone"])
    tab = Tab(context, site.url)
    tab.log_in(OTHER)
    tab.speak("en")
    yield tab
    context.close()


def set_greeting(tab: Tab, text: str) -> None:
    page = tab.open(f"{HOME}/settings")
    page.fill("#greeting_text", text)
    page.check("#enable_greeting")
    page.click("form.stack button.primary")
    expect(page.locator(".flash.good")).to_be_visible()


def story(page: Page) -> str:
    return page.locator("[data-phone] .phone-story").inner_text()


def test_an_owner_changes_the_greeting_calls_interrupts_and_finds_the_call(tab: Tab, site: RunningServer) -> None:
    set_greeting(tab, GREETING)
    page = tab.open(f"{HOME}/phone")
    page.click("[data-call]")
    expect(page.locator(".phone-state")).to_have_text("Speaking")
    told = page.locator("[data-phone] .phone-story")
    expect(told).to_contain_text(GREETING, timeout=ANSWERED_WITHIN_MS)
    expect(told.locator(".turn.caller").first).to_be_visible(timeout=ANSWERED_WITHIN_MS)
    expect(told.locator(".turn.agent .unheard").first).to_be_visible(timeout=ANSWERED_WITHIN_MS)
    expect(page.locator("[data-latency]")).to_contain_text("answered after")
    page.click("[data-hang-up]")
    expect(page.locator(".phone-state")).to_have_text("The call is over")
    page.click("[data-link]")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".badge").filter(has_text="test call")).to_be_visible()
    expect(page.locator(".story")).to_contain_text(GREETING)
    expect(page.locator(".strips .cut").first).to_be_attached()
    expect(page.locator(".pairs").first).to_contain_text("the caller hung up")
    assert not tab.complaints
    call_id = int(page.url.rpartition("/")[2])
    call = site.database.read(lambda s: bind_business(s, OFFICE).get_one(Call, call_id))
    assert call.is_test
    assert call.metrics["frames_dropped_by_filters"] == 0


def test_a_call_that_is_kept_is_heard_again_on_its_page(tab: Tab, site: RunningServer) -> None:
    page = tab.open(f"{HOME}/personal-data")
    page.check("#keep_recordings")
    page.click("form.stack button.primary")
    expect(page.locator(".flash.good")).to_be_visible()
    page = tab.open(f"{HOME}/phone")
    page.click("[data-call]")
    told = page.locator("[data-phone] .phone-story")
    expect(told.locator(".turn.caller").first).to_be_visible(timeout=ANSWERED_WITHIN_MS)
    page.click("[data-hang-up]")
    expect(page.locator(".phone-state")).to_have_text("The call is over")
    path = str(page.get_attribute("[data-link]", "href"))
    wait_until(lambda: "data-wave" in tab.open(path).content(), what="the call is on its page with its sound")
    wave, player = page.locator("[data-wave]"), page.locator("[data-player]")
    expect(wave).to_have_role("slider")
    wait_until(lambda: player.evaluate("p => p.duration > 2"), what="the player knows how long the call was")
    for lane in ("caller", "agent"):
        drawn = wave.locator(f"path.{lane}").bounding_box()
        assert drawn is not None
        assert drawn["height"] > 10, f"nothing was drawn of the {lane}"
    box = wave.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    length_s = int(str(wave.get_attribute("data-length-ms"))) / 1000
    middle_s = player.evaluate("p => p.currentTime")
    assert abs(middle_s - length_s / 2) < 0.05 * length_s
    wave.press("Home")
    wave.press("ArrowRight")
    assert player.evaluate("p => p.currentTime") == 5
    page.locator("[data-seek]").first.click()
    wait_until(lambda: player.evaluate("p => !p.paused && p.currentTime > 0.3"), what="the player plays")
    assert tab.overflow() <= 0
    assert tab.serious_findings() == []
    assert not tab.complaints


def test_keys_and_mute_reach_the_line(tab: Tab, site: RunningServer) -> None:
    page = tab.open(f"{HOME}/phone")
    page.click(".phone-card details summary")
    page.fill("#caller", "050-123-4567")
    page.click("[data-call]")
    expect(page.locator(".phone-state")).to_have_text("Speaking")
    page.click("[data-mute]")
    assert page.get_attribute("[data-mute]", "aria-pressed") == "true"
    expect(page.locator(".phone-state")).to_have_text("Listening", timeout=ANSWERED_WITHIN_MS)
    page.click("[data-key='5']")
    page.click("[data-key='#']")
    expect(page.locator("[data-phone] .story")).to_contain_text("[SERVER]", timeout=ANSWERED_WITHIN_MS)
    expect(page.locator("#level")).to_have_js_property("value", 0)
    page.click("[data-hang-up]")
    expect(page.locator(".phone-state")).to_have_text("The call is over")


def test_leaving_the_page_ends_the_call(tab: Tab, site: RunningServer) -> None:
    page = tab.open(f"{HOME}/phone")
    page.click("[data-call]")
    expect(page.locator(".phone-state")).to_have_text("Speaking")
    tab.open(f"{HOME}/live")
    wait_until(lambda: "No calls right now" in tab.open(f"{HOME}/live").content(), what="the call has ended")


def test_a_live_call_is_watched_in_another_tab(tab: Tab, site: RunningServer) -> None:
    phone = tab.open(f"{HOME}/phone")
    phone.click("[data-call]")
    expect(phone.locator(".phone-state")).to_have_text("Speaking")
    watching = Tab(phone.context, site.url)
    page = watching.open(f"{HOME}/live")
    expect(page.locator("article")).to_contain_text("Harbour", timeout=ANSWERED_WITHIN_MS)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("article .btn.danger")
    expect(page.locator(".flash")).to_contain_text("The call is being ended")
    expect(phone.locator(".phone-state")).to_have_text("The call is over.", timeout=ANSWERED_WITHIN_MS)


def test_the_phone_fits_a_phone(browser: Browser, site: RunningServer) -> None:
    context = browser.new_context(viewport=NARROW, permissions=["microphone"])
    tab = Tab(context, site.url)
    tab.log_in(OTHER)
    tab.speak("he")
    page = tab.open("/admin/phone")
    page.click("[data-call]")
    expect(page.locator(".phone-state")).to_have_text("מדבר")
    assert tab.overflow() <= 0
    assert tab.serious_findings() == []
    page.click("[data-hang-up]")
    context.close()


def test_without_a_microphone_it_says_what_to_do(browser: Browser, site: RunningServer) -> None:
    context = browser.new_context(viewport=WIDE)
    context.add_init_script("navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('denied'))")
    tab = Tab(context, site.url)
    tab.log_in(OTHER)
    tab.speak("en")
    page = tab.open(f"{HOME}/phone")
    page.click("[data-call]")
    expect(page.locator(".phone-state")).to_contain_text("No access to the microphone")
    context.close()


# -- sound ---------------------------------------------------------------------------------------------------


def run_module(tab: Tab, script: str, argument: object = None) -> object:
    """The value of a function of static/js/mulaw.js, run in the browser."""
    tab.open("/admin/login")
    return tab.page.evaluate(
        f"async (argument) => {{ const m = await import('/static/js/mulaw.js'); return ({script})(m, argument); }}",
        argument,
    )


def test_mu_law_in_the_browser_is_bit_for_bit_that_of_the_server(browser: Browser, site: RunningServer) -> None:
    context = browser.new_context()
    tab = Tab(context, site.url)
    decoded = run_module(tab, "(m) => Array.from({length: 256}, (_, c) => Math.round(m.decode(c) * 32768))")
    expected = audioop.ulaw2lin(bytes(range(256)), 2)
    assert decoded == [int.from_bytes(expected[n : n + 2], "little", signed=True) for n in range(0, 512, 2)]
    levels = list(range(-32700, 32701, 61))
    encoded = run_module(tab, "(m, levels) => levels.map((v) => m.encode(v / 32767))", levels)
    pcm = b"".join(level.to_bytes(2, "little", signed=True) for level in levels)
    assert encoded == list(audioop.lin2ulaw(pcm, 2))
    context.close()


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_tone_survives_the_way_down_and_up_again_and_hiss_above_the_line_does_not(
    browser: Browser, site: RunningServer, rate: int
) -> None:
    context = browser.new_context()
    tab = Tab(context, site.url)
    script = """(m, [rate, hertz]) => {
      const down = new m.Resampler(rate, 8000), up = new m.Resampler(8000, rate);
      const out = [];
      for (let block = 0; block < 200; block++) {
        const wave = (_, n) => Math.sin(2 * Math.PI * hertz * (block * 128 + n) / rate);
        const sound = Float32Array.from({length: 128}, wave);
        out.push(...up.push(down.push(sound)));
      }
      const middle = out.slice(4000, -2000);
      return {length: out.length, level: Math.sqrt(middle.reduce((sum, v) => sum + v * v, 0) / middle.length)};
    }"""
    tone = run_module(tab, script, [rate, 1000])
    hiss = run_module(tab, script, [rate, 6000])
    assert isinstance(tone, dict)
    assert isinstance(hiss, dict)
    assert abs(tone["level"] - 0.7071) < 0.02
    assert abs(tone["length"] - 200 * 128) < 2 * 128
    assert hiss["level"] < 0.01
    context.close()
