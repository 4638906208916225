/** Reads a QR code with the camera, in browsers that can. */
import { css, html, LitElement } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import type { Say } from '../strings/language.ts';
import { base } from '../styles/base.ts';

interface Detector { detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]> }
declare const BarcodeDetector: (new (options: { formats: string[] }) => Detector) | undefined;

export const canScan = (): boolean => typeof BarcodeDetector !== 'undefined' && 'mediaDevices' in navigator;

const PAUSE = 150;

@customElement('infrasound-scanner')
export class Scanner extends LitElement {
  static override styles = [base, css`
    video {
      display: block;
      inline-size: 100%;
      aspect-ratio: 1;
      border-radius: 16px;
      object-fit: cover;
      background: #000;
    }
  `];

  @property({ attribute: false }) say!: Say;
  @state() private refused = false;
  @query('video') private video!: HTMLVideoElement;
  #stream: MediaStream | undefined;

  override firstUpdated(): void {
    void this.#run();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
  }

  override render() {
    return this.refused
      ? html`<p class="notice" role="alert">${this.say('camera-refused')}</p>`
      : html`<video muted playsinline aria-label=${this.say('scan-here')}></video>`;
  }

  async #run(): Promise<void> {
    if (typeof BarcodeDetector === 'undefined') return;
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      if (!this.isConnected) {
        this.disconnectedCallback();
        return;
      }
      this.video.srcObject = this.#stream;
      await this.video.play();
    } catch {
      this.refused = true;
      return;
    }
    const detector = new BarcodeDetector({ formats: ['qr_code'] });
    while (this.isConnected) {
      const [code] = await detector.detect(this.video).catch(() => []);
      if (code) {
        this.dispatchEvent(new CustomEvent('scanned', { detail: code.rawValue }));
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}
