// The list of test clips: filters, order, more of them.
"use strict";
const MORE = matchMedia("(max-width: 40rem)").matches ? 5 : 10;
let matching = [], nShown = 0;
options("true", data.classes.map((name, k) => [k, name]));
options("answer", data.classes.map((name, k) => [k, name]));
options("fold", report.folds.map((fold) => [fold.name, fold.name]));

function passes(k) {
  const answer = find("answer").value, text = find("search").value.trim().toLowerCase();
  return (find("true").value === "" || truthOf(k).includes(Number(find("true").value)))
    && (answer === "" || (answer === "wrong" ? !isRight(k) : answer === "right" ? isRight(k) : answersOf(k).includes(Number(answer))))
    && (find("fold").value === "" || find("fold").value === tests.fold[k])
    && (!text || tests.clip[k].toLowerCase().includes(text));
}

function show() {
  const order = {
    surest: (a, b) => confidence(b) - confidence(a), unsure: (a, b) => confidence(a) - confidence(b),
    clip: (a, b) => tests.clip[a].localeCompare(tests.clip[b], "en", { numeric: true }),
  }[find("sort").value];
  matching = numbers.filter(passes).sort(order);
  const nRight = matching.filter(isRight).length, nErrors = matching.length - nRight;
  find("found").textContent = count(matching.length, "test clip") + (nRight && nErrors ? `, ${nErrors.toLocaleString("en")} wrong` : nErrors ? ", all wrong" : nRight ? ", all right" : "");
  find("tests").replaceChildren();
  find("saved").hidden = !matching.length;
  nShown = 0;
  showMore();
  if (!matching.length) find("tests").append(element("p", {}, numbers.length ? "No test clip matches these filters." : "Nothing was tested."));
  markCell(find("true").value, find("answer").value);
}

function showMore() {
  find("tests").append(...matching.slice(nShown, nShown + MORE).map(testCard));
  nShown = Math.min(nShown + MORE, matching.length);
  find("more").hidden = nShown >= matching.length;
  find("more").textContent = `show ${Math.min(MORE, matching.length - nShown)} more of ${matching.length.toLocaleString("en")}`;
}

/** The filters as they are at first: the errors, if there are any. */
function showErrors() {
  for (const id of ["true", "fold", "search"]) find(id).value = "";
  find("answer").value = nWrong ? "wrong" : "";
}

find("saved").append(csvButton(`${data.name}-tests.csv`, () => [
  ["clip", "variant", "recording", "fold", "label", "predicted", "confidence"],
  ...matching.map((k) => [tests.clip[k], tests.variant[k], tests.recording[k], tests.fold[k], namesOf(truthOf(k)), namesOf(answersOf(k)), confidence(k)]),
]));
find("lacking").textContent = [
  numbers.length < data.n_tests ? `This page shows ${count(numbers.length, "test clip")} of ${data.n_tests.toLocaleString("en")}, errors first; all are in predictions.csv.` : "",
  data.lacking ? `Not shown: ${data.lacking}. python -m train.report RUN says why.` : "",
].filter(Boolean).join(" ");
if (data.has_images && !numbers.every(isHeard)) {
  find("unheard").append("To hear all clips: ", inFolders("python -m generate.gallery {images} --listen all"), " and then ", inFolders("python -m train.report {run}"));
}
find("more").addEventListener("click", () => {
  const before = nShown;
  showMore();
  const next = find("tests").children[before];
  next.tabIndex = -1;
  next.focus();
});
