// The confusion matrix: one stop of the Tab key, arrow keys inside; a cell is an address, so that "back" goes back.
"use strict";
if (several) {
  find("matrix-title").textContent = "Labels given together";
  find("matrix-words").textContent = "Rows: clips that have a class. Columns: how many of them were given each class, which they may have too.";
}
find("by-class").classList.toggle("is-wide", data.classes.length > 12 || Boolean(several));
const matrix = data.classes.map(() => data.classes.map(() => 0)), sizes = report.classes.map((row) => row.n_images);
for (const [i, j, n] of data.cells) matrix[i][j] = n;

const cellOf = (i, j) => document.querySelector(`.matrix [data-true="${i}"][data-answer="${j}"]`);
function cell(v, i, j) {
  if (!v) return element("span", { class: "empty" }, "·");
  const colour = i === j ? "--accent" : several ? "--accent" : "--bad";
  return element("button", { type: "button", "data-true": i, "data-answer": j, "aria-pressed": "false", tabindex: -1,
    "aria-label": `${data.classes[i]} predicted as ${data.classes[j]}: ${v}`, title: `${data.classes[i]} predicted as ${data.classes[j]}`,
    style: `--of: var(${colour}); --share: ${(i === j ? v / sizes[i] : Math.sqrt(v / sizes[i])).toFixed(3)}`,
    onclick: () => { location.hash = cellAddress(i, j); } }, String(v));
}

const table = element("table", { class: "matrix", style: `--n: ${data.classes.length}`, "aria-labelledby": "matrix-title" },
  element("colgroup", {}, element("col"), ...data.classes.map(() => element("col"))),
  element("thead", {}, element("tr", {}, element("td"), ...data.classes.map((name) => element("th", { scope: "col" }, element("span", { title: name }, name))))),
  element("tbody", {}, ...matrix.map((row, i) => element("tr", {}, element("th", { scope: "row", title: data.classes[i] }, data.classes[i]), ...row.map((v, j) => element("td", {}, cell(v, i, j)))))));
find("matrix").append(...scrolled(table, "Confusion matrix", `Scroll sideways to see all ${data.classes.length} columns.`),
  element("div", { class: "below" }, csvButton(`${data.name}-confusion-matrix.csv`, () => [["true class", ...data.classes], ...matrix.map((row, i) => [data.classes[i], ...row])])));

const cells = [...table.querySelectorAll("button")];
if (cells.length) cells[0].tabIndex = 0;
function goToCell(button) {
  for (const other of cells) other.tabIndex = other === button ? 0 : -1;
  button.focus();
}
table.addEventListener("keydown", (event) => {
  const from = event.target.closest("button"), way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!from || !way) return;
  event.preventDefault();
  let [i, j] = [Number(from.dataset.true), Number(from.dataset.answer)];
  do { i += way[0]; j += way[1]; } while (matrix[i]?.[j] === 0);  // over empty cells
  if (matrix[i]?.[j]) goToCell(cellOf(i, j));
});

function markCell(i, j) {
  for (const button of cells) button.setAttribute("aria-pressed", String(button.dataset.true === i && button.dataset.answer === j));
}

/** Show the clips of the cell that the address names; without one, the errors. */
let wasCell = null;
function followAddress() {
  const [, i, j] = location.hash.match(/^#cell-(\d+)-(\d+)$/) ?? [];
  const isCell = i !== undefined && matrix[i]?.[j] !== undefined;
  find("back").hidden = !isCell;
  if (isCell) {
    showErrors();
    find("true").value = i;
    find("answer").value = j;
    show();
    find("tests-title").scrollIntoView();
    find("tests-title").focus({ preventScroll: true });
    wasCell = [i, j];
  } else if (wasCell && !location.hash) {
    showErrors();
    show();
    table.scrollIntoView({ block: "center" });
    const button = cellOf(...wasCell);
    if (button) goToCell(button);
    wasCell = null;
  }
}
find("back").addEventListener("click", () => { history.pushState(null, "", location.pathname + location.search); followAddress(); });
window.addEventListener("hashchange", followAddress);
window.addEventListener("popstate", followAddress);
onFilter(document.querySelector("form"), show, () => { showErrors(); if (wasCell) history.replaceState(null, "", location.pathname + location.search); find("back").hidden = true; wasCell = null; });
showErrors();
show();
followAddress();
