/** What `run.mjs` has started for the tests. */

export interface Environment {
  /** The relay's base URL; its demo instance is there too. */
  relay: string;
  /** Where Chromium listens. */
  browser: string;
  executablePath: string;
  flags: string[];
  /** The folder with `infrasound`. */
  programs: string;
  /** Where screenshots go. */
  screens: string;
  /** What the package `@infrasound/client` was built into. */
  client: string;
  /** What the app was built into. */
  app: string;
  /** The protocol's test vectors. */
  vectors: string;
  /** The folder of the npm workspace. */
  web: string;
  /** A temporary folder. */
  folder: string;
}

const given = process.env['INFRASOUND_WEB_TESTS'];
if (given === undefined) throw new Error('run the tests with `node run.mjs`');

export const environment = JSON.parse(given) as Environment;

/** The host part of handles on the demo instance. */
export const host = new URL(environment.relay).host;
