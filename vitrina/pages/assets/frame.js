// The quiet header of every page, with the list of keys.
(() => {
  "use strict";
  const V = window.Vitrina;
  const { h, w } = V;

  const PLACES = {
    public: [["gallery", "/", "common.gallery"], ["try", "/try", "common.try_it"], ["models", "/models", "common.models"], ["staff", "/backend/", "common.staff"]],
    staff: [["review", "/backend/", "common.review"], ["collections", "/backend/collections", "common.collections"], ["models", "/backend/models", "common.models"], ["gallery", "/", "common.gallery"]],
  };

  const themeButton = () => {
    const button = h("button", { type: "button", class: "v-quiet-button", onclick: V.switchTheme });
    const draw = () => {
      const text = w(V.isDark() ? "common.light" : "common.dark");
      button.replaceChildren(V.icon(V.isDark() ? "sun" : "moon"));
      button.setAttribute("aria-label", text);
      button.title = text;
    };
    document.addEventListener("vitrina:theme", draw);
    draw();
    return button;
  };

  const languageSwitch = () =>
    h("div", { class: "v-languages", role: "group", "aria-label": w("common.language") },
      [["en", "EN", "common.in_english"], ["es", "ES", "common.in_spanish"]].map(([code, text, name]) =>
        h("button", { type: "button", class: "v-quiet-button", lang: code, text, "aria-label": w(name),
          "aria-pressed": String(V.language === code), onclick: () => V.switchLanguage(code) })));

  V.keysDialog = (rows) => {
    const dialog = h("dialog", { class: "v-keys", "aria-label": w("keys.title") },
      h("div", { class: "v-keys-head" },
        h("h2", { text: w("keys.title") }),
        h("button", { type: "button", class: "v-quiet-button", "aria-label": w("common.close"), onclick: () => dialog.close() }, V.icon("close"))),
      h("dl", {}, rows.map(([keys, text]) => [
        h("dt", {}, keys.split(" ").map((key) => h("kbd", { text: key }))),
        h("dd", { text: w(text) })])));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };

  const footer = (keys) => {
    const line = h("footer", { class: "v-foot" },
      h("span", { class: "v-demo" }),
      keys && h("button", { type: "button", class: "v-quiet-button v-keys-button", onclick: () => V.keysDialog(keys) },
        h("kbd", { text: "?" }), w("common.keys")));
    V.sayDemo = (sentence) => {
      line.querySelector(".v-demo").textContent = sentence === true ? w("common.demo") : sentence || "";
    };
    return line;
  };

  // Draws header, place for the page, footer into `root` and returns the place for the page.
  V.frame = (root, { page, staff = false, keys = null }) => {
    document.title = `${w({ gallery: "common.gallery", try: "common.try_it", review: "common.review", collections: "common.collections", models: "common.models" }[page] || "common.name")} · ${w("common.name")}`;
    const place = h("div", { class: "v-page", id: "v-content", tabindex: -1 });
    const links = PLACES[staff ? "staff" : "public"].map(([name, href, text]) =>
      h("a", { href, text: w(text), "aria-current": name === page ? "page" : null }));
    root.replaceChildren(
      h("a", { class: "v-skip", href: "#v-content", text: w("common.skip"),
        onclick: (event) => { event.preventDefault(); place.focus(); } }),
      h("header", { class: "v-head" },
        h("a", { class: "v-name", href: "/", "aria-label": w("common.name") }, h("span", { class: "v-mark", "aria-hidden": "true" }), w("common.name")),
        h("nav", { "aria-label": w("common.navigation") }, links),
        h("div", { class: "v-head-end" },
          staff && h("form", { class: "v-account", method: "post", action: "/backend/sign-out" },
            h("span", { class: "v-account-name" }), h("button", { class: "v-quiet-button", text: w("common.sign_out") })),
          languageSwitch(), themeButton())),
      place);
    root.append(footer(keys));
    if (keys) {
      document.addEventListener("keydown", (event) => {
        if (event.key === "?" && !V.typing(event) && !document.querySelector("dialog[open]")) V.keysDialog(keys);
      });
    }
    return place;
  };
  // For pages that read nothing in which it stands: what a restart forgets is said wherever pictures come in.
  V.askDemo = async () => {
    const found = await V.get("/api/collections").catch(() => null);
    if (found) V.sayDemo(found.status && found.status.demo);
  };
  V.sayAccount = (name) => {
    const place = document.querySelector(".v-account-name");
    if (place) place.textContent = name || "";
  };
})();
