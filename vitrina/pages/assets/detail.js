// One picture, large, with its label and how the label came to be.
(() => {
  "use strict";
  const V = window.Vitrina;
  const { h, w } = V;

  const answer = (picture) => {
    const scores = picture.scores || [];
    if (picture.confidence === null || picture.confidence === undefined) {
      return h("p", { class: "v-quiet", text: w("detail.no_model") });
    }
    const best = scores[0];
    const differs = best && best.label !== picture.label;
    const n = V.percent(picture.confidence);
    const sentence = picture.abstained ? w("detail.not_sure")
      : differs ? w("detail.sure_of", { title: best.title, n }) : w("detail.sure", { n });
    const others = scores.slice(picture.abstained ? 0 : 1, 4).filter((score) => score.score >= 0.01);
    return h("div", { class: "v-answer" },
      h("p", { text: sentence }),
      V.bar(picture.confidence, sentence),
      others.length > 0 && h("ul", { class: "v-others", "aria-label": w("detail.other") },
        others.map((score) => h("li", {}, h("span", { text: score.title }), h("span", { text: w("common.percent", { n: V.percent(score.score) }) })))));
  };

  const story = (picture) =>
    picture.story && picture.story.length > 0 && h("section", {},
      h("h3", { text: w("detail.story") }),
      h("ol", { class: "v-story" }, picture.story.map((step) =>
        h("li", {}, h("span", { text: step.what }), h("time", { datetime: step.at, text: V.when(step.at) })))));

  const facts = (picture) => {
    const rows = [
      [w("detail.model"), V.revision(picture.model_revision)],
      [w("detail.file"), picture.file_name],
      [null, picture.width && w("detail.size", { width: V.number(picture.width), height: V.number(picture.height) })],
    ].filter(([, value]) => value);
    return h("section", { class: "v-facts", "aria-label": w("detail.about") },
      rows.map(([name, value]) => h("p", {}, name && h("span", { text: `${name} ` }), h("bdi", { text: value }))));
  };

  const copyButton = (picture) => {
    const text = h("span", { text: w("detail.copy") });
    const button = h("button", { type: "button", class: "v-button" }, V.icon("link", 18), text);
    button.addEventListener("click", async () => {
      const address = new URL(picture.address || location.href, location.origin).href;
      try {
        await navigator.clipboard.writeText(address);
        text.textContent = w("detail.copied");
      } catch {
        text.textContent = w("detail.copy_failed");
      }
      setTimeout(() => (text.textContent = w("detail.copy")), 2400);
    });
    return h("div", { "aria-live": "polite" }, button);
  };

  const large = (picture) => {
    const image = h("img", { class: "v-large", src: picture.large, alt: picture.title || picture.file_name || "",
      width: picture.width, height: picture.height, style: { "--ratio": String(picture.width / picture.height || 1) } });
    image.style.setProperty("--enlarged", `${Math.max(picture.width, Math.min(picture.width * 3, 720))}px`);
    // The thumbnail is already here: it stands in until the large one has arrived.
    if (picture.thumb && /^\/(?!\/)/.test(picture.thumb)) image.style.backgroundImage = `url(${JSON.stringify(picture.thumb)})`;
    image.addEventListener("load", () => (image.style.backgroundImage = "none"));
    return image;
  };

  const side = (picture) => [
    picture.simulated && h("p", { class: "v-tag", text: w("detail.simulated") }),
    h("h2", { class: "v-serif", text: picture.title || "–" }),
    picture.label_by && h("p", { class: "v-quiet", text: picture.label_by }),
    answer(picture), story(picture), facts(picture), copyButton(picture),
  ];

  // go(id | null) is told where to go; null closes. show(picture) fills; the dialog itself traps the focus.
  V.detail = (go) => {
    const place = h("div", { class: "v-detail-picture" });
    const text = h("div", { class: "v-detail-side", "aria-live": "polite" });
    const arrow = (name) => h("button", { type: "button", class: `v-quiet-button v-arrow v-arrow-${name}`, "aria-label": w(`detail.${name}`), title: w(`detail.${name}`) }, V.icon(name === "previous" ? "left" : "right", 28));
    const previous = arrow("previous");
    const next = arrow("next");
    const close = h("button", { type: "button", class: "v-quiet-button v-detail-close", "aria-label": w("common.close"), title: w("common.close"), onclick: () => go(null) }, V.icon("close", 24));
    const dialog = h("dialog", { class: "v-detail", "aria-label": w("detail.title") }, h("div", { class: "v-detail-stage" }, previous, place, next), text, close);
    let current = null;
    const move = (name) => current && current[name] && go(current[name]);
    previous.addEventListener("click", () => move("previous"));
    next.addEventListener("click", () => move("next"));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); go(null); });
    dialog.addEventListener("keydown", (event) => {
      if (V.typing(event)) return;
      if (event.key === "ArrowLeft") move("previous");
      else if (event.key === "ArrowRight") move("next");
    });
    const open = () => {
      if (dialog.open) return;
      document.body.append(dialog);
      document.documentElement.style.overflow = "hidden";
      dialog.showModal();
      close.focus({ focusVisible: false });
    };
    return {
      wait: () => {
        open();
        dialog.setAttribute("aria-busy", "true");
        if (!current) text.replaceChildren(V.loading());
      },
      show: (picture) => {
        current = picture;
        dialog.removeAttribute("aria-busy");
        dialog.classList.remove("v-missing");
        place.replaceChildren(large(picture));
        text.replaceChildren(...side(picture).filter(Boolean));
        text.scrollTop = 0;
        previous.disabled = !picture.previous;
        next.disabled = !picture.next;
        open();
      },
      missing: (error) => {
        current = null;
        dialog.removeAttribute("aria-busy");
        dialog.classList.add("v-missing");
        place.replaceChildren();
        previous.disabled = next.disabled = true;
        const gone = error.status === 404;
        text.replaceChildren(
          h("h2", { class: "v-serif", text: gone ? w("gallery.missing_title") : w("common.no_answer") }),
          h("p", { class: "v-quiet", text: gone ? w("gallery.missing_text") : error.message || "" }),
          h("button", { type: "button", class: "v-button", onclick: () => go(null), text: w("common.close") }));
        open();
      },
      hide: () => {
        current = null;
        document.documentElement.style.overflow = "";
        if (dialog.open) dialog.close();
        dialog.remove();
      },
      get id() { return current && current.id; },
    };
  };
})();
