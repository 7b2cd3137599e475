// Move an appointment to another time or person: by mouse, by touch (hold it first), or by keyboard. Its own page does
// the same without scripts. A click on a free time begins a new one.

const diary = document.querySelector("[data-diary][data-move]");
const ROW_MIN = 5;
const HOLD_MS = 380;
const EDGE_PX = 44;

showToday();
if (diary) begin(diary);
tabs();

// A week that does not fit begins with today beside the hours.
function showToday() {
  const scroller = document.querySelector(".by-week [data-scroll]");
  const today = document.querySelector("#today");
  if (!scroller || !today) return;
  const hours = scroller.firstElementChild.getBoundingClientRect();
  const day = today.getBoundingClientRect();
  scroller.scrollLeft += document.documentElement.dir === "rtl" ? day.right - hours.left : day.left - hours.right;
}

function begin(root) {
  const scroller = root.querySelector("[data-scroll]");
  const ask = document.querySelector("[data-ask]");
  const form = ask.querySelector("form");
  const refused = document.querySelector("[data-refused]");
  const say = document.querySelector("[data-say]");
  const lanes = [...root.querySelectorAll("[data-lane]")];
  const isRtl = document.documentElement.dir === "rtl";
  const first = Number(root.dataset.firstHour) * 60;
  const rows = Number(root.dataset.rows);
  const slotRows = Number(root.dataset.slot) / ROW_MIN;
  let pressed = null; // where a pointer went down, before it is a drag
  let held = null; // what is on its way: block, ghost, lane, row
  let mark = null;
  let justDragged = false;

  // On a phone a week is a list, and a list has no times to drag to.
  const isList = () => root.classList.contains("by-week") && matchMedia("(max-width: 61.99rem)").matches;
  const gridOf = (lane) => lane.querySelector("[data-grid]");
  const clock = (row) => {
    const minutes = first + row * ROW_MIN;
    return [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, "0")).join(":");
  };
  const rowOf = (element) => Number(element.className.match(/(?:^|\s)s-(\d+)/)[1]);

  function rowAt(lane, y) {
    const box = gridOf(lane).getBoundingClientRect();
    return Math.floor(((y - box.top) / box.height) * rows);
  }

  // Starts lie on a grid that begins where somebody begins to work.
  function snapped(lane, row, round = Math.round) {
    const ranges = lane.dataset.opens.split(" ").filter(Boolean).map((each) => each.split("-").map(Number));
    const range = ranges.find(([from, to]) => row >= from && row < to);
    const origin = range ? range[0] : -first / ROW_MIN;
    const at = origin + round((row - origin) / slotRows) * slotRows;
    return Math.min(Math.max(at, 0), rows - 1);
  }

  function laneAt(x, y) {
    const box = scroller.getBoundingClientRect();
    const inside = Math.min(Math.max(x, box.left + 4), box.right - 4);
    return document.elementsFromPoint(inside, y).map((each) => each.closest("[data-lane]")).find(Boolean);
  }

  function words(lane, row) {
    return [`${lane.dataset.when} ${clock(row)}`, lane.dataset.who].filter(Boolean).join(" · ");
  }

  // The same to look at: a name of the other direction stays whole.
  function write(place, lane, row) {
    const who = Object.assign(document.createElement("bdi"), { textContent: lane.dataset.who });
    place.replaceChildren(`${lane.dataset.when} ${clock(row)}`, ...(lane.dataset.who ? [" · ", who] : []));
  }

  function pickUp(block, by) {
    unmark();
    const lane = block.closest("[data-lane]");
    const ghost = document.createElement("div");
    ghost.className = `appt ghost ${(block.closest(".appt").className.match(/k-\d+/) || [""])[0]}`;
    ghost.append(...[0, 1].map(() => Object.assign(document.createElement("span"), { className: "line" })));
    ghost.setAttribute("aria-hidden", "true");
    const from = rowOf(block.closest(".appt"));
    held = { block, ghost, by, from: { lane, row: from }, lane: null, row: from, size: Number(block.dataset.rows) };
    block.classList.add("dragged");
    root.classList.add("holding");
    put(lane, from);
  }

  function put(lane, row) {
    const at = Math.min(Math.max(row, 0), Math.max(rows - held.size, 0));
    if (lane === held.lane && at === held.row) return;
    held.row = at;
    held.lane = lane;
    held.ghost.className = `${held.ghost.className.replace(/\b[sd]-\d+/g, "")} s-${at} d-${held.size}`.replace(/\s+/g, " ");
    held.ghost.firstChild.textContent = `${clock(at)} ${held.block.dataset.name}`;
    held.ghost.lastChild.textContent = lane.dataset.who;
    gridOf(lane).append(held.ghost);
    if (held.by === "keys") {
      held.ghost.scrollIntoView({ block: "nearest", inline: "nearest" });
      say.textContent = words(lane, at);
    }
  }

  // Back to where it was; the block itself never left.
  function letGo({ springs = false } = {}) {
    if (!held) return;
    const { block, ghost } = held;
    const done = () => { ghost.remove(); block.classList.remove("dragged"); };
    if (springs && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      const [to, from] = [block.closest(".appt").getBoundingClientRect(), ghost.getBoundingClientRect()];
      const move = `translate(${to.left - from.left}px, ${to.top - from.top}px)`;
      ghost.animate([{ transform: "none" }, { transform: move }], { duration: 220, easing: "ease-in-out" }).finished.then(done, done);
    } else {
      done();
    }
    root.classList.remove("holding");
    held = null;
  }

  function putDown() {
    if (held.lane === held.from.lane && held.row === held.from.row) {
      letGo();
      return;
    }
    const { block, lane, row, from } = held;
    form.action = form.action.replace(/\/\d+\/move$/, `/${block.dataset.id}/move`);
    form.elements.slot.value = `${lane.dataset.day}T${clock(row)}`;
    form.elements.person.value = lane.dataset.person === from.lane.dataset.person ? "" : lane.dataset.person;
    form.elements.seen.value = block.dataset.seen;
    ask.querySelector("[data-what]").textContent = [block.dataset.name, block.dataset.about].filter(Boolean).join(" · ");
    write(ask.querySelector("[data-from]"), from.lane, from.row);
    write(ask.querySelector("[data-to]"), lane, row);
    refused.hidden = true;
    ask.returnValue = "";
    ask.showModal();
  }

  async function send() {
    let problem = root.dataset.failed;
    let stale = false;
    try {
      const body = new FormData(form);
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) {
        location.reload();
        return;
      }
      if (answer.headers.get("Content-Type")?.startsWith("application/json")) ({ problem, stale } = await answer.json());
    } catch {
      // no connection: said like any other failure
    }
    if (stale) {
      sessionStorage.setItem("calendar-said", problem);
      location.reload();
      return;
    }
    const { block } = held;
    letGo({ springs: true });
    tell(problem);
    block.focus({ preventScroll: true });
  }

  function tell(problem) {
    refused.querySelector("span").textContent = problem;
    refused.hidden = false;
    refused.scrollIntoView({ block: "nearest" });
  }

  const said = sessionStorage.getItem("calendar-said");
  if (said) {
    sessionStorage.removeItem("calendar-said");
    tell(said);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask.close("move");
    send();
  });
  ask.querySelector("[data-back]").addEventListener("click", () => ask.close());
  ask.addEventListener("close", () => {
    if (ask.returnValue === "move" || !held) return;
    const { block } = held;
    letGo({ springs: true });
    block.focus({ preventScroll: true });
  });

  // By pointer
  root.addEventListener("dragstart", (event) => event.preventDefault());
  root.addEventListener("pointerdown", (event) => {
    justDragged = false;
    const block = event.target.closest("[data-id]");
    if (!block || event.button !== 0 || held || ask.open || isList()) return;
    const above = rowAt(block.closest("[data-lane]"), event.clientY) - rowOf(block.closest(".appt"));
    pressed = { block, x: event.clientX, y: event.clientY, above, id: event.pointerId, timer: 0 };
    if (event.pointerType !== "mouse") pressed.timer = setTimeout(() => { navigator.vibrate?.(15); grab(); }, HOLD_MS);
  });

  function grab() {
    pickUp(pressed.block, "pointer");
    held.above = pressed.above;
    held.at = [pressed.x, pressed.y];
    held.edgeAt = 0;
    try { root.setPointerCapture(pressed.id); } catch { /* the pointer has gone already */ }
    requestAnimationFrame(nearEdges);
  }

  addEventListener("pointermove", (event) => {
    if (pressed && !held) {
      const far = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y);
      if (pressed.timer && far > 10) release();
      else if (!pressed.timer && far > 5) grab();
    }
    if (held?.by === "pointer" && pressed) {
      held.at = [event.clientX, event.clientY];
      follow();
    } else if (event.pointerType === "mouse" && !ask.open) {
      hover(event);
    }
  });

  function follow() {
    const [x, y] = held.at;
    const lane = laneAt(x, y) || held.lane;
    put(lane, snapped(lane, rowAt(lane, y) - held.above));
  }

  // At the edge the calendar moves on beneath: to the next person, or further down the day.
  function nearEdges(now) {
    if (!held || held.by !== "pointer" || !pressed) return;
    const box = scroller.getBoundingClientRect();
    const [x, y] = held.at;
    const sideways = x > box.right - EDGE_PX ? 1 : x < box.left + EDGE_PX ? -1 : 0;
    if (sideways && now - held.edgeAt > 650) {
      held.edgeAt = now;
      scroller.scrollBy({ left: sideways * held.lane.offsetWidth, behavior: "smooth" });
    }
    const bottom = Math.min(box.bottom, innerHeight);
    const down = y > bottom - EDGE_PX ? 6 : y < Math.max(box.top, 0) + EDGE_PX ? -6 : 0;
    if (down) (scroller.scrollHeight > scroller.clientHeight + 1 ? scroller : window).scrollBy(0, down);
    if (sideways || down) follow();
    requestAnimationFrame(nearEdges);
  }

  for (const moving of [scroller, window]) {
    moving.addEventListener("scroll", () => { if (held?.by === "pointer" && pressed) follow(); });
  }

  function release() {
    clearTimeout(pressed?.timer);
    pressed = null;
  }

  addEventListener("pointerup", () => {
    const wasHeld = held?.by === "pointer" && pressed;
    release();
    if (!wasHeld) return;
    justDragged = true;
    putDown();
  });
  addEventListener("pointercancel", () => {
    if (held?.by === "pointer" && pressed) letGo();
    release();
  });
  root.addEventListener("touchmove", (event) => { if (held) event.preventDefault(); }, { passive: false });
  root.addEventListener("contextmenu", (event) => { if (pressed?.timer) event.preventDefault(); });
  root.addEventListener("click", (event) => {
    if (justDragged) {
      justDragged = false;
      event.preventDefault();
      return;
    }
    if (event.target.matches(".open") && !held) {
      const lane = event.target.closest("[data-lane]");
      const row = snapped(lane, rowAt(lane, event.clientY), Math.floor);
      const asked = new URLSearchParams({ day: lane.dataset.day, time: clock(row) });
      if (lane.dataset.who) asked.set("person", lane.dataset.person);
      location.href = `${root.dataset.new}?${asked}`;
    }
  }, true);

  // The free time beneath the mouse
  function hover(event) {
    if (held || !event.target.matches?.(".open")) return unmark();
    const lane = event.target.closest("[data-lane]");
    const row = snapped(lane, rowAt(lane, event.clientY), Math.floor);
    mark ??= Object.assign(document.createElement("span"), { ariaHidden: "true" });
    mark.className = `free-mark s-${row} d-${Math.max(slotRows, 3)}`;
    mark.textContent = `+ ${clock(row)}`;
    gridOf(lane).append(mark);
  }

  function unmark() {
    mark?.remove();
    mark = null;
  }

  // By keyboard
  root.addEventListener("keydown", (event) => {
    const block = event.target.closest("[data-id]");
    if (!held) {
      if (block && event.key === " " && !isList()) {
        event.preventDefault();
        pickUp(block, "keys");
        say.textContent = root.dataset.held;
      }
      return;
    }
    if (held.by !== "keys") {
      if (event.key === "Escape") { release(); letGo({ springs: true }); }
      return;
    }
    const aside = { ArrowLeft: isRtl ? 1 : -1, ArrowRight: isRtl ? -1 : 1 }[event.key];
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (aside) step(aside);
    else if (down) put(held.lane, snapped(held.lane, held.row + down * slotRows));
    else if (event.key === "Enter" || event.key === " ") putDown();
    else if (event.key === "Escape" || event.key === "Tab") letGo({ springs: true });
    else return;
    if (event.key !== "Tab") event.preventDefault();
  });

  function step(by) {
    const lane = lanes[lanes.indexOf(held.lane) + by];
    if (lane) put(lane, snapped(lane, held.row));
  }
}

// On a phone the people's tabs turn to a person who is there already, and show who is.
function tabs() {
  const lanes = [...document.querySelectorAll(".by-day [data-lane]")];
  if (lanes.length < 2 || !matchMedia("(max-width: 61.99rem)").matches) return;
  const links = [...document.querySelectorAll("[data-tab]")];
  const tabOf = (lane) => links.find((link) => link.dataset.tab === lane.dataset.person);
  for (const lane of lanes) {
    tabOf(lane)?.addEventListener("click", (event) => {
      event.preventDefault();
      lane.scrollIntoView({ inline: "start", block: "nearest", behavior: "smooth" });
    });
  }
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((each) => each.isIntersecting)) {
      for (const link of document.querySelectorAll(".people-tabs a")) link.removeAttribute("aria-current");
      const tab = tabOf(entry.target);
      tab?.setAttribute("aria-current", "true");
      const bar = tab?.closest(".people-tabs");
      if (bar) bar.scrollTo({ left: tab.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2, behavior: "smooth" });
    }
  }, { root: document.querySelector("[data-scroll]"), threshold: 0.6 });
  for (const lane of lanes) seen.observe(lane);
}
