// What every page may need. Pages work without it; it makes them quicker to use.

const menu = document.querySelector("[data-menu]");
menu?.addEventListener("click", () => {
  const side = document.getElementById("menu");
  const open = side.classList.toggle("open");
  menu.setAttribute("aria-expanded", String(open));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu?.getAttribute("aria-expanded") === "true") {
    menu.click();
    menu.focus();
  }
});

// Tabs that do not fit: begin with the one that is open in sight.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

// Ask before what cannot be undone.
document.addEventListener("click", (event) => {
  const asking = event.target.closest("[data-confirm]");
  if (asking && !confirm(asking.dataset.confirm)) event.preventDefault();
});

// Forms that act as soon as something is chosen; their button is for browsers without scripts.
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.querySelector("button")?.setAttribute("hidden", "");
  form.addEventListener("change", () => form.requestSubmit());
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const words = button.textContent;
    button.textContent = "✓";
    setTimeout(() => { button.textContent = words; }, 1200);
  });
}

// Browsers write dates in their own order of day and month: say beside each which day is meant.
function sayDay(input) {
  let words = input.parentElement.querySelector(".day-words");
  if (!words) {
    words = document.createElement("span");
    words.className = "day-words";
    words.setAttribute("aria-hidden", "true");
    input.after(words);
  }
  const day = input.valueAsDate;
  const weekday = { weekday: "long", timeZone: "UTC" };
  words.textContent = day ? `${day.toLocaleDateString(document.documentElement.lang, weekday)} ${input.value.split("-").reverse().join("/")}` : "";
}
document.querySelectorAll("input[type=date]").forEach(sayDay);
document.addEventListener("input", (event) => {
  if (event.target.matches("input[type=date]")) sayDay(event.target);
});

// Leaving a page with unsaved words loses them: ask.
for (const form of document.querySelectorAll("form[data-prompt]")) {
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}
