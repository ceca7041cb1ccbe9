// One item at a time: what is seen and heard, what is asked, and how far the review is.
"use strict";
const N_KEYS = 9;
const QUIET_KEY = "review is quiet";
let list = [];               // the items that are shown, by the choice
let at = 0;                  // place in the list; its length: the end
let isQuiet = false;         // whether nothing plays by itself
try { isQuiet = localStorage.getItem(QUIET_KEY) === "yes"; } catch { /* it plays */ }

const current = () => list[at];
const lastOf = (file) => file.split(/[/\\]/).pop();
/** Recordings of one name are called by their whole paths. */
const nameOf = ({ file }) => (items.some((other) => other.file !== file && lastOf(other.file) === lastOf(file)) ? file : lastOf(file));
const clock = (s) => `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;
const placeOf = (item) => (item.clip_id ? item.clip_id : `${nameOf(item)}, ${clock(item.start_s)} to ${clock(item.end_s)}`);
const inWords = (entry) => (entry[1] === "y" ? `confirmed as ${items[entry[0]].label}` : entry[1] === "c" ? `changed to ${entry[2]}` : "dropped: none of the classes");
const key = (text) => element("kbd", {}, text);
const say = (text, tone = "") => { find("notice").textContent = text; find("notice").className = `notice ${tone}`; };

// What can be shown: all, a kind, a class.
const kinds = [...new Set(items.flatMap((item) => item.kinds ?? []))], labels = [...new Set(items.map((item) => item.label))].sort();
const choices = [["all", () => true], ...kinds.map((kind) => [kind, (item) => item.kinds?.includes(kind)]), ...labels.map((label) => [label, (item) => item.label === label])];
const group = (label, from, to) => (from < to ? [element("optgroup", { label }, ...choices.slice(from, to).map(([name, has], k) =>
  element("option", { value: from + k }, `${name} (${items.filter(has).length.toLocaleString("en")})`)))] : []);
find("choice").append(element("option", { value: 0 }, `all (${items.length.toLocaleString("en")})`), ...group("Kind", 1, 1 + kinds.length), ...group("Class", 1 + kinds.length, choices.length));
find("choice").closest("label").hidden = choices.length <= 2;

function choose() {
  const has = choices[Number(find("choice").value)][1];
  list = items.map((_, k) => k).filter((k) => has(items[k]));
  const first = list.findIndex((k) => !decided.has(k));
  at = first < 0 ? list.length : first;
  show();
}

// What is done with an item.
function answer(what, newLabel = "") {
  if (current() === undefined) return;
  decide(current(), what, newLabel);
  say(`${placeOf(items[current()])}: ${inWords(decided.get(current()))}.${keptWords()}`);
  const next = list.findIndex((k, place) => place > at && !decided.has(k));
  at = next < 0 ? list.length : next;
  show();
}

let isWarned = false;
/** Said once: that this browser keeps nothing. */
function keptWords() {
  if (isKept || isWarned) return "";
  isWarned = true;
  return " This browser refuses to keep decisions, so they last as long as this page is open: save review.csv before you close it.";
}

function undo() {
  const entry = takeBack();
  if (!entry) return say("There is nothing to undo.");
  if (!list.includes(entry[0])) { find("choice").value = 0; list = items.map((_, k) => k); }
  at = list.indexOf(entry[0]);
  show();
  return say(`Undone: ${placeOf(items[entry[0]])}, ${inWords(entry)}.`);
}

function move(by) {
  at = Math.min(list.length, Math.max(0, at + by));
  say("");
  show();
}

function save() {
  if (!decided.size) return say("Nothing is decided yet, so there is nothing to save.");
  saveCsv(SAVED, savedRows());
  nSaved = log.length;
  return say(`${SAVED} with ${count(decided.size, "decision")} is in the folder of your downloads.`, "good");
}

// What is seen and heard.
const audioShown = () => find("seen").querySelector("audio");
function hear(isAsked) {
  const audio = audioShown();
  if (!audio) return;
  const [from, to] = partOf(audio.getAttribute("src"));
  if (isAsked && !audio.paused) return void audio.pause();
  if (audio.ended || audio.currentTime >= Math.min(to, audio.duration || Infinity) - 0.05) audio.currentTime = from;
  audio.play().catch((error) => {  // a browser plays nothing before something was pressed
    if (error.name === "NotAllowedError" && !find("notice").textContent) say("Press space, or play, to hear it; the next ones play when they arrive.");
  });
}

/** Stop what plays, and let go of its decoder: browsers allow a page some dozens of them. */
function release() {
  const audio = audioShown();
  if (!audio) return;
  audio.pause();
  audio.removeAttribute("src");
  audio.load();
  audio.remove();
}
window.addEventListener("pagehide", release);
window.addEventListener("pageshow", (event) => { if (event.persisted) show(); });

function showSeen(item) {
  release();
  const image = imageFile(item.image, `spectrogram of ${placeOf(item)}`), shown = plot(image, { boxes: item.boxes ?? [] });
  if (!item.audio) {
    const words = element("p", { class: "soft small" }, "It cannot be heard from here: there is no audio file beside the image.");
    const images = data.found_by === "gallery" ? folderOfPage() : data.found_by === "suspects" && data.images ? folderOfPage(data.images) : "";
    if (images) words.append(data.found_by === "gallery" ? " To hear every clip:" : " To hear every clip, before train.suspects writes this page again:", command(`python -m generate.gallery ${images} --listen all`));
    return find("seen").replaceChildren(shown, words);
  }
  const audio = player(item.audio, placeOf(item));
  find("seen").replaceChildren(followed(shown, audio, { before: item.before_s ?? 0 }), audio);
  return isQuiet || document.readyState !== "complete" ? null : hear(false);
}

// What is asked.
function showAsked(item) {
  const entry = decided.get(current()), classes = allClasses();
  find("place").textContent = `${(at + 1).toLocaleString("en")} of ${list.length.toLocaleString("en")} · ${placeOf(item)}`;
  find("question").replaceChildren("Is this ", element("b", {}, item.label), "?");
  find("why").textContent = item.why ?? "";
  find("said").hidden = !entry;
  if (entry) find("said").replaceChildren(element("span", { class: `chip is-${WORDS[entry[1]]}` }, `You decided: ${inWords(entry)}`));
  find("yes-words").textContent = `Yes, ${item.label}`;
  const isChosen = (name) => (entry?.[1] === "c" && entry[2] === name ? "is-chosen" : "");
  const button = (name, hint, more = "") => element("button", { type: "button", onclick: () => answer("c", name), class: `${more ? "is-suggested" : ""} ${isChosen(name)}` },
    hint ? key(hint) : null, element("span", {}, name), more ? element("span", { class: "soft" }, more) : null);
  const suggested = item.suggested ? [button(item.suggested, "0", data.found_by === "suspects" ? "as predicted" : "the most probable other class")] : [];
  find("classes").replaceChildren(...suggested, ...classes.map((name, k) => (name === item.label ? null : button(name, k < N_KEYS ? String(k + 1) : ""))).filter(Boolean));
  find("classes").scrollTop = 0;
  find("class-names").replaceChildren(...classes.map((value) => element("option", { value })));
  find("typed").value = "";
  find("unknown").hidden = true;
  find("back").disabled = at === 0;
}

function showProgress() {
  const n = { y: 0, c: 0, n: 0 };
  for (const k of list) if (decided.has(k)) n[decided.get(k)[1]] += 1;
  const done = n.y + n.c + n.n, words = (number) => number.toLocaleString("en");
  find("progress").replaceChildren(`${words(done)} of ${words(list.length)} reviewed, ${words(list.length - done)} left; `,
    element("span", { class: n.c ? "is-changed" : null }, `${words(n.c)} changed`), ", ", element("span", { class: n.n ? "is-dropped" : null }, `${words(n.n)} dropped`));
  for (const [letter, part] of [["y", "is-confirmed"], ["c", "is-changed"], ["n", "is-dropped"]]) {
    find("bar").querySelector(`.${part}`).style.width = `${100 * n[letter] / (list.length || 1)}%`;
  }
  find("bar").setAttribute("aria-valuemax", list.length || 1);
  find("bar").setAttribute("aria-valuenow", done);
  find("bar").setAttribute("aria-valuetext", find("progress").textContent);
  for (const id of ["undo", "end-undo"]) find(id).disabled = !log.length;
  return { ...n, done };
}

function showEnd({ y, c, n, done }) {
  release();
  const left = list.length - done, changes = new Map();
  for (const entry of decided.values()) if (entry[1] === "c" && list.includes(entry[0])) changes.set(JSON.stringify([items[entry[0]].label, entry[2]]), (changes.get(JSON.stringify([items[entry[0]].label, entry[2]])) ?? 0) + 1);
  find("end-title").textContent = !list.length ? "There is nothing to review" : left ? `That was the last one; ${count(left, "item")} ${left === 1 ? "is" : "are"} not decided` : list.length === 1 ? "It is reviewed" : `All ${list.length.toLocaleString("en")} are reviewed`;
  const rows = [["confirmed", y], ["changed", c], ...[...changes].map(([pair, number]) => [`${JSON.parse(pair)[0]} → ${JSON.parse(pair)[1]}`, number, true]), ["dropped", n], ["not decided", left]];
  find("end-table").replaceChildren(element("table", { class: "counts" }, element("tbody", {}, ...rows.map(([name, number, isPart]) =>
    element("tr", { class: isPart ? "soft" : null }, element("th", { scope: "row" }, name), element("td", { class: "number" }, number.toLocaleString("en")))))));
  find("left").hidden = !left;
  find("left").textContent = `Review the ${left.toLocaleString("en")} not decided`;
}

function show({ focus = true } = {}) {
  const item = items[current()], counts = showProgress();
  find("item").hidden = !item;
  find("end").hidden = Boolean(item);
  if (item) { showAsked(item); showSeen(item); } else showEnd(counts);
  if (focus) find(item ? "question" : "end-title").focus({ preventScroll: true });
  if (find("notice").getBoundingClientRect().top < 0) find("notice").scrollIntoView();
  const next = items[list[at + 1]];
  if (next) new Image().src = next.image;  // loaded already when it arrives
}
