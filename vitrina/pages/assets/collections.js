// The staff's list of collections, with the form for a new one.
(() => {
  "use strict";
  const V = window.Vitrina;
  const { h, w } = V;

  // "Fotos de peces, 2026" -> "fotos-de-peces-2026"
  V.slugOf = (title) =>
    title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 64).replace(/-+$/, "");

  const field = (id, key, control) => {
    const problem = h("p", { class: "v-bad v-small", id: `${id}-problem` });
    control.id = id;
    control.setAttribute("aria-describedby", `${id}-hint ${id}-problem`);
    const whole = h("div", { class: "v-field" }, h("label", { for: id, text: w(`create.${key}`) }), control,
      h("p", { class: "v-quiet v-small", id: `${id}-hint`, text: w(`create.${key}_hint`) }), problem);
    whole.complain = (text) => {
      problem.textContent = text || "";
      control.setAttribute("aria-invalid", String(Boolean(text)));
    };
    return whole;
  };

  const row = (one) => {
    const counts = one.counts || {};
    const number = (view, key) => h("td", {}, h("a", { href: `/backend/?${new URLSearchParams({ collection: one.slug, view })}`, "aria-label": `${w(key)}: ${V.number(counts[view] || 0)}` }, V.number(counts[view] || 0)));
    return h("tr", {},
      h("th", { scope: "row" },
        h("a", { class: "v-serif v-collection-name", href: `/backend/?${new URLSearchParams({ collection: one.slug })}` }, h("bdi", { text: one.title })),
        one.simulated && h("span", { class: "v-tag", text: w("common.simulated") }),
        h("p", { class: "v-quiet v-small v-break" }, V.count("common.classes", one.labels.length), " · ", h("bdi", { text: V.revision(one.model_revision || one.model) || w("create.no_model") }),
          " · ", h("a", { class: "v-link", href: `/?collection=${encodeURIComponent(one.slug)}`, text: w("create.show") }))),
      number("review", "create.column_review"), number("ready", "create.column_ready"), number("published", "create.column_published"));
  };

  V.collectionsPage = (root) => {
    root.classList.add("v-root");
    const place = V.frame(root, { page: "collections", staff: true });
    V.askDemo();
    const list = h("div", { class: "v-collection-list" });
    const title = h("input", { type: "text", maxlength: 200, autocomplete: "off" });
    const slug = h("input", { type: "text", maxlength: 64, autocomplete: "off", spellcheck: "false", autocapitalize: "none" });
    const classes = h("textarea", { rows: 6, spellcheck: "false" });
    const model = h("input", { type: "text", maxlength: 300, autocomplete: "off", spellcheck: "false", placeholder: "bundled/efficientnet-lite0" });
    const fields = { title: field("v-title", "name", title), slug: field("v-slug", "slug", slug), classes: field("v-classes", "classes", classes), model: field("v-model", "reference", model) };
    const submit = h("button", { type: "submit", class: "v-button v-main-button", text: w("create.submit") });
    const said = h("p", { role: "status", "aria-live": "polite" });
    const form = h("form", { class: "v-form", novalidate: true }, h("h2", { text: w("create.new") }), Object.values(fields), h("div", {}, submit), said);
    place.append(h("h1", { text: w("create.title") }), h("div", { class: "v-collections" }, list, form));

    let own = false;
    slug.addEventListener("input", () => (own = slug.value !== ""));
    title.addEventListener("input", () => { if (!own) slug.value = V.slugOf(title.value); });

    const names = () => classes.value.split("\n").map((line) => line.trim()).filter(Boolean);
    const check = () => {
      const problems = {
        title: title.value.trim() ? "" : w("create.need_name"),
        slug: /^[a-z0-9-]{1,64}$/.test(slug.value) ? "" : w("create.need_slug"),
        classes: new Set(names()).size >= 2 && new Set(names()).size === names().length ? "" : w("create.need_classes"),
      };
      Object.entries(problems).forEach(([name, text]) => fields[name].complain(text));
      const first = Object.keys(problems).find((name) => problems[name]);
      if (first) fields[first].querySelector("input, textarea").focus();
      return !first;
    };
    const load = async () => {
      if (!list.children.length) list.append(V.loading());
      try {
        const found = await V.get("/backend/api/collections");
        V.sayAccount(found.account);
        if (!found.collections.length) return list.replaceChildren(h("p", { class: "v-quiet", text: w("create.none") }));
        const head = ["column_title", "column_review", "column_ready", "column_published"].map((key) => h("th", { scope: "col", text: w(`create.${key}`) }));
        return list.replaceChildren(h("table", {}, h("caption", { class: "v-visually-hidden", text: w("create.list") }), h("thead", {}, h("tr", {}, head)), h("tbody", {}, found.collections.map(row))));
      } catch (error) {
        return list.replaceChildren(V.trouble(error, load));
      }
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      said.replaceChildren();
      if (!check()) return;
      submit.disabled = true;
      submit.textContent = w("create.creating");
      try {
        const made = await V.post("/backend/api/collections", { title: title.value.trim(), slug: slug.value, labels: names(), model: model.value.trim() || null });
        said.className = "v-good";
        said.replaceChildren(V.icon("check"), h("span", {}, `${w("create.created", { title: made.title })} `, h("a", { class: "v-link", href: `/backend/?${new URLSearchParams({ collection: made.slug })}`, text: w("create.open") })));
        form.reset();
        own = false;
        load();
      } catch (error) {
        if (error.status === 409) { fields.slug.complain(error.message); slug.focus(); }
        else { said.className = "v-bad"; said.replaceChildren(error.message); }
      }
      submit.disabled = false;
      submit.textContent = w("create.submit");
    });
    load();
  };
})();
