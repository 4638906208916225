/** Where notifications lead that are clicked: the worker says so, perhaps while the rest of the app is still being loaded. */

let last: string | undefined;
let take = (place: string) => {
  last = place;
};

/** From now on this is told, and first the last place that nobody was told of. */
export function onOpened(told: (place: string) => void): void {
  take = told;
  if (last !== undefined) told(last);
}

if ('serviceWorker' in navigator) {
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ type?: string; place?: string }>) => {
    if (data.type === 'infrasound-open' && data.place !== undefined) take(data.place);
  });
}
