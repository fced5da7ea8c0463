import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** What a page may be asked to load for a chat that most visitors never open. Bytes, gzip. */
const MAX_GZIP_BYTES = 12_000;

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The widget is one file with a fixed name, because its address stands in other people's pages. It is built after the pages
// (web/vite.config.ts) and leaves their files alone. What it needs once the chat is open is a second one (`--mode more`), which
// the first loads then.
export default defineConfig(({ mode }) => ({
  root: at('.'),
  publicDir: false,
  plugins: [embeddable(mode === 'more' ? 'widget-more.js' : 'widget.js')],
  build: {
    outDir: at('../dist'),
    emptyOutDir: false,
    target: 'es2022',
    minify: true,
    // Browsers without `:has` and `color-mix` would get no more than colours out of a lowered sheet.
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    reportCompressedSize: false,
    lib:
      mode === 'more'
        ? { entry: at('src/more.ts'), formats: ['es'], fileName: () => 'widget-more.js' }
        : { entry: at('src/main.ts'), formats: ['iife'], name: 'edgedeskWidget', fileName: () => 'widget.js' },
  },
}));

/** Escapes what is not ASCII, and fails the build above the budget. */
function embeddable(name: string): Plugin {
  return {
    name: 'embeddable',
    generateBundle(_, bundle) {
      const file = bundle[name];
      if (file?.type !== 'chunk' || Object.keys(bundle).length > 1) this.error('the widget must be one file');
      // A page may have any encoding, and a script inherits it.
      file.code = file.code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
      const bytes = gzipSync(file.code, { level: 9 }).length;
      if (bytes > MAX_GZIP_BYTES) {
        this.error(`${name} has ${bytes} bytes gzip; at most ${MAX_GZIP_BYTES} are allowed`);
      }
      this.info(`${name}: ${bytes} of ${MAX_GZIP_BYTES} bytes gzip`);
    },
  };
}
