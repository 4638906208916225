/** Hands everything this device knows to the browser, as a file. */
import type { Client } from '@infrasound/client';

import { saveAs } from '../app/save.ts';

/** Says how many bytes there are so far, as it goes on. */
export async function saveExport(client: Client, onProgress: (size: number) => void): Promise<void> {
  let size = 0;
  const counted = client.exportData().pipeThrough(new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      onProgress(size += chunk.length);
      controller.enqueue(chunk);
    },
  }));
  const all = await new Response(counted).blob();
  saveAs(new Blob([all], { type: 'application/x-ndjson' }), `infrasound-${new Date().toISOString().slice(0, 10)}.jsonl`);
}
