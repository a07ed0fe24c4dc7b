// The review desk: one picture with its partners, the reasons, one key.
(() => {
  "use strict";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const at = (id) => document.getElementById(id);
  const data = read("review-data");
  const words = read("review-words");
  const decisions = window.vitrinaDecisions(data.fingerprint);
  const MANY_CLASSES = 12;

  // ---- texts, elements: data becomes text nodes and attributes, never markup ----
  const language = () => (words[document.documentElement.lang] ? document.documentElement.lang : "en");
  const number = (n) => new Intl.NumberFormat(language()).format(n);
  const w = (key, values = {}) => {
    const [section, name] = key.split(".");
    const text = words[language()][section][name];
    if (text === undefined) throw new Error(`no text for ${key}`);
    return text.replace(/\{(\w+)\}/g, (whole, field) => (field in values ? String(values[field]) : whole));
  };
  const kindName = (kind) => w(words.en.kind[kind] ? `kind.${kind}` : "kind.unknown");
  const h = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => {
      if (value === null || value === undefined || value === false) return;
      if (name === "text") node.textContent = String(value);
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : String(value));
    });
    children.flat().forEach((child) => child !== null && child !== undefined && child !== false && node.append(child));
    return node;
  };
  const size = (one) => w("common.size", { width: number(one.width), height: number(one.height) });
  const labelled = (one) => (one.label === null ? h("i", { text: w("common.no_label") }) : h("bdi", { class: "label", text: one.label }));
  const show = (image, one) => {
    const view = data.thumbnails[one.id];
    image.hidden = !view;
    if (!view) return false;
    // The attributes say the shape before the file is there, so that nothing moves when it comes.
    [image.width, image.height] = view;
    image.style.setProperty("--ratio", String(view[0] / view[1]));
    image.style.setProperty("--wide", `${2 * view[0]}px`);
    image.src = `pictures/${one.id}.jpg`;
    image.alt = w("review.alt", { file: one.file, label: one.label === null ? w("common.no_label") : one.label });
    return true;
  };

  // ---- where we are ----
  let kind = "";
  let order = [];
  let place = 0;
  const item = () => data.items[order[place]];
  const isDecided = (one) => Boolean(decisions.of(one.id) || one.before);
  const firstOpen = (from = 0) => {
    for (let step = 0; step < order.length; step += 1) {
      const candidate = (from + step) % order.length;
      if (!isDecided(data.items[order[candidate]])) return candidate;
    }
    return -1;
  };
  const choose = (chosen) => {
    kind = chosen;
    order = data.items.map((_, index) => index).filter((index) => !kind || data.items[index].kinds.includes(kind));
    place = Math.max(0, firstOpen());
  };

  // ---- drawing ----
  const buttons = new Map();
  const makeClasses = () => {
    data.classes.forEach((one) => {
      const note = h("span", { class: "class-note" });
      const button = h("button", { type: "button", class: "class", "aria-pressed": "false", "aria-keyshortcuts": one.key, onclick: () => say(one.name) },
        one.key ? h("kbd", { text: one.key, "aria-hidden": "true" }) : h("span"), h("bdi", { text: one.name }), note);
      buttons.set(one.name, { button, note });
      at("classes").append(button);
    });
    at("classes").closest("section").hidden = data.classes.length === 0;
    at("find-room").hidden = data.classes.length <= MANY_CLASSES;
  };
  const drawClasses = () => {
    const one = item();
    const decided = decisions.of(one.id);
    const chosen = decided && (decided.kind === "relabel" ? decided.label : decided.kind === "keep" ? one.label : null);
    buttons.forEach(({ button, note }, name) => {
      button.setAttribute("aria-pressed", String(name === chosen));
      button.classList.toggle("is-suggested", name === one.suggestion);
      note.textContent = name === one.label ? w("review.now") : name === one.suggestion ? w("review.suggested") : "";
    });
  };
  const drawReasons = () => {
    const one = item();
    // Kinds and reasons come in pairs; a line that breaks the rule shows its reasons after its kinds.
    const paired = one.kinds.length === one.reasons.length;
    const rows = one.kinds.map((name, index) =>
      h("li", {}, h("strong", { text: kindName(name) }),
        h("span", { text: w(words.en.kind_note[name] ? `kind_note.${name}` : "kind_note.unknown") }),
        paired && h("span", { class: "small quiet", lang: "en", text: one.reasons[index] })));
    if (!paired) rows.push(...one.reasons.map((reason) => h("li", { class: "small quiet", lang: "en", text: reason })));
    at("reasons").replaceChildren(...rows);
  };
  const partner = (one) => {
    const image = h("img", { loading: "lazy" });
    const there = show(image, one);
    const found = order.findIndex((index) => data.items[index].id === one.id && data.items[index].file === one.file);
    return h("li", {}, h("figure", {},
      there ? image : h("p", { class: "no-thumbnail", text: w("common.no_thumbnail") }),
      h("figcaption", {}, labelled(one), h("bdi", { class: "file", text: one.file }), h("span", { class: "size", text: size(one) }),
        found >= 0 && h("button", { type: "button", class: "go-to", onclick: () => go(found) }, w("review.go_to")))));
  };
  const verdict = (one) => {
    const decided = decisions.of(one.id);
    if (decided) return h("span", { class: "verdict", text: w(`review.was_${decided.kind}`, { label: decided.label }) });
    if (!one.before) return null;
    return h("span", { class: "verdict", text: w(`review.before_${one.before.kind}`, { label: one.before.label, annotator: one.before.annotator }) });
  };
  const drawPicture = () => {
    const one = item();
    at("no-picture").hidden = show(at("picture"), one);
    at("caption").replaceChildren(labelled(one), h("bdi", { class: "file", text: one.file }), h("span", { class: "size", text: size(one) }), verdict(one) || "");
    at("partners").hidden = one.partners.length === 0;
    at("compare").classList.toggle("pair", one.partners.length === 1);
    at("compare").classList.toggle("alone", one.partners.length === 0);
    at("partner-list").replaceChildren(...one.partners.map(partner));
    at("partners-more").textContent = one.more ? w("review.more_partners", { n: number(one.more) }) : "";
    const next = data.items[order[place + 1]];
    if (next && data.thumbnails[next.id]) new Image().src = `pictures/${next.id}.jpg`;
  };
  const drawBar = () => {
    const done = data.items.filter(isDecided).length;
    const parts = [w("review.progress", { done: number(done), total: number(data.items.length) })];
    if (data.items.length < data.total) parts.push(w("review.limited", { shown: number(data.items.length), total: number(data.total) }));
    at("progress").textContent = parts.join(" · ");
    at("progress-bar").style.setProperty("--share", String(data.items.length ? done / data.items.length : 0));
    at("position").textContent = w("review.position", { place: number(place + 1), total: number(order.length) });
    at("previous").disabled = place === 0;
    at("next").disabled = place >= order.length - 1;
    at("done").hidden = firstOpen() >= 0;
    const n = decisions.events.length;
    at("download").disabled = n === 0;
    at("download").textContent = n ? w(`review.download_${n === 1 ? "one" : "many"}`, { n: number(n) }) : w("review.download_none");
    at("undo").disabled = decisions.standing() === 0;
    at("change-name").textContent = w("review.change_name", { name: decisions.annotator });
    at("not-kept").hidden = decisions.kept;
  };
  const drawKinds = () => {
    const options = ["", ...data.kinds].map((name) => {
      const count = data.items.filter((one) => !name || one.kinds.includes(name)).length;
      return h("option", { value: name, selected: name === kind, text: `${name ? kindName(name) : w("review.all_kinds")} (${number(count)})` });
    });
    at("kinds").replaceChildren(...options);
    at("find").placeholder = w("review.find_class");
  };
  const draw = () => {
    const begun = Boolean(decisions.annotator);
    at("empty").hidden = data.items.length > 0;
    at("who").hidden = begun || data.items.length === 0;
    at("desk").hidden = !begun || data.items.length === 0;
    if (!data.items.length) return;
    drawPicture();
    drawReasons();
    drawClasses();
    drawBar();
  };
  const tell = (text) => (at("status").textContent = text);

  // ---- deciding ----
  const go = (to) => {
    if (to < 0 || to >= order.length) return;
    place = to;
    draw();
  };
  const decide = (what, told) => {
    const one = item();
    decisions.decide(one.id, { ...what, replaces: one.label });
    tell(told);
    const next = firstOpen(place + 1);
    go(next >= 0 ? next : place);
    // On a small screen the classes lie below the picture: the next one is shown from its top.
    if (at("compare").getBoundingClientRect().top < 0) at("compare").scrollIntoView({ block: "start" });
  };
  // The same file under two labels cannot be kept as it is: one of the two is said for both.
  const torn = (one) => one.partners.some((other) => other.id === one.id && other.label !== one.label);
  const relabel = (name) => decide({ kind: "relabel", label: name }, w("review.relabelled", { label: name, file: item().file }));
  const keep = () => (torn(item()) && item().label !== null ? relabel(item().label) : decide({ kind: "keep", label: item().label }, w("review.kept", { file: item().file })));
  const remove = () => decide({ kind: "remove" }, w("review.removed", { file: item().file }));
  const say = (name) => (name === item().label ? keep() : relabel(name));
  const undo = () => {
    const taken = decisions.undo();
    if (!taken) return tell(w("review.nothing_to_undo"));
    const index = data.items.findIndex((one) => one.id === taken.event.picture_id);
    if (index >= 0 && !order.includes(index)) {
      choose("");
      drawKinds();
    }
    const file = index >= 0 ? data.items[index].file : taken.event.picture_id;
    if (index >= 0) place = order.indexOf(index);
    draw();
    return tell(w(taken.handedOver ? "review.undone_downloaded" : "review.undone", { file }));
  };
  const download = () => {
    const link = h("a", { download: "decisions.jsonl" });
    link.href = URL.createObjectURL(new Blob([decisions.lines()], { type: "application/jsonl" }));
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    decisions.handOver();
    tell(w("review.downloaded", { n: number(decisions.events.length) }));
  };

  // ---- hands ----
  const find = (text) => {
    const wanted = text.trim().toLowerCase();
    buttons.forEach(({ button }, name) => (button.hidden = !name.toLowerCase().includes(wanted)));
  };
  const ACTIONS = { k: keep, r: remove, u: undo, ArrowLeft: () => go(place - 1), ArrowRight: () => go(place + 1), "?": () => at("keys").showModal(),
    "/": () => !at("find-room").hidden && at("find").focus() };
  const typing = (event) => event.ctrlKey || event.metaKey || event.altKey || (event.target instanceof Element && event.target.closest("input, select, textarea") !== null);
  document.addEventListener("keydown", (event) => {
    if (event.target === at("find") && event.key === "Escape") {
      at("find").value = "";
      find("");
      at("find").blur();
    }
    if (typing(event) || at("keys").open || at("desk").hidden) return;
    // A key that is held down decides once; only the arrows go on.
    if (event.repeat && !event.key.startsWith("Arrow")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const known = data.classes.find((one) => one.key === key);
    const run = ACTIONS[key] || (known && (() => say(known.name)));
    if (!run) return;
    event.preventDefault();
    run();
  });
  const press = { keep, remove, undo, download, previous: () => go(place - 1), next: () => go(place + 1),
    "show-keys": () => at("keys").showModal(), "close-keys": () => at("keys").close(), "change-name": () => { decisions.name(""); draw(); at("annotator").focus(); } };
  Object.entries(press).forEach(([id, run]) => at(id).addEventListener("click", run));
  at("kinds").addEventListener("change", () => { choose(at("kinds").value); draw(); });
  at("find").addEventListener("input", () => find(at("find").value));
  at("keys").addEventListener("click", (event) => event.target === at("keys") && at("keys").close());
  at("who").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = at("annotator").value.trim();
    if (!name) return;
    decisions.name(name);
    draw();
    at("keep").focus({ preventScroll: true });
  });
  window.addEventListener("storage", (event) => { if (decisions.belongs(event)) { decisions.read(); draw(); } });
  document.addEventListener("vitrina:language", () => { drawKinds(); tell(""); draw(); });

  makeClasses();
  choose("");
  drawKinds();
  draw();
})();
