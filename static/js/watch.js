// Keeps a part of the page up to date. The server answers 304 while nothing has changed.

const EVERY_MS = 2000;

function watch(place) {
  let shown = "";

  async function look() {
    if (document.hidden) return;
    const answer = await fetch(place.dataset.watch, { headers: { "X-Requested-With": "fetch" } });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) return;
    const body = await answer.text();
    if (body !== shown) {
      const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
      place.innerHTML = body;
      if (focused) document.getElementById(focused)?.focus();
    }
    shown = body;
    if (answer.headers.get("X-Call-Live") === "no") location.reload();
  }

  async function loop() {
    try {
      await look();
    } catch {
      // the network was away: look again
    }
    setTimeout(loop, EVERY_MS);
  }
  setTimeout(loop, EVERY_MS);
}

document.querySelectorAll("[data-watch]").forEach(watch);
