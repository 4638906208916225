/** Finds the Chromium of this machine, or another browser that is made of it. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'brave-browser'];
const APPS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

/** Its path; INFRASOUND_CHROMIUM names one that is elsewhere. `undefined` if there is none. */
export function findChromium() {
  const named = process.env.INFRASOUND_CHROMIUM;
  if (named) return named;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const programs = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...programs, ...APPS].find((path) => existsSync(path));
}

/** What a browser that is to talk with nobody but the relay is started with. */
export const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-default-browser-check',
  '--no-first-run',
  // A browser that runs as root, in a container say, has no sandbox to offer.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];
