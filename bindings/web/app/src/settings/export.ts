/** Hands everything this device knows to the browser, as a file. */
import type { Client } from '@infrasound/client';

export async function saveExport(client: Client): Promise<void> {
  const response = new Response(client.exportData());
  const url = URL.createObjectURL(new Blob([await response.blob()], { type: 'application/x-ndjson' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `infrasound-${new Date().toISOString().slice(0, 10)}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
