/** What the service and the batch do to images, by its name in simdconv/image. */
export const FILTERS = ['blur', 'edge', 'emboss', 'grayscale', 'median', 'sharpen', 'sobel'];
