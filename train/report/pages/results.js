// What the parts of the page of a run share: the results, and how they are written.
"use strict";
const tests = data.tests, report = data.report, pooled = report.pooled, several = report.multilabel;
const numbers = tests.clip.map((_, k) => k);
// Rounded as Python rounds, so that the page and the report say the same: a tie, such as 12.25, to the even digit.
const oneDigit = (value) => (value - (4 * value % 4 === 1 ? 0.01 : 0)).toFixed(1);
const percent = (fraction) => (fraction === null || fraction === undefined ? "–" : `${oneDigit(100 * fraction)} %`);
const ends = (row) => (row.low === null ? "none" : `${oneDigit(100 * row.low)} to ${oneDigit(100 * row.high)}`);
const truthOf = (k) => tests.label[k], answersOf = (k) => tests.predicted[k];
const namesOf = (list) => list.map((j) => data.classes[j]).join(" + ") || "none of the classes";
const isRight = (k) => String(truthOf(k)) === String(answersOf(k));
/** How sure the model is of its answer; of several labels, of the one that it has most wrong. */
const confidence = (k) => tests.confidence[k];
const isHeard = (k) => Boolean(data.audio_of[tests.file[k]] || tests.explained[k]?.has_audio);
const nWrong = numbers.filter((k) => !isRight(k)).length;
const cellAddress = (i, j) => `#cell-${i}-${j}`;
/** A text in which {run} and {images} stand for folders. */
const withFolders = (text) => text.replace(/\{(run|images)\}/g, (_, which) => folderOfPage(which === "run" ? "" : data.images_at));
const inFolders = (told) => command(withFolders(told));
const svg = (tag, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
