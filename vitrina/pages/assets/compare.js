// Two versions of a model on one picture, which is not kept.
(() => {
  "use strict";
  const V = window.Vitrina;
  const { h, w } = V;
  const TRIES = 20;

  const send = async (file, query, signal) => {
    const search = new URLSearchParams({ ...query, language: V.language });
    let answer;
    try {
      answer = await fetch(`/api/models/compare?${search}`, { method: "POST", body: file, signal, credentials: "same-origin", headers: { "Content-Type": "application/octet-stream" } });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw { reason: "", message: w("common.no_answer") };
    }
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    throw body.error || { reason: "", message: w("common.no_answer") };
  };

  // ---- the answer in words, then in bars ----
  const inWords = ({ answers: [one, two], same }) => {
    const sure = (answer) => V.percent(answer.scores[0].score);
    const titles = { a_title: one.top.title, b_title: two.top.title };
    const numbers = { first: one.version, second: two.version, a: sure(one), b: sure(two) };
    if (one.abstained && two.abstained) return w("compare.both_unsure", { ...numbers, ...titles });
    if (one.abstained || two.abstained) {
      const [said, silent] = one.abstained ? [two, one] : [one, two];
      return w("compare.one_unsure", { sure: said.version, unsure: silent.version, title: said.top.title, guess: silent.top.title, a: sure(said), b: sure(silent) });
    }
    return same ? w("compare.both_sure", { ...numbers, title: one.top.title }) : w("compare.differ", { ...numbers, ...titles });
  };
  const seconds = (answer) => {
    if (answer.seconds < 0.1) return w("compare.seconds_below", { version: answer.version, n: V.number(0.1) });
    return w("compare.seconds", { version: answer.version, n: V.number(Number(answer.seconds.toFixed(1))) });
  };
  const bars = ({ answers }) => {
    const scores = answers.map((answer) => new Map(answer.scores.map((one) => [one.label, one])));
    const labels = [...new Set(answers.flatMap((answer) => answer.scores.map((one) => one.label)))];
    const highest = (label) => Math.max(...scores.map((found) => (found.get(label) || { score: 0 }).score));
    const ranked = labels.sort((one, two) => highest(two) - highest(one)).slice(0, 8);
    const cell = (found, label) => {
      const score = found.get(label);
      return h("td", {}, score ? [h("span", { text: w("common.percent", { n: V.percent(score.score) }) }), V.bar(score.score, score.title)] : "–");
    };
    const title = (label) => (scores[0].get(label) || scores[1].get(label)).title;
    const tops = new Set(answers.map((answer) => answer.top.label));
    return h("table", { class: "v-compared" },
      h("caption", { class: "v-visually-hidden", text: w("compare.answers") }),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "v-visually-hidden", text: w("compare.class") })), answers.map((answer) => h("th", { scope: "col", class: "v-serif", text: answer.version })))),
      h("tbody", {}, ranked.map((label) => h("tr", { class: tops.has(label) ? "v-first" : null },
        h("th", { scope: "row" }, h("bdi", { text: title(label) })), scores.map((found) => cell(found, label))))));
  };

  V.compare = () => {
    const answer = h("div", { class: "v-compare-answer", "aria-live": "polite" });
    const input = h("input", { type: "file", accept: "image/*", class: "v-visually-hidden", id: "v-compare-file", onchange: () => take(input.files[0]) });
    const image = h("img", { alt: w("compare.preview"), hidden: true });
    const words = h("span", { class: "v-compare-words" }, `${w("compare.drop")} `, h("span", { class: "v-link", text: w("compare.choose") }));
    const photo = h("label", { class: "v-compare-photo", for: "v-compare-file" }, input, image, words);
    const selects = ["first", "second"].map((key) => h("select", { id: `v-compare-${key}`, onchange: () => ask() }));
    const picks = h("div", { class: "v-compare-picks" }, selects.map((select, index) =>
      h("div", {}, h("label", { for: select.id, class: "v-quiet v-small", text: w(index ? "compare.second" : "compare.first") }), select)));
    const place = h("section", { class: "v-compare" }, h("h2", { text: w("compare.title") }), h("p", { class: "v-quiet", text: w("compare.lead") }), picks, h("div", { class: "v-compare-both" }, photo, answer));
    let models = null;
    let file = null;
    let under = null;
    let url = null;

    const show = (...children) => answer.replaceChildren(...children);
    const ask = async (tries = TRIES) => {
      if (under) under.abort();
      if (!file || !models) return show();
      const [first, second] = selects.map((select) => select.value);
      if (first === second) return show(h("p", { class: "v-quiet", text: w("compare.same_version") }));
      const mine = (under = new AbortController());
      if (tries === TRIES) show(V.progress(w("compare.looking")));
      try {
        const found = await send(file, { collection: models.slug, first, second }, mine.signal);
        return show(h("p", { class: "v-compare-verdict v-serif", text: inWords(found) }), bars(found),
          h("p", { class: "v-quiet v-small", text: found.answers.map(seconds).join(" · ") }));
      } catch (error) {
        if (mine.signal.aborted) return null;
        if (error.reason === "StillLoading" && tries > 1) {
          show(V.progress(w("compare.fetching")));
          setTimeout(() => under === mine && ask(tries - 1), 4000);
          return null;
        }
        return show(h("h3", { text: w("compare.failed") }), h("p", { class: "v-quiet", text: error.message || "" }),
          h("button", { type: "button", class: "v-button", onclick: () => ask(), text: w("common.again") }));
      }
    };
    const take = (found) => {
      if (!found || place.hidden) return;
      file = found;
      if (url) URL.revokeObjectURL(url);
      url = URL.createObjectURL(found);
      image.setAttribute("src", url);
      image.hidden = false;
      photo.classList.add("v-has-picture");
      ask();
    };
    image.addEventListener("error", () => { image.hidden = true; photo.classList.remove("v-has-picture"); });
    photo.addEventListener("dragover", (event) => { event.preventDefault(); photo.classList.add("v-over"); });
    photo.addEventListener("dragleave", () => photo.classList.remove("v-over"));
    photo.addEventListener("drop", (event) => {
      event.preventDefault();
      photo.classList.remove("v-over");
      take(event.dataTransfer.files[0]);
    });
    document.addEventListener("paste", (event) => {
      const pasted = [...((event.clipboardData && event.clipboardData.files) || [])].find((one) => one.type.startsWith("image/"));
      if (pasted && place.isConnected) take(pasted);
    });

    const set = (found) => {
      const names = found.versions.filter((row) => row.comparable).map((row) => row.name);
      const before = models && models.slug === found.slug ? selects.map((select) => select.value) : [];
      if (models && models.slug !== found.slug) show();
      models = found;
      place.hidden = names.length < 2;
      const champion = found.champion ? found.champion.version : names[0];
      const other = names.find((name) => name !== champion);
      selects.forEach((select, index) => {
        select.replaceChildren(...names.map((name) => h("option", { value: name, text: name })));
        const wished = before[index];
        select.value = names.includes(wished) ? wished : index ? other : champion;
      });
    };
    return { place, set };
  };
})();
