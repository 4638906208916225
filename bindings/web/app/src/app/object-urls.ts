/** Addresses of what is shown from memory. So many are kept; the longest unused goes first. */
const KEPT = 150;

export class ObjectUrls {
  readonly #urls = new Map<string, string>();

  has(key: string): boolean {
    return this.#urls.has(key);
  }

  of(key: string): string | undefined {
    const url = this.#urls.get(key);
    if (url === undefined) return undefined;
    this.#urls.delete(key);
    this.#urls.set(key, url);
    return url;
  }

  add(key: string, blob: Blob): string {
    this.#revoke(key);
    const url = URL.createObjectURL(blob);
    this.#urls.set(key, url);
    for (const oldest of this.#urls.keys()) {
      if (this.#urls.size <= KEPT) break;
      this.#revoke(oldest);
    }
    return url;
  }

  clear(): void {
    for (const key of this.#urls.keys()) this.#revoke(key);
  }

  #revoke(key: string): void {
    const url = this.#urls.get(key);
    if (url !== undefined) URL.revokeObjectURL(url);
    this.#urls.delete(key);
  }
}
