// The staff's page of models: another version becomes the champion, with a reason; one press takes that back.
(() => {
  "use strict";
  const V = window.Vitrina;
  const { h, w } = V;
  const TROUBLE = { Stale: "champion.stale", HubRefused: "champion.no_right", HubAway: "champion.no_answer", StillMoving: "champion.still" };
  const number = (version) => Number(String(version).slice(1));

  const field = (id, label, control, hint) => {
    const problem = h("p", { class: "v-bad v-small", id: `${id}-problem` });
    control.id = id;
    control.setAttribute("aria-describedby", `${id}-hint ${id}-problem`);
    const whole = h("div", { class: "v-field" }, h("label", { for: id, text: w(label) }), control, hint && h("p", { class: "v-quiet v-small", id: `${id}-hint`, text: w(hint) }), problem);
    whole.complain = (text) => {
      problem.textContent = text || "";
      control.setAttribute("aria-invalid", String(Boolean(text)));
    };
    return whole;
  };

  V.staffModels = (root) => {
    root.classList.add("v-root");
    const M = V.modelParts;
    const place = V.frame(root, { page: "models", staff: true });
    const parts = { head: h("div", { class: "v-models-head" }, h("h1", { text: w("models.title") })), switcher: h("div"), body: h("div", { class: "v-models v-staff-models" }) };
    place.append(...Object.values(parts));
    const said = h("div", { class: "v-said", role: "status", "aria-live": "polite", tabindex: -1 });
    let state = M.asked();
    let told = null;

    const say = (good, text, ...more) => {
      said.replaceChildren(h("p", { class: good ? "v-good" : "v-bad" }, good && V.icon("check"), h("span", { text })), ...more);
      // The form may have been drawn anew, and what had the focus with it.
      said.focus();
    };
    const outcome = (version, answer) => {
      if (answer.served) return w("champion.moved", { version });
      return answer.problem ? w("champion.moved_problem", { version, problem: answer.problem }) : w("champion.moved_later", { version });
    };
    const move = async (version, reason, expected) => {
      try {
        const answer = await V.post(`/backend/api/collections/${encodeURIComponent(state.collection)}/champion`, { version, reason, expected });
        const undo = expected && expected !== version && h("div", {}, h("button", { type: "button", class: "v-button", text: w("champion.undo"),
          onclick: (event) => { event.target.disabled = true; move(expected, w("champion.undo_reason", { reason }).slice(0, 500), version); } }));
        await load();
        say(answer.served, outcome(version, answer), ...(undo ? [undo] : []));
        return true;
      } catch (error) {
        if (error.status === 409) await load();
        const key = TROUBLE[error.error && error.error.reason];
        say(false, key ? w(key) : error.message, ...(error.status === 401 ? [V.signIn()] : []));
        return false;
      }
    };
    const form = (models) => {
      if (models.kind !== "followed") return h("p", { class: "v-quiet", text: w("champion.only_followed") });
      const others = models.versions.filter((row) => !row.champion).map((row) => row.name);
      if (!models.movable || !others.length) return h("p", { class: "v-quiet", text: w(!models.movable ? "champion.not_movable" : models.versions.length ? "champion.one_version" : "champion.no_version") });
      const expected = models.champion ? models.champion.version : null;
      // What it replaced when it first came; never by itself one that the gate had refused.
      const first = models.history.filter((one) => one.version === expected).pop();
      const plain = models.versions.filter((row) => !row.champion && !row.forced).map((row) => row.name);
      const before = first && plain.includes(first.previous) ? first.previous : plain[0];
      const select = h("select", {}, others.map((name) => h("option", { value: name, text: plain.includes(name) ? name : `${name} · ${w("models.forced")}` })));
      select.value = others.includes(before) ? before : others[0];
      const reason = h("textarea", { rows: 3, maxlength: 500 });
      const fields = [field("v-champion-version", "champion.version", select), field("v-champion-reason", "champion.reason", reason, "champion.reason_hint")];
      const submit = h("button", { type: "submit", class: "v-button v-main-button" });
      const name = () => { submit.textContent = w(expected && number(select.value) < number(expected) ? "champion.roll_back" : "champion.promote", { version: select.value }); };
      select.addEventListener("change", name);
      name();
      const made = h("form", { class: "v-form", novalidate: true }, h("h2", { text: w("champion.title") }), h("p", { class: "v-quiet", text: w("champion.lead") }), fields, h("div", {}, submit));
      made.addEventListener("submit", async (event) => {
        event.preventDefault();
        const why = reason.value.trim();
        fields[1].complain(why ? "" : w("champion.need_reason"));
        if (!why) return reason.focus();
        submit.disabled = true;
        submit.textContent = w("champion.moving");
        said.replaceChildren();
        await move(select.value, why, expected);
        submit.disabled = false;
        return name();
      });
      return made;
    };
    const draw = () => {
      const models = told.models;
      parts.switcher.replaceChildren(M.switcher(told.collections, models && models.slug, go));
      M.bringIntoView(parts.switcher);
      if (!models) return parts.body.replaceChildren(h("p", { class: "v-empty", text: w("models.none") }));
      const row = models.versions.find((one) => one.name === state.version) || models.versions.find((one) => one.champion) || models.versions[0];
      parts.detail = row ? M.detail(models, row) : h("div");
      const main = h("div", { class: "v-staff-main" }, ...[row && M.table(models, { shown: row.name, go: pick }), parts.detail, M.history(models)].filter(Boolean));
      return parts.body.replaceChildren(M.inForce(models), h("div", { class: "v-staff-side" }, form(models), said), main);
    };
    const pick = (target) => {
      state = { ...target };
      draw();
      const title = parts.detail.querySelector("h2");
      if (title) { title.focus({ preventScroll: true }); parts.detail.scrollIntoView({ block: "nearest" }); }
    };
    const go = (target) => {
      state = { collection: target.collection, version: null };
      said.replaceChildren();
      return load();
    };
    const load = M.reader("/backend/api/models", { body: parts.body, collection: () => state.collection, show: (found, news) => {
      told = found;
      state.collection = found.models ? found.models.slug : null;
      V.sayAccount(found.account);
      V.sayDemo(found.status.demo);
      if (news) draw();
    } });
    window.addEventListener("popstate", () => { state = M.asked(); load(); });
    load();
  };
})();
