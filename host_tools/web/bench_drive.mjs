// Runs bench_page.mjs in Chromium, and measures how long a cold page takes to its first sound.
import { chromium } from "playwright-core";

const asked = JSON.parse(process.argv[2]);
const args = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args });
const page = await browser.newPage();
let complaint = "";
page.on("pageerror", (error) => (complaint = error.message));
page.on("console", (message) => message.type() === "error" && (complaint = message.text()));
await page.goto(`${asked.url}bench.html`);
await page.waitForFunction(() => globalThis.measureReady).catch(() => {
  throw new Error(complaint);
});
const rows = [];
for (const [index, row] of asked.rows.entries()) {
  rows.push(await page.evaluate(([s, i, nam]) => globalThis.measure(s, i, nam), [asked.seconds, index, row.nam]));
}
await page.close();
let first = Infinity;
for (let round = 0; round < 3; round++) {
  const context = await browser.newContext(); // nothing is kept from before
  const cold = await context.newPage();
  const began = Date.now();
  await cold.goto(asked.url);
  await cold.getByRole("button", { name: "guitar", exact: true }).click();
  await cold.waitForFunction(() => (window.gritspace?.page.meters?.heard[1] ?? 0) > 1e-3, null, { polling: 10 });
  first = Math.min(first, (Date.now() - began) / 1000);
  await context.close();
}
console.log(JSON.stringify({ rows, first_sound: first, browser: `Chromium ${browser.version()}` }));
await browser.close();
