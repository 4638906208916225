/** What the shown text of a link claims about where the link leads. */

/** Whether the text is an address of the same host, or reads as nothing else than that host. */
export function leadsTo(shown: string, href: string): boolean {
  const claimed = /^[a-z][a-z\d+.-]*:\/\//i.test(shown) ? shown : `https://${shown}`;
  if (/\s/.test(shown) || !URL.canParse(claimed) || !URL.canParse(href)) return false;
  const [claim, truth] = [new URL(claimed), new URL(href)];
  // In `https://bank.example@other.example` the host is the second, which few would see.
  const disguised = [claim, truth].some(({ username, password }) => username !== '' || password !== '');
  return !disguised && claim.host === truth.host;
}
