// Tables that sort by a press on a heading, and that are saved as CSV.
"use strict";

const csvCell = (value) => { const text = value === null || value === undefined ? "" : String(value); return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text; };

/** Save rows, the heading first, as a file among the downloads (RFC 4180). */
function saveCsv(file, rows) {
  const text = rows.map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: file });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** A button that saves rows as a file; `rowsOf` gives the heading and the rows when it is pressed. */
const csvButton = (file, rowsOf) => element("button", { type: "button", class: "quiet", onclick: () => saveCsv(file, rowsOf()) }, "download as CSV");

/** What may be too wide, in a box that scrolls and says so. */
function scrolled(content, label, words = "Scroll sideways to see all columns.") {
  const area = element("div", { class: "scrolled" }, content), hint = element("p", { class: "soft small", hidden: true }, words);
  const look = () => {
    const isWider = area.scrollWidth > area.clientWidth + 1;
    hint.hidden = !isWider;
    for (const [name, value] of [["tabindex", 0], ["role", "region"], ["aria-label", label]]) isWider ? area.setAttribute(name, value) : area.removeAttribute(name);
  };
  new ResizeObserver(look).observe(area);
  return [hint, area];
}

/**
 * A table into an element, with a button that saves it.
 *
 * columns: `{ name, value(row), show(row), more: { name: value(row) } }`. `value` is what is sorted and saved; `show`
 * what is seen, text or an element; `more` further values to save. The first column names the row. `sortBy` is the number
 * of a column, whose rows go up; without it the rows cannot be sorted.
 */
function dataTable(into, { columns, rows, label, file, sortBy = null }) {
  let by = sortBy, isUp = true;
  const body = element("tbody"), heads = columns.map(({ name }, k) => element("th", { scope: "col" },
    sortBy === null ? name : element("button", { type: "button", onclick: () => { isUp = by === k ? !isUp : true; by = k; draw(); } }, name)));
  const isNumber = columns.map(({ value }) => rows.some((row) => typeof value(row) === "number"));
  heads.forEach((head, k) => head.classList.toggle("is-number", isNumber[k]));
  const order = (a, b) => {
    const [x, y] = [a, b].map((row) => columns[by].value(row));
    if (x === null || y === null) return (x === null) - (y === null);
    return (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true })) * (isUp ? 1 : -1);
  };
  function draw() {
    heads.forEach((head, k) => (k === by ? head.setAttribute("aria-sort", isUp ? "ascending" : "descending") : head.removeAttribute("aria-sort")));
    body.replaceChildren(...(by === null ? rows : [...rows].sort(order)).map((row) => element("tr", {}, ...columns.map(({ value, show = value }, k) => {
      const shown = show(row), child = shown instanceof Node ? shown : String(shown ?? "–");
      return k ? element("td", { class: isNumber[k] ? "is-number number" : null }, child) : element("th", { scope: "row" }, child);
    }))));
  }
  draw();
  const head = columns.some(({ name }) => name) ? element("thead", {}, element("tr", {}, ...heads)) : null;
  const saved = () => [
    columns.flatMap(({ name, saves = name, more = {} }) => [saves, ...Object.keys(more)]),
    ...rows.map((row) => columns.flatMap(({ value, more = {} }) => [value(row), ...Object.values(more).map((of) => of(row))])),
  ];
  find(into).replaceChildren(...scrolled(element("table", { class: "data", "aria-label": label }, head, body), label), element("div", { class: "below" }, csvButton(file, saved)));
}

/** Names and values, two columns without a heading. */
const pairsTable = (into, pairs, label, file) => dataTable(into, {
  columns: [{ name: "", saves: "name", value: ([name]) => name }, { name: "", saves: "value", value: ([, value]) => value }], rows: pairs, label, file,
});
