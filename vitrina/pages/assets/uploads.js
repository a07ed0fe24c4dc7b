// Many photos at once: each is shown the moment it is chosen, with its own progress, then its answer.
(() => {
  "use strict";
  const V = window.Vitrina;
  const { h, w } = V;
  const AT_ONCE = 3;
  const ROWS = 200;

  // One file as the raw body of a request; XMLHttpRequest because only it tells how much has left.
  const send = (file, slug, progress) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", `/backend/pictures?collection=${encodeURIComponent(slug)}&language=${V.language}`);
      request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
      request.responseType = "json";
      request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
      request.onload = () => {
        const body = request.response || {};
        if (request.status < 300) return resolve(body);
        const message = request.status === 401 ? w("common.session_over") : (body.error && body.error.message) || w("common.no_answer");
        return reject({ status: request.status, message });
      };
      request.onerror = () => reject({ status: 0, message: w("common.no_answer") });
      request.send(file);
    });

  const rowOf = (file) => {
    const image = h("span", { class: "v-up-image" });
    const state = h("span", { class: "v-up-state", text: w("review.upload_waiting") });
    const bar = V.bar(0, file.name);
    const row = h("li", { class: "v-up" }, image, h("bdi", { class: "v-up-name", text: file.name }), state, bar);
    let url = null;
    return {
      row,
      begin: () => {
        url = URL.createObjectURL(file);
        image.replaceChildren(h("img", { src: url, alt: "", onerror: (event) => event.target.remove() }));
      },
      progress: (share) => {
        bar.firstChild.style.setProperty("--share", String(share));
        bar.setAttribute("aria-valuenow", V.percent(share));
        state.textContent = share < 1 ? w("review.upload_sending", { n: V.percent(share) }) : w("review.upload_reading");
      },
      end: (text, kind, reason) => {
        bar.remove();
        row.classList.add(`v-up-${kind}`);
        state.textContent = text;
        if (reason) row.append(h("span", { class: "v-up-reason", text: reason }));
        if (url) setTimeout(() => URL.revokeObjectURL(url), 1000);
      },
    };
  };

  // options: slug() -> where they go; taken(item) -> a picture that is now kept.
  V.uploads = ({ slug, taken }) => {
    const waiting = [];
    const counts = { taken: 0, known: 0, refused: 0 };
    let running = 0;
    const list = h("ol", { class: "v-ups", "aria-label": w("review.uploads") });
    const summary = h("p", { role: "status" });
    const more = h("p", { class: "v-quiet" });
    const clear = h("button", { type: "button", class: "v-quiet-button", text: w("review.upload_clear"), onclick: () => reset() });
    const place = h("section", { class: "v-uploads", hidden: true, "aria-label": w("review.uploads") }, h("div", { class: "v-ups-head" }, summary, clear), list, more);

    const reset = () => {
      list.replaceChildren();
      counts.taken = counts.known = counts.refused = 0;
      place.hidden = true;
    };
    const tell = () => {
      const left = waiting.length;
      summary.textContent = w("review.upload_summary", { taken: V.number(counts.taken), known: V.number(counts.known), refused: V.number(counts.refused) });
      more.textContent = left > 0 ? w("review.upload_more", { n: V.number(left) }) : "";
      clear.hidden = running > 0 || left > 0;
      // What was taken is in the queue below by now: only what was refused still needs to be read here.
      place.classList.toggle("v-uploads-done", running === 0 && left === 0);
    };
    // A list of a thousand finished rows is of no use; those that were refused stay until the list is cleared.
    const trim = () => {
      while (list.children.length > ROWS) {
        const done = [...list.children].find((row) => row.matches(".v-up-taken, .v-up-known"));
        if (!done) return;
        done.remove();
      }
    };
    const work = async ({ file, target }) => {
      running += 1;
      const view = rowOf(file);
      list.append(view.row);
      trim();
      view.begin();
      view.row.scrollIntoView({ block: "nearest" });
      tell();
      try {
        const answer = await send(file, target, view.progress);
        const item = answer.item;
        if (answer.created === false) {
          counts.known += 1;
          view.end(w("review.upload_known"), "known");
        } else {
          counts.taken += 1;
          const said = item.prediction;
          view.end(!said ? w("review.upload_taken") : said.abstained ? w("review.upload_unsure") : `${said.title}, ${w("common.percent", { n: V.percent(said.confidence) })}`, "taken");
          taken(item, target);
        }
      } catch (error) {
        counts.refused += 1;
        view.end(w("review.upload_refused"), "refused", error.message);
      }
      running -= 1;
      tell();
      next();
    };
    const next = () => {
      while (running < AT_ONCE && waiting.length) work(waiting.shift());
    };
    const add = (files) => {
      const target = slug();
      if (!target || !files.length) return;
      place.hidden = false;
      waiting.push(...[...files].map((file) => ({ file, target })));
      next();
      tell();
    };
    return { place, add, get busy() { return running + waiting.length > 0; } };
  };

  // The zone is a label around a real file input, so that keyboard and screen reader have it as well.
  V.dropZone = (add) => {
    const input = h("input", { type: "file", multiple: true, accept: "image/jpeg,image/png,image/webp,image/gif,image/bmp,image/tiff", class: "v-visually-hidden", id: "v-files" });
    input.addEventListener("change", () => { add(input.files); input.value = ""; });
    const zone = h("label", { class: "v-drop", for: "v-files" }, input, V.icon("frame", 24),
      h("span", {}, h("span", { class: "v-drop-words" }, w("review.drop"), ` ${w("review.drop_or")} `, h("span", { class: "v-link", text: w("review.drop_choose") })),
        h("span", { class: "v-small v-quiet", text: w("review.drop_hint") })));
    let depth = 0;
    const over = (yes) => document.body.classList.toggle("v-dropping", yes);
    const carries = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
    document.addEventListener("dragenter", (event) => { if (carries(event)) { depth += 1; over(true); } });
    document.addEventListener("dragleave", (event) => { if (carries(event) && --depth <= 0) { depth = 0; over(false); } });
    document.addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
    document.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      depth = 0;
      over(false);
      add(event.dataTransfer.files);
    });
    return zone;
  };
})();
