// The page of an image folder: its head, its filters, and the clips by class.
"use strict";
const clips = data.clips;
const numbers = clips.id.map((_, k) => k);
const place = new Map(clips.id.map((id, k) => [id, k]));
const FIRST = 24, MORE = 240;
const EVERY = "every";
const LONGEST = 26;          // characters of a name in a caption; of a longer one both ends
const FLAGGED = /silent|quiet|equal-to|near-duplicate/;
let matching = [];           // clips that pass the filters, in the order of the page

const folderOf = (k) => data.folders[clips.folder[k]];
const imageOf = (k, variant) => address(folderOf(k), `${clips.id[k]}__${data.variants[variant]}.png`);
const audioOf = (k, variant) => address(folderOf(k), `${clips.id[k]}__${data.variants[variant]}.flac`);

// A label is one class, or a set of several.
const names = [...new Set(data.labels_of.flat())].sort();

/** How all names begin, up to a separator; said once, and not in each caption. */
function commonStart(ids) {
  if (ids.length < 2) return "";
  let start = ids.reduce((a, b) => { let n = 0; while (n < a.length && a[n] === b[n]) n += 1; return a.slice(0, n); });
  start = start.replace(/[^-_ .]*$/, "");
  return start.length > 3 ? start : "";
}
const prefix = commonStart(clips.id);

// The head of the page.
document.title = `${data.name}: images`;
find("title").textContent = data.name;
const nImages = clips.images.reduce((sum, of) => sum + of.length, 0);
find("summary").textContent =
  `${count(nImages, "image")} of ${count(clips.id.length, "clip")} of ` +
  `${count(new Set(clips.recording).size, "recording")} in ${count(names.length, "class")}` +
  (data.planes ? `; ${data.planes}` : "") +
  (data.rejected.length ? `; ${data.rejected.length.toLocaleString("en")} rejected` : "") +
  (data.n_left_out ? `. This page shows these and leaves out ` +
    `${count(data.n_left_out, "clip")}. Balance, durations, peaks and equal audio are checked in all, the rest in these.` : "");
find("licence").textContent = [data.licence && `Licence: ${data.licence}.`, data.citation].filter(Boolean).join(" ");
if (data.review_page) {
  find("review-link").href = address(data.review_page);
  find("review-link").hidden = false;
}
const warnings = data.findings.filter(([status]) => status !== "ok"), passed = data.findings.filter(([status]) => status === "ok");
find("findings").append(...findingsList(warnings));
if (!warnings.length) find("findings").replaceWith(element("p", { class: "good" }, "No check found anything to fix."));
find("passed").hidden = !passed.length;
find("passed-summary").textContent = `${count(passed.length, "check")} found nothing`;
find("passed-findings").append(...findingsList(passed));
find("next").append(...[
  warnings.length ? element("li", {}, `Fix what the ${warnings.length === 1 ? "check" : `${warnings.length} checks`} found, and render again.`) : null,
  element("li", {}, "Look at a few clips of each class and listen to them: a press on an image opens its clip."),
  element("li", {}, "Train classifiers on these images:", command(`python -m train ${folderOfPage()}`)),
].filter(Boolean));
pairsTable("settings-table", data.settings, "Settings of the images", `${data.name}-settings.csv`);

// The filters.
options("class", names.map((name) => [name, name]));
options("fold", data.folds.map((name, k) => [k, name || "none"]));
options("variant", [...data.variants.map((name, k) => [k, name]), [EVERY, "every variant"]]);
const flagsOf = (k) => clips.flags[k].split(" ").filter(Boolean).map(decodeURIComponent);
const kindOf = (flag) => flag.split(":")[0];
const nOfFlag = new Map();
for (const k of numbers) for (const kind of new Set(flagsOf(k).map(kindOf))) nOfFlag.set(kind, (nOfFlag.get(kind) || 0) + 1);
const kindWords = (kind) => kind.replaceAll("-", " ").replace(/ (of|to)$/, "");
const flagWords = (flag) => [`${kindWords(kindOf(flag))}:`, data.flag_words[kindOf(flag)] ?? "", flag.slice(kindOf(flag).length + 1)].join(" ").replace(/:? +$/, "");
options("flag", [...nOfFlag].sort().map(([kind, n]) => [kind, `${kindWords(kind)} (${n})`]));
if (data.rejected.length) options("flag", [["rejected", `rejected (${data.rejected.length})`]]);
const nOfRecording = new Map();
for (const name of clips.recording) nOfRecording.set(name, (nOfRecording.get(name) || 0) + 1);
find("recordings").append(...[...nOfRecording].filter(([, n]) => n > 1).slice(0, 5000)
  .map(([value, n]) => element("option", { value }, count(n, "clip"))));
