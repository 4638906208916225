/** Accounts of the demo instance, made as a person with a browser makes one. */

import assert from 'node:assert/strict';

import { environment, host } from './environment.ts';

const REDIRECT = 'http://127.0.0.1:9/signed-in';
const SCOPE = 'profile';

export interface Account {
  name: string;
  handle: string;
  /** An access token of the instance. */
  token: string;
}

/** A new account; its name begins so. */
export async function newAccount(beginning: string): Promise<Account> {
  const name = `${beginning}${Math.random().toString(36).slice(2, 10)}`;
  return { name, handle: `@${name}@${host}`, token: await tokenBy(name, 'sign_up') };
}

/** Another token of an account that exists. */
export async function tokenOf(name: string): Promise<string> {
  return tokenBy(name, 'sign_in');
}

async function tokenBy(name: string, action: 'sign_in' | 'sign_up'): Promise<string> {
  const app = await form('/api/v1/apps', { client_name: 'Infrasound tests', redirect_uris: REDIRECT, scopes: SCOPE });
  const { client_id, client_secret } = (await app.json()) as { client_id: string; client_secret: string };
  const code = await allow(client_id, name, action);
  const answer = await form('/oauth/token', {
    grant_type: 'authorization_code',
    client_id,
    client_secret,
    redirect_uri: REDIRECT,
    code,
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** Fills the sign-in page in, and gives the code from the redirect that follows. */
async function allow(client: string, name: string, action: string): Promise<string> {
  const asked = { response_type: 'code', client_id: client, redirect_uri: REDIRECT, scope: SCOPE };
  const page = await fetch(`${environment.relay}/oauth/authorize?${new URLSearchParams(asked)}`);
  const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? '';
  const html = (await page.text()).split('</form>')[0] ?? '';
  const hidden = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
    ([, field = '', value = '']): [string, string] => [field, value.replaceAll('&amp;', '&')],
  );
  const fields = { ...Object.fromEntries(hidden), name, password: 'demo', action };
  const answer = await form('/oauth/authorize', fields, cookie);
  const code = new URL(answer.headers.get('location') ?? 'about:blank').searchParams.get('code');
  assert.ok(code, `the instance lets ${name} in (${answer.status})`);
  return code;
}

async function form(path: string, fields: Record<string, string>, cookie?: string): Promise<Response> {
  return fetch(environment.relay + path, {
    method: 'POST',
    redirect: 'manual',
    headers: cookie === undefined ? {} : { cookie },
    body: new URLSearchParams(fields),
  });
}
