/** Looks for what keeps people with a screen reader, a keyboard or weak sight out. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds on the page as it is now, as lines for a person. */
export async function violations(page: Page, what: string): Promise<string[]> {
  await page.evaluate(source);
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<AxeResults> } };
    return axe.run();
  });
  const found = results.violations.map(({ id, nodes }) => {
    const where = nodes.map(({ target, failureSummary }) => `    ${JSON.stringify(target)}: ${failureSummary?.replace(/\s+/g, ' ') ?? ''}`);
    return `${what}: ${id}\n${where.join('\n')}`;
  });
  assert.ok(results.passes.length > 5, `${what}: there was something to look at`);
  return found;
}

export async function assertAccessible(page: Page, what: string): Promise<void> {
  const found = await violations(page, what);
  assert.equal(found.length, 0, found.join('\n'));
}
