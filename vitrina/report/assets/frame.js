// The switches of every page: language, light or dark.
(() => {
  "use strict";
  const root = document.documentElement;
  const keep = (name, value) => {
    try {
      localStorage.setItem(name, value);
    } catch {
      // A browser that keeps nothing still switches.
    }
  };
  const languages = document.querySelectorAll("[data-language]");
  const draw = () => languages.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.language === root.lang)));
  languages.forEach((button) =>
    button.addEventListener("click", () => {
      root.lang = button.dataset.language;
      keep("vitrina_report_language", root.lang);
      draw();
      document.dispatchEvent(new CustomEvent("vitrina:language"));
    }));
  draw();
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  document.querySelector("[data-theme-switch]").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "night" : system.matches;
    root.dataset.theme = dark ? "day" : "night";
    keep("vitrina_report_theme", root.dataset.theme);
  });
})();
