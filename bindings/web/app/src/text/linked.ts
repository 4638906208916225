/** Group links, in the form that is for the app and in the form that is for a browser. */

/** `infrasound:join?…#…` as an address that a browser opens; nothing after `#` is sent to a server. */
export function asAddress(link: string, relay: string): string {
  return `${relay.replace(/\/$/, '')}/#${link.replace(/^infrasound:/, '')}`;
}

/** The `infrasound:` form of what somebody pasted: either form, with spaces around it. */
export function asLink(text: string): string | undefined {
  const match = /(?:infrasound:|#)(join\?\S+)$/.exec(text.trim());
  return match ? `infrasound:${match[1]}` : undefined;
}

/** What the group was called when the link was made: the last part, in base64url. */
export function nameIn(link: string): string | undefined {
  const name = link.split('#').at(-1)?.split('.')[2];
  if (!name) return undefined;
  try {
    const bytes = Uint8Array.from(atob(name.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
