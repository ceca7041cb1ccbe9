// The view of one clip; its address ends in the name of the clip, so that the browser's buttons work.
"use strict";
const view = find("clip");
let shownClip = -1;

function openClip(k) {
  shownClip = k;
  find("clip-title").textContent = clips.id[k];
  const peak = clips.peak_dbfs[k];
  find("clip-facts").replaceChildren(...[
    data.classes[clips.label[k]],
    data.folds[clips.fold[k]] && `fold ${data.folds[clips.fold[k]]}`,
    `recording ${clips.recording[k]}`,
    `file ${clips.audio_file[k]}` + (clips.start_s[k] ? ` from ${clips.start_s[k]} s` : ""),
    peak === null ? "" : `peak ${peak} dBFS`,
  ].filter(Boolean).flatMap((fact, n) => (n ? [element("span", { class: "soft" }, " · "), fact] : [fact])));
  find("clip-flags").replaceChildren(...flagsOf(k).map(flagChip));
  find("clip-plots").replaceChildren(inRows(clips.images[k].map((image) => variantFigure(k, image))));
  const isSilent = find("clip-plots").querySelectorAll("audio").length < clips.images[k].length;
  find("clip-silent").hidden = !isSilent;
  if (isSilent) find("clip-silent").replaceChildren("To hear every variant:", command(`python -m generate.gallery ${folderOfPage()} --listen all`));
  const family = numbers.filter((other) => other !== k && clips.recording[other] === clips.recording[k]);
  find("clip-family").hidden = !family.length;
  find("clip-family").querySelector(".strip").replaceChildren(...family.slice(0, MORE).map((other) => thumbnail(other, 0)));
  showPreviews(k);
  if (!view.open) view.showModal();
  view.scrollTop = 0;
}

/** A flag in words, with a link to the clip that it names. */
function flagChip(flag) {
  const kind = kindOf(flag), other = flag.slice(kind.length + 1);
  return element("span", { class: `chip ${FLAGGED.test(kind) ? "warn" : "soft"}` }, `${kindWords(kind)}: ${data.flag_words[kind] ?? ""} `.replace(/: $/, ""),
    other && place.has(other) ? element("a", { href: `#${encodeURIComponent(other)}` }, other) : other);
}

function variantFigure(k, [variant, seconds, duplicate, hasAudio]) {
  const name = data.variants[variant];
  const shown = plot(imageFile(imageOf(k, variant), `${name} of ${clips.id[k]}, a spectrogram`), { boxes: variant === 0 ? clips.events[k] : [] });
  const source = hasAudio ? audioOf(k, variant) : variant === 0 ? clips.audio_address[k] : "";
  const audio = source ? player(source, `${name} of ${clips.id[k]}`) : null;
  const before = clips.pad_before[k] * Math.max(0, data.seconds - seconds);
  return element("figure", {},
    element("figcaption", {}, element("span", {}, element("strong", {}, name), element("span", { class: "soft" },
      ` ${seconds} s${duplicate ? ", the same as the original" : ""}`))),
    audio ? followed(shown, audio, { before }) : shown, audio);
}

function step(by) {
  const at = matching.indexOf(shownClip);
  const next = matching[at + by];
  if (at >= 0 && next !== undefined) location.replace(`#${encodeURIComponent(clips.id[next])}`);
}

function followAddress() {
  const k = place.get(decodeURIComponent(location.hash.slice(1)));
  if (k === undefined) view.close();
  else openClip(k);
}

find("previous").addEventListener("click", () => step(-1));
find("next-clip").addEventListener("click", () => step(1));
find("close").addEventListener("click", () => view.close());
view.addEventListener("close", () => {
  for (const audio of view.querySelectorAll("audio")) audio.pause();
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  document.querySelector(`#classes a[href="#${CSS.escape(encodeURIComponent(clips.id[shownClip]))}"]`)?.focus();
});
view.addEventListener("click", (event) => { if (event.target === view) view.close(); });
document.addEventListener("keydown", (event) => {
  if (!view.open || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowRight") step(1);
  else if (event.key === "ArrowLeft") step(-1);
});
window.addEventListener("hashchange", followAddress);
onFilter(document.querySelector("form"), show);
show();
if (location.hash) followAddress();
