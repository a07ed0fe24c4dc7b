// What every page stands on: texts, elements built without markup, requests, what the person prefers.
(() => {
  "use strict";
  const V = (window.Vitrina = window.Vitrina || {});
  if (V.h) return;

  const cookie = (name) => {
    const found = document.cookie.split("; ").find((part) => part.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : null;
  };
  const keep = (name, value) => {
    document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=31536000; SameSite=Lax`;
  };

  // ---- language ----
  const spoken = Object.keys(window.VITRINA_WORDS);
  const asked = new URLSearchParams(location.search).get("language");
  const wished = [asked, cookie("vitrina_language"), ...(navigator.languages || [])]
    .filter(Boolean)
    .map((name) => name.slice(0, 2).toLowerCase())
    .find((name) => spoken.includes(name));
  V.language = wished || "en";
  // An address may name the language: events of the page, which carry no query, then speak it too.
  if (asked && asked === V.language) keep("vitrina_language", asked);
  document.documentElement.lang = V.language;

  V.w = (key, values = {}) => {
    const [section, name] = key.split(".");
    const texts = window.VITRINA_WORDS[V.language][section] || {};
    const text = texts[name];
    if (text === undefined) throw new Error(`no text for ${key}`);
    return text.replace(/\{(\w+)\}/g, (whole, field) => (field in values ? String(values[field]) : whole));
  };
  V.number = (n) => new Intl.NumberFormat(V.language).format(n);
  V.count = (key, n) => V.w(`${key}_${n === 1 ? "one" : "many"}`, { n: V.number(n) });
  // Never "100 %": no model is certain, and a rounded 1.0 is no proof of it.
  V.percent = (share) => Math.min(99, Math.round(share * 100));
  // A share that was measured, in percent: on 200 pictures and more with one decimal place.
  V.share = (value, n) => {
    const digits = n !== null && n >= 200 ? 1 : 0;
    return new Intl.NumberFormat(V.language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value * 100);
  };
  // "org/name@<commit>": twelve of its forty digits tell it.
  V.revision = (text) => (text ? text.replace(/@([0-9a-f]{12})[0-9a-f]{28}$/, "@$1") : text);
  V.when = (text) => {
    const at = new Date(text);
    if (Number.isNaN(at.getTime())) return "";
    return new Intl.DateTimeFormat(V.language, { dateStyle: "medium", timeStyle: "short" }).format(at);
  };
  V.switchLanguage = (language) => {
    keep("vitrina_language", language);
    const url = new URL(location.href);
    url.searchParams.delete("language");
    location.replace(url);
  };

  // ---- light and dark: Gradio keys its own colours to the class `dark` of the body ----
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  V.isDark = () => {
    const chosen = cookie("vitrina_theme");
    return chosen ? chosen === "dark" : system.matches;
  };
  const paint = () => {
    if (document.body.classList.contains("dark") !== V.isDark()) document.body.classList.toggle("dark", V.isDark());
  };
  V.switchTheme = () => {
    keep("vitrina_theme", V.isDark() ? "light" : "dark");
    paint();
    document.dispatchEvent(new CustomEvent("vitrina:theme"));
  };
  paint();
  new MutationObserver(paint).observe(document.body, { attributes: true, attributeFilter: ["class"] });

  // ---- elements ----
  const isSafe = (url) => /^(\/(?!\/)|\?|#|\.\/|blob:)/.test(url) || url.startsWith(location.origin + "/");
  const assign = (node, name, value) => {
    if (value === null || value === undefined || value === false) return;
    if (name === "class") node.setAttribute("class", value);
    else if (name === "text") node.textContent = String(value);
    else if (name === "style") Object.entries(value).forEach(([property, set]) => node.style.setProperty(property, set));
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "href" || name === "src") {
      if (isSafe(String(value))) node.setAttribute(name, value);
    } else if (name in node && typeof value === "boolean") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  };
  // Data only ever becomes text nodes and attributes here; nothing on the pages parses markup made from data.
  V.h = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => assign(node, name, value));
    children.flat(3).forEach((child) => {
      if (child === null || child === undefined || child === false) return;
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    });
    return node;
  };
  const SHAPES = {
    left: "M15 5l-7 7 7 7", right: "M9 5l7 7-7 7", close: "M6 6l12 12M18 6L6 18",
    sun: "M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6l1.4 1.4M17 17l1.4 1.4M5.6 18.4L7 17M17 7l1.4-1.4M12 8a4 4 0 100 8 4 4 0 000-8z",
    moon: "M20 14.5A8.5 8.5 0 119.5 4a7 7 0 0010.5 10.5z", check: "M5 12.5l4.5 4.5L19 7.5",
    link: "M10 14a4 4 0 006 0l3-3a4.2 4.2 0 00-6-6l-1 1M14 10a4 4 0 00-6 0l-3 3a4.2 4.2 0 006 6l1-1",
    cross: "M7 7l10 10M17 7L7 17", frame: "M4 6h16v12H4zM4 15l4.5-4 4 3.5 3-2.5L20 16",
  };
  V.icon = (name, size = 20) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const settings = { viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor",
      "stroke-width": 1.75, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" };
    Object.entries(settings).forEach(([key, value]) => svg.setAttribute(key, value));
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", SHAPES[name]);
    svg.append(path);
    return svg;
  };
  V.bar = (share, label) =>
    V.h("span", { class: "v-bar", role: "meter", "aria-valuemin": 0, "aria-valuemax": 100,
      "aria-valuenow": V.percent(share), "aria-label": label },
      V.h("span", { class: "v-bar-fill", style: { "--share": String(Math.max(0, Math.min(1, share))) } }));
  V.progress = (sentence, done, of) =>
    V.h("div", { class: "v-progress" },
      V.h("p", { class: "v-progress-text", role: "status", text: sentence }),
      V.h("span", { class: of ? "v-bar v-bar-wide" : "v-bar v-bar-wide v-bar-running", role: "progressbar",
        "aria-label": sentence, "aria-valuemin": 0, "aria-valuemax": of || null, "aria-valuenow": of ? done : null },
        V.h("span", { class: "v-bar-fill", style: { "--share": of ? String(done / of) : "1" } })));

  // What a far end said is kept in English, for staff: the sentence before it says the same in the page's language.
  V.inServersWords = (problem) =>
    problem && V.h("p", { class: "v-quiet v-small v-break" }, `${V.w("models.servers_words")} `, V.h("span", { lang: "en", text: problem }));
  // Shown only where the wait is longer than half a second (the style sheet holds it back).
  V.loading = () => V.h("div", { class: "v-later" }, V.progress(V.w("common.loading")));

  // ---- requests ----
  const ask = async (address, options = {}) => {
    let answer;
    try {
      answer = await fetch(address, { credentials: "same-origin", ...options });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw { status: 0, message: V.w("common.no_answer") };
    }
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    const told = body.error || {};
    const over = answer.status === 401 && location.pathname.startsWith("/backend");
    throw { status: answer.status, error: told, item: body.item,
      message: over ? V.w("common.session_over") : told.message || V.w("common.no_answer") };
  };
  V.get = (path, query = {}, options = {}) => {
    const search = new URLSearchParams({ language: V.language });
    Object.entries(query).forEach(([key, value]) => {
      if (value !== null && value !== undefined && value !== "") search.set(key, value);
    });
    return ask(`${path}?${search}`, options);
  };
  V.post = (path, body = {}) =>
    ask(`${path}?language=${V.language}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  V.signIn = () =>
    V.h("a", { class: "v-button", href: `/backend/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`, text: V.w("common.sign_in") });
  V.trouble = (error, again) =>
    V.h("div", { class: "v-empty", role: "alert" },
      V.h("p", { text: error.message || String(error) }),
      error.status === 401 ? V.signIn() : again && V.h("button", { type: "button", class: "v-button", onclick: again, text: V.w("common.again") }));
  V.typing = (event) =>
    event.ctrlKey || event.metaKey || event.altKey ||
    (event.target instanceof Element && event.target.closest("input:not([type=radio]),textarea,select,[contenteditable=true]") !== null);
})();
