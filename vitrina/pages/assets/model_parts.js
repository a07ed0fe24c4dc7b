// Parts of both pages of models: which version is in force, the table of versions, one version, its card, the history.
(() => {
  "use strict";
  const V = window.Vitrina;
  const { h, w } = V;
  const M = (V.modelParts = {});

  // ---- numbers: shares as percent, with a decimal where enough pictures stand behind it ----
  const PLAIN = ["mae", "rmse", "r2"];
  const plain = (value) => new Intl.NumberFormat(V.language, { maximumSignificantDigits: 3 }).format(value);
  M.number = (name, value, n) => (PLAIN.includes(name) ? plain(value) : w("common.percent", { n: V.share(value, n) }));
  const range = (name, figure) => {
    const shown = (value) => (PLAIN.includes(name) ? plain(value) : V.share(value, figure.n));
    return w("models.interval", { low: shown(figure.interval[0]), high: shown(figure.interval[1]) });
  };
  const figureOf = (row, name) => row.figures.find((one) => one.name === name);
  const ofPictures = (n) => (n === null ? "" : V.count("models.of_pictures", n));

  // Something is going on behind that will be shown when it is done.
  M.isUnderWay = (models) => Boolean(models && (models.reading || (models.serving && models.serving.state === "loading")));

  // ---- reading: `collection` says which; `show` is told what was found, and whether that is news. What was asked for
  // last is shown; while something is read in the background the page looks again until that is done. ----
  const nowhere = () =>
    h("div", { class: "v-empty", role: "alert" }, h("p", { text: w("models.not_there") }),
      h("a", { class: "v-button", href: location.pathname, text: w("models.others") }));
  M.reader = (address, { body, collection, show }) => {
    let told = null;
    let asked = 0;
    let timer = 0;
    const load = async () => {
      const turn = ++asked;
      clearTimeout(timer);
      if (!body.children.length) body.replaceChildren(V.loading());
      try {
        let found = await V.get(address, { collection: collection() });
        if (!found.models && found.collections.length) found = await V.get(address, { collection: found.collections[0].slug });
        if (turn !== asked) return;
        const news = JSON.stringify(told) !== JSON.stringify(found);
        told = found;
        show(found, news);
        if (M.isUnderWay(found.models)) timer = setTimeout(load, 2000);
      } catch (error) {
        if (turn !== asked) return;
        // What stands there now is the trouble: the same answer as before it is news again.
        told = null;
        body.replaceChildren(error.status === 404 ? nowhere() : V.trouble(error, load));
      }
    };
    return load;
  };

  // ---- which collection ----
  M.address = (changes) => {
    const query = new URLSearchParams();
    Object.entries(changes).forEach(([name, value]) => value && query.set(name, value));
    const text = query.toString();
    return text ? `${location.pathname}?${text}` : location.pathname;
  };
  M.asked = () => {
    const query = new URLSearchParams(location.search);
    return { collection: query.get("collection"), version: query.get("version") };
  };
  const link = (target, go, attributes, ...children) =>
    h("a", { ...attributes, href: M.address(target), onclick: (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      history.pushState({}, "", M.address(target));
      go(target);
    } }, ...children);
  M.switcher = (collections, current, go) =>
    h("nav", { class: "v-model-switch", "aria-label": w("models.switch"), hidden: collections.length < 2 }, collections.map((one) =>
      link({ collection: one.slug }, go, { class: "v-serif", "aria-current": one.slug === current ? "true" : null }, h("bdi", { text: one.title }))));
  M.bringIntoView = (switcher) => {
    const here = switcher.querySelector("[aria-current]");
    if (here) switcher.firstChild.scrollLeft = here.offsetLeft - switcher.firstChild.offsetLeft - 32;
  };

  // ---- what is in force ----
  const serving = (models) => {
    if (models.serving.state === "loading" || models.serving.state === "training") return w("models.served_loading");
    if (models.serving.state === "failed") return w("models.served_failed");
    if (!models.champion) return null;
    if (models.serving.version === models.champion.version) return w("models.served_here");
    return models.serving.version ? w("models.served_other", { version: models.serving.version }) : w("models.served_unknown");
  };
  const inForce = (models) => {
    if (!models.champion) return models.reading ? null : w("models.no_champion");
    const { version, since } = models.champion;
    return w("models.in_force", { version, when: V.when(since) });
  };
  const notes = (models) => {
    if (models.kind === "none") return [w("models.no_model")];
    if (models.kind === "own") return [models.pinned ? w("models.own_pinned", models.pinned) : w("models.own"), models.mapped && w("models.own_mapped")];
    const check = models.check;
    return [
      models.champion && models.champion.reason && w("models.why", { reason: models.champion.reason }),
      serving(models),
      check && check.at && w("models.checked", { when: V.when(check.at) }),
      check && check.failed && models.serving.state === "ready" && w("models.check_failed"),
    ];
  };
  M.inForce = (models) => {
    const known = models.kind !== "followed" || models.read_at;
    return h("section", { class: "v-in-force" },
      models.kind === "followed" && known && h("p", { class: "v-in-force-words v-serif", text: inForce(models) }),
      notes(models).filter(Boolean).map((text) => h("p", { class: "v-quiet", text })),
      models.check && models.check.failed && V.inServersWords(models.check.problem),
      models.kind === "followed" && h("p", { class: "v-quiet v-small v-break" }, `${w("models.repository")} `, h("bdi", { text: models.repository })),
      models.away && h("p", { class: "v-away", role: "status" }, known ? w("models.away", { when: V.when(models.read_at) }) : w("models.away_nothing")),
      models.away && !(models.check && models.check.problem) && V.inServersWords(models.problem),
      models.reading && !known && V.progress(w("models.reading")));
  };

  // ---- the table: roles are said, because a table laid out as a grid is none to some browsers ----
  const tags = (row) => [
    row.champion && h("span", { class: "v-tag", text: w("models.champion") }),
    row.served && h("span", { class: "v-tag", text: w("models.served") }),
    row.forced && h("span", { class: "v-tag", text: w("models.forced") }),
    row.same_test === false && h("span", { class: "v-tag", text: w("models.other_test") }),
    row.read && row.by_vitrina === false && h("span", { class: "v-tag", text: w("models.not_ours") }),
  ];
  // All intervals on one scale, whose ends are said, so that the eye sees which of them overlap.
  const scaleOf = (models, name) => {
    const lows = models.versions.map((row) => figureOf(row, name)).filter(Boolean).map((one) => (one.interval || [one.value])[0]);
    return lows.length ? Math.max(0, Math.floor(Math.min(...lows) * 10 - 0.5) / 10) : 0;
  };
  const ends = (from) => h("span", { class: "v-strip-ends", "aria-hidden": "true" }, h("span", { text: w("common.percent", { n: V.share(from, 0) }) }), h("span", { text: w("common.percent", { n: 100 }) }));
  const strip = (figure, from) => {
    const on = (value) => String(Math.max(0, (value - from) / (1 - from)));
    const [low, high] = figure.interval || [figure.value, figure.value];
    return [h("span", { class: "v-strip", "aria-hidden": "true", style: { "--at": on(figure.value), "--low": on(low), "--high": on(high) } },
      h("span", { class: "v-strip-range" }), h("span", { class: "v-strip-at" })), ends(from)];
  };
  const cell = (row, name, from) => {
    const first = from !== null;
    const figure = figureOf(row, name);
    const label = w(`models.${name}`);
    const waiting = row.read === false && row.readable !== false;
    const none = row.readable === false ? w("models.unreadable") : w(waiting ? "models.not_read" : "models.not_measured");
    return h("td", { role: "cell", "data-label": label, class: figure || first ? null : "v-nothing" },
      !figure ? h("span", { class: "v-quiet", text: first ? none : "–" })
        : [h("span", { class: first ? "v-figure" : null, text: M.number(name, figure.value, figure.n) }),
          figure.interval && h("span", { class: "v-quiet v-small", text: range(name, figure) }),
          first && h("span", { class: "v-quiet v-small", text: ofPictures(figure.n) }),
          first && !PLAIN.includes(name) && strip(figure, from)]);
  };
  M.table = (models, { shown, go }) => {
    const measured = models.versions.find((row) => row.figures.length);
    const names = measured ? measured.figures.map((one) => one.name) : ["accuracy"];
    const dated = models.versions.some((row) => row.when);
    const scale = measured && !PLAIN.includes(names[0]) ? scaleOf(models, names[0]) : 0;
    const head = [[w(models.kind === "followed" ? "models.version" : "models.model")], ...names.map((name, index) => [w(`models.${name}`), index === 0 && measured && !PLAIN.includes(name) && ends(scale)]), ...(dated ? [[w("models.published")]] : [])];
    const line = (row) => {
      const name = models.kind === "followed"
        ? link({ collection: models.slug, version: row.name }, go, { class: "v-serif v-version-name", "aria-current": row.name === shown ? "true" : null }, row.name)
        : h("bdi", { class: "v-serif v-version-name", text: row.name });
      return h("tr", { role: "row" },
        h("th", { scope: "row", role: "rowheader" }, name, h("span", { class: "v-tags" }, tags(row))),
        names.map((one, index) => cell(row, one, index === 0 ? scale : null)),
        dated && h("td", { role: "cell", class: "v-quiet", "data-label": w("models.published"), text: V.day(row.when) }));
    };
    return h("section", { class: "v-versions" },
      h("h2", { class: models.kind === "followed" ? null : "v-visually-hidden", text: w("models.versions") }),
      h("table", { role: "table", style: { "--columns": String(names.length) } },
        h("caption", { class: "v-visually-hidden", text: w("models.versions") }),
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head.map((parts) => h("th", { scope: "col", role: "columnheader" }, parts)))),
        h("tbody", { role: "rowgroup" }, models.versions.map(line))),
      models.older > 0 && h("p", { class: "v-quiet v-small", text: V.count("models.older", models.older) }),
      measured && h("p", { class: "v-quiet v-small" }, w("models.measured_note"), names.includes("calibration_error") && ` ${w("models.calibration_note")}`));
  };
  V.day = (text) => {
    const at = new Date(text);
    return text && !Number.isNaN(at.getTime()) ? new Intl.DateTimeFormat(V.language, { dateStyle: "medium" }).format(at) : "";
  };

  // ---- a card: nodes that the server has chosen, made into elements here ----
  const TAGS = ["h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "hr", "br", "table", "thead", "tbody", "tr", "th", "td", "em", "strong", "s", "code", "pre", "a"];
  const element = (node) => {
    if (typeof node === "string") return document.createTextNode(node);
    const children = (node.children || []).map(element);
    if (!TAGS.includes(node.tag)) return h("span", {}, children);
    const made = h(node.tag, {}, children);
    if (node.align === "right" || node.align === "center") made.classList.add(`v-${node.align}`);
    if (node.tag === "a" && /^https:\/\//.test(node.href || "")) {
      made.setAttribute("href", node.href);
      made.setAttribute("rel", "noopener noreferrer nofollow");
      made.className = "v-link";
    }
    // Wide tables move inside their own frame, which a keyboard can reach, so that the page does not.
    return node.tag === "table" || node.tag === "pre" ? h("div", { class: "v-card-wide", tabindex: 0, role: "group" }, made) : made;
  };
  const card = (models, row) => {
    const place = h("div", { class: "v-card", id: "v-card", hidden: true });
    const button = h("button", { type: "button", class: "v-button", "aria-expanded": "false", "aria-controls": "v-card", text: w("models.card") });
    const draw = (open) => {
      place.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      button.textContent = w(open ? "models.card_hide" : "models.card");
    };
    const load = async () => {
      place.replaceChildren(V.loading());
      try {
        const told = await V.get("/api/models/card", { collection: models.slug, version: models.kind === "followed" ? row.name : "" });
        place.replaceChildren(h("article", { "aria-label": w("models.card_of", { version: row.name }) }, told.card.map(element)));
      } catch (error) {
        place.replaceChildren(V.trouble(error, load));
      }
    };
    button.addEventListener("click", () => {
      draw(place.hidden);
      if (!place.hidden && !place.children.length) load();
    });
    return [h("div", {}, button), place];
  };

  // ---- one version ----
  M.detail = (models, row) => {
    // Nothing that the table above has not said.
    if (models.kind !== "followed" && !row.card && !row.per_class.length) return h("div", { hidden: true });
    const title = models.kind === "followed" ? w("models.about", { version: row.name }) : w("models.model");
    const recall = (one) =>
      h("li", {}, h("bdi", { text: one.title }), h("span", {}, M.number("recall", one.value, one.n), " ", h("span", { class: "v-quiet v-small", text: [one.interval && range("recall", one), ofPictures(one.n)].filter(Boolean).join(" · ") })),
        V.bar(one.value, one.title));
    const place = h("section", { class: "v-version" },
      h("h2", { tabindex: -1, text: title }),
      row.revision && h("p", { class: "v-quiet v-small", text: [w("models.commit", { revision: row.revision }), row.when && V.when(row.when)].filter(Boolean).join(" · ") }),
      row.forced && h("p", { text: w("models.forced_why", { reason: row.forced }) }),
      row.same_test === false && h("p", { class: "v-quiet", text: w("models.other_test_text") }),
      !row.figures.length && row.read !== false && row.readable !== false && h("p", { class: "v-quiet", text: w("models.not_measured_text") }),
      row.per_class.length > 0 && h("div", { class: "v-recall" }, h("h3", { text: w("models.recall") }), h("p", { class: "v-quiet v-small", text: w("models.recall_text") }), h("ul", { class: "v-recalls" }, row.per_class.map(recall))),
      row.card && card(models, row));
    return place;
  };

  // ---- the history ----
  const KEY = { publish: "models.did_publish", promote: "models.did_promote", "roll back": "models.did_roll_back" };
  M.history = (models) =>
    models.history.length > 0 && h("section", { class: "v-champions" }, h("h2", { text: w("models.history") }),
      h("ol", {}, models.history.map((one) => h("li", {},
        h("time", { class: "v-quiet v-small", datetime: one.at, text: V.when(one.at) }),
        h("p", { text: w(KEY[one.action], { version: one.version, previous: one.previous || "", by: one.by }) }),
        one.reason && h("p", { class: "v-quiet" }, h("bdi", { text: one.reason }))))),
      models.more_history > 0 && h("p", { class: "v-quiet v-small", text: V.count("models.more_history", models.more_history) }));
})();
