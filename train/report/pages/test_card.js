// One test clip: what was predicted, the clip to see and hear, and what it is compared with.
"use strict";

function imageFigure(file, words, more = "", isBare = true, otherAudio = null) {
  if (!file) return null;
  const name = file.split("/").pop().replace(/\.png$/, "");
  const shown = plot(imageFile(address(data.images_folder, file), `spectrogram of ${name}`), { isBare, apart: 0.12 });
  const beside = data.audio_of[file] ? player(address(data.images_folder, data.audio_of[file]), name) : null, audio = beside ?? otherAudio;
  // The audio of an explained clip has the silence before it that its image has.
  return captioned(words, more, audio ? followed(shown, audio, { before: beside ? data.starts[file] ?? 0 : 0 }) : shown, audio);
}

const captioned = (words, more, ...shown) => element("figure", {},
  element("figcaption", {}, element("strong", {}, words), more ? element("span", { class: "soft" }, more) : null), ...shown);

function explainedFigures(k) {
  const made = tests.explained[k];
  if (!made) return [];
  const place = (ending) => address(data.explained_folder, `${made.stem}__${ending}`);
  const image = (ending, words) => plot(imageFile(place(ending), `${words} of ${tests.clip[k]}`), { isBare: true });
  const about = data.classes[several ? tests.probabilities[k][0][0] : answersOf(k)[0]];
  const evidence = image("integrated_gradients.png", "evidence for the prediction");
  const audio = made.has_audio ? player(place("what_mattered.mp3"), `${tests.clip[k]}, only the evidence for ${about}`) : null;
  const attends = captioned("what the model attends to", "Grad-CAM", image("grad_cam.png", "what the model attends to"));
  attends.title = "regions that support the prediction; coarse";
  const supports = captioned("evidence for the prediction", "Integrated Gradients", audio ? followed(evidence, audio) : evidence, audio);
  supports.title = `completeness error ${Math.max(0.1, 100 * made.completeness_error).toFixed(1)} %`;
  return [attends, supports];
}

function bars(k) {
  return element("div", { class: "bars" }, ...tests.probabilities[k].map(([j, p]) => {
    const isTrue = truthOf(k).includes(j);
    return element("div", { class: isTrue ? "is-true" : null }, element("span", {}, isTrue ? `${data.classes[j]} (true)` : data.classes[j]),
      element("i", { style: `width: ${Math.max(1, 100 * p)}%` }), element("span", { class: "number is-number" }, percent(p)));
  }));
}

function testCard(k) {
  const truth = namesOf(truthOf(k)), answer = namesOf(answersOf(k)), made = tests.explained[k];
  const whole = made?.has_audio ? player(address(data.explained_folder, `${made.stem}__original.mp3`), `${tests.clip[k]}, the whole clip`) : null;
  const compared = [...explainedFigures(k), imageFigure(tests.like_true[k], `most similar ${truth}`, "in training"),
    isRight(k) ? null : imageFigure(tests.like_predicted[k], `most similar ${answer}`, "in training")].filter(Boolean);
  const variant = tests.variant[k] === "original" ? "" : ` ${tests.variant[k]}`;
  const clip = imageFigure(tests.file[k], "this clip", "", false, whole);
  clip?.classList.add("clip");
  return element("article", { class: "test" },
    element("div", {},
      element("h3", {}, element("span", { class: isRight(k) ? "good" : "bad" }, isRight(k) ? `✓ ${truth}` : `${truth}, predicted as ${answer}`)),
      element("p", { class: "soft small" }, `${tests.clip[k]}${variant}, fold ${tests.fold[k]}, recording ${tests.recording[k]}`), bars(k)),
    data.has_images ? clip : null,
    data.has_images && compared.length ? inRows(compared) : null);
}
