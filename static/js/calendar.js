// Drag an appointment to another time of the week. Its own page does the same without a mouse.

const week = document.querySelector("[data-week][data-move]");
const form = document.querySelector("[data-move-form]");
const ROW_MIN = 5;
let dragged = null;
let grabbedRows = 0;

function rowAt(grid, y) {
  const box = grid.getBoundingClientRect();
  const rows = Number(grid.className.match(/rows-(\d+)/)[1]) * 12;
  return Math.floor(((y - box.top) / box.height) * rows);
}

if (week) {
  week.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("[data-id]");
    if (!dragged) return;
    grabbedRows = rowAt(dragged.parentElement, event.clientY) - rowAt(dragged.parentElement, dragged.getBoundingClientRect().top + 1);
    event.dataTransfer.effectAllowed = "move";
    dragged.classList.add("dragged");
  });
  week.addEventListener("dragend", () => dragged?.classList.remove("dragged"));
  week.addEventListener("dragover", (event) => {
    if (dragged && event.target.closest(".week-grid")) event.preventDefault();
  });
  week.addEventListener("drop", (event) => {
    const grid = event.target.closest(".week-grid");
    if (!dragged || !grid) return;
    event.preventDefault();
    const slot = Number(week.dataset.slot);
    const minutes = Number(week.dataset.firstHour) * 60 + (rowAt(grid, event.clientY) - grabbedRows) * ROW_MIN;
    const start = Math.min(Math.max(Math.round(minutes / slot) * slot, 0), 1439);
    const clock = [Math.floor(start / 60), start % 60].map((n) => String(n).padStart(2, "0")).join(":");
    form.action = form.action.replace(/\/0\/move$/, `/${dragged.dataset.id}/move`);
    form.elements.slot.value = `${grid.closest("[data-day]").dataset.day}T${clock}`;
    form.submit();
  });
}
