import { defineConfig } from "vite";

// One script, to be put into one file with its sounds.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "generated/page_listen",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    lib: { entry: "src/listen/main.ts", formats: ["iife"], name: "listen", fileName: () => "listen.js" },
  },
});
