// The page in Firefox, by WebDriver BiDi: node --experimental-websocket firefox.mjs URL ARGUMENTS-as-JSON -> one line of JSON.
// FIREFOX names the browser. Debian's Firefox is no Firefox of Playwright's, which alone it could drive.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [url, given = "{}"] = process.argv.slice(2);
const asked = JSON.parse(given);
const STILL = {
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.enabled": false,
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "browser.startup.homepage": "about:blank",
};

async function start() {
  const profile = mkdtempSync(join(tmpdir(), "gritspace-firefox-"));
  const prefs = Object.entries(STILL).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
  writeFileSync(join(profile, "user.js"), prefs.join("\n"));
  const flags = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"];
  const process_ = spawn(process.env.FIREFOX, flags, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, HOME: profile } });
  const address = await new Promise((found, failed) => {
    let said = "";
    process_.stderr.on("data", (data) => {
      said += data;
      const match = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
      if (match) found(match[1]);
    });
    process_.on("exit", () => failed(new Error(`Firefox ended: ${said.slice(-400)}`)));
  });
  const socket = new WebSocket(`${address}/session`);
  await new Promise((open, failed) => {
    socket.onopen = open;
    socket.onerror = () => failed(new Error("Firefox does not answer"));
  });
  const waiting = new Map();
  const complaints = [];
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.method === "log.entryAdded" && message.params.level === "error") complaints.push(message.params.text);
    const wait = waiting.get(message.id);
    if (wait === undefined) return;
    waiting.delete(message.id);
    if (message.type === "error") wait.failed(new Error(`${message.error}: ${message.message}`));
    else wait.done(message.result);
  };
  let count = 0;
  const send = (method, params) =>
    new Promise((done, failed) => {
      waiting.set(++count, { done, failed });
      socket.send(JSON.stringify({ id: count, method, params }));
    });
  await send("session.new", { capabilities: {} });
  await send("session.subscribe", { events: ["log.entryAdded"] });
  const { contexts } = await send("browsingContext.getTree", {});
  const context = contexts[0].context;
  /** What a script in the page gives, as JSON. */
  const evaluate = async (body) => {
    const expression = `(async () => JSON.stringify(await (${body})() ?? null))()`;
    const { result, exceptionDetails } = await send("script.evaluate", { expression, target: { context }, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return JSON.parse(result.value);
  };
  const until = async (body) => {
    for (let i = 0; i < 600; i++) {
      if (await evaluate(body)) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`never: ${body}`);
  };
  /** A real click on what a CSS selector names. */
  const click = async (selector) => {
    await evaluate(`() => document.querySelector(${JSON.stringify(selector)}).scrollIntoView({ block: "center" })`);
    const { nodes } = await send("browsingContext.locateNodes", { context, locator: { type: "css", value: selector } });
    const origin = { type: "element", element: { sharedId: nodes[0].sharedId } };
    const actions = [{ type: "pointerMove", x: 0, y: 0, origin }, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }];
    await send("input.performActions", { context, actions: [{ type: "pointer", id: "mouse", actions }] });
  };
  const close = async () => {
    process_.removeAllListeners("exit");
    const ended = new Promise((done) => process_.on("exit", done));
    await send("browser.close", {}).catch(() => process_.kill());
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { send, context, evaluate, until, click, close, complaints };
}

/** The page loads, sounds, says what Firefox has not, and gives the module's bits. */
async function smoke() {
  const firefox = await start();
  try {
    return await walk(firefox);
  } finally {
    await firefox.close();
  }
}

async function walk({ send, context, evaluate, until, click, complaints }) {
  await send("browsingContext.navigate", { context, url, wait: "complete" });
  await until("() => document.body.dataset.ready === 'true'");
  await click("button.loop");
  await until("() => (window.gritspace.page.meters?.heard[1] ?? 0) > 1e-3");
  const level = await evaluate(`async () => {
    const { analyser } = window.gritspace.player;
    const wave = new Float32Array(analyser.fftSize);
    await new Promise((done) => setTimeout(done, 500));
    analyser.getFloatTimeDomainData(wave);
    return Math.max(...wave.map(Math.abs));
  }`);
  await click("summary");
  const hint = await evaluate("() => document.querySelector('.editor .hint')?.textContent ?? null");
  const serial = await evaluate("() => 'serial' in navigator");
  const sent = JSON.stringify({
    model: readFileSync(asked.model).toString("base64"),
    audio: readFileSync(asked.audio).toString("base64"),
    script: JSON.parse(readFileSync(asked.script, "utf8")),
  });
  const out = await evaluate(`async () => {
    const { model, audio, script } = ${sent};
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
    const clip = Float32Array.from(new Int16Array(bytes(audio)), (sample) => sample / 32768);
    const sides = await window.gritspace.render(window.gritspace.wasm, bytes(model), [clip, clip], script);
    return sides.map((side) => {
      const numbers = new Uint8Array(Int16Array.from(side, (value) => Math.round(value * 32768)).buffer);
      let letters = "";
      for (let at = 0; at < numbers.length; at += 32768) letters += String.fromCharCode(...numbers.subarray(at, at + 32768));
      return btoa(letters);
    });
  }`);
  writeFileSync(asked.left, Buffer.from(out[0], "base64"));
  writeFileSync(asked.right, Buffer.from(out[1], "base64"));
  return { level, hint, serial, complaints };
}

console.log(JSON.stringify(await smoke()));
