// What was decided: a log that is kept in the browser at once, saved as review.csv and opened again.
"use strict";
// Of this page in its folder: another project may have clips and runs of the same names.
const items = data.items, KEY = `review ${data.id} ${location.pathname.replace(/[^/]*$/, "")}`, SAVED = "review.csv";
const WORDS = { y: "confirmed", c: "changed", n: "dropped" };
let log = [];                // [item, "y", "c" or "n", the new class of "c", when in ms]; the last of an item counts
let decided = new Map();     // item -> its last entry
let isKept = true;           // whether the browser keeps the log
let nSaved = 0;              // entries that were saved where it does not

const keyOf = (item) => JSON.stringify([item.clip_id, item.file, Number(item.start_s), Number(item.end_s), item.label]);
const places = new Map(items.map((item, k) => [keyOf(item), k]));
/** Of a key, the clip without its label; null where it is no key. */
function clipOf(key) {
  try { return JSON.stringify(JSON.parse(key).slice(0, 4)); } catch { return null; }
}
const clips = new Set(items.filter((item) => item.clip_id).map((item) => clipOf(keyOf(item))));
const isEntry = (entry) => Array.isArray(entry) && typeof entry[0] === "string" && clipOf(entry[0]) && Object.hasOwn(WORDS, entry[1])
  && typeof entry[2] === "string" && Number.isFinite(entry[3]);
const recount = () => { decided = new Map(log.map((entry) => [entry[0], entry])); };

/** What the browser has kept, of this page and of others of its name. */
function keptEntries() {
  let text = null;
  try { text = localStorage.getItem(KEY); } catch { isKept = false; }
  try {
    const entries = JSON.parse(text ?? "[]");
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch { return []; }
}

/** Take over what was decided of the clips of this page, which may have been written again since with others. */
function readLog() {
  log = keptEntries().filter(([key]) => places.has(key)).map(([key, ...rest]) => [places.get(key), ...rest]);
  recount();
}

function keepLog() {
  recount();
  // Of a clip that has another label by now, the review was applied.
  const others = keptEntries().filter(([key]) => !places.has(key) && !clips.has(clipOf(key)));
  try {
    localStorage.setItem(KEY, JSON.stringify([...others, ...log.map(([k, ...rest]) => [keyOf(items[k]), ...rest])]));
    isKept = true;
  } catch { isKept = false; }
}

function decide(k, what, newLabel = "") {
  log.push(what === "c" && newLabel === items[k].label ? [k, "y", "", Date.now()] : [k, what, newLabel, Date.now()]);
  keepLog();
}

/** Take back the last decision; an earlier one of the same item counts again. */
function takeBack() {
  const entry = log.pop();
  if (entry) keepLog();
  return entry;
}

/** All classes: those of the page, and new ones. */
const allClasses = () => [...new Set([...data.classes, ...[...decided.values()].filter(([, what]) => what === "c").map(([, , name]) => name)])];
const newLabelOf = ([k, what, name]) => (what === "y" ? items[k].label : what === "c" ? name : "");

const savedRows = () => [data.columns, ...items.map((item, k) => [item, decided.get(k)]).filter(([, entry]) => entry).map(([item, entry]) =>
  [item.clip_id, item.file, item.start_s, item.end_s, item.label, WORDS[entry[1]], newLabelOf(entry), data.found_by, data.run, new Date(entry[3]).toISOString()])];

/** The rows of a CSV file by RFC 4180; null where a quoted field does not end. */
function csvRows(text) {
  const rows = [];
  let row = [], field = "", isQuoted = false;
  const endField = () => { row.push(field); field = ""; };
  const endRow = () => { endField(); if (row.length > 1 || row[0] !== "") rows.push(row); row = []; };
  for (let k = 0; k < text.length; k += 1) {
    const c = text[k];
    if (isQuoted) {
      if (c !== '"') field += c;
      else if (text[k + 1] === '"') { field += c; k += 1; }
      else isQuoted = false;
    } else if (c === '"' && field === "") isQuoted = true;
    else if (c === ",") endField();
    else if (c === "\n") endRow();
    else if (c !== "\r" || text[k + 1] !== "\n") field += c;
  }
  if (field !== "" || row.length) endRow();
  return isQuoted ? null : rows;
}

/** Take over the decisions of a saved review.csv that are later than those here; what was done, in words. */
function openSaved(text) {
  const rows = csvRows(text.replace(/^\ufeff/, ""));
  const heading = rows?.shift();
  if (!heading || heading.join() !== data.columns.join()) throw new Error(`The file must be a ${SAVED} that such a page saved, whose first line is ${data.columns.join(",")}. Nothing was opened.`);
  const letters = new Map(Object.entries(WORDS).map(([letter, word]) => [word, letter]));
  const taken = [];
  let nOther = 0, nLater = 0;
  rows.forEach((cells, number) => {
    const row = Object.fromEntries(data.columns.map((name, k) => [name, cells[k]]));
    const what = letters.get(row.decision), at = Date.parse(row.reviewed_at);
    if (cells.length !== data.columns.length || !what || Number.isNaN(at) || (what === "c" && !row.new_label)) {
      throw new Error(`Row ${number + 2} of the file is not as such a page saves it. Nothing was opened.`);
    }
    const k = row.found_by === data.found_by && row.run === data.run ? places.get(keyOf(row)) : undefined;
    if (k === undefined) nOther += 1;
    else if (decided.has(k) && decided.get(k)[3] >= at) nLater += 1;
    else if (what === "c" && row.new_label !== row.label) taken.push([k, "c", row.new_label, at]);
    else taken.push([k, what === "c" ? "y" : what, "", at]);
  });
  log.push(...taken);
  keepLog();
  return `${count(taken.length, "decision")} opened.` +
    (nLater ? ` Of ${count(nLater, "item")} the decision here is as late or later, and stays.` : "") +
    (nOther ? ` ${count(nOther, "row")} ${nOther === 1 ? "is" : "are"} of another page, and not used here.` : "");
}

readLog();
keepLog();
