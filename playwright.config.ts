import { defineConfig } from '@playwright/test';

// Runs against a real, running stack: EDGEDESK_DEV_JSON names the file that `cargo xtask dev` writes, and `cargo xtask test
// browser` starts a stack of its own and sets it.
export default defineConfig({
  testDir: 'tests/browser',
  outputDir: 'test-results',
  // Two at a time: the stack, two browsers and the test runner share two cores in CI.
  workers: 2,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  // Waits end with what they wait for; these are for a machine that builds something else beside the tests, and for a call
  // that the runtime lost, which is made again after eight seconds.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      // The system's Chromium: nothing is downloaded by `npm ci`.
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
