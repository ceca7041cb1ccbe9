// Keys, buttons, the class that is typed, and the file that is opened.
"use strict";
document.title = data.title;
find("title").textContent = data.title;
find("note").textContent = data.note;
find("next").append(command(`python -m generate ${data.sounds ? folderOfPage(data.sounds) : "SOUNDS"} ${data.images ? folderOfPage(data.images) : "IMAGES"} --labels-from ${SAVED}`),
  " Give the options too with which the images were made, if you gave any; what differs is named.");

const suggestion = () => { const name = items[current()]?.suggested; if (name) answer("c", name); };
const numbered = (digit) => { const name = allClasses()[digit - 1]; if (name) answer("c", name); else say(`There is no class with the key ${digit}.`); };
const help = () => {
  if (find("help").open) return find("help").close();
  find("help").showModal();
  return find("help-title").focus();
};
const KEYS = [
  [["space"], "play, or pause", " ", () => hear(true)],
  [["y", "Enter"], "it is right", ["y", "Enter"], () => answer("y")],
  [["n"], "it is wrong, and none of the classes: leave it out", "n", () => answer("n")],
  [["1", "to", "9"], "it is this class", null, null],
  ...(items.some((item) => item.suggested) ? [[["0"], data.found_by === "suspects" ? "it is the class that was predicted" : "it is the most probable other class", null, null]] : []),
  [["/"], "type a class", "/", () => find("typed").focus()],
  [["s", "→"], "skip", ["s", "ArrowRight"], () => move(1)],
  [["←"], "back to the one before", "ArrowLeft", () => move(-1)],
  [["u"], "undo the last decision", "u", undo],
  [["w"], "save review.csv", "w", save],
  [["?"], "these keys", "?", help],
];
const ACTS = new Map(KEYS.flatMap(([, , keys, act]) => (keys ? [keys].flat().map((name) => [name, act]) : [])));
find("keys").append(...KEYS.map(([names, words]) => element("tr", {}, element("th", { scope: "row" }, ...names.flatMap((name, k) => [k ? " " : "", name === "to" ? "to" : key(name)])), element("td", {}, words))));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const tag = event.target.tagName, name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (find("help").open && name !== "?") return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(tag)) {
    if (event.key === "Escape") find("question").focus();
    return;
  }
  if ((tag === "BUTTON" && (name === " " || name === "Enter")) || (tag === "AUDIO" && /^( |Arrow.*)$/.test(name))) return;  // its own keys
  // Where digits need the shift key, as on French keyboards, without it.
  const digit = /^\d$/.test(name) ? name : event.shiftKey ? null : /^Digit(\d)$/.exec(event.code)?.[1];
  const act = digit ? () => (digit === "0" ? suggestion() : numbered(Number(digit))) : ACTS.get(name);
  if (!act) return;
  event.preventDefault();
  if (!event.repeat || name.startsWith("Arrow")) act();  // a key that is held decides once
});

const press = (id, act) => find(id).addEventListener("click", act);
press("yes", () => answer("y"));
press("no", () => answer("n"));
press("skip", () => move(1));
for (const id of ["back", "end-back"]) press(id, () => move(-1));
for (const id of ["undo", "end-undo"]) press(id, undo);
for (const id of ["save", "end-save"]) press(id, save);
press("left", () => { at = list.findIndex((k) => !decided.has(k)); say(""); show(); });
press("help-button", help);
press("close", () => find("help").close());
press("open", () => find("file").click());

const showAutoplay = () => find("autoplay").setAttribute("aria-pressed", String(!isQuiet));
press("autoplay", () => {
  isQuiet = !isQuiet;
  try { localStorage.setItem(QUIET_KEY, isQuiet ? "yes" : "no"); } catch { /* for this page alone */ }
  showAutoplay();
  say(isQuiet ? "Clips play when you press space." : "Clips play when they arrive.");
  find(current() === undefined ? "end-title" : "question").focus({ preventScroll: true });
});

// The class that is typed.
const folded = (text) => text.normalize("NFC").trim().replace(/\s+/g, " ");
find("other").addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = folded(find("typed").value), alike = typed.toLowerCase(), classes = allClasses();
  if (!typed) return;
  const same = classes.find((name) => name === typed) ?? classes.find((name) => folded(name).toLowerCase() === alike);
  if (same !== undefined) return void answer("c", same);
  const close = classes.filter((name) => name.toLowerCase().includes(alike)).slice(0, 4);
  find("unknown-words").textContent = `“${typed}” is none of the classes.`;
  const button = (words, act) => element("button", { type: "button", onclick: act }, words);
  find("unknown-buttons").replaceChildren(...close.map((name) => button(name, () => answer("c", name))), button(`Make the new class “${typed}”`, () => answer("c", typed)),
    button("Cancel", () => { find("unknown").hidden = true; find("typed").focus(); }));
  find("unknown").hidden = false;
  find("unknown-buttons").firstChild.focus();
});

// The file that is opened, and other pages of this browser.
async function openFile(file) {
  if (!file) return;
  try { say(openSaved(await file.text()) + keptWords(), "good"); } catch (error) { say(error.message, "bad"); }
  choose();
}
find("file").addEventListener("change", () => { openFile(find("file").files[0]); find("file").value = ""; });
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => { event.preventDefault(); openFile(event.dataTransfer?.files[0]); });
find("choice").addEventListener("change", () => { say(""); choose(); });
window.addEventListener("storage", (event) => { if (event.key === KEY) { readLog(); showProgress(); } });
window.addEventListener("beforeunload", (event) => { if (!isKept && log.length !== nSaved) event.preventDefault(); });

// The first one plays when the page is there: audio that is slow to come must not hold it up.
window.addEventListener("load", () => setTimeout(() => { if (!isQuiet && current() !== undefined) hear(false); }));
showAutoplay();
choose();
say(keptWords().trim(), "warn");
