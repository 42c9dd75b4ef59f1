// A listening test in one offline page: ABX, MUSHRA, or which word fits a change. Answers stay here until they are saved.
import { button, download, h } from "../ui/dom";
import { bootstrap, guessing, randomFrom, shuffled, type Interval } from "./statistics";
import { Sounds } from "./sounds";

interface Item {
  name: string;
  /** System -> sound. In ABX and MUSHRA "reference" is what it is compared with. */
  sounds: Record<string, string>;
  /** Of a test of words: what was changed. */
  word?: string;
}

interface Test {
  kind: "abx" | "mushra" | "words";
  title: string;
  question: string;
  seed: number;
  trials: number;
  words: string[];
  items: Item[];
  audio: Record<string, string>;
  made_from: Record<string, unknown>;
}

type Answer =
  | { item: string; system: string; right: boolean; seconds: number }
  | { item: string; ratings: Record<string, number>; seconds: number }
  | { item: string; word: string; answer: string; seconds: number };

const test = JSON.parse(document.getElementById("test")!.textContent!) as Test;
const random = randomFrom(test.seed);
const sounds = new Sounds();
const answers: Answer[] = [];
const stage = h("main", { "aria-live": "polite" });

/** What is hidden in the present trial: for a listener that is a program. */
function hidden(trial: Record<string, unknown>): void {
  Object.assign(window, { trial });
}

function now(): number {
  return performance.now() / 1000;
}

/** Buttons that choose what is heard; the chosen one is pressed. */
function hearing(names: string[]): HTMLElement {
  const all = names.map((name, i) => button(name, () => choose(i), { "aria-pressed": String(i === 0) }));
  const choose = (place: number) => {
    sounds.hear(place);
    all.forEach((one, i) => one.setAttribute("aria-pressed", String(i === place)));
  };
  addEventListener("keydown", (event) => {
    const place = Number(event.key) - 1;
    if (stage.contains(all[0]!) && place >= 0 && place < all.length) choose(place);
  });
  return h("div", { class: "row", role: "group", "aria-label": "Hear" }, ...all);
}

async function abx(): Promise<void> {
  const pairs = test.items.flatMap((item) =>
    Object.keys(item.sounds).filter((system) => system !== "reference").map((system) => ({ item, system })),
  );
  const trials = pairs.flatMap((pair) => Array.from({ length: test.trials }, () => ({ ...pair, first: random() < 0.5 })));
  let done = 0;
  for (const { item, system, first } of shuffled(trials, random)) {
    const a = item.sounds.reference!;
    const b = item.sounds[system]!;
    await sounds.start([a, b, first ? a : b]);
    const began = now();
    hidden({ item: item.name, system, first });
    const said = await new Promise<boolean>((answer) => {
      stage.replaceChildren(
        h("p", {}, `${++done} of ${trials.length}. ${test.question}`),
        hearing(["A", "B", "X"]),
        h("div", { class: "row" }, button("X is A", () => answer(true)), button("X is B", () => answer(false))),
      );
      sounds.hear(0);
    });
    answers.push({ item: item.name, system, right: said === first, seconds: now() - began });
  }
}

async function mushra(): Promise<void> {
  const items = shuffled(test.items, random);
  for (const [number, item] of items.entries()) {
    const systems = shuffled(Object.keys(item.sounds), random); // the reference too, hidden
    await sounds.start([item.sounds.reference!, ...systems.map((system) => item.sounds[system]!)]);
    const began = now();
    hidden({ item: item.name, systems });
    const ratings: Record<string, number> = {};
    await new Promise<void>((next) => {
      const go = button("Next", () => next(), { disabled: true });
      const rows = systems.map((system, i) => {
        const slider = h("input", { type: "range", min: 0, max: 100, value: 0, "aria-label": `rating of sound ${i + 1}` });
        const told = h("output", {}, "-");
        slider.addEventListener("input", () => {
          ratings[system] = Number(slider.value);
          told.textContent = slider.value;
          go.disabled = Object.keys(ratings).length < systems.length;
        });
        return h("div", { class: "row" }, h("span", {}, `sound ${i + 1}`), slider, told);
      });
      stage.replaceChildren(
        h("p", {}, `${number + 1} of ${items.length}. ${test.question}`),
        hearing(["reference", ...systems.map((_, i) => `sound ${i + 1}`)]),
        h("p", {}, "0 bad, 20 poor, 40 fair, 60 good, 80 excellent, 100 the same. One of them is the reference."),
        ...rows,
        go,
      );
      sounds.hear(0);
    });
    answers.push({ item: item.name, ratings, seconds: now() - began });
  }
}

