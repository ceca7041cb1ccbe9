// Training curves: one line for each fold, dashed on the validation images.
"use strict";
{
  const WIDE = 380, HIGH = 220, LEFT = 44, TOP = 24, RIGHT = 8, BOTTOM = 36;
  const foldColour = (k) => `var(--fold-${k % 6})`;
  const folds = Object.keys(data.histories);

  /** At most `most` round numbers from 0 to a number. */
  function ticksTo(end, most) {
    const step = [1, 2, 5].flatMap((digit) => [-4, -3, -2, -1, 0, 1, 2, 3, 4].map((power) => digit * 10 ** power)).sort((a, b) => a - b).find((size) => end / size <= most) ?? end;
    return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, k) => Number((k * step).toPrecision(6)));
  }

  function curves(kind) {
    const lines = folds.flatMap((fold, k) => [["", 0], ["val_", 1]].map(([start, isDashed]) =>
      ({ fold, k, isDashed, values: data.histories[fold][start + kind] }))).filter(({ values }) => values?.some((v) => v !== null));
    if (!lines.length) return null;
    const most = Math.max(...lines.map(({ values }) => values.length)), highest = Math.max(...lines.flatMap(({ values }) => values));
    const top = kind === "accuracy" ? 1 : highest || 1;
    const x = (k) => LEFT + (WIDE - LEFT - RIGHT) * (most > 1 ? k / (most - 1) : 0.5), y = (v) => TOP + (HIGH - TOP - BOTTOM) * (1 - v / top);
    const text = (words, left, low, anchor) => svg("text", { x: left, y: low, "text-anchor": anchor }, words);
    const rows = (kind === "accuracy" ? [0, 0.25, 0.5, 0.75, 1] : ticksTo(top, 5)).flatMap((v) => [
      svg("line", { class: "grid", x1: LEFT, x2: WIDE - RIGHT, y1: y(v), y2: y(v) }), text(kind === "accuracy" ? `${100 * v} %` : String(v), LEFT - 6, y(v) + 4, "end")]);
    const epochs = most > 1 ? ticksTo(most, 8).map((e) => Math.max(1, e)) : [1];
    const columns = [...new Set(epochs)].map((e) => text(String(e), x(e - 1), HIGH - BOTTOM + 16, "middle"));
    const paths = lines.map(({ fold, k, isDashed, values }) => {
      const points = values.map((v, e) => (v === null ? null : `${x(e).toFixed(1)},${y(v).toFixed(1)}`)).filter(Boolean);
      return svg("path", { d: `M${points.join("L")}${points.length === 1 ? "h1" : ""}`, stroke: foldColour(k), "stroke-dasharray": isDashed ? "5 3" : "none" }, svg("title", {}, `fold ${fold}${isDashed ? ", validation" : ""}`));
    });
    return svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${kind} by epoch, one line for each fold` },
      ...rows, ...columns, ...paths, text(kind, 0, 12, "start"), text("epoch", WIDE - RIGHT, HIGH - 4, "end"));
  }

  const charts = ["loss", "accuracy"].map(curves).filter(Boolean);
  find("curves").append(...charts);
  const hasValidation = Object.values(data.histories).some((history) => history.val_loss);
  find("curves-words").textContent = "On the training images with augmentation" +
    (hasValidation ? "; dashed: on the validation images that selected the epoch." : ". The test images were used only once, at the end.");
  find("curves-legend").append(...(charts.length ? folds : []).map((fold, k) => element("li", {},
    svg("svg", { width: 20, height: 4, "aria-hidden": "true" }, svg("path", { d: "M0,2H20", stroke: foldColour(k) })), `fold ${fold}`)));
}
