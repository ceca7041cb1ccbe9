// Training curves: one line for each fold, thick on the validation images.
"use strict";
{
  const WIDE = 380, HIGH = 220, LEFT = 44, TOP = 24, RIGHT = 8, BOTTOM = 36;
  const N_COLOURS = 7, DASHES = ["none", "8 3", "2 3"];  // together enough for 21 folds, as in curves.png
  const lineOf = (k) => ({ stroke: `var(--fold-${k % N_COLOURS})`, "stroke-dasharray": DASHES[Math.floor(k / N_COLOURS) % DASHES.length] });
  const folds = Object.keys(data.histories), all = Object.values(data.histories);
  const hasValidation = all.some((history) => history.val_loss?.some((v) => v !== null));
  const nFitted = Math.max(0, ...all.map((history) => history.n_fitted)), isTuned = all.some((history) => history.n_fitted < history.loss?.length);

  /** At most `most` round numbers from 0 to a number. */
  function ticksTo(end, most) {
    const step = [1, 2, 5].flatMap((digit) => [-4, -3, -2, -1, 0, 1, 2, 3, 4].map((power) => digit * 10 ** power)).sort((a, b) => a - b).find((size) => end / size <= most) ?? end;
    return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, k) => Number((k * step).toPrecision(6)));
  }

  function curves(kind) {
    const lines = folds.flatMap((fold, k) => [["", 0], ["val_", 1]].map(([start, isValidation]) =>
      ({ fold, k, isValidation, values: data.histories[fold][start + kind] }))).filter(({ values }) => values?.some((v) => v !== null));
    if (!lines.length) return null;
    const most = Math.max(...lines.map(({ values }) => values.length)), highest = Math.max(...lines.flatMap(({ values }) => values));
    const top = kind === "accuracy" ? 1 : highest || 1;
    const x = (k) => LEFT + (WIDE - LEFT - RIGHT) * (most > 1 ? k / (most - 1) : 0.5), y = (v) => TOP + (HIGH - TOP - BOTTOM) * (1 - v / top);
    const text = (words, left, low, anchor) => svg("text", { x: left, y: low, "text-anchor": anchor }, words);
    const rows = (kind === "accuracy" ? [0, 0.25, 0.5, 0.75, 1] : ticksTo(top, 5)).flatMap((v) => [
      svg("line", { class: "grid", x1: LEFT, x2: WIDE - RIGHT, y1: y(v), y2: y(v) }), text(kind === "accuracy" ? `${100 * v} %` : String(v), LEFT - 6, y(v) + 4, "end")]);
    const epochs = most > 1 ? ticksTo(most, 8).map((e) => Math.max(1, e)) : [1];
    const columns = [...new Set(epochs)].map((e) => text(String(e), x(e - 1), HIGH - BOTTOM + 16, "middle"));
    const fitted = nFitted && isTuned ? [svg("rect", { class: "fitted", x: LEFT, y: TOP, width: x(nFitted - 0.5) - LEFT, height: HIGH - TOP - BOTTOM })] : [];
    const paths = lines.map(({ fold, k, isValidation, values }) => {
      const points = values.map((v, e) => (v === null ? null : `${x(e).toFixed(1)},${y(v).toFixed(1)}`)).filter(Boolean);
      return svg("path", { d: `M${points.join("L")}${points.length === 1 ? "h1" : ""}`, ...lineOf(k), class: isValidation ? "validation" : hasValidation ? "faint" : "" }, svg("title", {}, `fold ${fold}${isValidation ? ", validation" : ""}`));
    });
    return svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${kind} by epoch, one line for each fold` },
      ...fitted, ...rows, ...columns, ...paths, text(kind, 0, 12, "start"), text("epoch", WIDE - RIGHT, HIGH - 4, "end"));
  }

  const charts = ["loss", "accuracy"].map(curves).filter(Boolean);
  find("curves").append(...charts);
  const isAugmented = isTuned && report.recipe.augment?.length;
  find("curves-words").textContent = `On the training images ${isAugmented ? "with" : "without"} augmentation` +
    (isTuned ? "" : ", to which the last layer was fitted") +
    (isTuned && nFitted ? `; epoch 1, shaded, is the fit of the last layer${isAugmented ? ", without augmentation" : ""}` : "") +
    (hasValidation ? "; thick: on the validation images that selected the epoch." : ". The test images were used only once, at the end.");
  find("curves-legend").append(...(charts.length ? folds : []).map((fold, k) => element("li", {},
    svg("svg", { width: 32, height: 4, "aria-hidden": "true" }, svg("path", { d: "M0,2H32", ...lineOf(k) })), `fold ${fold}`)));
}
