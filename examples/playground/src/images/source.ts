import baboon from 'baboon-image/baboon.png?url';
import { drawing } from './drawing.ts';

/** Larger photographs are made smaller: 4 megapixels are more than a page shows. */
const MAX_PIXELS = 4_194_304;
const SIDE = 512;

export type Still = 'baboon' | 'drawing';

export async function still(name: Still): Promise<ImageData> {
  if (name === 'drawing') return drawing(SIDE);
  return decoded(await (await fetch(baboon)).blob());
}

/** The pixels of a picture's file. */
export async function decoded(file: Blob): Promise<ImageData> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${file instanceof File ? `“${file.name}”` : 'The file'} is not a picture that this browser can read.`);
  }
  const scale = Math.min(1, Math.sqrt(MAX_PIXELS / (bitmap.width * bitmap.height)));
  const width = Math.max(1, Math.floor(bitmap.width * scale));
  const height = Math.max(1, Math.floor(bitmap.height * scale));
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

export interface Camera {
  /** The newest frame, once there is one. */
  frame(): ImageData | undefined;
  stop(): void;
}

export async function camera(): Promise<Camera> {
  if (navigator.mediaDevices === undefined) throw new Error('A camera needs a page served over https or from localhost.');
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } } });
  } catch (error) {
    throw new Error(`No camera: ${(error as Error).message}.`);
  }
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  await video.play();
  const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!;
  return {
    frame() {
      const { videoWidth: width, videoHeight: height } = video;
      if (width === 0 || height === 0) return undefined;
      if (context.canvas.width !== width || context.canvas.height !== height) Object.assign(context.canvas, { width, height });
      context.drawImage(video, 0, 0);
      return context.getImageData(0, 0, width, height);
    },
    stop() {
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
    },
  };
}
