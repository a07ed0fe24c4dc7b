// The review desk: one picture, its likely label, one key.
(() => {
  "use strict";
  const V = window.Vitrina;
  const { h, w } = V;
  const VIEWS = ["review", "ready", "suggested", "published", "rejected", "trashed"];
  const KEYS = [["Enter", "keys.confirm"], ["1 … 9 a … z", "keys.label"], ["R", "keys.reject"], ["T", "keys.trash"], ["U", "keys.undo"], ["← →", "keys.detail_move"], ["?", "keys.list"]];

  V.review = (root) => {
    root.classList.add("v-root");
    const place = V.frame(root, { page: "review", staff: true, keys: KEYS });
    place.classList.add("v-desk-page");
    V.askDemo();
    let collections = [];
    let chosen = null;
    let timer = 0;
    let asked = 0;
    let lookedAt = null;

    const status = h("p", { class: "v-status", role: "status", "aria-live": "polite" });
    const notices = h("div", { class: "v-notices" });
    const desk = h("section", { class: "v-desk", "aria-label": w("review.queue") });
    const film = h("ol", { class: "v-film", "aria-label": w("review.queue") });
    const tabs = h("nav", { class: "v-tabs", "aria-label": w("review.views") });
    const select = h("select", { class: "v-collection-select", "aria-label": w("review.collection") });
    const publish = h("button", { type: "button", class: "v-button v-main-button" });
    const queue = V.queue((what, more = {}) => heard[what] && heard[what](more));
    const uploads = V.uploads({ slug: () => queue.slug, taken: (item, slug) => slug === queue.slug && queue.add(item) });
    const zone = V.dropZone(uploads.add);
    place.append(h("h1", { class: "v-visually-hidden", text: w("review.title") }),
      h("div", { class: "v-desk-top" }, select, zone, publish), tabs, uploads.place, notices, desk, film);

    const open = (slug, view) => {
      history.replaceState({}, "", `?${new URLSearchParams({ collection: slug, view })}`);
      desk.setAttribute("aria-busy", "true");
      notices.replaceChildren();
      say("");
      queue.load(slug, view)
        .catch((error) => { film.replaceChildren(); desk.replaceChildren(V.trouble(error, () => open(slug, view))); })
        .finally(() => desk.removeAttribute("aria-busy"));
    };
    const say = (text, kind = "") => {
      status.classList.toggle("v-bad", kind === "lost");
      status.replaceChildren(...(kind === "saved" ? [V.icon("check", 18)] : []), text);
    };
    const notice = (text, ...actions) => {
      const one = h("div", { class: "v-notice", role: "alert" }, h("p", { text }), ...actions,
        h("button", { type: "button", class: "v-quiet-button", "aria-label": w("common.close"), onclick: () => one.remove() }, V.icon("close", 18)));
      notices.append(one);
      return one;
    };

    // ---- drawing ----
    const drawTop = () => {
      select.replaceChildren(...collections.map((one) => h("option", { value: one.slug, text: one.title, selected: one.slug === queue.slug })));
      const ready = queue.counts.ready || 0;
      publish.disabled = ready === 0;
      publish.textContent = ready ? w(`review.publish_${ready === 1 ? "one" : "many"}`, { n: V.number(ready) }) : w("review.publish_none");
      // What visitors say of published pictures: a view that is only there while somebody has said something.
      const shown = VIEWS.filter((view) => view !== "suggested" || queue.counts.suggested > 0 || queue.view === view);
      tabs.replaceChildren(...shown.map((view) =>
        h("button", { type: "button", class: "v-tab", "aria-current": view === queue.view ? "true" : null, onclick: () => open(queue.slug, view) },
          w(`review.view_${view}`), h("span", { class: "v-chip-count", text: V.number(queue.counts[view] || 0) }))));
    };
    const drawFilm = () => {
      film.hidden = queue.items.length < 2;
      film.replaceChildren(...queue.items.map((item, index) => {
        const mark = queue.marks.get(item.id);
        const name = { saving: "moon", saved: "check", failed: "cross" }[mark && mark.state];
        return h("li", {}, h("button", { type: "button", class: `v-frame v-frame-${mark ? mark.state : "open"}`, "aria-current": index === queue.index ? "true" : null,
          "aria-label": [item.file_name, mark && w({ saving: "review.saving", saved: "review.saved", failed: "review.not_saved" }[mark.state])].filter(Boolean).join(", "), onclick: () => queue.go(index) },
          h("img", { src: item.thumb, alt: "", loading: "lazy" }), name && name !== "moon" && h("span", { class: "v-frame-mark" }, V.icon(name, 14))));
      }));
      const here = film.children[queue.index];
      if (here) film.scrollTo({ left: here.offsetLeft - film.clientWidth / 2 + here.offsetWidth / 2 });
    };
    const says = (item) => {
      const said = item.prediction;
      const lines = [];
      if (item.suggestion) {
        lines.push(w("review.visitor_says", { title: item.suggestion_title || item.suggestion }));
      }
      if (!said) lines.push(queue.classifier.ready ? w("review.model_silent") : queue.classifier.message || w("review.model_silent"));
      else lines.push(said.abstained ? w("review.model_unsure") : w("review.model_says", { title: said.title }));
      const problem = !said && !queue.classifier.ready && queue.classifier.problem;
      return [...lines.map((line) => h("p", { class: "v-quiet", text: line })), problem && V.inServersWords(problem)].filter(Boolean);
    };
    const labelList = (item) => {
      const scores = new Map(((item.prediction && item.prediction.scores) || []).map((score) => [score.label, score.score]));
      return h("ul", { class: "v-labels", role: "radiogroup", "aria-label": w("review.labels") }, queue.labels.map((label) => {
        const on = label.name === chosen;
        return h("li", { role: "none" }, h("button", { type: "button", class: "v-label", role: "radio", "aria-checked": String(on), tabindex: on || (!chosen && label === queue.labels[0]) ? 0 : -1, onclick: () => setLabel(label.name) },
          label.key && h("kbd", { text: label.key }), h("bdi", { text: label.title }),
          scores.has(label.name) && h("span", { class: "v-label-share", text: w("common.percent", { n: V.percent(scores.get(label.name)) }) }),
          scores.has(label.name) && V.bar(scores.get(label.name), label.title)));
      }));
    };
    const action = (key, text, run, { extra = "", disabled = false } = {}) =>
      h("button", { type: "button", class: `v-button ${extra}`, disabled, onclick: run, "aria-keyshortcuts": key }, w(text), h("kbd", { text: key === "Enter" ? "↵" : key, "aria-hidden": "true" }));
    // What may be done in the view: the buttons and the keys are made from the same list.
    const may = (what) => ({
      restore: ["rejected", "trashed"], withdraw: ["published", "suggested"], reject: ["review", "ready", "trashed"],
      trash: ["review", "ready", "published", "rejected"] })[what].includes(queue.view);
    const actions = (item) => {
      const keeps = queue.view === "suggested" && chosen === item.label;
      const takes = queue.view === "suggested" && item.suggestion && item.suggestion !== item.label;
      const enter = queue.view === "review" ? "review.confirm" : keeps ? "review.keep" : "review.save";
      return h("div", { class: "v-actions" },
        may("restore") ? action("Enter", "review.restore", () => decide("restore"), { extra: "v-confirm" })
          : action("Enter", enter, confirm, { extra: "v-confirm", disabled: !chosen }),
        takes && h("button", { type: "button", class: "v-button", onclick: () => setLabel(item.suggestion), text: w("review.take", { title: item.suggestion_title || item.suggestion }) }),
        may("withdraw") && h("button", { type: "button", class: "v-button", onclick: () => decide("restore"), text: w("review.withdraw") }),
        may("reject") && action("R", "review.reject", () => decide("reject")),
        may("trash") && action("T", "review.trash", () => decide("trash")),
        action("U", "review.undo", undo));
    };
    const large = (item) => {
      const image = h("img", { class: "v-desk-image", src: item.large, alt: item.file_name || "", width: item.width, height: item.height });
      image.style.setProperty("--ratio", String(item.width / item.height || 1));
      if (/^\/(?!\/)/.test(item.thumb)) image.style.backgroundImage = `url(${JSON.stringify(item.thumb)})`;
      image.addEventListener("load", () => (image.style.backgroundImage = "none"));
      return image;
    };
    const position = h("span");
    const drawPosition = () => (position.textContent = w("review.position", { n: V.number(queue.index + 1), total: V.number(Math.max(queue.total, queue.items.length)) }));
    const drawDesk = () => {
      clearTimeout(timer);
      const item = queue.current();
      if (!item) return drawEmpty();
      const held = document.activeElement && document.activeElement.getAttribute("aria-keyshortcuts");
      const step = (to, name) => h("button", { type: "button", class: "v-quiet-button", "aria-label": w(`review.${name}`), title: w(`review.${name}`), disabled: !queue.items[to], onclick: () => queue.go(to) }, V.icon(name === "next" ? "right" : "left"));
      desk.replaceChildren(
        h("figure", { class: "v-desk-picture" }, large(item),
          h("figcaption", { class: "v-quiet v-small" }, step(queue.index - 1, "previous"),
            h("span", {}, h("bdi", { text: item.file_name || "" }), " · ", position), step(queue.index + 1, "next"))),
        h("div", { class: "v-desk-side" },
          item.title && queue.view !== "review" && h("h2", { class: "v-serif" }, h("bdi", { text: item.title })),
          h("div", {}, says(item)), labelList(item), actions(item), status));
      drawPosition();
      // The desk is drawn afresh for every picture: a button that held the focus holds it again.
      if (held) desk.querySelector(`[aria-keyshortcuts="${held}"]`)?.focus();
      const next = queue.items[queue.index + 1];
      if (next) new Image().src = next.large;
      // An answer that is still being worked out is asked for again, for a minute.
      asked = item.id === lookedAt ? asked + 1 : 0;
      lookedAt = item.id;
      if (!item.prediction && asked < 24) timer = setTimeout(() => queue.refresh(item.id).then((fresh) => { if (queue.current() === fresh) { if (fresh.prediction) choose(); drawDesk(); } }).catch(() => null), 2500);
      return null;
    };
    const drawEmpty = () => {
      const nothing = VIEWS.every((view) => !queue.counts[view]);
      const title = queue.view !== "review" ? null : nothing ? "review.empty_review_title" : "review.all_done_title";
      const text = queue.view !== "review" ? `review.empty_${queue.view}` : nothing ? "review.empty_review_text" : "review.all_done_text";
      desk.replaceChildren(h("div", { class: "v-empty" }, title && h("h2", { text: w(title) }), h("p", { text: w(text) }),
        queue.view === "review" && queue.counts.ready > 0 && h("p", { text: w("review.all_done_ready", { n: V.number(queue.counts.ready) }) }), status));
    };
    // The model's answer is chosen beforehand; where it abstained nobody's hand is guided.
    const choose = () => {
      const item = queue.current();
      const said = item && item.prediction && !item.prediction.abstained ? item.prediction.label : null;
      chosen = item ? item.label || said : null;
    };
    const draw = () => { drawTop(); drawFilm(); drawDesk(); };

    // ---- deciding ----
    const advance = async () => {
      const stays = queue.view !== "review";
      let next = stays ? (queue.index + 1 < queue.items.length ? queue.index + 1 : -1) : queue.nextOpen();
      if (next < 0 && queue.items.length < queue.total) {
        await queue.more().catch(() => 0);
        next = queue.nextOpen();
      }
      if (next >= 0) return queue.go(next);
      if (!stays) queue.index = queue.items.length;
      choose();
      return draw();
    };
    const decide = (kind, label = null) => {
      const item = queue.current();
      if (!item) return;
      say(w("review.saving"));
      queue.decide(item, kind, label);
      advance();
    };
    const setLabel = (name) => {
      chosen = name;
      decide("label", name);
    };
    const confirm = () => chosen && setLabel(chosen);
    const undo = async () => {
      say(w("review.undo_running"));
      try {
        const { undone, skipped, count } = await queue.undo();
        choose();
        draw();
        const said = count > 1 ? w("review.undone_many", { n: V.number(count), what: undone }) : w("review.undone_one", { what: undone });
        say(skipped ? `${said} ${V.count("review.undo_skipped", skipped)}` : said, "saved");
      } catch (error) {
        say("");
        notice(error.status === 409 ? w("review.undo_gone") : error.message, error.status === 401 ? V.signIn() : null);
      }
    };
    const pick = (step) => {
      const names = queue.labels.map((label) => label.name);
      const from = names.indexOf(chosen);
      chosen = names[from < 0 ? 0 : (from + step + names.length) % names.length];
      drawDesk();
      desk.querySelector("[aria-checked=true]")?.focus();
    };

    const heard = {
      loaded: () => { choose(); draw(); },
      moved: () => { choose(); drawFilm(); drawDesk(); },
      saving: drawFilm,
      added: () => { if (queue.items.length === 1 || queue.index >= queue.items.length) { queue.index = Math.max(0, queue.items.length - 1); choose(); drawDesk(); } drawTop(); drawFilm(); drawPosition(); },
      saved: ({ item, kind }) => {
        drawTop(); drawFilm();
        if (queue.saving) return;
        say({ label: w("review.saved_as", { title: item.title || "" }), reject: w("review.saved_rejected"), trash: w("review.saved_trashed"), restore: w("review.saved_restored") }[kind], "saved");
        if (!queue.current()) drawEmpty();
      },
      // The person may be on another picture by now: they are told and can go back, the page does not jump under their hands.
      conflict: ({ id }) => {
        draw(); say(w("review.not_saved"), "lost");
        const item = queue.items[queue.indexOf(id)];
        const show = h("button", { type: "button", class: "v-frame", "aria-label": item ? item.file_name : "", onclick: () => { queue.go(queue.indexOf(id)); one.remove(); } }, item && h("img", { src: item.thumb, alt: "" }));
        const one = notice([w("review.conflict"), item && item.title ? w("review.labelled", { title: item.title, by: (item.label_by || "").replace(/^staff:/, "") }) : ""].filter(Boolean).join(" "), show);
      },
      failed: ({ error, again }) => {
        drawFilm(); say(w("review.not_saved"), "lost");
        const one = notice(error.message, error.status === 401 ? V.signIn() : h("button", { type: "button", class: "v-button", onclick: () => { one.remove(); again(); }, text: w("common.again") }));
      },
    };

    select.addEventListener("change", () => { open(select.value, "review"); select.blur(); });
    publish.addEventListener("click", async () => {
      publish.disabled = true;
      publish.textContent = w("review.publishing");
      try {
        const count = await queue.publish();
        await queue.load(queue.slug, queue.view);
        say(V.count("review.published", count), "saved");
      } catch (error) {
        drawTop();
        notice(error.message, error.status === 401 ? V.signIn() : null);
      }
    });
    document.addEventListener("keydown", (event) => {
      if (V.typing(event) || document.querySelector("dialog[open]") || !queue.slug) return;
      // A key that is held down decides once; only the arrows go on. Enter would also press the same button over and over.
      if (event.repeat && !event.key.startsWith("Arrow")) {
        if (event.key === "Enter") event.preventDefault();
        return;
      }
      const onControl = event.target instanceof Element && event.target.closest("a, .v-tab, .v-main-button, .v-frame, .v-quiet-button, .v-actions button, label, input");
      if ((event.key === "Enter" || event.key === " ") && onControl) return;
      const away = may("restore");
      const run = { Enter: away ? () => decide("restore") : confirm, r: may("reject") && (() => decide("reject")), t: may("trash") && (() => decide("trash")), u: undo,
        ArrowLeft: () => queue.go(queue.index - 1), ArrowRight: () => queue.go(queue.index + 1), ArrowUp: () => pick(-1), ArrowDown: () => pick(1) }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      const label = queue.labels.find((one) => one.key === event.key.toLowerCase());
      if (!run && !label) return;
      event.preventDefault();
      if (run) run();
      else if (!away && queue.current()) setLabel(label.name);
    });
    window.addEventListener("beforeunload", (event) => { if (queue.saving || uploads.busy) event.preventDefault(); });

    const start = async () => {
      desk.replaceChildren(V.loading());
      try {
        const found = await V.get("/backend/api/collections");
        V.sayAccount(found.account);
        collections = found.collections;
        if (!collections.length) {
          place.replaceChildren(h("div", { class: "v-empty" }, h("h2", { text: w("review.no_collections") }), h("a", { class: "v-button v-main-button", href: "/backend/collections", text: w("review.create") })));
          return;
        }
        const query = new URLSearchParams(location.search);
        const waits = collections.find((one) => one.counts && one.counts.review > 0) || collections[0];
        const wished = collections.find((one) => one.slug === query.get("collection")) || waits;
        open(wished.slug, VIEWS.includes(query.get("view")) ? query.get("view") : "review");
      } catch (error) {
        desk.replaceChildren(V.trouble(error, start));
      }
    };
    start();
  };
})();
