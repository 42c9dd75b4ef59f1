// Drives the page in Chromium: node drive.mjs SCENARIO URL [ARGUMENTS as JSON] -> one line of JSON.
// CHROMIUM names the browser; NODE_PATH_FROM a package.json beside whose node_modules playwright-core lies.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const { chromium } = createRequire(process.env.NODE_PATH_FROM)("playwright-core");
const [scenario, url, given = "{}"] = process.argv.slice(2);
const asked = JSON.parse(given);
const QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

async function start(options = {}) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: [...QUIET, ...(options.args ?? [])] });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options.context });
  const page = await context.newPage();
  page.setDefaultTimeout(120000); // a busy machine is slow, not wrong
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (!["127.0.0.1"].includes(to.hostname) && !["data:", "blob:"].includes(to.protocol)) complaints.push(`asked ${to}`);
  });
  await page.addInitScript((without) => {
    window.pressed = 0;
    addEventListener("click", (event) => (window.pressed += Number(event.isTrusted && event.target.tagName !== "SELECT")), true);
    addEventListener("change", (event) => (window.pressed += Number(event.target.tagName === "SELECT")), true);
    if (without) delete Navigator.prototype[without];
  }, options.without);
  const began = Date.now();
  await page.goto(url);
  await page.waitForSelector("body[data-ready]");
  return { browser, page, complaints, began };
}

const told = (page) => page.textContent(".notice");
const meters = (page) => page.evaluate(() => window.gritspace.page.meters);
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const fixture = (name, bytes, type = "application/octet-stream") => ({ name, mimeType: type, buffer: Buffer.from(bytes) });

/** A second of 220 Hz as a WAV file. */
function tone() {
  const frames = 48000;
  const file = Buffer.alloc(44 + 2 * frames);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + 2 * frames, 4);
  file.write("WAVEfmt ", 8);
  [16, 1 | (1 << 16), 48000, 96000, 2 | (16 << 16)].forEach((value, i) => file.writeUInt32LE(value, 16 + 4 * i));
  file.write("data", 36);
  file.writeUInt32LE(2 * frames, 40);
  for (let i = 0; i < frames; i++) file.writeInt16LE(Math.round(9000 * Math.sin((2 * Math.PI * 220 * i) / 48000)), 44 + 2 * i);
  return file;
}

/** Every text that is seen, with less contrast to what lies behind it than WCAG 2 asks of its size (in the page). */
function contrast() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      layers.push(rgba(style.backgroundColor));
      if (at.tagName === "svg") layers.push(rgba(getComputedStyle(at.querySelector(".plate, .ground")).fill));
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const faint = [];
  let seen = 0;
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const box = one.getBoundingClientRect();
    if (!own || box.width === 0 || box.height === 0 || one.closest("[disabled], [hidden], script, style, option")) continue;
    const style = getComputedStyle(one);
    if (style.visibility === "hidden" || style.opacity === "0") continue;
    const ground = behind(one);
    const ink = over(rgba(one.ownerSVGElement ? style.fill : style.color), ground);
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    seen++;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) faint.push(`${one.tagName} ${one.className?.baseVal ?? one.className} ${one.textContent.slice(0, 20)}: ${ratio.toFixed(2)}`);
  }
  return { seen, faint: faint.slice(0, 8) };
}

/** How loud it is, in dB, over a round and a bit, by the browser's own filters near BS.1770's. */
function level(page) {
  return page.evaluate(async () => {
    const { analyser: heard, context } = window.gritspace.player;
    const shelf = new BiquadFilterNode(context, { type: "highshelf", frequency: 1700, gain: 4 });
    const low = new BiquadFilterNode(context, { type: "highpass", frequency: 38, Q: -6 });
    const analyser = new AnalyserNode(context, { fftSize: 4096 });
    heard.connect(shelf).connect(low).connect(analyser);
    await new Promise((done) => setTimeout(done, 300));
    const wave = new Float32Array(analyser.fftSize);
    let sum = 0;
    for (let i = 0; i < 44; i++) {
      await new Promise((done) => setTimeout(done, 85));
      analyser.getFloatTimeDomainData(wave);
      sum += wave.reduce((total, x) => total + x * x, 0) / wave.length;
    }
    heard.disconnect(shelf);
    return 10 * Math.log10(sum / 44);
  });
}

