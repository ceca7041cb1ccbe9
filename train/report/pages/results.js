// What the parts of the page of a run share: the results, and how they are written.
"use strict";
const tests = data.tests, report = data.report, pooled = report.pooled, several = report.multilabel;
const numbers = tests.clip.map((_, k) => k);
const oneDigit = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1, roundingMode: "halfEven" });
// Rounded as Python rounds, so that the page and the report say the same.
const percent = (fraction) => (fraction === null || fraction === undefined ? "–" : `${oneDigit.format(100 * fraction)} %`);
const ends = (row) => (row.low === null ? "none" : `${oneDigit.format(100 * row.low)} to ${oneDigit.format(100 * row.high)}`);
// One class each, or with several labels a clip a list of them.
const truthOf = (k) => [tests.label[k]].flat(), answersOf = (k) => [tests.predicted[k]].flat();
const namesOf = (list) => list.map((j) => data.classes[j]).join(" + ") || "none of the classes";
const isRight = (k) => String(truthOf(k)) === String(answersOf(k));
/** How sure the model is of its answer; of several labels, of the one that it has most wrong. */
const confidence = (k) => (several
  ? Math.max(...tests.probabilities[k].map((p, j) => (truthOf(k).includes(j) ? 1 - p : p)))
  : tests.probabilities[k][tests.predicted[k]]);
const nWrong = numbers.filter((k) => !isRight(k)).length;
const cellAddress = (i, j) => `#cell-${i}-${j}`;
const svg = (tag, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
