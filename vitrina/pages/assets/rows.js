// Justified rows: sizes are known before any picture has loaded, so nothing moves afterwards.
(() => {
  "use strict";
  const V = window.Vitrina;

  // Very long panoramas are shown within these bounds (the picture is fitted inside, never cut).
  const shape = (item) => Math.min(3, Math.max(0.5, item.width / item.height || 1));

  // items with width and height, the width to fill in px -> [{width, height}] in the same order.
  V.justify = (items, width, { target, gap }) => {
    const sizes = [];
    let row = [];
    const close = (height, fill) => {
      const whole = Math.round(height);
      const widths = row.map((ratio) => Math.floor(ratio * height));
      let left = fill ? width - gap * (row.length - 1) - widths.reduce((sum, w) => sum + w, 0) : 0;
      widths.forEach((w) => {
        const more = left > 0 ? 1 : 0;
        left -= more;
        sizes.push({ width: Math.min(width, w + more), height: whole });
      });
      row = [];
    };
    items.forEach((item) => {
      row.push(shape(item));
      const sum = row.reduce((total, ratio) => total + ratio, 0);
      const height = (width - gap * (row.length - 1)) / sum;
      if (height <= target) close(height, true);
    });
    if (row.length) {
      const sum = row.reduce((total, ratio) => total + ratio, 0);
      const height = (width - gap * (row.length - 1)) / sum;
      close(Math.min(height, target), height <= target * 1.15);
    }
    return sizes;
  };

  const settings = (width) => (width < 480 ? { target: 136, gap: 4 } : width < 900 ? { target: 184, gap: 8 } : { target: 224, gap: 8 });

  const cell = (item, { href, open }) => {
    const image = V.h("img", { alt: "", loading: "lazy", decoding: "async", width: item.width, height: item.height });
    const shown = () => image.classList.add("v-shown");
    image.addEventListener("load", shown);
    image.addEventListener("error", shown);
    if (/^\/(?!\/)/.test(item.thumb)) image.src = item.thumb;
    const words = item.title || item.label || "";
    const link = V.h("a", { class: "v-cell", href: href(item), "aria-label": [words, item.by].filter(Boolean).join(", ") },
      image, words && V.h("span", { class: "v-cell-label", "aria-hidden": "true", text: words }));
    link.dataset.id = item.id;
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      open(item);
    });
    return link;
  };

  // The nearest cell above or below, by the middle of the present one.
  const vertical = (cells, from, step) => {
    const middle = from.offsetLeft + from.offsetWidth / 2;
    const others = cells.filter((other) => Math.sign(other.offsetTop - from.offsetTop) === step);
    if (!others.length) return null;
    const top = step > 0 ? Math.min(...others.map((other) => other.offsetTop)) : Math.max(...others.map((other) => other.offsetTop));
    return others
      .filter((other) => other.offsetTop === top)
      .reduce((best, other) => (Math.abs(other.offsetLeft + other.offsetWidth / 2 - middle) < Math.abs(best.offsetLeft + best.offsetWidth / 2 - middle) ? other : best));
  };

  // `before` are the rows that stood here: a picture that stays keeps its element, so that nothing flickers.
  V.rows = (items, { href, open, label, before = null }) => {
    const kept = new Map(before ? before.cells.map((one) => [one.dataset.id, one]) : []);
    const cells = items.map((item) => kept.get(String(item.id)) || cell(item, { href, open }));
    const place = V.h("ul", { class: "v-rows", "aria-label": label }, cells.map((one) => V.h("li", {}, one)));
    const lay = () => {
      const width = Math.floor(place.getBoundingClientRect().width);
      if (!width) return;
      const { target, gap } = settings(width);
      place.style.setProperty("--gap", `${gap}px`);
      V.justify(items, width, { target, gap }).forEach((size, index) => {
        cells[index].style.width = `${size.width}px`;
        cells[index].style.height = `${size.height}px`;
      });
    };
    new ResizeObserver(lay).observe(place);
    place.addEventListener("keydown", (event) => {
      const here = document.activeElement;
      const index = cells.indexOf(here);
      if (index < 0 || V.typing(event)) return;
      const next = {
        ArrowLeft: () => cells[index - 1], ArrowRight: () => cells[index + 1],
        ArrowUp: () => vertical(cells, here, -1), ArrowDown: () => vertical(cells, here, 1),
        Home: () => cells[0], End: () => cells[cells.length - 1],
      }[event.key];
      if (!next) return;
      event.preventDefault();
      const target = next();
      if (target) target.focus();
    });
    place.lay = lay;
    place.cells = cells;
    return place;
  };
})();
