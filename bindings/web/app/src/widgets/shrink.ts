/** Pictures before they are sent: how large they are, and smaller where that is enough. */

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

/** Width and height, so that the place is there before the picture is. */
export async function measure(file: Blob): Promise<{ width: number; height: number } | undefined> {
  if (!file.type.startsWith('image/')) return undefined;
  try {
    const picture = await createImageBitmap(file);
    const { width, height } = picture;
    picture.close();
    return { width, height };
  } catch {
    return undefined;
  }
}
