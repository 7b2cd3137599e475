// The recording of a call: its waveform is a slider over the player, times in the transcript lead into it.

const player = document.querySelector("[data-player]");
const wave = document.querySelector("[data-wave]");
const head = wave.querySelector(".head");
const length = Number(wave.dataset.lengthMs) / 1000;
const WIDTH = wave.querySelector("svg").viewBox.baseVal.width;
const STEPS = { ArrowRight: 5, ArrowUp: 5, ArrowLeft: -5, ArrowDown: -5, PageUp: 30, PageDown: -30 };

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function show() {
  const at = player.currentTime, x = Math.min(1, at / length) * WIDTH;
  head.setAttribute("x1", x);
  head.setAttribute("x2", x);
  wave.setAttribute("aria-valuenow", Math.round(at));
  wave.setAttribute("aria-valuetext", clock(at));
}

function seek(seconds) {
  player.currentTime = Math.max(0, Math.min(length, seconds));
  show();
}

function follow() {
  show();
  if (!player.paused) requestAnimationFrame(follow);
}

wave.setAttribute("role", "slider");
wave.setAttribute("tabindex", "0");
wave.setAttribute("aria-label", wave.dataset.label);
wave.setAttribute("aria-valuemin", "0");
wave.setAttribute("aria-valuemax", String(Math.round(length)));
show();

player.addEventListener("play", follow);
player.addEventListener("seeked", show);

// Time runs from left to right in every language.
function point(event) {
  const box = wave.getBoundingClientRect();
  seek((event.clientX - box.left) / box.width * length);
}
wave.addEventListener("pointerdown", (event) => {
  wave.setPointerCapture(event.pointerId);
  point(event);
});
wave.addEventListener("pointermove", (event) => { if (wave.hasPointerCapture(event.pointerId)) point(event); });

wave.addEventListener("keydown", (event) => {
  if (event.key in STEPS) seek(player.currentTime + STEPS[event.key]);
  else if (event.key === "Home") seek(0);
  else if (event.key === "End") seek(length);
  else if (event.key === " " || event.key === "Enter") player.paused ? player.play() : player.pause();
  else return;
  event.preventDefault();
});

for (const button of document.querySelectorAll("[data-seek]")) {
  button.addEventListener("click", () => {
    seek(Number(button.dataset.seek) / 1000);
    player.play();
  });
}