async function words(): Promise<void> {
  const items = shuffled(test.items, random);
  for (const [number, item] of items.entries()) {
    await sounds.start([item.sounds.low!, item.sounds.high!]);
    const began = now();
    hidden({ item: item.name, word: item.word });
    const answer = await new Promise<string>((said) => {
      stage.replaceChildren(
        h("p", {}, `${number + 1} of ${items.length}. ${test.question}`),
        hearing(["first", "second"]),
        h("div", { class: "row" }, ...test.words.map((word) => button(word, () => said(word)))),
      );
      sounds.hear(0);
    });
    answers.push({ item: item.name, word: item.word!, answer, seconds: now() - began });
  }
}

function summary(): Record<string, unknown> {
  if (test.kind === "abx") {
    const systems = new Map<string, boolean[]>();
    for (const one of answers) if ("right" in one) systems.set(one.system, [...(systems.get(one.system) ?? []), one.right]);
    return Object.fromEntries(
      [...systems].map(([system, rights]) => {
        const right = rights.filter(Boolean).length;
        return [system, { right, trials: rights.length, p: guessing(right, rights.length) }];
      }),
    );
  }
  if (test.kind === "mushra") {
    const systems = new Map<string, number[]>();
    for (const one of answers) {
      if (!("ratings" in one)) continue;
      for (const [system, rating] of Object.entries(one.ratings)) systems.set(system, [...(systems.get(system) ?? []), rating]);
    }
    return Object.fromEntries([...systems].map(([system, ratings]): [string, Interval] => [system, bootstrap(ratings, test.seed)]));
  }
  const table: Record<string, Record<string, number>> = {};
  for (const one of answers) {
    if (!("word" in one)) continue;
    const row = (table[one.word] ??= {});
    row[one.answer] = (row[one.answer] ?? 0) + 1;
  }
  return table;
}

async function run(): Promise<void> {
  const who = h("input", { type: "text", maxlength: 40, "aria-label": "your name or initials" });
  document.body.replaceChildren(h("h1", {}, test.title), stage);
  await new Promise<void>((begin) => {
    stage.replaceChildren(
      h("p", {}, "Use headphones, and a level that stays as it is. Keys 1, 2, 3 choose what is heard."),
      h("label", { class: "row" }, h("span", {}, "Who listens"), who),
      button("Begin", () => begin()),
    );
  });
  stage.replaceChildren(h("p", {}, "one moment"));
  for (const [id, audio] of Object.entries(test.audio)) await sounds.decode(id, audio);
  if (test.kind === "abx") await abx();
  else if (test.kind === "mushra") await mushra();
  else await words();
  sounds.stop();
  const result = {
    kind: test.kind,
    title: test.title,
    listener: who.value,
    person: true,
    seed: test.seed,
    made_from: test.made_from,
    answers,
    summary: summary(),
  };
  const text = JSON.stringify(result, null, 1);
  stage.replaceChildren(
    h("p", {}, "Thank you. Save the answers and send them to whoever made this page; gritspace listen --results reads them."),
    button("Save the answers", () => download(`listening-${test.kind}-${who.value || "somebody"}.json`, text, "application/json")),
    h("pre", {}, JSON.stringify(result.summary, null, 1)),
  );
  document.body.dataset.done = "true";
}

void run();
