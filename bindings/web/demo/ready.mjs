/** Says what the demo lacks on this machine, in one line, and ends with 3; or says nothing. Needs no package. */

import { findChromium } from './chromium.mjs';

const [major] = process.versions.node.split('.');
if (Number(major) < 20) {
  console.log(`Node.js is version ${process.versions.node}; version 20 or newer is needed`);
  process.exitCode = 3;
} else if (!findChromium()) {
  console.log('no Chromium or Chrome was found; install one (on Debian: apt-get install chromium), or name it in INFRASOUND_CHROMIUM');
  process.exitCode = 3;
}
