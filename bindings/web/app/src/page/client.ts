/** The client of the app's page. Connecting begins as soon as this is loaded. */
import { connect } from '@infrasound/client';

import { homeRelay, workerUrl } from '../app/home.ts';

export const client = connect({ relay: homeRelay(), workerUrl });
// The messenger says what is wrong, once it is there.
client.catch(() => undefined);
