// Try it: a photo goes in, an answer comes out; only an opinion that is sent keeps the photo.
(() => {
  "use strict";
  const V = window.Vitrina;
  const { h, w } = V;
  const T = (V.tryIt = { slug: null, collections: [] });
  let parts = {};
  let answered = null;
  let timer = 0;

  // ---- head with the choice of a collection ----
  T.head = (root) => {
    root.classList.add("v-root");
    const place = V.frame(root, { page: "try" });
    place.classList.add("v-try-head");
    const choices = h("div", { class: "v-choices", role: "radiogroup", "aria-label": w("try.choose") });
    T.note = h("p", { class: "v-quiet v-small", role: "status" });
    place.append(h("h1", { text: w("try.title") }), h("p", { class: "v-lead", text: w("try.lead") }), choices, T.note);
    // The words of the photo box are Gradio's, in the browser's language: ours are drawn over them.
    document.documentElement.style.setProperty("--v-photo-words", JSON.stringify(w("try.drop")));
    const wished = new URLSearchParams(location.search).get("collection");
    const load = async () => {
      try {
        // A collection without a model has nothing to answer with.
        const found = await V.get("/api/collections");
        V.sayDemo(found.status && found.status.demo);
        T.collections = found.collections.filter((one) => one.model !== null || one.learning);
      } catch (error) {
        choices.replaceChildren(V.trouble(error, load));
        return;
      }
      if (!T.collections.length) {
        choices.replaceChildren(h("p", { class: "v-quiet", text: w("try.no_collection") }));
        return;
      }
      const first = T.collections.find((one) => one.slug === wished) || T.collections[0];
      if (wished && first.slug !== wished) choices.before(h("p", { class: "v-quiet", role: "status", text: w("try.no_classifier") }));
      choices.replaceChildren(...T.collections.map((one) =>
        h("label", { class: "v-choice" },
          h("input", { type: "radio", name: "v-collection", value: one.slug, checked: one === first, onchange: () => T.choose(one.slug) }),
          h("bdi", { text: one.title }))));
      T.choose(first.slug);
    };
    load();
  };
  T.choose = (slug) => {
    T.slug = slug;
    if (T.note) T.note.textContent = (T.collections.find((one) => one.slug === slug) || {}).simulated ? w("try.simulated") : "";
    if (T.setCollection) T.setCollection(slug);
  };

  // ---- bridges: their values are inputs of the Gradio events ----
  T.collection = (root, props) => {
    T.setCollection = (slug) => { if (props.value !== slug) props.value = slug; };
    if (T.slug) T.setCollection(T.slug);
  };
  T.label = (root, props, trigger) => {
    T.send = (label) => { props.value = label; setTimeout(() => trigger("submit"), 0); };
  };

  // ---- the answer ----
  const bars = (scores, label) =>
    h("ul", { class: "v-scores", "aria-label": label }, scores.map((score, index) =>
      h("li", { class: index === 0 ? "v-first" : null },
        h("bdi", { text: score.title }), h("span", { text: w("common.percent", { n: V.percent(score.score) }) }),
        V.bar(score.score, score.title))));

  const question = (found) => {
    const place = h("div", { class: "v-question" });
    const ask = () => place.replaceChildren(
      h("h3", { text: w(found.abstained ? "try.question_abstained" : "try.question") }),
      h("div", { class: "v-row" },
        !found.abstained && h("button", { type: "button", class: "v-button", onclick: () => send(found.top.label), text: w("try.is_right") }),
        h("button", { type: "button", class: "v-button", onclick: choose, text: w(found.abstained ? "try.tell" : "try.is_wrong") })),
      h("p", { class: "v-quiet v-small", text: w("try.kept") }));
    const choose = async () => {
      let labels = found.scores.map((score) => ({ name: score.label, title: score.title }));
      try { labels = (await V.get(`/api/collections/${encodeURIComponent(found.collection)}`)).labels; } catch { /* the answer's own labels do as well */ }
      const go = h("button", { type: "button", class: "v-button", disabled: true, onclick: () => send(select.value), text: w("try.send") });
      // Nothing is chosen beforehand: an answer that nobody gave teaches the wrong thing.
      const select = h("select", { id: "v-which", onchange: () => { go.disabled = !select.value; } },
        h("option", { value: "", text: w("try.choose_label"), selected: true, disabled: true }), labels
        .filter((label) => found.abstained || label.name !== found.top.label)
        .map((label) => h("option", { value: label.name, text: label.title })));
      place.replaceChildren(
        h("label", { for: "v-which", class: "v-h3", text: w("try.which") }),
        h("div", { class: "v-row" }, select, go,
          h("button", { type: "button", class: "v-quiet-button", onclick: ask, text: w("try.cancel") })),
        h("p", { class: "v-quiet v-small", text: w("try.kept") }));
      select.focus();
    };
    const send = (label) => {
      place.replaceChildren(h("p", { class: "v-quiet", role: "status", text: w("try.sending") }));
      T.send(label);
    };
    place.ask = ask;
    place.say = (message, good) => place.replaceChildren(
      h("p", { class: good ? "v-good" : "v-bad", role: "status" }, good && V.icon("check"), message),
      ...(good ? [] : [h("button", { type: "button", class: "v-button", onclick: ask, text: w("common.again") })]));
    ask();
    return place;
  };

  const draw = {
    empty: () => [h("div", { class: "v-answer-empty" }, h("h2", { text: w("try.waiting_title") }), h("p", { class: "v-quiet", text: w("try.waiting_text") }))],
    looking: () => [V.progress(w("try.looking"))],
    out_of_order: () => [h("h2", { text: w("try.out_of_order") }), h("p", { class: "v-quiet", text: w("try.out_of_order_text") })],
    refused: (found) => [h("h2", { text: w("try.refused") }), h("p", { class: "v-quiet", text: found.message })],
    busy: () => [h("h2", { text: w("try.failed") }), h("p", { class: "v-quiet", text: w("try.busy") }),
      h("button", { type: "button", class: "v-button", onclick: () => parts.again(), text: w("common.again") })],
    waiting: (found) => [V.progress(found.message || w("try.not_ready"), found.done, found.of), h("p", { class: "v-quiet", text: w("try.not_ready") })],
    answered: (found) => {
      parts.question = question(found);
      const n = V.percent(found.scores[0].score);
      // With a class map it abstains on how much of the photo fits any class at all, whatever the bars share out.
      const unlike = found.confidence < found.scores[0].score - 0.005;
      return [
        ...(found.abstained
          ? [h("h2", { class: "v-verdict", text: w("try.not_sure") }), h("p", { class: "v-quiet", text: w(unlike ? "try.not_sure_shared" : "try.not_sure_text") })]
          : [h("h2", { class: "v-verdict" }, h("bdi", { text: found.top.title })), h("p", { class: "v-quiet", text: w("try.sure", { n }) })].filter(Boolean)),
        h("div", { class: found.abstained ? "v-unsure" : "" }, bars(found.scores.slice(0, 5), w("try.bars"))),
        parts.question,
        h("p", { class: "v-quiet v-small v-break" }, `${w("try.model")} `, h("bdi", { text: V.revision(found.model_revision) }),
          found.seconds ? ` · ${w("try.seconds", { n: found.seconds < 0.1 ? V.number(0.1) : V.number(Number(found.seconds.toFixed(1))) })}` : ""),
      ];
    },
  };
  const show = (found) => {
    clearTimeout(timer);
    parts.root.removeAttribute("aria-busy");
    parts.place.replaceChildren(...draw[found.state](found));
    if (found.state === "waiting") wait(found);
  };
  // While the model is made ready the page asks how far it is, then asks again for the answer.
  const wait = (found) => {
    timer = setTimeout(async () => {
      try {
        const one = await V.get(`/api/collections/${encodeURIComponent(T.slug)}`);
        if (one.model_ready) return parts.again();
        if (one.model_state === "failed") return show({ state: "out_of_order" });
        if (!one.model) return show({ state: "refused", message: found.message });
        const start = one.first_start;
        if (start && start.running) {
          return show({ state: "waiting", done: start.done, of: start.of,
            message: start.of ? w("common.done_of", { doing: start.doing, done: V.number(start.done), of: V.number(start.of) }) : `${start.doing}…` });
        }
      } catch { /* asked again below */ }
      return wait(found);
    }, 1500);
  };

  // Runs before the event leaves, and hands its inputs on.
  T.looking = (picture, collection) => {
    if (parts.place && picture && collection) {
      answered = null;
      show({ state: "looking" });
      // A lost event must not leave the bar running for ever.
      timer = setTimeout(() => show({ state: "busy" }), 60000);
    }
    return [picture, collection];
  };
  // The event itself failed: a full queue, a lost server.
  T.failed = () => { if (parts.place) show({ state: "busy" }); };
  T.answer = (root, props, trigger, watch) => {
    root.classList.add("v-root");
    parts = { root, place: h("section", { class: "v-answer-place", "aria-label": w("try.result"), "aria-live": "polite" }), again: () => trigger("submit") };
    root.replaceChildren(parts.place);
    show({ state: "empty" });
    watch("value", () => {
      const found = props.value;
      if (!found || !found.state) return;
      if (found.state === "suggested" || found.state === "suggestion_failed") {
        if (answered && parts.question) parts.question.say(found.message, found.state === "suggested");
        return;
      }
      answered = found.state === "answered" ? found : null;
      show(found);
    });
  };
})();
