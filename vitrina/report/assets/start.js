// Before anything is drawn: the language and the colours that this reader chose, or that the browser asks for.
(() => {
  "use strict";
  const root = document.documentElement;
  const spoken = ["en", "es"];
  const kept = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  };
  const asked = [kept("vitrina_report_language"), ...(navigator.languages || [navigator.language])]
    .filter(Boolean)
    .map((name) => name.slice(0, 2).toLowerCase());
  root.lang = asked.find((name) => spoken.includes(name)) || root.lang;
  const theme = kept("vitrina_report_theme");
  if (theme === "day" || theme === "night") root.dataset.theme = theme;
  root.classList.add("scripted");
})();
