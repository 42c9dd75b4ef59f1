// Opens reports in Chromium: node report_layout.mjs {"pages": [paths], "shots": folder or null} -> a line of JSON:
// for each page, width and colour scheme, what a reader would see of its layout; and what its first player does.
import { createRequire } from "node:module";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";

const { chromium } = createRequire(process.env.NODE_PATH_FROM)("playwright-core");
const { pages, shots } = JSON.parse(process.argv[2]);
const args = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args });
const found = [];
for (const path of pages) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ colorScheme, viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => /^https?:/.test(request.url()) && complaints.push(`asked ${request.url()}`));
    await page.goto(pathToFileURL(path).href);
    for (const width of [390, 800, 1400]) {
      await page.setViewportSize({ width, height: 844 });
      const facts = await page.evaluate(() => {
        const light = (colour) => colour.match(/[\d.]+/g).slice(0, 3).reduce((sum, one) => sum + Number(one), 0) / 765;
        const style = (selector, name) => light(getComputedStyle(document.querySelector(selector))[name]);
        const inside = document.querySelector("main").getBoundingClientRect();
        const blocks = [...document.querySelectorAll("table, .facts, .player, .wide, h1, h2, p, ul")];
        const lefts = [...document.querySelectorAll(".fact")].map((one) => Math.round(one.getBoundingClientRect().left));
        const text = document.querySelector("svg.figure text");
        return {
          page: document.documentElement.scrollWidth,
          sticking_out: blocks.filter((one) => one.getBoundingClientRect().right > inside.right + 0.5).map((one) => one.outerHTML.slice(0, 80)),
          cells_cut: [...document.querySelectorAll("td, th")].filter((one) => one.offsetWidth && one.scrollWidth > one.clientWidth + 1).length,
          columns: new Set(lefts).size,
          smallest_button: Math.min(...[...document.querySelectorAll(".sounds button")].map((one) => one.getBoundingClientRect().height)),
          ground: style("body", "backgroundColor"),
          ink: style("body", "color"),
          picture: style("svg.figure", "backgroundColor"),
          picture_ink: light(getComputedStyle(text).fill),
        };
      });
      found.push({ page: basename(path), width, scheme: colorScheme, complaints, ...facts });
      if (shots) await page.screenshot({ path: `${shots}/${basename(path, ".html")}-${width}-${colorScheme}.png`, fullPage: true });
    }
    if (colorScheme === "light") {
      const box = page.locator(".sounds").first();
      const state = () => box.evaluate((one) => ({ chosen: one.dataset.chosen, playing: one.dataset.playing, far: one.querySelector("progress").value }));
      const played = [await state()];
      await box.getByRole("button", { name: "Play", exact: true }).click();
      await page.waitForFunction((one) => one.querySelector("progress").value > 0, await box.elementHandle());
      played.push(await state());
      await box.getByRole("button", { name: "dry", exact: true }).click();
      played.push(await state());
      await page.waitForTimeout(60);
      played.push(await state());
      await box.getByRole("button", { name: "Stop", exact: true }).click();
      played.push(await state());
      found.push({ page: basename(path), played, complaints });
    }
    await context.close();
  }
}
await browser.close();
console.log(JSON.stringify(found));
