/** The pictures and files of a message. */
import type { Attachment, Message } from '@infrasound/client';
import { css, html, nothing, type TemplateResult } from 'lit';

import type { App } from '../app/app.ts';
import { Files, type Fetchable } from '../app/files.ts';
import { bytes } from '../app/times.ts';
import { told } from '../app/told.ts';
import { plainName } from '../text/name.ts';
import { icon } from '../widgets/icon.ts';
import { properties } from '../widgets/properties.ts';
import type { Draw } from './draw.ts';

const WIDEST = 320;
const TALLEST = 360;

export const attachmentStyles = css`
  .pictures {
    display: grid;
    gap: 3px;
    margin: -2px -7px 5px;
    border-radius: 14px;
    overflow: hidden;
  }

  .picture {
    position: relative;
    display: grid;
    place-items: center;
    max-inline-size: 100%;
    inline-size: var(--wide, 260px);
    aspect-ratio: var(--ratio, 4 / 3);
    border-radius: 12px;
    background: color-mix(in srgb, currentColor 9%, transparent);
    overflow: hidden;
    cursor: zoom-in;
  }

  .picture img {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
    object-fit: cover;
    animation: appear 0.2s;
  }

  /* It is as small as fits into a message: what it is of is seen, and no more is promised. */
  .picture img.thumbnail {
    filter: blur(6px);
    scale: 1.08;
    animation: none;
  }

  .picture .over {
    position: relative;
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-block-size: 36px;
    padding-inline: 10px;
    border-radius: 18px;
    background: var(--surface);
    color: var(--text);
    font-size: 0.87em;
  }

  @keyframes appear {
    from {
      opacity: 0;
    }
  }

  .file {
    display: flex;
    align-items: center;
    gap: 10px;
    inline-size: 280px;
    max-inline-size: 100%;
    margin-block-end: 4px;
  }

  .file .round {
    flex: none;
    display: grid;
    place-items: center;
    inline-size: 44px;
    block-size: 44px;
    border-radius: 50%;
    background: color-mix(in srgb, currentColor 11%, transparent);
  }

  .file .grow {
    flex: 1;
    min-inline-size: 0;
  }

  .file .size {
    font-size: 0.85em;
    color: color-mix(in srgb, currentColor 78%, transparent);
  }

  .bar {
    display: block;
    inline-size: 100%;
    block-size: 4px;
    accent-color: var(--accent);
  }
`;

export function attachments(draw: Draw, message: Message): TemplateResult | typeof nothing {
  if (message.attachments.length === 0 || message.body.kind === 'deleted') return nothing;
  const upload = draw.app.files.uploads.get(message.id);
  const here = message.attachments.filter(Files.isFetchable);
  const elsewhere = message.attachments.filter((file) => !Files.isFetchable(file));
  const pictures = here.filter(Files.isPicture);
  const others = here.filter((file) => !Files.isPicture(file));
  return html`
    ${pictures.length > 0 ? html`<div class="pictures">${pictures.map((file) => picture(draw, message, file))}</div>` : nothing}
    ${others.map((file) => fileRow(draw, file))}
    ${elsewhere.map(({ name }) => html`
      <div class="file"><span class="round">${icon('file', 20)}</span>
        <span class="grow"><span class="cut" dir="auto">${plainName(name)}</span><span class="size">${draw.app.say('file-elsewhere')}</span></span></div>`)}
    ${upload && upload.total > 0 && message.state.step === 'pending'
      ? progressRow(draw.app, draw.app.say('uploading'), upload.sent, upload.total)
      : nothing}`;
}

function picture(draw: Draw, message: Message, file: Fetchable): TemplateResult {
  const { app, chat } = draw;
  const wanted = app.files.isAsked(file) || (!draw.strange && Files.isSmall(file));
  const url = wanted ? app.files.picture(chat.handle, file) : app.files.pictureHere(chat.handle, file);
  // Of a stranger's nothing is seen before it is asked for.
  const thumbnail = url || (draw.strange && !wanted) ? undefined : app.files.thumbnail(file);
  const missing = !url && app.files.missing(file);
  const name = plainName(file.name);
  const amount = bytes(app.locale, file.size);
  const label = missing ? `${app.say('picture', { name })}. ${app.say('picture-missing')}`
    : url || wanted ? app.say('picture', { name }) : app.say('picture-there', { name, size: amount });
  const open = () => (missing ? app.files.retryPicture(chat.handle, file) : draw.look(message, message.attachments.indexOf(file)));
  return html`
    <button class="picture" tabindex="-1" ${properties(size(file))} aria-label=${label} title=${name} @click=${open}>
      ${url ? html`<img src=${url} alt="" decoding="async">` : nothing}
      ${thumbnail ? html`<img class="thumbnail" src=${thumbnail} alt="" decoding="async">` : nothing}
      ${url ? nothing : html`<span class="over">${missing ? icon('retry', 20) : wanted ? icon('clock', 20) : html`${icon('download', 20)}${amount}`}</span>`}
    </button>`;
}

function size({ width, height }: Attachment): Record<`--${string}`, string> {
  if (!width || !height) return {};
  const wide = Math.max(120, Math.min(WIDEST, width, (TALLEST * width) / height));
  // What is very long or very wide is cut here, and whole when it is opened.
  const ratio = Math.max(0.4, Math.min(3, width / height));
  return { '--wide': `${Math.round(wide)}px`, '--ratio': ratio.toFixed(4) };
}

function fileRow(draw: Draw, file: Fetchable): TemplateResult {
  const { app, chat } = draw;
  const transfer = app.files.transfers.get(file.blob);
  const running = transfer?.step === 'running';
  const action = running ? 'cancel' : transfer?.step === 'stopped' ? 'resume' : 'save';
  const name = plainName(file.name);
  const label = `${app.say(action)}: ${name}`;
  const act = () => (running ? app.files.stop(file) : void app.files.save(chat.handle, file));
  return html`
    <div class="file">
      <button class="round" aria-label=${label} title=${label} @click=${act}>${icon(running ? 'close' : transfer?.step === 'done' ? 'check' : 'download', 20)}</button>
      <span class="grow">
        <span class="cut" dir="auto" title=${name}>${name}</span>
        <span class="size" role=${transfer ? 'status' : nothing}>${transfer?.step === 'failed' ? told(app.explain(transfer.error)) : bytes(app.locale, file.size)}</span>
        ${running || transfer?.step === 'stopped' ? html`<progress class="bar" aria-label=${name} max=${transfer.total || 1} value=${transfer.done}></progress>` : nothing}
      </span>
    </div>`;
}

export function progressRow(app: App, label: string, done: number, total: number, cancel?: () => void): TemplateResult {
  return html`
    <div class="file">
      ${cancel
        ? html`<button class="round" aria-label=${app.say('cancel')} title=${app.say('cancel')} @click=${cancel}>${icon('close', 20)}</button>`
        : html`<span class="round">${icon('clock', 20)}</span>`}
      <span class="grow"><span class="size">${label}</span><progress class="bar" aria-label=${label} max=${total || 1} value=${done}></progress></span>
    </div>`;
}
