// Rows of opening hours and closed days come and go; without this the page offers a few spare rows instead.

function addable(box) {
  const add = box.querySelector("[data-add]");
  const rows = () => [...box.querySelectorAll("[data-range]")];
  const isEmpty = (row) => [...row.querySelectorAll("input")].every((input) => !input.value);

  function dress(row) {
    const remove = row.querySelector("[data-remove]");
    remove.hidden = false;
    remove.onclick = () => {
      if (rows().length > 1) row.remove();
      else for (const input of row.querySelectorAll("input")) input.value = "";
      add.focus();
    };
  }

  rows().filter(isEmpty).slice(box.matches("[data-day]") && rows().every(isEmpty) ? 1 : 0).forEach((row) => {
    if (rows().length > 1) row.remove();
  });
  rows().forEach(dress);
  add.hidden = false;
  add.addEventListener("click", () => {
    const fresh = rows()[0].cloneNode(true);
    for (const input of fresh.querySelectorAll("input")) input.value = "";
    fresh.querySelector(".day-words")?.remove();
    dress(fresh);
    add.before(fresh);
    fresh.querySelector("input").focus();
  });
}

document.querySelectorAll("[data-day], [data-dates]").forEach(addable);
