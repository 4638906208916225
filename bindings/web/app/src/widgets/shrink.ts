/** Pictures before they are sent: how large they are, smaller where that is enough, and JPEG without what a camera adds. */
import type { OutgoingFile } from '@infrasound/client';

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
 * A file as it goes out. A picture with its width and height, so that its place is there before it is. A JPEG is drawn anew:
 * the original may say where and when it was taken, and with which camera. Files of other types go as they are.
 */
export async function prepared(file: File): Promise<OutgoingFile> {
  const plain: OutgoingFile = { file, name: file.name, ...(file.type ? { mediaType: file.type } : {}) };
  if (!file.type.startsWith('image/')) return plain;
  try {
    const picture = await createImageBitmap(file);
    const { width, height } = picture;
    const drawn = file.type === 'image/jpeg' ? await drawnAnew(picture) : file;
    picture.close();
    return { ...plain, file: drawn, width, height };
  } catch {
    return plain;
  }
}

async function drawnAnew(picture: ImageBitmap): Promise<Blob> {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
}
