// The queue behind the review desk: what was loaded, what is being saved, what is saved.
(() => {
  "use strict";
  const V = window.Vitrina;
  const LIMIT = 60;

  // The view in which the server lists this picture.
  V.viewOf = (item) => {
    if (item.state !== "pending") return item.state;
    return (item.label_by || "").startsWith("staff") ? "ready" : "review";
  };

  // changed(what) is called after every change, so that the page can draw again.
  V.queue = (changed) => {
    const queue = { slug: null, view: "review", items: [], index: 0, total: 0, counts: {}, labels: [], classifier: { ready: true, message: "" }, marks: new Map(), saving: 0 };
    const chains = new Map();
    // What this page did, oldest first: undo names the act it means, so that asking twice is still one undo.
    const acts = [];
    let turn = 0;
    let undoing = Promise.resolve();

    const at = (id) => queue.items.findIndex((item) => item.id === id);
    const count = (from, to) => {
      if (from === to) return;
      queue.counts[from] = Math.max(0, (queue.counts[from] || 0) - 1);
      queue.counts[to] = (queue.counts[to] || 0) + 1;
    };
    const remember = (slug) => {
      const act = { slug, batch: null };
      acts.push(act);
      return act;
    };
    const forget = (act) => acts.includes(act) && acts.splice(acts.indexOf(act), 1);
    const replace = (item) => {
      const index = at(item.id);
      if (index >= 0) {
        count(V.viewOf(queue.items[index]), V.viewOf(item));
        const said = (one) => Number(one.state === "published" && Boolean(one.suggestion));
        queue.counts.suggested = Math.max(0, (queue.counts.suggested || 0) + said(item) - said(queue.items[index]));
        queue.items[index] = item;
      }
      return index;
    };
    const take = (found) => Object.assign(queue, { total: found.total, counts: found.counts, labels: found.labels, classifier: found.classifier || queue.classifier });

    queue.current = () => queue.items[queue.index] || null;
    queue.decided = (item) => {
      const mark = queue.marks.get(item.id);
      return Boolean(mark && (mark.state === "saving" || mark.state === "saved"));
    };
    queue.load = async (slug, view) => {
      const mine = ++turn;
      const found = await V.get(`/backend/api/collections/${encodeURIComponent(slug)}/queue`, { view, offset: 0, limit: LIMIT });
      if (mine !== turn) return;
      Object.assign(queue, { slug, view, items: found.items, index: 0, marks: new Map() });
      take(found);
      changed("loaded");
    };
    // Pictures that have left this view no longer count on the server, so they do not count in the offset either.
    queue.more = async () => {
      const mine = turn;
      await queue.settled();
      const offset = queue.items.filter((item) => V.viewOf(item) === queue.view).length;
      const found = await V.get(`/backend/api/collections/${encodeURIComponent(queue.slug)}/queue`, { view: queue.view, offset, limit: LIMIT });
      if (mine !== turn) return 0;
      const fresh = found.items.filter((item) => at(item.id) < 0);
      queue.items.push(...fresh);
      take(found);
      return fresh.length;
    };
    queue.settled = () => Promise.allSettled([...chains.values()]);
    queue.go = (index) => {
      if (index < 0 || index >= queue.items.length) return;
      queue.index = index;
      changed("moved");
    };
    // On to the next picture that still waits; -1 when there is none among those loaded.
    queue.nextOpen = () => {
      const order = [...queue.items.keys()];
      const ahead = [...order.slice(queue.index + 1), ...order.slice(0, queue.index)];
      return ahead.find((index) => !queue.decided(queue.items[index])) ?? -1;
    };

    // Decisions on one picture are sent one after the other, each with the version that the one before it made.
    queue.decide = (item, kind, label = null) => {
      const id = item.id;
      queue.marks.set(id, { state: "saving" });
      queue.saving += 1;
      const act = remember(queue.slug);
      const before = chains.get(id) || Promise.resolve();
      const mine = before.catch(() => null).then(async () => {
        const known = queue.items[at(id)] || item;
        const body = { expected_version: known.version, ...(label === null ? {} : { label }) };
        const answer = await V.post(`/backend/api/pictures/${id}/${kind}`, body);
        act.batch = answer.batch;
        replace(answer.item);
        queue.marks.set(id, { state: "saved", kind, title: answer.item.title });
        return answer.item;
      });
      const told = mine.then(
        (saved) => { queue.saving -= 1; changed("saved", { item: saved, kind }); },
        async (error) => {
          queue.saving -= 1;
          forget(act);
          queue.marks.set(id, { state: "failed" });
          if (error.status === 409) {
            const fresh = error.item || (await V.get(`/backend/api/pictures/${id}`).catch(() => ({}))).item;
            if (fresh) replace(fresh);
            changed("conflict", { id, error });
          } else changed("failed", { id, error, again: () => queue.decide(queue.items[at(id)] || item, kind, label) });
        });
      chains.set(id, told);
      told.then(() => chains.get(id) === told && chains.delete(id));
      changed("saving");
    };
    // Takes back the act that is the last one at the moment of asking; one undo after the other.
    queue.undo = () => {
      const { slug } = queue;
      const known = acts.filter((act) => act.slug === slug);
      const mine = undoing.catch(() => null).then(() => takeBack(slug, known));
      undoing = mine;
      return mine;
    };
    const takeBack = async (slug, known) => {
      await queue.settled();
      const act = known.filter((one) => acts.includes(one)).pop();
      const path = `/backend/api/collections/${encodeURIComponent(slug)}`;
      const answer = await V.post(`${path}/undo`, { batch: act ? act.batch : null }).catch((error) => {
        // What cannot be taken back any more must not stand in the way of what was done before it.
        if (error.status === 404 || error.status === 409) forget(act);
        throw error;
      });
      forget(act);
      if (queue.slug !== slug) return answer;
      const items = answer.items || [];
      // More than the answer carries, the rest is known to the server alone; or they have left this view.
      const left = items.some((item) => at(item.id) >= 0 && V.viewOf(item) !== queue.view);
      if (answer.count > items.length || (left && queue.view !== "suggested")) {
        await queue.load(slug, queue.view);
        return answer;
      }
      items.forEach((item) => {
        if (replace(item) < 0 && V.viewOf(item) === queue.view) {
          queue.items.splice(queue.index, 0, item);
        }
        queue.marks.delete(item.id);
      });
      const first = items.length ? at(items[0].id) : -1;
      if (first >= 0) queue.index = first;
      take(await V.get(`${path}/queue`, { view: queue.view, offset: 0, limit: 1 }));
      return answer;
    };
    queue.publish = async () => {
      const act = remember(queue.slug);
      const { slug } = queue;
      try {
        await queue.settled();
        const answer = await V.post(`/backend/api/collections/${encodeURIComponent(slug)}/publish`);
        act.batch = answer.batch;
        return answer.count;
      } finally {
        if (!act.batch) forget(act);
      }
    };
    queue.add = (item) => {
      queue.counts[V.viewOf(item)] = (queue.counts[V.viewOf(item)] || 0) + 1;
      if (V.viewOf(item) === queue.view && at(item.id) < 0) {
        queue.items.push(item);
        queue.total += 1;
      }
      changed("added");
    };
    queue.refresh = async (id) => {
      const { item } = await V.get(`/backend/api/pictures/${id}`);
      replace(item);
      return item;
    };
    queue.indexOf = at;
    return queue;
  };
})();
