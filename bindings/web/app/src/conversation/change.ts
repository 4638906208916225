/** What somebody changed of a group, as a sentence. */
import type { GroupChange, Message } from '@infrasound/client';

import type { App } from '../app/app.ts';
import { shortName } from '../app/people.ts';
import { plainName } from '../text/name.ts';

export function sentences(app: App, message: Message): string[] {
  if (message.body.kind !== 'changes') return [];
  return message.body.changes.map((change) => sentence(app, message, change)).filter((text) => text !== '');
}

function sentence(app: App, message: Message, change: GroupChange): string {
  const { say } = app;
  const name = (handle: string) => isolate(app.isMe(handle) ? say('you-in-list') : shortName(handle));
  const by = message.own ? say('you') : isolate(shortName(message.sender));
  const list = (handles: string[]) => new Intl.ListFormat(app.locale).format(handles.map(name));
  switch (change.change) {
    case 'began': return say('change-began');
    case 'joined': return say('change-joined', { by });
    case 'settings': return say('change-settings', { by });
    case 'bans': return say('change-bans', { by });
    case 'links': return say('change-links', { by });
    case 'closed': return say('change-closed', { by });
    case 'opened': return say('change-opened', { by });
    case 'missed': return say('change-missed');
    case 'added': return say('change-added', { by, who: list(change.who) });
    case 'removed': return say('change-removed', { by, who: list(change.who) });
    case 'left': return say('change-left', { who: list(change.who) });
    case 'renewed': return say('change-renewed', { who: list(change.who) });
    case 'role': return say('change-role', { by, who: name(change.who), role: say(`role-${change.role}`) });
    case 'described': return change.name ? say('change-named', { by, name: isolate(change.name) }) : say('change-described', { by });
  }
}

/** Keeps a name of another direction from turning the sentence round. */
function isolate(text: string): string {
  return `\u2068${plainName(text)}\u2069`;
}
