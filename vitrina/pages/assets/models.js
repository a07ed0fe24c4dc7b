// The page of models: what is in force, the versions with what was measured, two of them on one picture.
(() => {
  "use strict";
  const V = window.Vitrina;
  const { h, w } = V;

  V.models = (root) => {
    root.classList.add("v-root");
    const M = V.modelParts;
    const place = V.frame(root, { page: "models" });
    const parts = { head: h("div", { class: "v-models-head" }, h("h1", { text: w("models.title") }), h("p", { class: "v-lead", text: w("models.lead") })),
      switcher: h("div"), body: h("div", { class: "v-models" }) };
    place.append(...Object.values(parts));
    const compare = V.compare();
    let state = M.asked();
    let told = null;

    const shown = (models) =>
      models.versions.find((row) => row.name === state.version) || models.versions.find((row) => row.champion) || models.versions[0];
    const draw = () => {
      const models = told.models;
      parts.switcher.replaceChildren(M.switcher(told.collections, models && models.slug, go));
      M.bringIntoView(parts.switcher);
      if (!models) return parts.body.replaceChildren(h("p", { class: "v-empty", text: w("models.none") }));
      const row = shown(models);
      parts.detail = row ? M.detail(models, row) : h("div");
      compare.set(models);
      return parts.body.replaceChildren(M.inForce(models), ...[row && M.table(models, { shown: row.name, go: pick }), parts.detail, compare.place, M.history(models)].filter(Boolean));
    };
    const pick = (target) => {
      state = { collection: target.collection, version: target.version };
      draw();
      const title = parts.detail.querySelector("h2");
      if (title) { title.focus({ preventScroll: true }); title.scrollIntoView({ block: "nearest" }); parts.detail.scrollIntoView({ block: "nearest" }); }
    };
    const go = (target) => {
      state = { collection: target.collection, version: target.version || null };
      load();
    };
    const load = M.reader("/api/models", { body: parts.body, collection: () => state.collection, show: (found, news) => {
      told = found;
      V.sayDemo(found.status.demo);
      if (news) draw();
    } });
    window.addEventListener("popstate", () => { state = M.asked(); load(); });
    load();
  };
})();
