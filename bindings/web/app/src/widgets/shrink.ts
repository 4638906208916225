/** Pictures before they are sent: how large they are, smaller where that is enough, and without what a camera adds. */
import { makeThumbnail, type OutgoingFile } from '@infrasound/client';

import { withoutMetadata } from './metadata.ts';

/** The picture within a square of `side`, cut from the middle. What no browser can draw stays as it is. */
export async function shrink(file: Blob, side: number): Promise<Blob> {
  try {
    const picture = await createImageBitmap(file);
    const edge = Math.min(picture.width, picture.height);
    const size = Math.min(edge, side);
    const canvas = new OffscreenCanvas(size, size);
    canvas.getContext('2d')?.drawImage(picture, (picture.width - edge) / 2, (picture.height - edge) / 2, edge, edge, 0, 0, size, size);
    picture.close();
    return await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
  } catch {
    return file;
  }
}

/**
 * A file as it goes out. A picture with its width and height, so that its place is there before it is, and with what is seen of it
 * until it is fetched. The original may say where and when it was taken, and with which camera: that is taken out of a PNG or
 * WebP, and a JPEG is drawn anew. Files of other types go as they are.
 */
export async function prepared(file: File): Promise<OutgoingFile> {
  const plain: OutgoingFile = { file, name: file.name, ...(file.type ? { mediaType: file.type } : {}) };
  if (!file.type.startsWith('image/')) return plain;
  try {
    const picture = await createImageBitmap(file);
    const { width, height } = picture;
    const thumbnail = await makeThumbnail(picture);
    const bare = await withoutTraces(file, picture);
    picture.close();
    return { ...plain, file: bare, width, height, ...(thumbnail ? { thumbnail } : {}) };
  } catch {
    return plain;
  }
}

async function withoutTraces(file: File, picture: ImageBitmap): Promise<Blob> {
  switch (file.type) {
    case 'image/jpeg': return drawnAnew(picture, file.type);
    case 'image/png':
    case 'image/webp': return await withoutMetadata(file) ?? drawnAnew(picture, file.type);
    default: return file;
  }
}

async function drawnAnew(picture: ImageBitmap, type: string): Promise<Blob> {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
  return canvas.convertToBlob({ type, quality: 0.92 });
}