/** All presets empty. */
async function emptyAll(page) {
  const rows = page.getByRole("button", { name: /^empty preset/ });
  await page.waitForSelector(".editor .acts, .editor .places button");
  for (let left = await rows.count(); left > 0; left--) {
    await rows.first().click();
    await page.waitForFunction((count) => document.querySelectorAll(".editor .acts").length === count, left - 1);
  }
}

/** What the module in the page answers, asked over its link. */
const asks = (page, request, answer, values) =>
  page.evaluate(([request, answer, values]) => window.gritspace.page.client.ask(request, answer, values).then((message) => message.values), [request, answer, values ?? {}]);

async function heard(page) {
  await page.waitForFunction(() => (window.gritspace.page.meters?.heard[1] ?? 0) > 1e-3, null);
}

const scenarios = {
  /** The module over a clip, moved block by block: its samples. */
  async render() {
    const { browser, page, complaints } = await start();
    const out = await page.evaluate(
      async ({ model, audio, script, rate }) => {
        const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
        const samples = new Int16Array(bytes(audio));
        const clip = Float32Array.from(samples, (sample) => sample / 32768);
        const [left, right] = await window.gritspace.render(window.gritspace.wasm, bytes(model), [clip, clip], script, rate);
        const text = (channel) => {
          const numbers = new Uint8Array(Int16Array.from(channel, (value) => Math.round(value * 32768)).buffer);
          let letters = "";
          for (let at = 0; at < numbers.length; at += 32768) letters += String.fromCharCode(...numbers.subarray(at, at + 32768));
          return btoa(letters);
        };
        return { left: text(left), right: text(right) };
      },
      {
        model: readFileSync(asked.model).toString("base64"),
        audio: readFileSync(asked.audio).toString("base64"),
        script: JSON.parse(readFileSync(asked.script, "utf8")),
        rate: asked.rate ?? 48000,
      },
    );
    await browser.close();
    for (const channel of ["left", "right"]) writeFileSync(asked[channel], Buffer.from(out[channel], "base64"));
    return { complaints };
  },

  /** From nothing to sound, by one click; then what every control does. */
  async newcomer() {
    const { browser, page, complaints, began } = await start();
    const ready = Date.now() - began;
    const clicks = {};
    let before = 0;
    const counted = async (what) => {
      const now = await page.evaluate(() => window.pressed);
      clicks[what] = now - before;
      before = now;
    };
    const clicked = Date.now();
    await press(page, "guitar");
    await heard(page);
    const sound = Date.now() - clicked;
    await counted("sound");
    await press(page, "amplifiers");
    await page.waitForFunction(() => window.gritspace.page.meters.status[9] === 16);
    const amplifier = await meters(page);
    await counted("another amplifier");
    await page.getByRole("button", { name: "CV drive: patch" }).click();
    await page.waitForFunction(() => Math.abs(window.gritspace.page.meters.volts[0]) > 0.5);
    await page.getByLabel("Source").selectOption("sequencer"); // a choice in a list: counted as one
    await page.waitForFunction(() => window.gritspace.page.meters.volts[0] > 0.3);
    await counted("voltage on a knob");
    const choosing = page.waitForEvent("filechooser");
    await page.locator(".file").click();
    await (await choosing).setFiles(fixture("own.wav", tone(), "audio/wav")); // and the system's own dialog; a drop needs none
    await page.waitForFunction(() => document.querySelector(".notice").textContent === "own.wav plays");
    await heard(page);
    await counted("own file");
    await page.getByText("Editor: presets").click();
    await page.getByRole("button", { name: "put the present sound into preset 1", exact: true }).click();
    await page.waitForFunction(() => document.querySelector(".editor .told").textContent === "preset 1 holds the present sound");
    await counted("editing");
    const result = { ready, sound, clicks, dimensions: amplifier.status[9], complaints };
    await browser.close();
    return result;
  },

  /** As in Firefox or Safari: no navigator.serial. */
  async no_serial() {
    const { browser, page, complaints } = await start({ without: "serial" });
    await press(page, "drums");
    await heard(page);
    await page.getByText("Editor: presets").click();
    const hint = await page.locator(".editor .hint").first().textContent();
    await press(page, "Connect a real module");
    await page.waitForFunction(() => document.querySelector(".editor .told").textContent !== "");
    const told = await page.locator(".editor .told").textContent();
    await page.getByRole("button", { name: "put the present sound into preset 2", exact: true }).click();
    await page.waitForFunction(() => document.querySelector(".editor .told").textContent === "preset 2 holds the present sound");
    const alive = (await meters(page)).blocks;
    await page.waitForTimeout(500);
    const result = { hint, told, goes_on: (await meters(page)).blocks > alive, complaints };
    await browser.close();
    return result;
  },

  /** Knobs by mouse, wheel, keyboard and touch: what the module reads. */
  async knobs() {
    const { browser, page, complaints } = await start({ context: { hasTouch: true } });
    await press(page, "drums");
    await heard(page);
    const at = async () => Number(await page.getByRole("slider", { name: "drive" }).getAttribute("aria-valuenow"));
    const module = async () => {
      await page.waitForTimeout(400);
      return Math.round(((await meters(page)).position[0] / 32768 + 1) * 50);
    };
    const knob = page.getByRole("slider", { name: "drive" });
    await knob.scrollIntoViewIfNeeded(); // the loops come first in the page
    const cap = await knob.locator(".cap").boundingBox();
    const [x, y] = [cap.x + cap.width / 2, cap.y + cap.height / 2];
    const seen = [];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x, y - 54, { steps: 4 });
    await page.mouse.up();
    seen.push(["mouse", await at(), await module()]);
    await page.mouse.move(x, y);
    await page.mouse.wheel(0, 100);
    await page.waitForTimeout(150); // or the browser makes one of two
    await page.mouse.wheel(0, 100);
    await page.waitForTimeout(150);
    seen.push(["wheel", await at(), await module()]);
    await knob.focus();
    await page.keyboard.press("Home");
    seen.push(["home", await at(), await module()]);
    await page.keyboard.press("PageUp");
    await page.keyboard.press("ArrowUp");
    seen.push(["keys", await at(), await module()]);
    await browser.close();
    return { seen, complaints };
  },

  /** Every loop, bypass and the device, microphone refused. */
  async listening() {
    const { browser, page, complaints } = await start();
    const loops = {};
    for (const name of ["bass", "drums", "synth", "guitar"]) {
      await press(page, name);
      await page.waitForTimeout(600);
      await heard(page);
      loops[name] = (await meters(page)).heard[1];
    }
    await page.waitForTimeout(4500); // loudness is known once a whole round was heard
    await page.locator(".dot[aria-label='rat, distortion=1,filter=0.5']").click({ force: true }); // nothing lies on a ringed dot's middle
    await page.waitForTimeout(6000);
    await press(page, "the device itself");
    await page.waitForTimeout(200);
    const device = await level(page);
    await press(page, "module");
    await page.waitForTimeout(200);
    const module = await level(page);
    await press(page, "bypass");
    await page.waitForTimeout(200);
    const bypass = await level(page);
    await press(page, "microphone");
    await page.waitForFunction(() => document.querySelector(".notice").textContent.includes("refused"));
    await press(page, "stop");
    await browser.close();
    return { loops, levels: { device, module, bypass }, complaints };
  },

  /** A dropped capture beside its float network, a dropped pair beside its wet half: by how many clicks, how loud, what. */
  async originals() {
    const { browser, page, complaints } = await start();
    const clicks = {};
    const compare = async (name, files, words) => {
      const before = await page.evaluate(() => window.pressed);
      const choosing = page.waitForEvent("filechooser");
      await page.locator(".file").click();
      await (await choosing).setFiles(files.map((file) => fixture(file.name, readFileSync(file.path))));
      const original = page.getByRole("button", { name: words, exact: true });
      await page.waitForFunction((text) => [...document.querySelectorAll("button")].some((one) => one.textContent === text && !one.disabled), words);
      await original.click();
      clicks[name] = (await page.evaluate(() => window.pressed)) - before;
      await page.waitForTimeout(5000); // loudness is known once a whole round was heard
      const levels = [await level(page)];
      await press(page, "module");
      await page.waitForTimeout(200);
      levels.push(await level(page));
      const samples = await page.evaluate(() => {
        const numbers = new Uint8Array(window.gritspace.player.device.node.buffer.getChannelData(0).slice().buffer);
        let letters = "";
        for (let at = 0; at < numbers.length; at += 32768) letters += String.fromCharCode(...numbers.subarray(at, at + 32768));
        return btoa(letters);
      });
      writeFileSync(asked[name], Buffer.from(samples, "base64"));
      return levels;
    };
    await press(page, "guitar");
    await heard(page);
    const levels = {
      capture: await compare("capture", asked.captures, "the capture itself"),
      recording: await compare("recording", asked.pair, "the recording itself"),
    };
    const said = await told(page);
    await browser.close();
    return { clicks, levels, said, complaints };
  },

  /** Files that are good and files that are not. */
  async files() {
    const { browser, page, complaints } = await start();
    await press(page, "guitar");
    await heard(page);
    const said = {};
    for (const [label, file] of Object.entries(asked.files)) {
      await page.evaluate(() => (document.querySelector(".notice").textContent = ""));
      await page.locator(".file").setInputFiles(fixture(file.name, readFileSync(file.path)));
      await page.waitForFunction(
        () => !/^(|trying .*|quantizing .*|rounding .*|listening .*)$/.test(document.querySelector(".notice").textContent),
        null,
        { timeout: 90000 },
      );
      said[label] = await told(page);
    }
    const alive = (await meters(page)).blocks;
    await page.waitForTimeout(500);
    const marked = () => page.evaluate(() => document.querySelectorAll("b, script:not([src])").length);
    await page.getByText("Editor: presets").click();
    await page.waitForSelector(".slots li:nth-child(2)");
    const slots = await page.locator(".slots li").allTextContents();
    const result = { said, slots, goes_on: (await meters(page)).blocks > alive, marked: await marked(), status: (await meters(page)).status, complaints };
    await browser.close();
    return result;
  },

  /** The editor: a preset, a model, everything saved, all emptied, everything back. */
  async editor() {
    const { browser, page, complaints } = await start();
    if (asked.inPage !== false) {
      await press(page, "guitar");
      await heard(page);
    }
    await page.getByText("Editor: presets").click();
    await emptyAll(page);
    await page.getByRole("slider", { name: "tone", exact: true }).focus();
    await page.keyboard.press("End");
    await page.waitForTimeout(500);
    for (const place of [1, 3]) {
      await page.getByRole("button", { name: `put the present sound into preset ${place}`, exact: true }).click();
      await page.waitForSelector(`[aria-label='name of preset ${place}']`);
    }
    await page.getByLabel("name of preset 1", { exact: true }).fill("loud one");
    await page.getByLabel("name of preset 1", { exact: true }).blur();
    await page.getByRole("button", { name: "move up preset 3", exact: true }).click();
    await page.waitForSelector("[aria-label='name of preset 2']");
    await page.getByLabel("Upload a .grit").setInputFiles(fixture("relu.grit", readFileSync(asked.model)));
    await page.waitForFunction(() => /plays$/.test(document.querySelector(".editor .told").textContent), null);
    const slots = await page.locator(".slots li").allTextContents();
    await page.getByText("Back up and restore").click();
    const saving = page.waitForEvent("download");
    await press(page, "Save everything as a file");
    const saved = readFileSync(await (await saving).path());
    writeFileSync(asked.backup, saved);
    for (const place of [1, 2]) {
      await page.getByRole("button", { name: `empty preset ${place}`, exact: true }).click();
      await page.waitForSelector(`[aria-label='name of preset ${place}']`, { state: "detached" });
    }
    await page.getByRole("button", { name: "select the factory model" }).click();
    await page.waitForSelector(".slots li:first-child.playing");
    await page.getByRole("button", { name: /^delete / }).click();
    await page.waitForFunction(() => document.querySelectorAll(".slots li").length === 2);
    await page.getByLabel("Restore").setInputFiles(fixture("backup.json", saved));
    await page.waitForFunction(() => /^restored/.test(document.querySelector(".editor .told").textContent), null);
    const again = page.waitForEvent("download");
    await press(page, "Save everything as a file");
    const second = readFileSync(await (await again).path(), "utf8");
    await page.getByLabel("Restore").setInputFiles(fixture("bad.json", Buffer.from("{\"kind\": \"<b>\"}")));
    await page.waitForFunction(() => /no backup/.test(document.querySelector(".editor .told").textContent));
    await page.getByText("Update the firmware").click();
    await page.getByLabel("Firmware").setInputFiles(fixture("x.bin", Buffer.alloc(4096)));
    await page.waitForFunction(() => /stack would begin/.test(document.querySelector(".editor .told").textContent));
    const monitor = await page.locator(".monitor").textContent();
    const who = await page.locator(".who").textContent();
    await browser.close();
    return { slots, same: second === saved.toString(), monitor, who, complaints };
  },

  /** A new module's presets; one edited, with a bend and a gate, and played; a model with a device's own knobs; all anew. */
  async presets() {
    const { browser, page, complaints } = await start();
    await press(page, "guitar");
    await heard(page);
    const all = async () => {
      const found = [];
      for (let index = 0; index < 16; index++) found.push(await asks(page, "get_preset", "preset", { index }));
      return found.map(({ played, stored, turns, level_q12, bend, gate, used }) => ({ played, stored, turns, level_q12, bend, gate, used }));
    };
    await page.getByText("Editor: presets").click();
    await page.getByRole("button", { name: "edit preset 3", exact: true }).click();
    const names = () => page.locator(".editor td input[type=text]").evaluateAll((fields) => fields.map((field) => field.value));
    const result = { fresh: await all(), names: await names(), complaints };
    const slide = async (label, value, place = 3) => {
      const now = async () => JSON.stringify((await all())[place - 1]);
      const before = await now();
      await page.getByLabel(`preset: ${label}`, { exact: true }).fill(String(value));
      await page.getByLabel(`preset: ${label}`, { exact: true }).dispatchEvent("change");
      while ((await now()) === before) await page.waitForTimeout(50);
    };
    const also = (place) => page.locator(`tr:has([aria-label='name of preset ${place}']) td:nth-of-type(7)`).textContent();
    await page.getByLabel("Bend").selectOption("hold");
    await page.getByLabel("preset: behind which layer").waitFor();
    await slide("how long", 60);
    await slide("gate", -60);
    await slide("level", -6);
    result.edited = (await all())[2];
    result.also = await also(3);
    result.kept_name = (await names())[2];
    const gate = await page.getByRole("button", { name: "gate: next preset" }).boundingBox();
    for (const preset of [1, 2]) {
      await page.mouse.move(gate.x + gate.width / 2, gate.y + gate.height / 2);
      await page.mouse.down();
      await page.waitForTimeout(300);
      await page.mouse.up();
      await page.waitForFunction((wanted) => window.gritspace.page.meters.status[4] === wanted, preset);
    }
    await page.waitForFunction(() => window.gritspace.page.meters.status[9] === 4); // the bend's own four knobs
    const { bend, gate: gated } = await asks(page, "get_health", "health");
    result.played = { bend, gate: gated };
    await page.getByRole("button", { name: "put the present sound into preset 5", exact: true }).click();
    await page.waitForFunction(() => /^a bend lies/.test(document.querySelector(".editor .told").textContent));
    await page.getByLabel("Upload a .grit").setInputFiles(fixture("knobs.grit", readFileSync(asked.model)));
    await page.waitForFunction(() => /plays$/.test(document.querySelector(".editor .told").textContent));
    await page.getByRole("button", { name: "put the present sound into preset 1", exact: true }).click();
    await page.waitForFunction(() => document.querySelector(".editor .told").textContent === "preset 1 holds the present sound");
    result.own = await page.locator("tr:has([aria-label='name of preset 1']) td.number").allTextContents();
    result.own_also = await also(1);
    result.unnamed = (await names())[0];
    await page.getByRole("button", { name: "edit preset 1", exact: true }).click();
    await slide(asked.knob, 75, 1);
    result.turned = (await all())[0].played[0];
    await page.getByRole("button", { name: "select the factory model" }).click();
    await press(page, "Put this model's own sixteen again");
    await page.waitForFunction(() => /own again$/.test(document.querySelector(".editor .told").textContent));
    result.again = await all();
    await browser.close();
    return result;
  },

  /** Backups whose presets have hostile names: what is shown, what is said. */
  async hostile_names() {
    const { browser, page, complaints } = await start();
    await page.getByText("Editor: presets").click();
    await page.getByText("Back up and restore").click();
    const saving = page.waitForEvent("download");
    await press(page, "Save everything as a file");
    const backup = JSON.parse(readFileSync(await (await saving).path(), "utf8"));
    const result = { shown: {}, said: {}, complaints };
    for (const [label, name] of Object.entries(asked.names)) {
      await page.evaluate(() => (document.querySelector(".editor .told").textContent = ""));
      const file = Buffer.from(JSON.stringify({ ...backup, names: { ...backup.names, 0: name } }));
      await page.getByLabel("Restore").setInputFiles(fixture("backup.json", file));
      await page.waitForFunction(() => /^(restored|this backup)/.test(document.querySelector(".editor .told").textContent));
      result.said[label] = await page.locator(".editor .told").textContent();
      result.shown[label] = await page.getByLabel("name of preset 1", { exact: true }).inputValue();
    }
    result.images = await page.locator("img").count();
    result.hit = await page.evaluate(() => Boolean(window.hit));
    await browser.close();
    return result;
  },

  /** A listening test answered by a program: ratings by item and system, or what it can tell apart. */
  async listen() {
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: QUIET });
    const page = await (await browser.newContext({ acceptDownloads: true, offline: true })).newPage();
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(url);
    await page.getByLabel("your name or initials").fill("a model of hearing");
    await press(page, "Begin");
    let trials = 0;
    let choices = 0;
    while (trials < 200) {
      await page.waitForFunction((before) => document.body.dataset.done || (window.trial && window.trial !== before));
      if (await page.evaluate(() => document.body.dataset.done)) break;
      const trial = await page.evaluate(() => window.trial);
      trials++;
      if (trial.systems) {
        choices = Math.max(choices, await page.getByRole("group", { name: "Hear" }).getByRole("button").count());
        for (const [i, system] of trial.systems.entries()) {
          await page.getByLabel(`rating of sound ${i + 1}`, { exact: true }).fill(String(asked.ratings[trial.item][system]));
        }
      }
      await page.evaluate(() => (window.trial = undefined));
      if (trial.systems) await press(page, "Next");
      else if (trial.word) await press(page, asked.word ?? trial.word);
      else await press(page, trial.first === asked.tells ? "X is A" : "X is B");
    }
    const saving = page.waitForEvent("download");
    await press(page, "Save the answers");
    const saved = JSON.parse(readFileSync(await (await saving).path(), "utf8"));
    saved.person = false;
    writeFileSync(asked.answers, JSON.stringify(saved));
    await browser.close();
    return { trials, choices, complaints };
  },

  /** Holds the page open for gritspace's commands, until its input ends. */
  async lend() {
    const { browser, page, complaints } = await start();
    await press(page, "guitar");
    await heard(page);
    console.log("lent");
    await new Promise((done) => process.stdin.on("end", done).resume());
    await browser.close();
    return { complaints };
  },

  /** What it looks like: wide and narrow, light and dark; nothing sticks out. */
  async looks() {
    const made = {};
    const all = [["wide-dark", 1400, "dark"], ["wide-light", 1400, "light"], ["middle-light", 800, "light"], ["middle-dark", 800, "dark"], ["narrow-light", 390, "light"], ["narrow-dark", 390, "dark"]];
    for (const [name, width, scheme] of all.filter(([name]) => !asked.only || asked.only.includes(name))) {
      const { browser, page } = await start({ context: { viewport: { width, height: 860 }, colorScheme: scheme } });
      await press(page, "guitar");
      await heard(page);
      await page.getByRole("button", { name: "CV tone: patch" }).click();
      await page.getByText("Editor: presets").click();
      await page.getByRole("button", { name: "edit preset 1", exact: true }).click();
      await page.waitForSelector(".preset-edit h4");
      await page.getByLabel("Bend").selectOption("feedback");
      await page.getByLabel("preset: delay").waitFor();
      await page.waitForTimeout(600);
      made[name] = await page.evaluate(() => ({
        sticksOut: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        wide: [...document.querySelectorAll("main *, header *")]
          .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth && !one.closest(".wide, svg"))
          .map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 30)}`)
          .slice(0, 5),
        unnamed: [...document.querySelectorAll("button, input, select, [role=slider], [role=button]")].filter(
          (one) => !(one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.length),
        ).length,
      }));
      made[name].contrast = await page.evaluate(contrast);
      if (asked.folder) await page.screenshot({ path: `${asked.folder}/${name}.png`, fullPage: true });
      await browser.close();
    }
    return made;
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
