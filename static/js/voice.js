// A sample of the chosen voice, before it is saved.

const button = document.querySelector("[data-sample]");
const note = document.querySelector("[data-sample-note]");
let sounds;

async function hear() {
  const context = new AudioContext(); // within the click, or the browser keeps it silent
  sounds?.close();
  sounds = context;
  button.disabled = true;
  note.textContent = note.dataset.wait;
  try {
    const answer = await fetch(button.dataset.sample, { method: "POST", body: new FormData(button.form) });
    if (!answer.ok) throw new Error(await answer.text());
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(await answer.arrayBuffer());
    source.connect(context.destination);
    source.start();
    note.textContent = "";
    document.body.dataset.sampleSeconds = source.buffer.duration.toFixed(1);
  } catch (problem) {
    note.textContent = problem.message;
  } finally {
    button.disabled = false;
  }
}

if (button) {
  button.hidden = false;
  button.addEventListener("click", hear);
}
