// The finished prompt beside the editor, as one types, and the length of both.

const form = document.querySelector("[data-prompt]");
const text = form.elements.text;
const layers = document.querySelector("[data-layers]");
let timer = 0;
let asked = 0;

async function preview() {
  const turn = ++asked;
  const body = new FormData(form);
  const answer = await fetch(form.dataset.preview, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok || turn !== asked) return;
  const open = new Set([...layers.querySelectorAll("details[open]")].map((layer) => layer.className));
  layers.innerHTML = await answer.text();
  for (const layer of layers.querySelectorAll("details")) layer.open = open.has(layer.className);
}

function count() {
  const length = [...text.value].length;
  form.querySelector("[data-count]").textContent = length.toLocaleString("en");
  form.querySelector("[data-advice-text]").classList.toggle("warn-text", length > Number(form.dataset.advice));
}

text.addEventListener("input", () => {
  count();
  clearTimeout(timer);
  timer = setTimeout(preview, 400);
});
count();
