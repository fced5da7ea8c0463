import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** What a page may be asked to load for a chat that most visitors never open. Bytes, gzip. */
const MAX_GZIP_BYTES = 12_000;

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const file = at('../dist/widget.js');

// The widget is one file with a fixed name, because its address stands in other people's pages. It is built after the pages
// (web/vite.config.ts) and leaves their files alone.
export default defineConfig({
  root: at('.'),
  publicDir: false,
  plugins: [ascii(), budget()],
  build: {
    outDir: at('../dist'),
    emptyOutDir: false,
    target: 'es2022',
    minify: true,
    // Custom properties carry the colours; the rest is not lowered for browsers that lack `color-mix` or `:has` anyway.
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    reportCompressedSize: false,
    lib: { entry: at('src/main.ts'), formats: ['iife'], name: 'edgedeskWidget', fileName: () => 'widget.js' },
  },
});

/** Escapes what is not ASCII: a page may have any encoding, and scripts without one of their own inherit it. */
function ascii(): Plugin {
  return {
    name: 'widget-ascii',
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue;
        chunk.code = chunk.code.replace(
          /[^\0-\x7f]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
        );
      }
    },
  };
}

/** Fails the build above the budget. */
function budget(): Plugin {
  return {
    name: 'widget-budget',
    closeBundle() {
      const bytes = gzipSync(readFileSync(file), { level: 9 }).length;
      if (bytes > MAX_GZIP_BYTES)
        this.error(`widget.js has ${bytes} bytes gzip; at most ${MAX_GZIP_BYTES} are allowed`);
      this.info(`widget.js: ${bytes} of ${MAX_GZIP_BYTES} bytes gzip`);
    },
  };
}
