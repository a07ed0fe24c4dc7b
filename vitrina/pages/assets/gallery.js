// The gallery: collections, categories, pages of pictures, one address for each view.
(() => {
  "use strict";
  const V = window.Vitrina;
  const { h, w } = V;
  const PAGE = 60;
  const KEYS = [["← ↑ → ↓", "keys.move"], ["Enter", "keys.open"], ["/", "keys.filter"], ["[ ]", "keys.pages"], ["Esc", "keys.close"], ["?", "keys.list"]];

  const read = () => {
    const query = new URLSearchParams(location.search);
    const page = Number.parseInt(query.get("page") || "1", 10);
    return { collection: query.get("collection"), label: query.get("category") || null, picture: query.get("picture"),
      page: Number.isFinite(page) && page > 0 ? page : 1 };
  };
  const address = (state) => {
    const query = new URLSearchParams();
    if (state.collection) query.set("collection", state.collection);
    if (state.label) query.set("category", state.label);
    if (state.page > 1) query.set("page", state.page);
    if (state.picture) query.set("picture", state.picture);
    const text = query.toString();
    return text ? `/?${text}` : "/";
  };

  V.gallery = (root) => {
    root.classList.add("v-root");
    const place = V.frame(root, { page: "gallery", keys: KEYS });
    const parts = { switcher: h("nav", { class: "v-switcher", "aria-label": w("gallery.switch") }), title: h("div", { class: "v-title" }),
      chips: h("div", { class: "v-chips", role: "group", "aria-label": w("gallery.filter") }), pictures: h("section", { class: "v-pictures", "aria-label": w("gallery.pictures") }), pager: h("div", { class: "v-pager-place" }) };
    place.append(...Object.values(parts));
    let state = read();
    let collections = [];
    let collection = null;
    let asked = 0;
    let timer = 0;
    const known = new Map();

    const link = (changes, attributes, ...children) => {
      const target = { ...state, picture: null, page: 1, ...changes };
      return h("a", { ...attributes, href: address(target), onclick: (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(target);
      } }, ...children);
    };
    // `over` in the history tells that the page without the picture lies one step back.
    const go = (target, { replace = false } = {}) => {
      const over = replace ? Boolean(history.state && history.state.over) : Boolean(target.picture);
      history[replace ? "replaceState" : "pushState"]({ over }, "", address(target));
      arrive();
    };

    // ---- drawing ----
    const drawSwitcher = () => {
      parts.switcher.hidden = collections.length < 2;
      parts.switcher.replaceChildren(...collections.map((one) =>
        link({ collection: one.slug, label: null }, { class: "v-switch", "aria-current": one.slug === state.collection ? "true" : null },
          one.cover ? h("img", { src: one.cover, alt: "", loading: "lazy", width: 72, height: 56 }) : h("span", { class: "v-switch-blank" }),
          h("span", {}, h("bdi", { class: "v-serif", text: one.title }), h("span", { class: "v-quiet", text: V.count("common.pictures", one.count) })))));
      const here = parts.switcher.querySelector("[aria-current]");
      if (here) parts.switcher.scrollLeft = here.offsetLeft - parts.switcher.offsetLeft - 32;
    };
    const drawTitle = () => {
      if (!collection) return parts.title.replaceChildren();
      const numbers = [V.count("common.pictures", collection.total), V.count("common.classes", collection.labels.length)].join(" · ");
      const measured = (name) => V.share(collection.measured[name], collection.measured.n);
      return parts.title.replaceChildren(...[
        h("h1", {}, h("bdi", { text: collection.title })),
        h("p", { class: "v-lead" }, collection.description ? h("bdi", { text: `${collection.description} ` }) : null),
        h("p", { class: "v-quiet v-numbers" }, numbers, collection.simulated && h("span", { class: "v-tag", text: w("common.simulated") })),
        collection.measured && h("p", { class: "v-quiet v-small", text: w("gallery.measured", {
          share: measured("accuracy"), low: measured("low"), high: measured("high"), n: V.number(collection.measured.n) }) })].filter(Boolean));
    };
    const drawChips = () => {
      const labels = collection ? collection.labels : [];
      parts.chips.hidden = !collection || collection.total === 0;
      const chip = (name, title, count) =>
        link({ label: name }, { class: "v-chip", "aria-current": (state.label || null) === name ? "true" : null },
          h("bdi", { text: title }), h("span", { class: "v-chip-count", text: V.number(count) }));
      parts.chips.replaceChildren(...(collection ? [chip(null, w("gallery.all"), collection.total)] : []), ...labels.map((label) => chip(label.name, label.title, label.count)));
    };
    const drawPager = (total) => {
      const pages = Math.max(1, Math.ceil(total / PAGE));
      if (pages < 2) return parts.pager.replaceChildren();
      const step = (page, key) => page < 1 || page > pages
        ? h("span", { class: "v-button v-off", "aria-disabled": "true", text: w(key) })
        : link({ page }, { class: "v-button", rel: key === "gallery.next" ? "next" : "prev" }, w(key));
      return parts.pager.replaceChildren(h("nav", { class: "v-pager", "aria-label": w("gallery.pager") },
        step(state.page - 1, "gallery.previous"),
        h("span", { class: "v-quiet", text: w("gallery.page", { page: V.number(state.page), pages: V.number(pages) }) }),
        step(state.page + 1, "gallery.next")));
    };
    const empty = (title, text, action) =>
      h("div", { class: "v-empty" }, h("h2", { text: w(title) }), text && h("p", { text: w(text) }), action);
    const doing = (start) => V.progress(
      start.of ? w("common.done_of", { doing: start.doing, done: V.number(start.done), of: V.number(start.of) }) : `${start.doing}…`, start.done, start.of);
    const drawEmpty = () => {
      const start = collection && collection.first_start;
      if (start && start.running) {
        return [doing(start), h("p", { class: "v-quiet", text: w("gallery.first_start") })];
      }
      if (start && start.doing) return [h("div", { class: "v-empty", role: "alert" }, h("p", { text: start.doing }))];
      if (state.label) return [empty("gallery.empty_label", null, link({ label: null }, { class: "v-button" }, w("gallery.empty_label_action")))];
      return [empty("gallery.empty_title", "gallery.empty_text", h("a", { class: "v-button", href: "/try", text: w("gallery.empty_action") }))];
    };
    const drawPictures = (found, before = null) => {
      if (!found.items.length) {
        if (found.total > 0 && state.page > 1) return go({ ...state, page: Math.ceil(found.total / PAGE) }, { replace: true });
        parts.pictures.replaceChildren(...drawEmpty());
        return drawPager(0);
      }
      const focused = document.activeElement;
      const rows = V.rows(found.items, { before, label: w("gallery.pictures"), open: (item) => go({ ...state, picture: String(item.id) }),
        href: (item) => address({ ...state, picture: item.id }) });
      const start = collection.first_start;
      const note = start && start.running ? [doing(start)] : [];
      parts.pictures.replaceChildren(...note, rows);
      rows.lay();
      if (before && rows.contains(focused)) focused.focus();
      return drawPager(found.total);
    };

    // ---- the detail lies over the page; going back in the browser closes it ----
    const detail = V.detail((id) => {
      if (id !== null) return go({ ...state, picture: String(id) }, { replace: true });
      if (history.state && history.state.over) return history.back();
      return go({ ...state, picture: null }, { replace: true });
    });
    const fetchPicture = (id, label) => {
      const key = `${id} ${label || ""}`;
      if (!known.has(key)) {
        const wanted = V.get(`/api/pictures/${encodeURIComponent(id)}`, { label });
        known.set(key, wanted);
        wanted.catch(() => known.delete(key));
        setTimeout(() => known.delete(key), 30000);
      }
      return known.get(key);
    };
    const drawDetail = async () => {
      const id = state.picture;
      if (!id) {
        const last = detail.id;
        detail.hide();
        const cell = last && parts.pictures.querySelector(`[data-id="${CSS.escape(String(last))}"]`);
        if (cell) cell.focus();
        return;
      }
      detail.wait();
      try {
        const picture = await fetchPicture(id, state.label);
        if (state.picture !== id) return;
        detail.show(picture);
        // The neighbours are asked for ahead, so that an arrow answers at once.
        [picture.previous, picture.next].filter(Boolean).forEach((near) =>
          fetchPicture(near, state.label).then((one) => { new Image().src = one.large; }).catch(() => null));
      } catch (error) {
        if (state.picture === id) detail.missing(error);
      }
    };

    // ---- loading ----
    let shown = "";
    const arrive = async () => {
      state = read();
      // At the very first the one that is being made ready: its pictures come in while one looks.
      if (!state.collection && collections.length) {
        state.collection = (collections.find((one) => one.count > 0) || collections.find((one) => one.learning) || collections[0]).slug;
      }
      const view = JSON.stringify([state.collection, state.label, state.page]);
      if (view !== shown) await load(view);
      drawDetail();
    };
    const load = async (view, { quiet = false } = {}) => {
      const turn = ++asked;
      clearTimeout(timer);
      if (!state.collection) return;
      if (!quiet) parts.pictures.setAttribute("aria-busy", "true");
      try {
        const base = `/api/collections/${encodeURIComponent(state.collection)}`;
        const [one, found] = await Promise.all([V.get(base), V.get(`${base}/pictures`, { label: state.label, offset: (state.page - 1) * PAGE, limit: PAGE })]);
        if (turn !== asked) return;
        const moved = shown && view !== shown;
        collection = one;
        shown = view;
        document.title = `${one.title} · ${w("common.name")}`;
        document.querySelectorAll('.v-head a[href^="/try"]').forEach((a) => { a.href = `/try?collection=${encodeURIComponent(one.slug)}`; });
        drawSwitcher(); drawTitle(); drawChips(); drawPictures(found, quiet ? parts.pictures.querySelector(".v-rows") : null);
        if (moved && place.getBoundingClientRect().top < -200) window.scrollTo({ top: 0 });
        if (collections.some((other) => other.learning)) timer = setTimeout(refresh, 1200);
      } catch (error) {
        if (turn !== asked) return;
        collection = null; shown = "";
        drawSwitcher(); drawTitle(); drawChips(); drawPager(0);
        parts.pictures.replaceChildren(error.status === 404 ? empty("gallery.missing_collection") : V.trouble(error, start));
      } finally {
        parts.pictures.removeAttribute("aria-busy");
      }
    };
    const refresh = async () => {
      collections = (await V.get("/api/collections").catch(() => ({ collections }))).collections;
      await load(shown, { quiet: true });
    };
    const start = async () => {
      if (!parts.pictures.children.length) parts.pictures.append(V.loading());
      try {
        const found = await V.get("/api/collections");
        collections = found.collections;
        V.sayDemo(found.status && found.status.demo);
        if (!collections.length) {
          parts.pictures.replaceChildren(empty("gallery.none_title", "gallery.none_text", h("a", { class: "v-button", href: "/backend/", text: w("gallery.none_action") })));
          const first = found.status && found.status.first_start;
          if (first && first.running) {
            parts.pictures.replaceChildren(doing(first));
            timer = setTimeout(start, 1200);
          }
          return;
        }
        await arrive();
      } catch (error) {
        parts.pictures.replaceChildren(V.trouble(error, start));
      }
    };

    window.addEventListener("popstate", arrive);
    document.addEventListener("keydown", (event) => {
      if (V.typing(event) || document.querySelector("dialog[open]")) return;
      const cells = [...parts.pictures.querySelectorAll(".v-cell")];
      const pager = (rel) => { const found = parts.pager.querySelector(`[rel=${rel}]`); if (found) found.click(); };
      if (event.key === "/") {
        event.preventDefault();
        (parts.chips.querySelector("[aria-current]") || parts.chips.querySelector("a"))?.focus();
      } else if (event.key === "]") pager("next");
      else if (event.key === "[") pager("prev");
      else if (event.key.startsWith("Arrow") && parts.chips.contains(document.activeElement)) {
        const chips = [...parts.chips.querySelectorAll("a")];
        const at = chips.indexOf(document.activeElement);
        if (event.key === "ArrowDown") { event.preventDefault(); cells[0]?.focus(); }
        else chips[at + (event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0)]?.focus();
      } else if ((event.key === "ArrowRight" || event.key === "ArrowDown") && document.activeElement === document.body && cells.length) {
        event.preventDefault();
        cells[0].focus();
      }
    });
    start();
  };
})();
