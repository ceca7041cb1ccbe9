// Events: the list, going from one to the next, and what the keys and buttons do.
"use strict";
function choose(k, play = false) {
  chosen = k;
  const [start] = data.events[k];
  if (start * scale < scroller.scrollLeft || data.events[k][1] * scale > scroller.scrollLeft + width()) scroller.scrollLeft = start * scale - BESIDE * width();
  goTo(start, play);
  draw();
  while (nRows < listed.length && !find(`row-${k}`) && listed.includes(k)) showRows();
  for (const row of find("rows").children) row.setAttribute("aria-current", String(row.id === `row-${k}`));
  const row = find(`row-${k}`), list = row?.closest(".list");
  if (row && (row.offsetTop < list.scrollTop || row.offsetTop + row.offsetHeight > list.scrollTop + list.clientHeight)) list.scrollTop = row.offsetTop - list.clientHeight / 2;
}
function step(by) {
  let place = inTime.indexOf(chosen);
  if (place < 0 || Math.abs(data.events[chosen][0] - position) > 0.05 && !(position >= data.events[chosen][0] && position <= data.events[chosen][1])) {
    const later = inTime.findIndex((k) => data.events[k][0] > position);  // whoever has gone elsewhere continues from there
    place = (later < 0 ? inTime.length : later) + (by > 0 ? 0 : -1);
  } else place += by;
  if (inTime[place] !== undefined) choose(inTime[place], false);
}
function showRows() {
  find("rows").append(...listed.slice(nRows, nRows + MOST_ROWS).map((k) => {
    const [start, end, label, peak] = data.events[k];
    return element("tr", { id: `row-${k}`, "aria-current": String(k === chosen) },
      element("td", {}, element("button", { type: "button", title: `play it, ${(end - start).toFixed(1)} s`, onclick: () => choose(k, true) }, clock(start))),
      data.begins_at ? element("td", { class: "soft" }, timeOfDay(start)) : "",
      element("td", { class: "name" }, element("i", { style: `--of-class: ${colour(label)}` }), data.classes[label]),
      element("td", {}, percent(peak)));
  }));
  nRows = Math.min(nRows + MOST_ROWS, listed.length);
  find("more").hidden = nRows >= listed.length;
  find("more").textContent = `show ${Math.min(MOST_ROWS, listed.length - nRows)} more of ${listed.length.toLocaleString("en")}`;
}
function filter() {
  const wanted = find("class").value, from = Number(find("least").value) / 100, by = find("sort").value;
  find("least-words").textContent = percent(from);
  inTime = data.events.map((_, k) => k).filter((k) => (wanted === "" || Number(wanted) === data.events[k][2]) && data.events[k][3] >= from);
  const order = { time: () => 0, probability: (a, b) => data.events[b][3] - data.events[a][3], class: (a, b) => data.events[a][2] - data.events[b][2] }[by];
  listed = [...inTime].sort(order);
  find("count").textContent = listed.length < data.events.length ? `${listed.length.toLocaleString("en")} of ${count(data.events.length, "event")}` : count(listed.length, "event");
  find("rows").replaceChildren();
  nRows = 0;
  showRows();
  placeEvents();
  drawWhole();
  draw();
}

find("heading").append(...["from", ...(data.begins_at ? ["time of day"] : []), "class", "probability"].map((name) => element("th", { class: "soft", scope: "col" }, name)));
find("saved").append(csvButton(`${data.name}-events.csv`, () => [
  ["start_s", "end_s", ...(data.begins_at ? ["time_of_day"] : []), "class", "peak_probability"],
  ...listed.map((k) => { const [start, end, label, peak] = data.events[k]; return [start, end, ...(data.begins_at ? [timeOfDay(start)] : []), data.classes[label], peak]; }),
]));
options("class", data.classes.map((name, k) => [k, name]));
const placeOf = (event) => (scroller.scrollLeft + event.clientX - scroller.getBoundingClientRect().left) / scale;
track.addEventListener("click", (event) => goTo(placeOf(event), true));
find("whole").addEventListener("click", (event) => {
  const box = find("whole").getBoundingClientRect(), s = data.seconds * (event.clientX - box.left) / box.width;
  scroller.scrollLeft = s * scale - width() / 2;
  goTo(s);
});
let waiting = false;
scroller.addEventListener("scroll", () => {
  if (!waiting) requestAnimationFrame(() => { waiting = false; draw(); });
  waiting = true;
});
for (const [id, act] of [["previous", () => step(-1)], ["next", () => step(1)], ["out", () => zoomBy(0.5)], ["in", () => zoomBy(2)], ["fit", () => zoom(0)], ["more", showRows]]) find(id).addEventListener("click", act);
for (const id of ["class", "sort"]) find(id).addEventListener("change", filter);
find("least").addEventListener("input", filter);
find("brightness").addEventListener("input", () => {
  for (const shown of [find("strips"), find("whole")]) shown.style.filter = `brightness(${find("brightness").value})`;
});
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if ((isTyping(event) && event.target.type !== "range") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.type === "range" && event.key.startsWith("Arrow")) return;
  if (event.key === " " && event.target.tagName === "BUTTON") return;
  const act = { ArrowLeft: () => { goTo(position - span() / 10); bring(position); }, ArrowRight: () => { goTo(position + span() / 10); bring(position); },
    "+": () => zoomBy(2), "=": () => zoomBy(2), "-": () => zoomBy(0.5), 0: () => zoom(0), n: () => step(1), p: () => step(-1), " ": playOrPause }[event.key];
  if (act) { event.preventDefault(); act(); }
});
let before = 0;
new ResizeObserver(() => {
  if (width() === before) return;
  before = width();
  zoom(scale);
  drawWhole();
}).observe(scroller);
filter();
zoom(FIRST, 0);
showHead();
