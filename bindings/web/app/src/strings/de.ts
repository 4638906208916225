import type { Catalogue } from './language.ts';
export const de: Partial<Catalogue> = {};
