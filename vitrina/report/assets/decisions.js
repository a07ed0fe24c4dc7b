// What a person decided: events in order, kept in this browser under the fingerprint of the collection.
(() => {
  "use strict";
  const KINDS = ["keep", "remove", "relabel", "undo"];
  const NAME = "vitrina_report_annotator";

  const stored = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };

  window.vitrinaDecisions = (fingerprint) => {
    const place = `vitrina_report_decisions_${fingerprint}`;
    const state = { events: [], downloaded: 0, annotator: stored(NAME) || "", kept: true };

    const store = (key, value) => {
      try {
        localStorage.setItem(key, value);
      } catch {
        state.kept = false;
      }
    };
    const save = () => {
      fold();
      store(place, JSON.stringify({ events: state.events, downloaded: state.downloaded }));
    };
    const isEvent = (one) => one && typeof one.picture_id === "string" && KINDS.includes(one.kind);

    // Another window on the same collection may have written since.
    state.read = () => {
      let found = null;
      try {
        found = JSON.parse(stored(place));
      } catch {
        found = null;
      }
      state.events = found && Array.isArray(found.events) ? found.events.filter(isEvent) : [];
      state.downloaded = Math.min(Number((found && found.downloaded) || 0), state.events.length);
      fold();
    };
    state.belongs = (event) => event.key === place || event.key === null;

    // Places of the decisions that stand, oldest first: an undo takes back the last one on its picture.
    let standing = [];
    let latest = new Map();
    const fold = () => {
      standing = [];
      state.events.forEach((one, place) => {
        if (one.kind !== "undo") return standing.push(place);
        const taken = standing.findLastIndex((other) => state.events[other].picture_id === one.picture_id);
        return taken >= 0 && standing.splice(taken, 1);
      });
      latest = new Map(standing.map((place) => [state.events[place].picture_id, state.events[place]]));
    };
    state.standing = () => standing.length;
    state.of = (id) => latest.get(id) || null;
    const event = (id, kind, label, replaces) => ({ picture_id: id, kind, label, annotator: state.annotator, made: new Date().toISOString(), replaces });
    state.decide = (id, { kind, label = null, replaces = null }) => {
      state.events.push(event(id, kind, label, replaces));
      save();
    };
    // The last decision leaves the list; one that was handed over may be applied already, so an undo follows it.
    state.undo = () => {
      const place = standing.at(-1);
      if (place === undefined) return null;
      const taken = state.events[place];
      const handedOver = place < state.downloaded;
      if (handedOver) state.events.push(event(taken.picture_id, "undo", null, taken.label));
      else state.events.splice(place, 1);
      save();
      return { event: taken, handedOver };
    };
    state.name = (annotator) => {
      state.annotator = annotator;
      store(NAME, annotator);
    };
    state.lines = () => state.events.map((one) => `${JSON.stringify(one)}\n`).join("");
    state.handOver = () => {
      state.downloaded = state.events.length;
      save();
    };

    state.read();
    save();
    return state;
  };
})();
