// The tables: classes, all results, folds, thresholds, recipe.
"use strict";
{
  const fraction = (name, of) => ({ name, value: (row) => of(row) ?? null, show: (row) => percent(of(row)) });
  const number = (name, key) => ({ name, value: (row) => row[key] });
  const interval = (of, value) => ({
    name: "95 % interval", saves: "low", value: (row) => of(row).low, more: { high: (row) => of(row).high },
    show: (row) => (of(row).low === null ? "none" : element("span", {}, `${ends(of(row))} `,
      element("span", { class: "range" }, element("i", { style: `left: ${100 * of(row).low}%; right: ${100 * (1 - of(row).high)}%` }), element("b", { style: `left: ${100 * value(row)}%` })))),
  });
  const sized = [number("clips", "n_images"), number("recordings", "n_recordings")];
  const named = { name: "class", value: (row) => row.label };
  const recall = fraction("recall", (row) => row.recall), precision = fraction("precision", (row) => row.precision);
  const isCounted = (row) => !report.false_alarms?.labels.includes(row.label);
  dataTable("class-table", several ? {
    columns: [named, fraction("average precision", (row) => row.of.average_precision), interval((row) => row.of, (row) => row.of.average_precision), recall, precision, ...sized],
    rows: report.classes.map((row, k) => ({ ...row, of: several.labels[k] })), label: "Results by class", file: `${data.name}-classes.csv`, sortBy: 1,
  } : {
    columns: [named, recall, interval((row) => row, (row) => row.recall), precision, fraction("F1", (row) => row.f1), ...sized],
    rows: report.classes.filter(isCounted), label: "Results by class", file: `${data.name}-classes.csv`, sortBy: 1,
  });

  if (report.groups?.length) {
    find("groups-part").hidden = false;
    dataTable("groups", {
      columns: [number("group", "name"), number("classes", "n_classes"), fraction("accuracy", (row) => row.accuracy), interval((row) => row, (row) => row.accuracy),
        fraction("predicted as a class of the group", (row) => row.accuracy_of_group), ...sized],
      rows: report.groups, label: "Results by group of classes", file: `${data.name}-groups.csv`, sortBy: 0,
    });
  }

  const minutes = ["training time", `${(report.times.train_seconds / 60).toFixed(1)} min`];
  pairsTable("pooled", several ? [
    ["mean average precision of probabilities that say nothing", percent(several.chance)],
    ["macro F1 (mean over the classes)", percent(pooled.macro_f1)],
    ["always predicting the most frequent set of labels", percent(pooled.most_frequent_class_accuracy)], minutes,
  ] : [
    ["macro F1 (mean over the classes)", percent(pooled.macro_f1)],
    ...(data.false_alarms ? [["false alarms (clips of none of the classes on which a class reaches its threshold, out of fold)", data.false_alarms]] : []),
    ...(pooled.top_3_accuracy === null ? [] : [["top-3 accuracy (true class among the three most probable)", percent(pooled.top_3_accuracy)]]),
    ["log loss (lower is better)", pooled.log_loss === null ? "–" : pooled.log_loss.toFixed(3)],
    ["nearest-neighbour baseline (class of the most similar training image)", percent(pooled.nearest_neighbour_accuracy)],
    ...(pooled.most_frequent_class_accuracy === null ? [] : [["always predicting the most frequent class", percent(pooled.most_frequent_class_accuracy)]]), minutes,
  ], "All results", `${data.name}-results.csv`);

  dataTable("folds", {
    columns: [{ ...number("fold", "name"), show: (row) => row.name + (row.is_background_only ? " (only background, which does not count)" : "") },
      fraction(several ? "all labels right" : "accuracy", (row) => row.accuracy), interval((row) => row, (row) => row.accuracy),
      number("test images", "n_images"), number("recordings", "n_recordings"), number("training images", "n_train"), number("epochs", "epochs"),
      ...(report.folds.some((fold) => fold.n_left_out) ? [number("left out of training", "n_left_out")] : [])],
    rows: report.folds.map((row) => (row.is_background_only ? { ...row, accuracy: null, low: null, high: null } : row)), label: "Results by fold", file: `${data.name}-folds.csv`, sortBy: 0,
  });

  if (report.calibration) {
    const found = report.calibration;
    const of = (value, low, high) => (value === null ? "none" : `${percent(value)} (${ends({ low, high })})`);
    const error = (value, byChance) => percent(value) + (byChance === null ? "" : ` (by chance up to ${percent(byChance)})`);
    const measured = (name, key) => ({ name, value: (row) => row[key], show: (row) => of(row[key], row[`${key}_low`], row[`${key}_high`]),
      more: { [`${key}_low`]: (row) => row[`${key}_low`], [`${key}_high`]: (row) => row[`${key}_high`] } });
    find("thresholds-part").hidden = find("thresholds-link").hidden = false;
    find("thresholds-words").textContent = "Each fold with the thresholds that the others give; in brackets intervals over recordings. " +
      `Calibration error: ${error(found.error, found.error_by_chance)}, before temperature scaling ` +
      `${error(found.error_before, found.error_before_by_chance)}.`;
    dataTable("thresholds", {
      columns: [named, { name: "threshold", value: (row) => row.threshold, show: (row) => (row.threshold === null ? "none is high enough" : percent(row.threshold)) },
        measured("alarms that are right", "precision"), measured("clips that are found", "recall"), number("alarms", "n_alarms")],
      rows: found.thresholds, label: "Thresholds", file: `${data.name}-thresholds.csv`, sortBy: 0,
    });
    find("calibration-plot").src = "./calibration.png";
  }

  if (data.budget_plot) {
    find("budget-part").hidden = false;
    find("budget-plot").src = `./${data.budget_plot}`;
  }

  find("protocol").textContent = report.protocol.description;
  const optionOf = (name, value) => (value === null ? (name === "train_variants" || name === "classes" ? "all" : "default") : Array.isArray(value) ? value.join(" ") || "none" : String(value));
  pairsTable("recipe", Object.entries(report.recipe).map(([name, value]) => [name.replaceAll("_", " "), optionOf(name, value)]), "Recipe", `${data.name}-recipe.csv`);
}
