import { fileURLToPath } from 'node:url';
import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// One build for the pages; the widget has its own (web/widget/vite.config.ts), because it is a single file without a hash in
// its name. That one runs second and must not empty the folder.
export default defineConfig({
  root: at('.'),
  publicDir: at('public'),
  plugins: [preact({ prefreshEnabled: false, devToolsEnabled: false })],
  build: {
    outDir: at('dist'),
    emptyOutDir: true,
    target: 'es2022',
    // `data:` URLs in stylesheets are allowed by `img-src`, but fonts and scripts are not: nothing is inlined.
    assetsInlineLimit: 0,
    // The polyfill is for browsers that know no `modulepreload`; `es2022` already asks for newer ones.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        home: at('index.html'),
        console: at('console/index.html'),
        docs: at('docs/index.html'),
        demo: at('demo/index.html'),
      },
    },
  },
  server: { proxy: { '/api': 'http://localhost:8787', '/widget': 'http://localhost:8787' } },
});
