// The first screen: whether the accuracy is valid, the accuracy, what is confused, what to do.
"use strict";
{
  document.title = `${data.name}: results`;
  find("title").textContent = data.name;
  find("subject").textContent = `${report.recipe.model ?? "no model"} on ${report.collection}, ${report.folds.length} of ${count(report.all_folds.length, "fold")}`;

  const n = report.warnings.length;
  find("verdict").append(...(report.is_leaky ? ["✗ LEAKY: this accuracy does not hold for new recordings"]
    : [`${n ? "!" : "✓"} Grouped split: no recording is in both training and test${n ? ". But read the " : ""}`,
      n ? element("a", { href: "#warnings" }, n === 1 ? "warning" : `${n} warnings`) : ""]));
  find("verdict").classList.add(report.is_leaky ? "bad" : n ? "warn" : "good");

  const figure = several ? several.mean_average_precision : pooled.accuracy, range = several ?? pooled;
  find("accuracy").append(element("b", {}, percent(figure)), `${report.is_leaky ? "leaky " : ""}${several ? "mean average precision" : "accuracy"}`);
  const nChanged = report.trained_on?.reviewed?.changed ?? 0;
  const nImages = pooled.n_images === pooled.n_clips ? "" : `${count(pooled.n_images, "image")} of `;
  find("tested").textContent = (several ? `95 % interval ${ends(several)}; all labels right ${percent(pooled.accuracy)} (${ends(pooled)})` : data.interval) +
    `; ${nImages}${count(pooled.n_clips, "clip")} of ${count(pooled.n_recordings, "recording")}${data.without ?? ""}` +
    (nChanged ? `; ${count(nChanged, "label")} changed by a review` : "");

  // The interval on a scale, beside what needs no training.
  const at = (fraction) => `left: ${100 * fraction}%`;
  const baselines = (several ? [["probabilities that say nothing", several.chance]]
    : [["nearest neighbour on the pixels", pooled.nearest_neighbour_accuracy], ["always the most frequent class", pooled.most_frequent_class_accuracy]])
    .filter(([, value]) => typeof value === "number");
  const kind = (k) => `baseline${k ? " is-second" : ""}`;
  const hasInterval = typeof range.low === "number";
  if (typeof figure === "number") find("scale").append(...[
    ...(hasInterval ? [element("i", { class: "interval", style: `${at(range.low)}; right: ${100 * (1 - range.high)}%` })] : []),
    ...baselines.map(([, value], k) => element("i", { class: kind(k), style: at(value) })),
    element("i", { style: at(figure) }), element("span", {}, "0 %"), element("span", {}, "100 %")]);
  find("scale").setAttribute("aria-hidden", "true");
  find("marks").append(...[
    ...(hasInterval ? [element("li", {}, element("i", { class: "interval" }), "95 % interval over recordings")] : []),
    ...baselines.map(([name, value], k) => element("li", {}, element("i", { class: kind(k) }), `${name} ${percent(value)}`))]);

  // What is confused most; with several labels a clip, what is found worst.
  const classNumber = (label) => data.classes.indexOf(label);
  if (several) {
    find("confused-title").textContent = "Lowest average precision";
    const worst = several.labels.map((row, k) => ({ ...row, label: report.classes[k].label })).filter((row) => typeof row.average_precision === "number")
      .sort((a, b) => a.average_precision - b.average_precision).slice(0, 5);
    find("confused").append(...worst.map((row) => element("li", {}, element("span", {}, row.label), element("span", { class: "number" }, `${percent(row.average_precision)} (${ends(row)})`))));
  } else {
    find("confused").append(...report.confusions.slice(0, 5).map((row) => element("li", {},
      element("a", { href: cellAddress(classNumber(row.label), classNumber(row.predicted)) }, `${row.label} → ${row.predicted}`),
      element("span", { class: "number" }, `${row.count} of ${row.n_images}`))));
    if (!report.confusions.length) find("confused").replaceWith(element("p", {}, "Nothing: every test clip is right."));
  }

  find("warnings").append(...report.warnings.map((text) => element("li", {}, element("b", { class: "warn" }, "warning"), element("span", {}, withFolders(text.replaceAll("`", ""))))));
  const steps = data.next_steps.map(([text, told]) => element("li", {}, text, told ? inFolders(told) : null));
  const nHeard = numbers.filter((k) => !isRight(k) && isHeard(k)).length;
  if (nWrong) steps.unshift(element("li", {}, element("a", { href: "#tests-title" }, `${nHeard === nWrong ? "Listen to" : "Look at"} the ${nWrong === 1 ? "error" : `${nWrong} errors`}`), ", the most confident first: some may be wrong labels.",
    data.has_images && nHeard < nWrong ? ` ${nHeard ? `${nHeard} of them can` : "None can"} be heard.` : ""));
  find("next").append(...steps);
  if (data.suspects_page) {
    find("suspects-link").hidden = false;
    find("suspects-link").firstChild.href = address(data.suspects_page);
  }
}