const flagged = [...nOfFlag.keys()].filter((kind) => FLAGGED.test(kind)).sort(), others = [...nOfFlag.keys()].filter((kind) => !FLAGGED.test(kind)).sort();
find("legend").append(...[
  flagged.length ? element("span", {}, element("span", { class: "warn" }, "⚑ in orange"), `: ${flagged.map(kindWords).join(", ")}. `) : null,
  others.length ? element("span", {}, `${flagged.length ? "Other flags" : "Flags"}, not marked: ${others.map(kindWords).join(", ")}. `) : null,
  prefix ? `All names begin with “${prefix}”, which is left out here.` : null,
].filter(Boolean));

function passes(k) {
  const text = find("search").value.trim().toLowerCase();
  const has = (id, value) => find(id).value === "" || find(id).value === String(value);
  return (!find("class").value || data.labels_of[clips.label[k]].includes(find("class").value)) && has("fold", clips.fold[k]) && has("recording", clips.recording[k])
    && (!find("flag").value || flagsOf(k).some((flag) => kindOf(flag) === find("flag").value))
    && (!text || clips.id[k].toLowerCase().includes(text) || clips.audio_file[k].toLowerCase().includes(text));
}

function show() {
  const variant = find("variant").value;
  matching = numbers.filter(passes);
  const ofClass = data.classes.map(() => []);
  for (const k of matching) {
    for (const [v] of clips.images[k]) if (variant === EVERY || v === Number(variant)) ofClass[clips.label[k]].push([k, v]);
  }
  matching = ofClass.flatMap((shown) => [...new Set(shown.map(([k]) => k))]);
  const rejectedOnly = find("flag").value === "rejected";
  find("found").textContent = rejectedOnly ? count(data.rejected.length, "rejected clip") : count(matching.length, "clip");
  find("saved").hidden = rejectedOnly || !matching.length;
  if (rejectedOnly) return showRejected();
  find("classes").replaceChildren(...ofClass.map((shown, label) => section(label, shown)).filter(Boolean));
  if (!find("classes").children.length) find("classes").append(element("p", {}, "No clip passes these filters."));
}

function section(label, shown) {
  if (!shown.length) return null;
  const strip = element("div", { class: "strip" });
  const more = element("button", { type: "button" });
  let n = 0;
  const add = (upTo) => {
    strip.append(...shown.slice(n, upTo).map(([k, v]) => thumbnail(k, v)));
    n = Math.min(upTo, shown.length);
    more.textContent = `show ${Math.min(MORE, shown.length - n).toLocaleString("en")} more of ${shown.length.toLocaleString("en")}`;
    more.hidden = n >= shown.length;
  };
  more.addEventListener("click", () => {
    const before = n;
    add(n + MORE);
    strip.children[before].focus();
  });
  add(FIRST);
  const nClips = new Set(shown.map(([k]) => k)).size;
  return element("section", { class: "class" },
    element("h2", {}, data.classes[label], element("span", { class: "soft small" }, ` ${count(nClips, "clip")}`)), strip, element("p", {}, more));
}

function thumbnail(k, variant) {
  const name = data.variants[variant], id = clips.id[k], short = id.slice(prefix.length), isFlagged = FLAGGED.test(clips.flags[k]);
  return element("a", { href: `#${encodeURIComponent(id)}`, class: isFlagged ? "is-flagged" : null, title: [id, ...flagsOf(k).map(flagWords)].join("\n") },
    element("img", { src: imageOf(k, variant), loading: "lazy", decoding: "async", width: 96, height: 96, alt: `${name} of ${id}` }),
    element("span", { class: "name" }, (isFlagged ? "⚑ " : "") + (short.length > LONGEST ? `${short.slice(0, LONGEST / 2)}…${short.slice(1 - LONGEST / 2)}` : short)),
    variant === 0 ? null : element("span", { class: "variant" }, name));
}

function showRejected() {
  find("classes").replaceChildren(element("h2", {}, "Rejected"), element("div", { id: "rejected" }));
  dataTable("rejected", {
    columns: [["file", 0], ["class", 2], ["reason", 3]].map(([name, k]) => ({ name, value: (row) => row[k] })),
    rows: data.rejected, label: "Rejected clips", file: `${data.name}-rejected.csv`, sortBy: 0,
  });
}

find("saved").append(csvButton(`${data.name}-clips.csv`, () => [
  ["clip", "class", "fold", "recording", "file", "start_s", "peak_dbfs", "flags"],
  ...matching.map((k) => [clips.id[k], data.classes[clips.label[k]], data.folds[clips.fold[k]], clips.recording[k], clips.audio_file[k], clips.start_s[k], clips.peak_dbfs[k], clips.flags[k]]),
]));
